//! From the author's trait to the legacy ABI's.

use super::{
    BoxedPlugin, CollectStreamFuture, MethodJsonSchema, MethodSchema, MultiMethodPluginRunner,
    ResultOutputItem, result_output_item::Item,
};
use crate::log::scope;
use crate::plugin;
use anyhow::Result;
use futures_core::stream::BoxStream;
use std::collections::HashMap;
use std::future::poll_fn;
use tokio::sync::mpsc::Sender;

/// An author's plugin as a legacy host takes it. What it logs goes to stderr.
pub fn adapt(plugin: impl plugin::MultiMethodPluginRunner + 'static) -> BoxedPlugin {
    Box::new(Adapter(plugin))
}

struct Adapter<P>(P);

impl<P: plugin::MultiMethodPluginRunner> MultiMethodPluginRunner for Adapter<P> {
    fn name(&self) -> String {
        scope(|| self.0.name())
    }

    fn description(&self) -> String {
        scope(|| self.0.description())
    }

    fn load(&mut self, settings: Vec<u8>) -> Result<()> {
        scope(|| self.0.load(settings))
    }

    fn run(
        &mut self,
        args: Vec<u8>,
        metadata: HashMap<String, String>,
        using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>) {
        scope(|| self.0.run(args, metadata, using))
    }

    fn begin_stream(
        &mut self,
        arg: Vec<u8>,
        metadata: HashMap<String, String>,
        using: Option<&str>,
    ) -> Result<()> {
        scope(|| self.0.begin_stream(arg, metadata, using))
    }

    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>> {
        scope(|| self.0.receive_stream())
    }

    fn cancel(&mut self) -> bool {
        scope(|| self.0.cancel())
    }

    fn is_canceled(&self) -> bool {
        scope(|| self.0.is_canceled())
    }

    fn runner_settings_proto(&self) -> String {
        scope(|| self.0.runner_settings_proto())
    }

    fn method_proto_map(&self) -> HashMap<String, MethodSchema> {
        let methods = scope(|| self.0.method_proto_map());
        let methods = methods.into_iter();
        methods
            .map(|(name, schema)| (name, schema.into()))
            .collect()
    }

    fn method_json_schema_map(&self) -> Option<HashMap<String, MethodJsonSchema>> {
        scope(|| self.0.method_json_schema_map())
    }

    fn settings_schema(&self) -> String {
        scope(|| self.0.settings_schema())
    }

    fn supports_feed(&self, using: Option<&str>) -> bool {
        scope(|| self.0.supports_feed(using))
    }

    fn feed_data_proto(&self, using: Option<&str>) -> Option<String> {
        scope(|| self.0.feed_data_proto(using))
    }

    fn setup_feed_channel(&mut self, using: Option<&str>) -> Option<Sender<Vec<u8>>> {
        scope(|| self.0.setup_feed_channel(using))
    }

    fn collect_stream(
        &self,
        stream: BoxStream<'static, ResultOutputItem>,
        _using: Option<&str>,
    ) -> CollectStreamFuture {
        Box::pin(last_chunk(stream))
    }
}

/// The last chunk and the trailer's metadata: chunks are messages, and joining the bytes of messages
/// makes none.
async fn last_chunk(
    mut stream: BoxStream<'static, ResultOutputItem>,
) -> Result<(Vec<u8>, HashMap<String, String>)> {
    let mut last = Vec::new();
    while let Some(item) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
        match item.item {
            Some(Item::Data(chunk) | Item::FinalCollected(chunk)) => last = chunk,
            Some(Item::End(trailer)) => return Ok((last, trailer.metadata)),
            None => {}
        }
    }
    Ok((last, HashMap::new()))
}

#[cfg(test)]
#[path = "adapter_tests.rs"]
mod tests;
