//! The names by which a rewritten module and its host know each other, and what a module must not call itself.

use alloc::{format, string::String};

use crate::refusal::Refusal;

/// The module name of the added imports.
pub const METER: &str = "bulkhead:meter";
/// Added import `(left: i32) -> i32`: see the crate's documentation.
pub const REFILL: &str = "refill";
/// Added import `() -> i32`: see the crate's documentation.
pub const YIELD: &str = "yield";
/// Added import `(bytes: i64) -> i32`: see the crate's documentation.
pub const GROW: &str = "grow";
/// The exported mutable global (`i32`) of the ticks left.
pub const TICKS: &str = "bulkhead:ticks";
/// What exports of memories begin with; the memory's index follows.
pub const MEMORY: &str = "bulkhead:memory:";
/// What exports of mutable globals begin with, but of floating-point ones; the global's index follows.
pub const GLOBAL: &str = "bulkhead:global:";
/// What exported functions begin with that read the bits of a mutable floating-point global; its index follows.
pub const READ: &str = "bulkhead:read:";
/// What exported functions begin with that write them.
pub const WRITE: &str = "bulkhead:write:";
/// What exports of tables begin with; the table's index follows.
pub const TABLE: &str = "bulkhead:table:";

fn is_reserved(name: &str) -> bool {
    name == TICKS
        || [MEMORY, GLOBAL, READ, WRITE, TABLE]
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// Refuses an export whose name a host would take for an added one.
pub(crate) fn check_export(name: &str) -> Result<(), Refusal> {
    if is_reserved(name) {
        return Err(Refusal::new(format!(
            "the export {} has a name that is reserved",
            quoted(name)
        )));
    }
    Ok(())
}

/// Refuses an import that would reach for the meter: the host's functions, or what another module was given.
pub(crate) fn check_import(module: &str, name: &str) -> Result<(), Refusal> {
    if module == METER || is_reserved(name) {
        let (module, name) = (quoted(module), quoted(name));
        return Err(Refusal::new(format!(
            "the import {module} {name} has a name that is reserved"
        )));
    }
    Ok(())
}

/// A name as it may stand in a message: escaped, and not longer than a line.
fn quoted(name: &str) -> String {
    let short: String = name.chars().take(60).collect();
    format!("{short:?}")
}
