//! The parts of the corpus.

pub(crate) mod json;
pub(crate) mod smith;
pub(crate) mod spec;
pub(crate) mod vectors;
