//! What the hostile plugins share: a plugin that behaves well in every function of the world, so that each
//! misbehaves in one. It stands on the bare bindings and not on the SDK, because attackers do, too.
#![cfg(target_family = "wasm")]

#[allow(clippy::undocumented_unsafe_blocks)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../../../../wit",
        world: "runner-plugin",
        generate_all,
        pub_export_macro: true,
        export_macro_name: "export_runner",
    });
}

mod exports;

pub use bindings::bulkhead::plugin::types::{Failure, Metadata};
pub use bindings::bulkhead::plugin::{diagnostics, feed, job, log};
pub use bindings::exports::bulkhead::plugin::runner::{MethodJsonSchema, MethodSchema, OutputType};
pub use exports::{Exported, report_panics};
pub use wasi;

use std::hint::black_box;
use wasi::clocks::monotonic_clock::subscribe_duration;
use wasi::io::poll::Pollable;

/// A plugin. `Default` is its constructor, called with the first function that is called.
pub trait Hostile: Default + 'static {
    fn name(&mut self) -> String {
        let path = std::any::type_name::<Self>();
        path.split("::").next().unwrap_or(path).to_owned()
    }

    fn load(&mut self, _settings: Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    fn run(&mut self, args: Vec<u8>) -> Result<Vec<u8>, Failure> {
        Ok(args)
    }

    /// The metadata that comes with what `run` answered.
    fn metadata(&mut self) -> Metadata {
        Vec::new()
    }

    fn begin_stream(&mut self, _args: Vec<u8>) -> Result<(), Failure> {
        Ok(())
    }

    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        Ok(None)
    }

    fn cancel(&mut self) -> bool {
        true
    }

    fn is_canceled(&mut self) -> bool {
        false
    }

    fn methods(&mut self) -> Vec<(String, MethodSchema)> {
        vec![("run".to_owned(), plain())]
    }

    fn json_schemas(&mut self) -> Option<Vec<(String, MethodJsonSchema)>> {
        None
    }

    fn settings_schema(&mut self) -> String {
        String::new()
    }

    fn supports_feed(&mut self) -> bool {
        false
    }

    fn open_feed(&mut self) -> bool {
        self.supports_feed()
    }
}

/// A method that takes and gives plain bytes, at once or in a stream.
pub fn plain() -> MethodSchema {
    MethodSchema {
        args_proto: String::new(),
        result_proto: String::new(),
        description: None,
        output_type: Some(OutputType::Both),
        need_feed: false,
        feed_data_proto: None,
    }
}

/// [`plain`], with a schema for its arguments.
pub fn taking(args_proto: String) -> MethodSchema {
    MethodSchema {
        args_proto,
        ..plain()
    }
}

/// Computes for ever, without a call that the host could stop it in.
pub fn spin() -> ! {
    let mut turns = 0u64;
    loop {
        turns = black_box(turns.wrapping_add(1));
    }
}

/// A pollable that is never ready.
pub fn never() -> Pollable {
    subscribe_duration(u64::MAX)
}

/// The job's arguments as a number, 0 where they are none.
pub fn number(args: &[u8]) -> usize {
    str::from_utf8(args)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// An answer in words.
pub fn say(text: impl Into<String>) -> Result<Vec<u8>, Failure> {
    Ok(text.into().into_bytes())
}

/// What an attempt came to, if it came to something: nobody hears of failures.
pub fn won<T: std::fmt::Debug, E>(what: &str, attempt: Result<T, E>) -> Option<String> {
    attempt.ok().map(|prize| format!("{what}: {prize:?}"))
}

/// Makes a crate a plugin.
#[macro_export]
macro_rules! export {
    ($plugin:ty) => {
        const _: () = {
            ::std::thread_local! {
                static PLUGIN: ::std::cell::RefCell<Option<$plugin>> =
                    const { ::std::cell::RefCell::new(None) };
            }

            struct Exported;
            impl $crate::Exported for Exported {
                type Plugin = $plugin;
                fn with<R>(call: impl FnOnce(&mut $plugin) -> R) -> R {
                    $crate::report_panics();
                    PLUGIN.with_borrow_mut(|slot| call(slot.get_or_insert_default()))
                }
            }
    $crate::bindings::export_runner!(Exported with_types_in $crate::bindings);
        };
    };
}
