//! A plugin whose `load()` leaves a handle of the host open, where its settings say `keep`: it cannot be reset, so each
//! job needs an instance of its own. With `refuse` its `load()` fails, with `sleep` it never comes back. Answers how
//! many jobs the object has seen and whether the handle still works.

use anyhow::{Result, bail};
use bulkhead_plugin::data::MethodSchema;
use bulkhead_plugin::export_plugin;
use bulkhead_plugin::plugin::MultiMethodPluginRunner;
use std::collections::HashMap;
use wasi::clocks::monotonic_clock::subscribe_duration;
use wasi::io::poll::Pollable;

#[derive(Default)]
struct KeepsHandle {
    jobs: u32,
    timer: Option<Pollable>,
}

impl MultiMethodPluginRunner for KeepsHandle {
    fn name(&self) -> String {
        "KeepsHandle".to_owned()
    }

    fn description(&self) -> String {
        "A plugin of Bulkhead's own tests".to_owned()
    }

    fn load(&mut self, settings: Vec<u8>) -> Result<()> {
        match settings.as_slice() {
            b"keep" => self.timer = Some(subscribe_duration(0)),
            b"refuse" => bail!("not these settings"),
            b"sleep" => subscribe_duration(u64::MAX).block(),
            _ => {}
        }
        Ok(())
    }

    fn run(
        &mut self,
        _args: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>) {
        self.jobs += 1;
        let ready = self.timer.as_ref().map(Pollable::ready);
        let answer = format!("job {}, ready: {ready:?}", self.jobs);
        (Ok(answer.into_bytes()), HashMap::new())
    }

    fn method_proto_map(&self) -> HashMap<String, MethodSchema> {
        HashMap::from([("run".to_owned(), MethodSchema::bytes())])
    }
}

export_plugin!(KeepsHandle::default());
