//! What a host has to know of a rewritten module to run, cap and reset it.

use alloc::{string::String, vec::Vec};

/// A memory of the module, imported or defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Its index; a defined memory is exported as `bulkhead:memory:<index>`.
    pub index: u32,
    /// Defined by another module, which then exports it.
    pub imported: bool,
    /// Pages at the start.
    pub minimum: u64,
    /// Pages at most, after lowering.
    pub maximum: u64,
    /// The module has a `memory.grow` for it. A memory never shrinks: compare its size when resetting.
    pub grows: bool,
}

/// A table of the module, imported or defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its index; a defined table is exported as `bulkhead:table:<index>`.
    pub index: u32,
    /// Defined by another module, which then exports it.
    pub imported: bool,
    /// Elements at the start.
    pub minimum: u64,
    /// Elements at most, after lowering.
    pub maximum: u64,
    /// This module has instructions that write or grow it. If no module of a component that has the table says
    /// so, its content after instantiation stays and need not be captured.
    pub written: bool,
}

/// A mutable global that the module defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// Its index; it is exported as `bulkhead:global:<index>`, or a floating-point one by the functions
    /// `bulkhead:read:<index>` and `bulkhead:write:<index>`.
    pub index: u32,
    /// Its type in the text format (`i32`, `(ref null func)`, …).
    pub kind: String,
}

/// What was found in a module, and what was added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// All memories, by index.
    pub memories: Vec<Memory>,
    /// All tables, by index.
    pub tables: Vec<Table>,
    /// The mutable globals that the module defines, by index.
    pub globals: Vec<Global>,
    /// Functions that the module defines.
    pub functions: u32,
    /// Functions that are paid for by their callers and have no tick of their own.
    pub leaves: u32,
    /// Loop heads; each ticks.
    pub loops: u32,
    /// The module has a start function: `refill` is called while it is being instantiated.
    pub start: bool,
    /// Why putting back memories, mutable globals and tables would not undo what the module can do.
    /// Empty: it is resettable.
    pub obstacles: Vec<String>,
}

impl Report {
    /// Whether memories, mutable globals and tables are all the state there is.
    pub fn resettable(&self) -> bool {
        self.obstacles.is_empty()
    }
}
