//! Why a module is refused.

use alloc::string::{String, ToString};
use core::fmt;

/// A module that is invalid, uses what the host does not support, or asks for more than its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, for the plugin's author.
    pub message: String,
    /// Where in the module, in bytes, if it is at one place.
    pub offset: Option<u64>,
}

impl Refusal {
    pub(crate) fn new(message: impl ToString) -> Self {
        Refusal {
            message: message.to_string(),
            offset: None,
        }
    }

    pub(crate) fn at(offset: u64, message: impl ToString) -> Self {
        Refusal {
            message: message.to_string(),
            offset: Some(offset),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "{} (at offset {offset:#x})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl core::error::Error for Refusal {}

impl From<wasmparser::Error> for Refusal {
    fn from(error: wasmparser::Error) -> Self {
        Refusal::at(error.offset(), error.message())
    }
}

impl From<wasm_encoder::reencode::Error<Refusal>> for Refusal {
    fn from(error: wasm_encoder::reencode::Error<Refusal>) -> Self {
        match error {
            wasm_encoder::reencode::Error::UserError(refusal) => refusal,
            wasm_encoder::reencode::Error::ParseError(error) => error.into(),
            other => Refusal::new(other),
        }
    }
}
