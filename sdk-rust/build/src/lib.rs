#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod config;
mod error;
mod link;

pub use config::{Config, configure};
pub use error::Error;
pub use link::{DEFAULT_STACK, link, link_with_stack};

/// The whole of `prost-build`, in the version that this crate uses.
pub use prost_build;
