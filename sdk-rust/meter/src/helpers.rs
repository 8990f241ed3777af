//! The functions that are added to a module, made as they are needed, and the types that they need.

use alloc::{collections::BTreeMap, vec::Vec};

use wasm_encoder::ValType;

/// What a bulk instruction or a grow works on, with its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Space {
    Memory(u32),
    Table(u32),
}

/// An added function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Helper {
    /// `()`: asks the host for ticks.
    Tick,
    /// `(length) -> length`: charges for so many bytes or items, lengths being 64 bits wide or not.
    Charge { items: bool, wide: bool },
    /// `memory.grow` and `table.grow`, asking the host first.
    Grow(Space),
    /// `memory.fill` and `table.fill` in pieces.
    Fill(Space),
    /// `memory.copy` and `table.copy` in pieces.
    Copy { to: Space, from: Space },
    /// `memory.init` and `table.init` in pieces, of the segment with this index.
    Init { to: Space, segment: u32 },
    /// `() -> bits`: what is in a floating-point global, of 64 bits or not. JavaScript may change a NaN's.
    ReadBits { global: u32, wide: bool },
    /// `(bits)`: puts it there.
    WriteBits { global: u32, wide: bool },
}

/// Indices of what is added, and of what moves because of it. Only functions move: three imports are added.
pub(crate) struct Added {
    imported_functions: u32,
    first_helper: u32,
    first_type: u32,
    /// The global of ticks left; never below zero while the module's own code runs, but for the way to `Tick`.
    pub(crate) ticks: u32,
    /// The global that is 1 while the host is being asked for ticks.
    pub(crate) asking: u32,
    helpers: Vec<Helper>,
    indices: BTreeMap<Helper, u32>,
    types: Vec<(Vec<ValType>, Vec<ValType>)>,
}

/// The number of added imports.
pub(crate) const IMPORTS: u32 = 3;

impl Added {
    pub(crate) fn new(survey: &crate::survey::Survey<'_>) -> Self {
        let globals = survey.globals.len() as u32;
        Added {
            imported_functions: survey.imported_functions,
            first_helper: survey.imported_functions + IMPORTS + survey.functions.len() as u32,
            first_type: survey.types,
            ticks: globals,
            asking: globals + 1,
            helpers: Vec::new(),
            indices: BTreeMap::new(),
            types: Vec::new(),
        }
    }

    /// Where a function of the module went.
    pub(crate) fn function(&self, index: u32) -> u32 {
        if index < self.imported_functions {
            index
        } else {
            index + IMPORTS
        }
    }

    pub(crate) fn refill(&self) -> u32 {
        self.imported_functions
    }

    pub(crate) fn yields(&self) -> u32 {
        self.imported_functions + 1
    }

    pub(crate) fn grow(&self) -> u32 {
        self.imported_functions + 2
    }

    /// The function index of a helper, which is from now on needed.
    pub(crate) fn helper(&mut self, helper: Helper) -> u32 {
        let next = self.first_helper + self.helpers.len() as u32;
        *self.indices.entry(helper).or_insert_with(|| {
            self.helpers.push(helper);
            next
        })
    }

    /// The function index of a helper, if it is needed.
    pub(crate) fn known_helper(&self, helper: Helper) -> Option<u32> {
        self.indices.get(&helper).copied()
    }

    /// The helper that was needed as the `position`th.
    pub(crate) fn helper_at(&self, position: usize) -> Option<Helper> {
        self.helpers.get(position).copied()
    }

    /// Helpers so far, each with its function index.
    pub(crate) fn named_helpers(&self) -> impl Iterator<Item = (u32, Helper)> {
        self.helpers
            .iter()
            .enumerate()
            .map(|(position, helper)| (self.first_helper + position as u32, *helper))
    }

    /// The index of a function type.
    pub(crate) fn ty(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        let known = self
            .types
            .iter()
            .position(|(p, r)| p == params && r == results);
        let position = known.unwrap_or_else(|| {
            self.types.push((params.to_vec(), results.to_vec()));
            self.types.len() - 1
        });
        self.first_type + position as u32
    }

    /// The added types, in the order of their indices.
    pub(crate) fn types(&self) -> &[(Vec<ValType>, Vec<ValType>)] {
        &self.types
    }
}
