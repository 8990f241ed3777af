//! A component that exports an interface of somebody else's.
#![cfg(target_family = "wasm")]

wit_bindgen::generate!({
    inline: "
        package test:other@1.0.0;

        interface greeter {
            greet: func() -> string;
        }

        world greeting {
            export greeter;
        }
    ",
});

struct Greeter;

impl exports::test::other::greeter::Guest for Greeter {
    fn greet() -> String {
        "good day".to_owned()
    }
}

export!(Greeter);
