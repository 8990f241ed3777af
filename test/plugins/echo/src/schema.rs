//! The methods, and what each takes and gives.

use bulkhead_plugin::data::{MethodSchema, StreamingOutputType as Output};
use std::collections::HashMap;

pub(crate) fn methods() -> HashMap<String, MethodSchema> {
    let echo_args = include_str!("../protobuf/echo_args.proto");
    let slow_args = include_str!("../protobuf/slow_args.proto");
    let stream_args = include_str!("../protobuf/stream_args.proto");
    let fail_args = include_str!("../protobuf/fail_args.proto");
    let methods = [
        method("run", echo_args, "Echoes", Output::NonStreaming),
        method(
            "slow",
            slow_args,
            "Sleeps, then echoes",
            Output::NonStreaming,
        ),
        method("stream", stream_args, "Echoes in chunks", Output::Streaming),
        method("fail", fail_args, "Answers an error", Output::NonStreaming),
        method(
            "log",
            echo_args,
            "Logs the text at each level",
            Output::NonStreaming,
        ),
        method(
            "job",
            "",
            "Tells the job's id/worker/attempt",
            Output::NonStreaming,
        ),
    ];
    HashMap::from(methods)
}

fn method(name: &str, args: &str, description: &str, output: Output) -> (String, MethodSchema) {
    let schema = MethodSchema {
        args_proto: args.to_owned(),
        result_proto: include_str!("../protobuf/result.proto").to_owned(),
        description: Some(description.to_owned()),
        output_type: Some(output as i32),
        ..Default::default()
    };
    (name.to_owned(), schema)
}
