//! The guide's plugin at work, seen through the legacy ABI.

use guide_plugin::MyPlugin;
use guide_plugin::my_runner::{MyJobArgs, MyResult, MyRunnerSettings};
use jobworkerp_client::abi::{BoxedPlugin, adapt};
use prost::Message;
use std::collections::HashMap;

fn loaded() -> BoxedPlugin {
    let mut plugin = adapt(MyPlugin::new());
    let settings = MyRunnerSettings {
        some_config: "some".into(),
    };
    plugin.load(settings.encode_to_vec()).unwrap();
    plugin
}

fn args() -> Vec<u8> {
    let input_data = "input".into();
    MyJobArgs { input_data }.encode_to_vec()
}

fn output(result: &[u8]) -> String {
    MyResult::decode(result).unwrap().output_data
}

#[test]
fn it_runs_a_job() {
    let (result, metadata) = loaded().run(args(), HashMap::new(), None);
    assert_eq!(output(&result.unwrap()), "Processed: input");
    assert!(metadata.is_empty());
}

#[test]
fn it_streams_five_chunks_twice() {
    let mut plugin = loaded();
    let expected: Vec<_> = (0..5)
        .map(|i| format!("Stream chunk {i} for input"))
        .collect();
    for _ in 0..2 {
        plugin.begin_stream(args(), HashMap::new(), None).unwrap();
        let chunks = std::iter::from_fn(|| plugin.receive_stream().unwrap());
        let chunks: Vec<_> = chunks.map(|chunk| output(&chunk)).collect();
        assert_eq!(chunks, expected);
    }
}

#[test]
fn it_describes_its_method() {
    let methods = loaded().method_proto_map();
    let run = &methods["run"];
    assert_eq!((run.output_type, run.need_feed), (2, false));
    assert!(run.args_proto.contains("message MyJobArgs"));
    assert!(run.result_proto.contains("message MyResult"));
}

#[test]
fn arguments_that_are_no_message_are_an_error_and_no_panic() {
    let (result, _) = loaded().run(vec![0xff], HashMap::new(), None);
    assert!(result.is_err());
}
