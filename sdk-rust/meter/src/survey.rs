//! The first pass: validates the module, holds it to the limits, and gathers what the second pass needs.

use alloc::{format, vec::Vec};

use wasmparser::{
    BinaryReader, ElementItems, GlobalType, MemoryType, Parser, Payload, TableType, TypeRef,
    Validator,
};

use crate::{
    caps,
    helpers::Space,
    limits::{self, Limits},
    names,
    refusal::Refusal,
    types::{FEATURES, Shape},
};

/// One item of an index space.
#[derive(Clone, Copy)]
pub(crate) struct Item<T> {
    pub(crate) ty: T,
    pub(crate) imported: bool,
}

/// The module as the first pass found it.
pub(crate) struct Survey<'a> {
    pub(crate) payloads: Vec<Payload<'a>>,
    pub(crate) types: u32,
    shapes: Vec<Option<Shape>>,
    pub(crate) imported_functions: u32,
    /// Type indices of the defined functions.
    pub(crate) functions: Vec<u32>,
    pub(crate) memories: Vec<Item<MemoryType>>,
    pub(crate) tables: Vec<Item<TableType>>,
    pub(crate) globals: Vec<Item<GlobalType>>,
    /// Length of each data segment in bytes.
    pub(crate) data: Vec<u64>,
    /// Length of each element segment in items.
    pub(crate) elements: Vec<u64>,
    pub(crate) start: bool,
    /// The code section: its bytes and their offset in the module.
    pub(crate) code: Option<(&'a [u8], u64)>,
    /// Types of the tags, imported and defined.
    pub(crate) tags: Vec<u32>,
}

impl<'a> Survey<'a> {
    /// Validates and surveys `module`.
    pub(crate) fn new(module: &'a [u8], limits: &Limits) -> Result<Self, Refusal> {
        if module.len() as u64 > limits.module_bytes {
            let (size, most) = (module.len(), limits.module_bytes);
            return Err(Refusal::new(format!(
                "the module has {size} bytes, the limit is {most}"
            )));
        }
        let mut survey = Survey {
            payloads: Vec::new(),
            types: 0,
            shapes: Vec::new(),
            imported_functions: 0,
            functions: Vec::new(),
            memories: Vec::new(),
            tables: Vec::new(),
            globals: Vec::new(),
            data: Vec::new(),
            elements: Vec::new(),
            start: false,
            code: None,
            tags: Vec::new(),
        };
        let mut parser = Parser::new(0);
        parser.set_features(FEATURES);
        Validator::new_with_features(FEATURES).validate_all(module)?;
        for payload in parser.parse_all(module) {
            survey.payload(payload?, module)?;
        }
        caps::check(&survey, limits)?;
        Ok(survey)
    }

    /// The shape of the function type `index`.
    pub(crate) fn shape(&self, index: u32) -> Option<Shape> {
        *self.shapes.get(index as usize)?
    }

    /// Parameters of a defined function; `index` does not count imports.
    pub(crate) fn params_of(&self, index: usize) -> u32 {
        let shape = self.functions.get(index).and_then(|ty| self.shape(*ty));
        shape.map_or(0, |shape| shape.params)
    }

    /// Whether a memory or table is indexed with 64 bits.
    pub(crate) fn is_wide(&self, space: Space) -> bool {
        match space {
            Space::Memory(index) => self
                .memories
                .get(index as usize)
                .is_some_and(|memory| memory.ty.memory64),
            Space::Table(index) => self
                .tables
                .get(index as usize)
                .is_some_and(|table| table.ty.table64),
        }
    }

    /// A reader of the code section's bodies.
    pub(crate) fn bodies(&self) -> Result<Vec<wasmparser::FunctionBody<'a>>, Refusal> {
        let Some((bytes, offset)) = self.code else {
            return Ok(Vec::new());
        };
        let reader = BinaryReader::new_features(bytes, offset, FEATURES);
        Ok(wasmparser::CodeSectionReader::new(reader)?
            .into_iter()
            .collect::<Result<_, _>>()?)
    }

    fn payload(&mut self, payload: Payload<'a>, module: &'a [u8]) -> Result<(), Refusal> {
        match &payload {
            Payload::Version {
                encoding: wasmparser::Encoding::Component,
                ..
            } => {
                return Err(Refusal::new(
                    "this is a component, the rewriter takes core modules",
                ));
            }
            Payload::TypeSection(section) => self.type_section(section.clone())?,
            Payload::ImportSection(section) => self.import_section(section.clone())?,
            Payload::FunctionSection(section) => {
                self.functions = section.clone().into_iter().collect::<Result<_, _>>()?;
            }
            Payload::TableSection(section) => {
                for table in section.clone() {
                    self.tables.push(Item {
                        ty: table?.ty,
                        imported: false,
                    });
                }
            }
            Payload::MemorySection(section) => {
                for ty in section.clone() {
                    self.memories.push(Item {
                        ty: ty?,
                        imported: false,
                    });
                }
            }
            Payload::GlobalSection(section) => {
                for global in section.clone() {
                    self.globals.push(Item {
                        ty: global?.ty,
                        imported: false,
                    });
                }
            }
            Payload::TagSection(section) => {
                for tag in section.clone() {
                    self.tags.push(tag?.func_type_idx);
                }
            }
            Payload::ExportSection(section) => {
                for export in section.clone() {
                    names::check_export(export?.name)?;
                }
            }
            Payload::StartSection { .. } => self.start = true,
            Payload::ElementSection(section) => self.element_section(section.clone())?,
            Payload::DataSection(section) => {
                for data in section.clone() {
                    self.data.push(data?.data.len() as u64);
                }
            }
            Payload::CodeSectionStart {
                unchecked_range, ..
            } => {
                let (from, to) = (unchecked_range.start as usize, unchecked_range.end as usize);
                let bytes = module
                    .get(from..to)
                    .ok_or_else(|| Refusal::new("the code section is cut off"))?;
                self.code = Some((bytes, unchecked_range.start));
            }
            Payload::CodeSectionEntry(_) => return Ok(()),
            _ => {}
        }
        self.payloads.push(payload);
        Ok(())
    }

    fn type_section(&mut self, section: wasmparser::TypeSectionReader<'a>) -> Result<(), Refusal> {
        for group in section {
            for ty in group?.types() {
                self.shapes.push(match &ty.composite_type.inner {
                    wasmparser::CompositeInnerType::Func(ty) => Some(Shape::of(ty)),
                    _ => None,
                });
            }
        }
        self.types = self.shapes.len() as u32;
        Ok(())
    }

    fn import_section(
        &mut self,
        section: wasmparser::ImportSectionReader<'a>,
    ) -> Result<(), Refusal> {
        for import in section.into_imports() {
            let import = import?;
            names::check_import(import.module, import.name)?;
            match import.ty {
                TypeRef::Func(_) | TypeRef::FuncExact(_) => self.imported_functions += 1,
                TypeRef::Memory(ty) => self.memories.push(Item { ty, imported: true }),
                TypeRef::Table(ty) => self.tables.push(Item { ty, imported: true }),
                TypeRef::Global(ty) => self.globals.push(Item { ty, imported: true }),
                TypeRef::Tag(ty) => self.tags.push(ty.func_type_idx),
            }
        }
        Ok(())
    }

    fn element_section(
        &mut self,
        section: wasmparser::ElementSectionReader<'a>,
    ) -> Result<(), Refusal> {
        let mut total = 0;
        for element in section {
            let items = match element?.items {
                ElementItems::Functions(items) => items.count(),
                ElementItems::Expressions(_, items) => items.count(),
            };
            total += u64::from(items);
            self.elements.push(u64::from(items));
        }
        if total > limits::MAX_ELEMENT_ITEMS {
            let most = limits::MAX_ELEMENT_ITEMS;
            return Err(Refusal::new(format!(
                "the element segments have {total} items, the limit is {most}"
            )));
        }
        Ok(())
    }
}
