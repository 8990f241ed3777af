//! Custom sections. Those that speak of places in the code would be wrong after rewriting and are left out; names
//! and branch hints are moved; the others stay as they are.

use alloc::{borrow::Cow, collections::BTreeMap, vec::Vec};

use wasm_encoder::{
    BranchHint, BranchHints, CustomSection, Module, NameMap, NameSection,
    reencode::{Reencode, utils},
};
use wasmparser::{BranchHintSectionReader, CustomSectionReader, KnownCustom, Name, Payload};

use crate::{
    body::Hint,
    helpers::{Added, Helper},
    refusal::Refusal,
    sections::Sections,
    survey::Survey,
};

const BRANCH_HINTS: &str = "metadata.code.branch_hint";

/// Copies a custom section to the module.
pub(crate) fn add(
    module: &mut Module,
    section: &CustomSectionReader<'_>,
    copier: &mut Sections<'_>,
) -> Result<(), Refusal> {
    let name = section.name();
    if let KnownCustom::Name(_) = section.as_known() {
        // Engines ignore a name section that they cannot read, so it is no reason to refuse a module.
        if let Some(names) = moved_names(section, copier) {
            module.section(&names);
        }
    } else if !speaks_of_places(name) {
        module.section(&CustomSection {
            name: Cow::Borrowed(name),
            data: Cow::Borrowed(section.data()),
        });
    }
    Ok(())
}

/// Debugging information, relocations, metadata of instructions, other than what is moved.
fn speaks_of_places(name: &str) -> bool {
    const NAMES: [&str; 5] = [
        "linking",
        "sourceMappingURL",
        "external_debug_info",
        "build_id",
        "dylink.0",
    ];
    const PREFIXES: [&str; 5] = [
        ".debug_",
        "reloc.",
        "reloc..",
        "metadata.code.",
        "compilationHints",
    ];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

fn moved_names(
    section: &CustomSectionReader<'_>,
    copier: &mut Sections<'_>,
) -> Option<NameSection> {
    let KnownCustom::Name(reader) = section.as_known() else {
        return None;
    };
    let mut names = NameSection::new();
    for subsection in reader {
        match subsection.ok()? {
            Name::Function(map) => names.functions(&functions(map, copier)?),
            // Engines show neither; offsets and indices of what they name may no longer be right.
            Name::Label(_) | Name::Unknown { .. } => {}
            other => utils::parse_custom_name_subsection(copier, &mut names, other).ok()?,
        }
    }
    Some(names)
}

/// Names of functions: the module's own, moved, and those of the helpers, which a stack trace may show.
fn functions(map: wasmparser::NameMap<'_>, copier: &mut Sections<'_>) -> Option<NameMap> {
    let mut names = NameMap::new();
    for naming in map {
        let naming = naming.ok()?;
        names.append(copier.function_index(naming.index).ok()?, naming.name);
    }
    for (index, helper) in copier.added.named_helpers() {
        names.append(index, name_of(helper));
    }
    Some(names)
}

fn name_of(helper: Helper) -> &'static str {
    match helper {
        Helper::Tick => "bulkhead:tick",
        Helper::Charge { .. } => "bulkhead:charge",
        Helper::Grow(_) => "bulkhead:grow",
        Helper::Fill(_) => "bulkhead:fill",
        Helper::Copy { .. } => "bulkhead:copy",
        Helper::Init { .. } => "bulkhead:init",
        Helper::ReadBits { .. } => "bulkhead:read",
        Helper::WriteBits { .. } => "bulkhead:write",
    }
}

/// The module's own branch hints by function index. A section that cannot be read is ignored, as engines do.
pub(crate) fn branch_hints(survey: &Survey<'_>) -> BTreeMap<u32, Vec<Hint>> {
    let mut sections = survey
        .payloads
        .iter()
        .rev()
        .filter_map(|payload| match payload {
            Payload::CustomSection(section) if section.name() == BRANCH_HINTS => Some(section),
            _ => None,
        });
    sections.next().and_then(read_hints).unwrap_or_default()
}

fn read_hints(section: &CustomSectionReader<'_>) -> Option<BTreeMap<u32, Vec<Hint>>> {
    let reader = wasmparser::BinaryReader::new(section.data(), section.data_offset());
    let mut found = BTreeMap::new();
    for function in BranchHintSectionReader::new(reader).ok()? {
        let function = function.ok()?;
        let hints = function
            .hints
            .into_iter()
            .map(|hint| hint.map(|hint| (hint.func_offset, hint.taken)));
        found.insert(function.func, hints.collect::<Result<_, _>>().ok()?);
    }
    Some(found)
}

/// Adds a function's hints, in the order of their offsets.
pub(crate) fn add_hints(section: &mut BranchHints, added: &Added, function: u32, hints: &[Hint]) {
    let encoded = hints.iter().map(|(offset, likely)| BranchHint {
        branch_func_offset: *offset,
        branch_hint_value: (*likely).into(),
    });
    section.function_hints(added.function(function), encoded.collect::<Vec<_>>());
}
