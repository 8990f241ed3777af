//! The smallest plugin with typed settings, arguments and result: it greets.

use anyhow::{Result, ensure};
use bulkhead_plugin::data::{MethodSchema, StreamingOutputType};
use bulkhead_plugin::plugin::MultiMethodPluginRunner;
use prost::Message;
use std::collections::HashMap;

/// The messages of `protobuf/`.
pub mod proto {
    include!(concat!(env!("OUT_DIR"), "/hello.rs"));
}
use proto::{HelloArgs, HelloResult, HelloSettings};

bulkhead_plugin::export_plugin!(Hello::default());

/// The plugin.
#[derive(Default)]
pub struct Hello {
    word: String,
}

impl Hello {
    fn greet(&self, args: &[u8]) -> Result<Vec<u8>> {
        let HelloArgs { name } = HelloArgs::decode(args)?;
        ensure!(!name.is_empty(), "who is to be greeted? `name` is empty");
        let greeting = format!("{}, {name}!", self.word);
        Ok(HelloResult { greeting }.encode_to_vec())
    }
}

impl MultiMethodPluginRunner for Hello {
    fn name(&self) -> String {
        "Hello".into()
    }

    fn description(&self) -> String {
        "Greets whoever is named".into()
    }

    fn load(&mut self, settings: Vec<u8>) -> Result<()> {
        let HelloSettings { greeting_word } = HelloSettings::decode(settings.as_slice())?;
        self.word = match greeting_word.as_str() {
            "" => "Hello".into(),
            _ => greeting_word,
        };
        Ok(())
    }

    fn run(
        &mut self,
        args: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>) {
        (self.greet(&args), HashMap::new())
    }

    fn runner_settings_proto(&self) -> String {
        include_str!("../protobuf/settings.proto").into()
    }

    fn method_proto_map(&self) -> HashMap<String, MethodSchema> {
        let run = MethodSchema {
            args_proto: include_str!("../protobuf/args.proto").into(),
            result_proto: include_str!("../protobuf/result.proto").into(),
            description: Some("Greets whoever is named".into()),
            output_type: Some(StreamingOutputType::NonStreaming as i32),
            ..Default::default()
        };
        HashMap::from([("run".into(), run)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeted(word: &str, name: &str) -> Result<String> {
        let mut plugin = Hello::default();
        let greeting_word = word.to_owned();
        plugin.load(HelloSettings { greeting_word }.encode_to_vec())?;
        let name = name.to_owned();
        let (result, _) = plugin.run(HelloArgs { name }.encode_to_vec(), HashMap::new(), None);
        Ok(HelloResult::decode(result?.as_slice())?.greeting)
    }

    #[test]
    fn the_worker_chooses_the_word() {
        assert_eq!(greeted("Good day", "Ann").unwrap(), "Good day, Ann!");
        assert_eq!(greeted("", "Ann").unwrap(), "Hello, Ann!");
    }

    #[test]
    fn nobody_is_not_greeted() {
        let error = greeted("", "").unwrap_err();
        assert_eq!(error.to_string(), "who is to be greeted? `name` is empty");
    }
}
