//! What the test plugins share: a plugin made of one function from bytes to bytes.

pub use anyhow::Result;
pub use bulkhead_plugin::data::MethodSchema;
pub use bulkhead_plugin::export_plugin;

use bulkhead_plugin::plugin::MultiMethodPluginRunner;
use std::collections::HashMap;

/// A plugin whose one method, `run`, takes and gives plain bytes.
pub struct Plain {
    name: &'static str,
    run: fn(Vec<u8>) -> Result<Vec<u8>>,
    methods: fn() -> HashMap<String, MethodSchema>,
}

impl Plain {
    /// A plugin that answers what `run` answers.
    pub fn new(name: &'static str, run: fn(Vec<u8>) -> Result<Vec<u8>>) -> Self {
        let methods = || HashMap::from([("run".to_owned(), MethodSchema::bytes())]);
        Self { name, run, methods }
    }

    /// A plugin that echoes, for tests of something else.
    pub fn echo(name: &'static str) -> Self {
        Self::new(name, Ok)
    }

    /// Describes its methods in another way.
    pub fn methods(mut self, methods: fn() -> HashMap<String, MethodSchema>) -> Self {
        self.methods = methods;
        self
    }
}

impl MultiMethodPluginRunner for Plain {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn description(&self) -> String {
        "A plugin of Bulkhead's own tests".to_owned()
    }

    fn run(
        &mut self,
        args: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>) {
        ((self.run)(args), HashMap::new())
    }

    fn method_proto_map(&self) -> HashMap<String, MethodSchema> {
        (self.methods)()
    }
}
