//! A plugin that fails where and how it is told to, and otherwise echoes. It shows that a failure ends
//! one job and nothing else.

mod fail;

use anyhow::{Context, Result};
use bulkhead_plugin::data::{MethodSchema, StreamingOutputType};
use bulkhead_plugin::plugin::MultiMethodPluginRunner;
use fail::fail;
use prost::Message;
use std::collections::HashMap;

/// The messages of `protobuf/`.
pub mod proto {
    include!(concat!(env!("OUT_DIR"), "/panics.rs"));
}
use proto::{EchoResult, PanicArgs, PanicSettings};

bulkhead_plugin::export_plugin!(Panics::default());

/// The plugin: the arguments of the job at hand, and how much of its stream is done.
#[derive(Default)]
pub struct Panics {
    args: PanicArgs,
    chunk: u32,
    canceled: bool,
}

impl Panics {
    /// Takes the arguments up, and forgets the job before.
    fn begin(&mut self, args: &[u8]) -> Result<()> {
        *self = Self {
            args: PanicArgs::decode(args).context("the arguments are no PanicArgs")?,
            ..Self::default()
        };
        Ok(())
    }

    /// Fails if the job is to fail in this function.
    fn reach(&self, function: &str) -> Result<()> {
        match self.args.r#where == function {
            true => fail(&self.args.how, &self.args.message),
            false => Ok(()),
        }
    }

    fn echo(&self) -> Vec<u8> {
        let message = self.args.message.clone();
        EchoResult { message }.encode_to_vec()
    }
}

impl MultiMethodPluginRunner for Panics {
    fn name(&self) -> String {
        "Panics".into()
    }

    fn description(&self) -> String {
        "Fails where and how it is told to, and otherwise echoes".into()
    }

    fn load(&mut self, settings: Vec<u8>) -> Result<()> {
        let settings = PanicSettings::decode(settings.as_slice())?;
        match settings.load.as_str() {
            "" => Ok(()),
            how => fail(how, &settings.message),
        }
    }

    fn run(
        &mut self,
        args: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>) {
        let result = self
            .begin(&args)
            .and_then(|()| self.reach("run"))
            .map(|()| self.echo());
        (result, HashMap::new())
    }

    fn begin_stream(
        &mut self,
        args: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> Result<()> {
        self.begin(&args)?;
        self.reach("begin_stream")
    }

    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>> {
        if self.chunk == self.args.at_chunk {
            self.reach("receive_stream")?;
        }
        if self.canceled || self.chunk == self.args.chunks {
            return Ok(None);
        }
        self.chunk += 1;
        Ok(Some(self.echo()))
    }

    fn cancel(&mut self) -> bool {
        self.canceled = self.reach("cancel").is_ok();
        self.canceled
    }

    fn is_canceled(&self) -> bool {
        self.canceled
    }

    fn runner_settings_proto(&self) -> String {
        include_str!("../protobuf/settings.proto").into()
    }

    fn method_proto_map(&self) -> HashMap<String, MethodSchema> {
        let run = MethodSchema {
            args_proto: include_str!("../protobuf/args.proto").into(),
            result_proto: include_str!("../protobuf/result.proto").into(),
            description: Some("Echoes the message, or fails as told".into()),
            output_type: Some(StreamingOutputType::Both as i32),
            ..Default::default()
        };
        HashMap::from([("run".into(), run)])
    }
}

#[cfg(test)]
mod tests;
