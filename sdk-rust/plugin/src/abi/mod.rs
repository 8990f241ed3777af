//! The legacy ABI of native plugins, version 1: what crosses the border between a JobWorkerP host and
//! a dylib, function by function and field by field.
//!
//! # Who uses it
//!
//! A native build of a plugin exports `load_multi_method_plugin` and `free_multi_method_plugin` in
//! these terms (`export_plugin!` does that), and Bulkhead's host of native libraries loads any legacy
//! plugin by them. Authors do not meet this module: their trait is
//! [`MultiMethodPluginRunner`](crate::plugin::MultiMethodPluginRunner), and [`adapt`] stands between,
//! because the guide's types and those that upstream compiles differ (`output_type` and `need_feed`
//! of a [`MethodSchema`] are plain there and optional in the guide).
//!
//! # What it rests on
//!
//! Rust promises nothing about the layout of trait objects and structs. It holds when host and plugin
//! were built by **the same rustc** and see the same trait, with its methods in the same order, and
//! the same structs, with their fields in the same order; so neither order here may change, and a host
//! must compare compilers before it opens a library. Both sides must use the system's allocator. The
//! shapes were taken from the public definition in `jobworkerp-client-rs` (commit 12ebe53,
//! `src/plugins.rs`); later versions renamed the three feed methods at the same places, so this one
//! definition serves them as well.

mod adapter;
mod types;

pub use crate::data::{MethodJsonSchema, ResultOutputItem, Trailer, result_output_item};
pub use adapter::adapt;
pub use types::{CollectStreamFuture, MethodSchema};

use anyhow::Result;
use futures_core::stream::BoxStream;
use std::collections::HashMap;
use tokio::sync::mpsc::Sender;

/// The symbol that makes a plugin: [`LoadPlugin`].
pub const LOAD_SYMBOL: &str = "load_multi_method_plugin";

/// The symbol that drops one: [`FreePlugin`].
pub const FREE_SYMBOL: &str = "free_multi_method_plugin";

/// A plugin as it crosses the border. Dropping it runs the plugin's code, so its library must stay
/// open until then.
pub type BoxedPlugin = Box<dyn MultiMethodPluginRunner + Send + Sync>;

/// The type of [`LOAD_SYMBOL`].
#[allow(improper_ctypes_definitions)]
pub type LoadPlugin = extern "C" fn() -> BoxedPlugin;

/// The type of [`FREE_SYMBOL`].
#[allow(improper_ctypes_definitions)]
pub type FreePlugin = extern "C" fn(BoxedPlugin);

/// The trait as legacy hosts see it. The order of its methods is its ABI.
///
/// The promises of each method are those of the author's trait,
/// [`MultiMethodPluginRunner`](crate::plugin::MultiMethodPluginRunner).
pub trait MultiMethodPluginRunner: Send + Sync {
    /// The runner's name.
    fn name(&self) -> String;
    /// What the runner does.
    fn description(&self) -> String;
    /// Prepares the object with the worker's settings.
    fn load(&mut self, settings: Vec<u8>) -> Result<()>;
    /// Runs one job.
    fn run(
        &mut self,
        args: Vec<u8>,
        metadata: HashMap<String, String>,
        using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>);
    /// Begins a streaming job.
    fn begin_stream(
        &mut self,
        arg: Vec<u8>,
        metadata: HashMap<String, String>,
        using: Option<&str>,
    ) -> Result<()>;
    /// The stream's next chunk.
    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>>;
    /// Asks to stop the job at hand.
    fn cancel(&mut self) -> bool;
    /// Whether that was asked.
    fn is_canceled(&self) -> bool;
    /// The settings' message.
    fn runner_settings_proto(&self) -> String;
    /// The methods.
    fn method_proto_map(&self) -> HashMap<String, MethodSchema>;
    /// The methods' JSON Schemas, if the author wrote them.
    fn method_json_schema_map(&self) -> Option<HashMap<String, MethodJsonSchema>>;
    /// The settings' JSON Schema.
    fn settings_schema(&self) -> String;
    /// Whether the method reads a feed (later: `supports_client_stream`).
    fn supports_feed(&self, using: Option<&str>) -> bool;
    /// The feed's message (later: `client_stream_data_proto`).
    fn feed_data_proto(&self, using: Option<&str>) -> Option<String>;
    /// Opens the feed (later: `setup_client_stream_channel`). A host in another library must feed with
    /// `try_send`: a contended `send().await` across the border hangs.
    fn setup_feed_channel(&mut self, using: Option<&str>) -> Option<Sender<Vec<u8>>>;
    /// Makes one result of a stream. Here for its place in the table: older plugins lack it, so a host
    /// never calls it.
    fn collect_stream(
        &self,
        stream: BoxStream<'static, ResultOutputItem>,
        using: Option<&str>,
    ) -> CollectStreamFuture;
}
