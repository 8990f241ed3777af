//! Puts the rewritten module together, in the order of sections that the format prescribes.

use alloc::vec::Vec;

use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, ExportSection, Function,
    FunctionSection, GlobalSection, ImportSection, MemorySection, Module, SectionId, StartSection,
    TableSection, TagSection, TypeSection, reencode::Reencode,
};
use wasmparser::Payload;

use crate::{
    custom,
    refusal::Refusal,
    sections::{self, Sections},
    survey::Survey,
};

/// What the second pass made of the functions.
pub(crate) struct Code {
    /// The bodies of the defined functions.
    pub(crate) bodies: Vec<Vec<u8>>,
    /// The types and bodies of the helpers.
    pub(crate) helpers: Vec<(u32, Function)>,
    pub(crate) import_types: [u32; 3],
    pub(crate) hints: wasm_encoder::BranchHints,
}

/// Sections that every rewritten module has, in their order.
const NEEDED: [SectionId; 6] = [
    SectionId::Type,
    SectionId::Import,
    SectionId::Function,
    SectionId::Global,
    SectionId::Export,
    SectionId::Code,
];

/// Where a section stands among the others.
fn rank(id: SectionId) -> u8 {
    const ORDER: [SectionId; 13] = [
        SectionId::Type,
        SectionId::Import,
        SectionId::Function,
        SectionId::Table,
        SectionId::Memory,
        SectionId::Tag,
        SectionId::Global,
        SectionId::Export,
        SectionId::Start,
        SectionId::Element,
        SectionId::DataCount,
        SectionId::Code,
        SectionId::Data,
    ];
    ORDER
        .iter()
        .position(|other| *other == id)
        .map_or(u8::MAX, |position| position as u8)
}

/// Assembles the module.
pub(crate) fn assemble(
    survey: &Survey<'_>,
    code: &Code,
    copier: Sections<'_>,
) -> Result<Vec<u8>, Refusal> {
    let mut assembly = Assembly {
        module: Module::new(),
        missing: &NEEDED,
        survey,
        code,
        copier,
    };
    for payload in &survey.payloads {
        assembly.add(payload)?;
    }
    assembly.add_missing_before(u8::MAX)?;
    Ok(assembly.module.finish())
}

struct Assembly<'s, 'a> {
    module: Module,
    /// Needed sections that are not there yet.
    missing: &'static [SectionId],
    survey: &'s Survey<'a>,
    code: &'s Code,
    copier: Sections<'s>,
}

impl Assembly<'_, '_> {
    fn add(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        let id = match payload {
            Payload::CustomSection(section) => {
                return custom::add(&mut self.module, section, &mut self.copier);
            }
            Payload::TypeSection(_) => SectionId::Type,
            Payload::ImportSection(_) => SectionId::Import,
            Payload::FunctionSection(_) => SectionId::Function,
            Payload::TableSection(_) => SectionId::Table,
            Payload::MemorySection(_) => SectionId::Memory,
            Payload::TagSection(_) => SectionId::Tag,
            Payload::GlobalSection(_) => SectionId::Global,
            Payload::ExportSection(_) => SectionId::Export,
            Payload::StartSection { .. } => SectionId::Start,
            Payload::ElementSection(_) => SectionId::Element,
            Payload::DataCountSection { .. } => SectionId::DataCount,
            Payload::CodeSectionStart { .. } => SectionId::Code,
            Payload::DataSection(_) => SectionId::Data,
            _ => return Ok(()),
        };
        self.add_missing_before(rank(id))?;
        if self.missing.first() == Some(&id) {
            self.missing = &self.missing[1..];
            return self.add_needed(id, Some(payload));
        }
        self.copy(payload)
    }

    fn add_missing_before(&mut self, before: u8) -> Result<(), Refusal> {
        while let Some((id, rest)) = self.missing.split_first()
            && rank(*id) < before
        {
            self.missing = rest;
            self.add_needed(*id, None)?;
        }
        Ok(())
    }

    /// A section that gets additions, from its original if there is one.
    fn add_needed(&mut self, id: SectionId, original: Option<&Payload<'_>>) -> Result<(), Refusal> {
        let (code, copier) = (self.code, &mut self.copier);
        match id {
            SectionId::Type => {
                let mut types = TypeSection::new();
                if let Some(Payload::TypeSection(section)) = original {
                    copier.parse_type_section(&mut types, section.clone())?;
                }
                sections::add_types(&mut types, copier.added);
                self.module.section(&types);
            }
            SectionId::Import => {
                let mut imports = ImportSection::new();
                if let Some(Payload::ImportSection(section)) = original {
                    copier.parse_import_section(&mut imports, section.clone())?;
                }
                sections::add_imports(&mut imports, code.import_types);
                self.module.section(&imports);
            }
            SectionId::Function => {
                let mut functions = FunctionSection::new();
                if let Some(Payload::FunctionSection(section)) = original {
                    copier.parse_function_section(&mut functions, section.clone())?;
                }
                sections::add_functions(&mut functions, code.helpers.iter().map(|(ty, _)| *ty));
                self.module.section(&functions);
            }
            SectionId::Global => {
                let mut globals = GlobalSection::new();
                if let Some(Payload::GlobalSection(section)) = original {
                    copier.parse_global_section(&mut globals, section.clone())?;
                }
                sections::add_globals(&mut globals);
                self.module.section(&globals);
            }
            SectionId::Export => {
                let mut exports = ExportSection::new();
                if let Some(Payload::ExportSection(section)) = original {
                    copier.parse_export_section(&mut exports, section.clone())?;
                }
                sections::add_exports(&mut exports, self.survey, copier.added);
                self.module.section(&exports);
            }
            _ => self.add_code(),
        }
        Ok(())
    }

    fn add_code(&mut self) {
        self.module.section(&self.code.hints);
        let mut section = CodeSection::new();
        for body in &self.code.bodies {
            section.raw(body);
        }
        for (_, body) in &self.code.helpers {
            section.function(body);
        }
        self.module.section(&section);
    }

    /// A section that gets no additions.
    fn copy(&mut self, payload: &Payload<'_>) -> Result<(), Refusal> {
        let copier = &mut self.copier;
        match payload {
            Payload::TableSection(section) => {
                let mut tables = TableSection::new();
                copier.parse_table_section(&mut tables, section.clone())?;
                self.module.section(&tables);
            }
            Payload::MemorySection(section) => {
                let mut memories = MemorySection::new();
                copier.parse_memory_section(&mut memories, section.clone())?;
                self.module.section(&memories);
            }
            Payload::TagSection(section) => {
                let mut tags = TagSection::new();
                copier.parse_tag_section(&mut tags, section.clone())?;
                self.module.section(&tags);
            }
            Payload::StartSection { func, .. } => {
                self.module.section(&StartSection {
                    function_index: copier.added.function(*func),
                });
            }
            Payload::ElementSection(section) => {
                let mut elements = ElementSection::new();
                copier.parse_element_section(&mut elements, section.clone())?;
                self.module.section(&elements);
            }
            Payload::DataCountSection { count, .. } => {
                self.module.section(&DataCountSection { count: *count });
            }
            Payload::DataSection(section) => {
                let mut data = DataSection::new();
                copier.parse_data_section(&mut data, section.clone())?;
                self.module.section(&data);
            }
            _ => {}
        }
        Ok(())
    }
}
