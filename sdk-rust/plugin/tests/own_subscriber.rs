//! A plugin that brings its own `tracing` subscriber. A process has one global default, so this is a
//! test file of its own.

use bulkhead_plugin::abi::adapt;
use bulkhead_plugin::data::MethodSchema;
use bulkhead_plugin::plugin::MultiMethodPluginRunner;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Metadata, Subscriber};

static SEEN: AtomicUsize = AtomicUsize::new(0);

/// Counts events.
struct Counter;

impl Subscriber for Counter {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        SEEN.fetch_add(1, Ordering::Relaxed);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Plugin;

impl MultiMethodPluginRunner for Plugin {
    fn name(&self) -> String {
        "Plugin".into()
    }
    fn description(&self) -> String {
        String::new()
    }
    fn load(&mut self, _settings: Vec<u8>) -> anyhow::Result<()> {
        // Fails if somebody else's is the default already.
        tracing::subscriber::set_global_default(Counter)?;
        Ok(())
    }
    fn run(
        &mut self,
        args: Vec<u8>,
        metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> (anyhow::Result<Vec<u8>>, HashMap<String, String>) {
        tracing::info!("running");
        (Ok(args), metadata)
    }
    fn method_proto_map(&self) -> HashMap<String, MethodSchema> {
        HashMap::from([("run".into(), MethodSchema::bytes())])
    }
}

#[test]
fn a_plugins_own_subscriber_takes_over_from_the_next_call_on() {
    let mut plugin = adapt(Plugin);
    plugin.load(Vec::new()).unwrap();
    plugin.run(Vec::new(), HashMap::new(), None).0.unwrap();
    assert_eq!(SEEN.load(Ordering::Relaxed), 1);
}
