//! The metering pass as a component. Without the standard library, so that it imports nothing at all: what reads
//! untrusted modules has no way to anything else.

#![cfg_attr(target_family = "wasm", no_std)]
#![cfg(target_family = "wasm")]

extern crate alloc;

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

// What the macro writes has neither documentation nor restricted visibility.
#[allow(missing_docs, unreachable_pub, clippy::all)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "meter" });
}

use core::{alloc::Layout, arch::wasm32::unreachable};

use bindings::exports::bulkhead::meter::metering::{
    Guest, Limits, Memory, MutableGlobal, Rewritten, Table,
};

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unreachable()
}

// For `memcmp` and its like, which the standard library would bring. Nothing else of it is used.
#[link(name = "c")]
unsafe extern "C" {}

/// What the canonical ABI asks for memory with. wit-bindgen leaves it to the C library, which has another heap.
///
/// # Safety
/// `old` was given by this function with `old_len` and `align`, or `old_len` is 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_len: usize,
    align: usize,
    new_len: usize,
) -> *mut u8 {
    use alloc::alloc::{alloc, realloc};
    if new_len == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    let Ok(layout) = Layout::from_size_align(old_len, align) else {
        unreachable()
    };
    // SAFETY: `new_len` is not 0; `old` has this layout by the function's contract.
    let new = unsafe {
        match old_len {
            0 => Layout::from_size_align(new_len, align)
                .map_or(core::ptr::null_mut(), |layout| alloc(layout)),
            _ => realloc(old, layout, new_len),
        }
    };
    if new.is_null() { unreachable() } else { new }
}

struct Meter;

impl Guest for Meter {
    fn rewrite(module: Vec<u8>, limits: Limits) -> Result<Rewritten, String> {
        let limits = bulkhead_meter::Limits {
            memory_pages: limits.memory_pages,
            table_elements: limits.table_elements,
            module_bytes: limits.module_bytes,
            gc: limits.gc,
        };
        bulkhead_meter::rewrite(&module, &limits)
            .map(answer)
            .map_err(|refusal| refusal.to_string())
    }
}

fn answer(rewritten: bulkhead_meter::Rewritten) -> Rewritten {
    let report = rewritten.report;
    Rewritten {
        module: rewritten.module,
        resettable: report.resettable(),
        memories: report.memories.iter().map(memory).collect(),
        tables: report.tables.iter().map(table).collect(),
        globals: report
            .globals
            .into_iter()
            .map(|global| MutableGlobal {
                index: global.index,
                kind: global.kind,
            })
            .collect(),
        functions: report.functions,
        leaves: report.leaves,
        loops: report.loops,
        start: report.start,
        obstacles: report.obstacles,
    }
}

fn memory(memory: &bulkhead_meter::Memory) -> Memory {
    let bulkhead_meter::Memory {
        index,
        imported,
        minimum,
        maximum,
        grows,
    } = *memory;
    Memory {
        index,
        imported,
        minimum,
        maximum,
        grows,
    }
}

fn table(table: &bulkhead_meter::Table) -> Table {
    let bulkhead_meter::Table {
        index,
        imported,
        minimum,
        maximum,
        written,
    } = *table;
    Table {
        index,
        imported,
        minimum,
        maximum,
        written,
    }
}

bindings::export!(Meter with_types_in bindings);
