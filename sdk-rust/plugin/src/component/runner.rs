//! The facet `runner`: from the world's functions to the author's trait and back.

use super::bindings::bulkhead::plugin::types::{Failure, Metadata};
use super::bindings::exports::bulkhead::plugin::runner::{
    Guest, MethodJsonSchema, MethodSchema, OutputType,
};
use super::{Exported, feed};
use crate::data::{self, StreamingOutputType};
use crate::plugin::MultiMethodPluginRunner;

impl<E: Exported> Guest for E
where
    E::Object: MultiMethodPluginRunner,
{
    fn name() -> String {
        E::with(|plugin| plugin.name())
    }

    fn description() -> String {
        E::with(|plugin| plugin.description())
    }

    fn load(settings: Vec<u8>) -> Result<(), Failure> {
        E::with(|plugin| plugin.load(settings)).map_err(failure)
    }

    fn run(
        args: Vec<u8>,
        metadata: Metadata,
        using: Option<String>,
    ) -> (Result<Vec<u8>, Failure>, Metadata) {
        feed::close();
        let metadata = metadata.into_iter().collect();
        let (result, metadata) = E::with(|plugin| plugin.run(args, metadata, using.as_deref()));
        (result.map_err(failure), sorted(metadata))
    }

    fn begin_stream(
        args: Vec<u8>,
        metadata: Metadata,
        using: Option<String>,
    ) -> Result<(), Failure> {
        let metadata = metadata.into_iter().collect();
        let result = E::with(|plugin| plugin.begin_stream(args, metadata, using.as_deref()));
        if result.is_err() {
            feed::close();
        }
        result.map_err(failure)
    }

    fn receive_stream() -> Result<Option<Vec<u8>>, Failure> {
        feed::pump();
        let chunk = E::with(|plugin| plugin.receive_stream());
        if !matches!(chunk, Ok(Some(_))) {
            feed::close();
        }
        chunk.map_err(failure)
    }

    fn cancel() -> bool {
        E::with(|plugin| plugin.cancel())
    }

    fn is_canceled() -> bool {
        E::with(|plugin| plugin.is_canceled())
    }

    fn runner_settings_proto() -> String {
        E::with(|plugin| plugin.runner_settings_proto())
    }

    fn method_proto_map() -> Vec<(String, MethodSchema)> {
        let methods = E::with(|plugin| plugin.method_proto_map());
        let methods = methods.into_iter().map(|(name, schema)| {
            let schema = method_schema(&name, schema);
            (name, schema)
        });
        sorted(methods)
    }

    fn method_json_schema_map() -> Option<Vec<(String, MethodJsonSchema)>> {
        let methods = E::with(|plugin| plugin.method_json_schema_map())?;
        let methods = methods.into_iter().map(|(name, schema)| {
            let schema = MethodJsonSchema {
                args_schema: schema.args_schema,
                result_schema: schema.result_schema,
                feed_data_schema: schema.feed_data_schema,
            };
            (name, schema)
        });
        Some(sorted(methods))
    }

    fn settings_schema() -> String {
        E::with(|plugin| plugin.settings_schema())
    }

    fn supports_feed(using: Option<String>) -> bool {
        E::with(|plugin| plugin.supports_feed(using.as_deref()))
    }

    fn feed_data_proto(using: Option<String>) -> Option<String> {
        E::with(|plugin| plugin.feed_data_proto(using.as_deref()))
    }

    fn setup_feed_channel(using: Option<String>) -> bool {
        let sender = E::with(|plugin| plugin.setup_feed_channel(using.as_deref()));
        feed::open(sender)
    }
}

/// A plugin's error as the submitter gets it.
fn failure(error: anyhow::Error) -> Failure {
    Failure {
        message: error.to_string(),
        causes: error.chain().skip(1).map(ToString::to_string).collect(),
    }
}

/// Pairs in the order of their keys: a `HashMap`'s own order differs from run to run, and what the
/// host stores, compares and shows should not.
fn sorted<V>(pairs: impl IntoIterator<Item = (String, V)>) -> Vec<(String, V)> {
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    pairs
}

/// Panics on an output type that does not exist: the plugin is broken, and its author should hear so
/// at discovery rather than find a method that never runs.
fn method_schema(name: &str, schema: data::MethodSchema) -> MethodSchema {
    let output_type =
        schema
            .output_type
            .map(|number| match StreamingOutputType::try_from(number) {
                Ok(StreamingOutputType::NonStreaming) => OutputType::NonStreaming,
                Ok(StreamingOutputType::Streaming) => OutputType::Streaming,
                Ok(StreamingOutputType::Both) => OutputType::Both,
                Err(error) => panic!("method `{name}`: {error}"),
            });
    MethodSchema {
        args_proto: schema.args_proto,
        result_proto: schema.result_proto,
        description: schema.description,
        output_type,
        need_feed: schema.need_feed.unwrap_or(false),
        feed_data_proto: schema.feed_data_proto,
    }
}
