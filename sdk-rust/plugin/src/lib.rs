#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod data;
mod export;
mod feed;
pub mod job;
pub mod log;
pub mod plugin;
#[cfg(feature = "runtime")]
pub mod runtime;

#[cfg(not(target_family = "wasm"))]
pub mod abi;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod component;
#[doc(hidden)]
pub mod facet;

#[doc(no_inline)]
pub use plugin as plugins;

/// The paths under which upstream's client library has the same types.
pub mod jobworkerp {
    #[doc(no_inline)]
    pub use crate::data;
}
