//! Types of the legacy ABI whose shape differs from the author's.

use crate::data;
use anyhow::Result;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

/// What `collect_stream` answers: the result and the metadata, some time.
pub type CollectStreamFuture =
    Pin<Box<dyn Future<Output = Result<(Vec<u8>, HashMap<String, String>)>> + Send>>;

/// A method, with the fields as upstream compiles them. The order of the fields is part of the ABI.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MethodSchema {
    /// The message of the arguments.
    pub args_proto: String,
    /// The message of the result.
    pub result_proto: String,
    /// What the method does.
    pub description: Option<String>,
    /// A [`StreamingOutputType`](data::StreamingOutputType) as a number.
    pub output_type: i32,
    /// The method reads a feed (later: `require_client_stream`).
    pub need_feed: bool,
    /// The message of a feed chunk (later: `client_stream_data_proto`).
    pub feed_data_proto: Option<String>,
}

/// The ABI cannot say "listed but never executed" (`output_type: None`); such a method becomes one
/// with a single result, which its plugin then refuses.
impl From<data::MethodSchema> for MethodSchema {
    fn from(schema: data::MethodSchema) -> Self {
        Self {
            args_proto: schema.args_proto,
            result_proto: schema.result_proto,
            description: schema.description,
            output_type: schema.output_type.unwrap_or_default(),
            need_feed: schema.need_feed.unwrap_or_default(),
            feed_data_proto: schema.feed_data_proto,
        }
    }
}

impl From<MethodSchema> for data::MethodSchema {
    fn from(schema: MethodSchema) -> Self {
        Self {
            args_proto: schema.args_proto,
            result_proto: schema.result_proto,
            description: schema.description,
            output_type: Some(schema.output_type),
            need_feed: Some(schema.need_feed),
            feed_data_proto: schema.feed_data_proto,
        }
    }
}
