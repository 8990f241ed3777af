//! Holds a surveyed module to the limits.

use alloc::format;
use core::fmt::Display;

use crate::{
    limits::{self, Limits},
    refusal::Refusal,
    survey::Survey,
};

/// Refuses a module that needs more than its limits, or what the host cannot cap.
pub(crate) fn check(survey: &Survey<'_>, limits: &Limits) -> Result<(), Refusal> {
    memories(survey, limits)?;
    tables(survey, limits)?;
    let functions = u64::from(survey.imported_functions) + survey.functions.len() as u64;
    at_most("functions", functions, u64::from(limits::MAX_FUNCTIONS))?;
    at_most(
        "types",
        u64::from(survey.types),
        u64::from(limits::MAX_TYPES),
    )?;
    at_most(
        "element items",
        survey.elements.iter().sum(),
        limits::MAX_ELEMENT_ITEMS,
    )?;
    let mutable = survey
        .globals
        .iter()
        .filter(|global| global.ty.mutable && !global.imported)
        .count();
    at_most(
        "mutable globals",
        mutable as u64,
        limits::MAX_MUTABLE_GLOBALS as u64,
    )?;
    if survey.globals.iter().any(|global| global.ty.shared) {
        return Err(Refusal::new("shared globals are not supported"));
    }
    if !limits.gc {
        payloads(survey)?;
    }
    Ok(())
}

fn at_most(what: impl Display, count: u64, most: u64) -> Result<(), Refusal> {
    if count > most {
        return Err(Refusal::new(format!(
            "the module has {count} {what}, the limit is {most}"
        )));
    }
    Ok(())
}

fn memories(survey: &Survey<'_>, limits: &Limits) -> Result<(), Refusal> {
    let most = limits.memory_pages;
    let mut sum: u64 = 0;
    for (index, memory) in survey.memories.iter().enumerate() {
        let minimum = memory.ty.initial;
        if memory.ty.shared {
            return Err(Refusal::new(format!(
                "memory {index} is shared, which is not supported: plugins have no threads"
            )));
        }
        if minimum > most {
            return Err(Refusal::new(format!(
                "memory {index} needs at least {minimum} pages, the limit is {most}"
            )));
        }
        if !memory.imported {
            sum = sum.saturating_add(minimum);
        }
    }
    if sum > most {
        return Err(Refusal::new(format!(
            "the memories together need at least {sum} pages, the limit is {most}"
        )));
    }
    Ok(())
}

fn tables(survey: &Survey<'_>, limits: &Limits) -> Result<(), Refusal> {
    at_most(
        "tables",
        survey.tables.len() as u64,
        limits::MAX_TABLES as u64,
    )?;
    let most = limits.table_elements;
    let mut sum: u64 = 0;
    for (index, table) in survey.tables.iter().enumerate() {
        let minimum = table.ty.initial;
        if table.ty.shared {
            return Err(Refusal::new(format!(
                "table {index} is shared, which is not supported: plugins have no threads"
            )));
        }
        if minimum > most {
            return Err(Refusal::new(format!(
                "table {index} needs at least {minimum} elements, the limit is {most}"
            )));
        }
        if !table.imported {
            sum = sum.saturating_add(minimum);
        }
    }
    if sum > most {
        return Err(Refusal::new(format!(
            "the tables together need at least {sum} elements, the limit is {most}"
        )));
    }
    Ok(())
}

/// Without the garbage-collected heap, exceptions must be small and must not hold one another.
fn payloads(survey: &Survey<'_>) -> Result<(), Refusal> {
    let most = limits::MAX_TAG_BYTES;
    for (index, ty) in survey.tags.iter().enumerate() {
        let bytes = survey.shape(*ty).and_then(|shape| shape.plain_bytes);
        if bytes.is_none_or(|bytes| bytes > most) {
            return Err(Refusal::new(format!(
                "the exceptions of tag {index} hold more than {most} bytes, or references to the garbage-collected heap, \
                 which is not allowed"
            )));
        }
    }
    Ok(())
}
