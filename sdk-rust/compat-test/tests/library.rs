//! The guide's plugin as a native library, opened as a legacy host opens it.

use guide_plugin::my_runner::{MyJobArgs, MyResult};
use jobworkerp_client::abi::{FREE_SYMBOL, FreePlugin, LOAD_SYMBOL, LoadPlugin};
use libloading::{Library, library_filename};
use prost::Message;
use std::collections::HashMap;

/// Cargo puts the library beside the test that it builds it for.
fn open() -> Library {
    let directory = std::env::current_exe().unwrap();
    let path = directory.with_file_name(library_filename("guide_plugin"));
    // SAFETY: the library was built by the same cargo run; its initialisers are std's.
    unsafe { Library::new(path) }.unwrap()
}

#[test]
fn a_native_build_serves_a_legacy_host() {
    let library = open();
    // SAFETY: `export_plugin!` gives the two symbols these very types, and the compiler is the same.
    let (load, free) = unsafe {
        let load = library.get::<LoadPlugin>(LOAD_SYMBOL).unwrap();
        (load, library.get::<FreePlugin>(FREE_SYMBOL).unwrap())
    };
    let mut plugin = load();
    assert_eq!(plugin.name(), "MyPlugin");
    plugin.load(Vec::new()).unwrap();
    assert_eq!(plugin.method_proto_map()["run"].output_type, 2);

    let input_data = "input".into();
    let args = MyJobArgs { input_data }.encode_to_vec();
    let (result, _) = plugin.run(args.clone(), HashMap::new(), None);
    let result = MyResult::decode(result.unwrap().as_slice()).unwrap();
    assert_eq!(result.output_data, "Processed: input");

    plugin.begin_stream(args, HashMap::new(), None).unwrap();
    assert!(plugin.receive_stream().unwrap().is_some());
    free(plugin);
}
