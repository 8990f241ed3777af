//! A component of the runner facet as version 0.0.9 of the world might have had it.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({
    inline: "
        package bulkhead:plugin@0.0.9;

        interface runner {
            name: func() -> string;
        }

        world runner-plugin {
            export runner;
        }
    ",
});

struct OldApi;

impl exports::bulkhead::plugin::runner::Guest for OldApi {
    fn name() -> String {
        "OldApi".to_owned()
    }
}

export!(OldApi);
