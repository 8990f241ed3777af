//! From the functions of the world to [`Hostile`].

use crate::bindings::exports::bulkhead::plugin::runner::Guest;
use crate::diagnostics::{Panic, panicked};
use crate::{Failure, Hostile, Metadata, MethodJsonSchema, MethodSchema};
use std::panic::PanicHookInfo;
use std::sync::Once;

/// Where a component keeps its plugin. Implemented by `export!`.
pub trait Exported {
    type Plugin: Hostile;

    /// Calls `call` with the plugin, which is made if this is the first time.
    fn with<R>(call: impl FnOnce(&mut Self::Plugin) -> R) -> R;
}

/// Tells the host of panics, as the SDK does.
pub fn report_panics() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| std::panic::set_hook(Box::new(report)));
}

fn report(info: &PanicHookInfo<'_>) {
    let place = info.location();
    panicked(&Panic {
        message: info.payload_as_str().unwrap_or_default().to_owned(),
        file: place.map(|at| at.file().to_owned()).unwrap_or_default(),
        line: place.map_or(0, |at| at.line()),
        column: place.map_or(0, |at| at.column()),
    });
}

impl<E: Exported> Guest for E {
    fn name() -> String {
        E::with(|plugin| plugin.name())
    }

    fn description() -> String {
        "A hostile plugin of Bulkhead's own tests".to_owned()
    }

    fn load(settings: Vec<u8>) -> Result<(), Failure> {
        E::with(|plugin| plugin.load(settings))
    }

    fn run(
        args: Vec<u8>,
        _metadata: Metadata,
        _using: Option<String>,
    ) -> (Result<Vec<u8>, Failure>, Metadata) {
        E::with(|plugin| (plugin.run(args), plugin.metadata()))
    }

    fn begin_stream(
        args: Vec<u8>,
        _metadata: Metadata,
        _using: Option<String>,
    ) -> Result<(), Failure> {
        E::with(|plugin| plugin.begin_stream(args))
    }

    fn receive_stream() -> Result<Option<Vec<u8>>, Failure> {
        E::with(|plugin| plugin.receive_stream())
    }

    fn cancel() -> bool {
        E::with(|plugin| plugin.cancel())
    }

    fn is_canceled() -> bool {
        E::with(|plugin| plugin.is_canceled())
    }

    fn runner_settings_proto() -> String {
        String::new()
    }

    fn method_proto_map() -> Vec<(String, MethodSchema)> {
        E::with(|plugin| plugin.methods())
    }

    fn method_json_schema_map() -> Option<Vec<(String, MethodJsonSchema)>> {
        E::with(|plugin| plugin.json_schemas())
    }

    fn settings_schema() -> String {
        E::with(|plugin| plugin.settings_schema())
    }

    fn supports_feed(_using: Option<String>) -> bool {
        E::with(|plugin| plugin.supports_feed())
    }

    fn feed_data_proto(_using: Option<String>) -> Option<String> {
        None
    }

    fn setup_feed_channel(_using: Option<String>) -> bool {
        E::with(|plugin| plugin.open_feed())
    }
}
