//! What a plugin says about its methods, and the types of a stream's items.

use std::collections::HashMap;
use std::fmt;

/// What a method takes and gives, as Protocol Buffers source (`syntax = "proto3"; …`).
///
/// Fill in what the method has and leave the rest to `..Default::default()`.
///
/// ```
/// use bulkhead_plugin::data::{MethodSchema, StreamingOutputType};
///
/// let schema = MethodSchema {
///     args_proto: "syntax = \"proto3\"; message Args { string text = 1; }".into(),
///     result_proto: "syntax = \"proto3\"; message Result { string text = 1; }".into(),
///     output_type: Some(StreamingOutputType::Both as i32),
///     ..Default::default()
/// };
/// assert_eq!(schema.need_feed, None);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MethodSchema {
    /// The message of the job's arguments. Empty: plain bytes.
    pub args_proto: String,
    /// The message of the result, and of each chunk of a stream. Empty: plain bytes.
    pub result_proto: String,
    /// What the method does, for people and for tools that choose one.
    pub description: Option<String>,
    /// How the method gives its output, a [`StreamingOutputType`] as a number. `None`: the method is
    /// listed but never executed.
    pub output_type: Option<i32>,
    /// The method reads a feed. `None` is `false`.
    pub need_feed: Option<bool>,
    /// The message of each feed chunk. `None`: plain bytes.
    pub feed_data_proto: Option<String>,
}

impl MethodSchema {
    /// A method with one result, whose arguments and result are plain bytes.
    pub fn bytes() -> Self {
        Self {
            output_type: Some(StreamingOutputType::NonStreaming as i32),
            ..Self::default()
        }
    }
}

/// What a method takes and gives, as JSON Schema text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MethodJsonSchema {
    /// The schema of the arguments.
    pub args_schema: String,
    /// The schema of the result. `None`: unstructured.
    pub result_schema: Option<String>,
    /// The schema of a feed chunk. `None`: plain bytes, or no feed.
    pub feed_data_schema: Option<String>,
}

/// How a method gives its output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum StreamingOutputType {
    /// One result: the host calls `run`.
    #[default]
    NonStreaming = 0,
    /// A stream of chunks: the host calls `begin_stream` and `receive_stream`.
    Streaming = 1,
    /// Either, as the submitter asks.
    Both = 2,
}

impl TryFrom<i32> for StreamingOutputType {
    type Error = UnknownOutputType;

    fn try_from(value: i32) -> Result<Self, UnknownOutputType> {
        match value {
            0 => Ok(Self::NonStreaming),
            1 => Ok(Self::Streaming),
            2 => Ok(Self::Both),
            other => Err(UnknownOutputType(other)),
        }
    }
}

impl From<StreamingOutputType> for i32 {
    fn from(value: StreamingOutputType) -> i32 {
        value as i32
    }
}

/// A number that is no [`StreamingOutputType`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownOutputType(pub i32);

impl fmt::Display for UnknownOutputType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = self;
        write!(
            f,
            "{number} is no output type (0 NonStreaming, 1 Streaming, 2 Both)"
        )
    }
}

impl std::error::Error for UnknownOutputType {}

/// One item of a stream as a host hands it on. Plugins give plain chunks and meet it in
/// `collect_stream` of the legacy ABI only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultOutputItem {
    /// The item; `None` only where a newer sender has a kind that this version does not know.
    pub item: Option<result_output_item::Item>,
}

/// The kinds of [`ResultOutputItem`], under the name that upstream's code has for them.
pub mod result_output_item {
    /// A kind of item.
    #[derive(Clone, Debug, PartialEq)]
    pub enum Item {
        /// A chunk.
        Data(Vec<u8>),
        /// The end, with the plugin's metadata.
        End(super::Trailer),
        /// All chunks as one result, where the submitter asked for that.
        FinalCollected(Vec<u8>),
    }
}

/// What ends a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trailer {
    /// The plugin's metadata for the submitter.
    pub metadata: HashMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_types_survive_the_way_through_a_number() {
        use StreamingOutputType::*;
        for kind in [NonStreaming, Streaming, Both] {
            assert_eq!(StreamingOutputType::try_from(i32::from(kind)), Ok(kind));
        }
    }

    #[test]
    fn an_unknown_output_type_is_refused_with_the_known_ones() {
        let error = StreamingOutputType::try_from(7).unwrap_err();
        assert_eq!(
            error.to_string(),
            "7 is no output type (0 NonStreaming, 1 Streaming, 2 Both)"
        );
    }
}
