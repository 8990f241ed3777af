//! Generated modules that end by themselves.

use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

/// Fuel of a module: function entries and loop turns until it traps.
const FUEL: u32 = 2000;

/// A stream of bytes that look random and are the same each time.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// The module of a seed. None where the generator gives up.
pub(crate) fn module(seed: u64) -> Option<Vec<u8>> {
    let some = !seed.is_multiple_of(3);
    let config = Config {
        allow_start_export: seed.is_multiple_of(2),
        bulk_memory_enabled: true,
        canonicalize_nans: true,
        custom_page_sizes_enabled: false,
        exceptions_enabled: some,
        export_everything: true,
        extended_const_enabled: true,
        gc_enabled: seed % 4 == 1,
        max_imports: 0,
        max_memories: 1 + (seed % 3) as usize,
        max_memory32_bytes: 1 << 22,
        max_memory64_bytes: 1 << 22,
        max_table_elements: 1000,
        max_tables: 1 + (seed % 3) as usize,
        memory64_enabled: seed.is_multiple_of(5),
        memory_max_size_required: true,
        min_funcs: 3,
        min_memories: 1,
        min_globals: 1,
        multi_value_enabled: true,
        reference_types_enabled: true,
        relaxed_simd_enabled: false,
        simd_enabled: seed % 4 == 2,
        table_max_size_required: true,
        tail_call_enabled: some,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    let bytes = noise(seed, 4096 + (seed as usize % 8) * 2048);
    let mut module = Module::new(config, &mut Unstructured::new(&bytes)).ok()?;
    module.ensure_termination(FUEL).ok()?;
    Some(module.to_bytes())
}
