//! What a module may ask for: set by the operator ([`Limits`]), or fixed because a host's own cost hangs on it.

/// The caps that a module is rewritten to. A module that needs more is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest size of each memory, in pages of 64 KiB; also of the minimums of all defined memories together.
    pub memory_pages: u64,
    /// Largest size of each table, in elements; also of the minimums of all defined tables together.
    pub table_elements: u64,
    /// Largest module, in bytes. The rewriter's own memory is about four times as much, in the worst case fifteen.
    pub module_bytes: u64,
    /// Whether instructions that allocate on the host's garbage-collected heap are allowed (`struct.new`,
    /// `array.new`, and exceptions with a large or nested payload). No maximum of a memory or table caps that
    /// heap, so an untrusted module that is given it can exhaust the host's.
    pub gc: bool,
}

impl Default for Limits {
    /// 64 MiB of memory, 100,000 table elements, modules of 32 MiB, no garbage-collected heap.
    fn default() -> Self {
        Limits {
            memory_pages: 1024,
            table_elements: 100_000,
            module_bytes: 32 << 20,
            gc: false,
        }
    }
}

/// Mutable globals: each becomes a JavaScript object when the module is instantiated.
pub(crate) const MAX_MUTABLE_GLOBALS: usize = 10_000;
/// Tables, for the same reason.
pub(crate) const MAX_TABLES: usize = 100;
/// Items of all element segments together: instantiation writes them (some 0.1 µs each) where no tick can stop it.
pub(crate) const MAX_ELEMENT_ITEMS: u64 = 1_000_000;
/// Functions, imported and defined, with room for the added ones below V8's 1,000,000.
pub(crate) const MAX_FUNCTIONS: u32 = 900_000;
/// Types, likewise.
pub(crate) const MAX_TYPES: u32 = 900_000;
/// V8's limit of a function's body. A body that grows beyond it by metering is refused.
pub(crate) const MAX_BODY_BYTES: usize = 7_654_321;
/// V8's limit of a function's parameters and locals.
pub(crate) const MAX_LOCALS: u32 = 50_000;
/// Payload of an exception without [`Limits::gc`], in bytes.
pub(crate) const MAX_TAG_BYTES: u32 = 64;
