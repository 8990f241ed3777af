//! A plugin that does what is right, in every way there is. The metadata of a job comes back with the
//! keys in capitals.

mod schema;

use anyhow::{Context, Result, anyhow, bail};
use bulkhead_plugin::data::MethodSchema;
use bulkhead_plugin::log::{self, Level, Line};
use bulkhead_plugin::plugin::MultiMethodPluginRunner;
use prost::Message;
use std::collections::HashMap;
use std::thread::sleep;
use std::time::Duration;

/// The messages of `protobuf/`.
mod proto {
    include!(concat!(env!("OUT_DIR"), "/echo.rs"));
}
use proto::{EchoArgs, EchoResult, EchoSettings, FailArgs, SlowArgs, StreamArgs};

bulkhead_plugin::export_plugin!(Echo::default());

/// The plugin.
#[derive(Default)]
struct Echo {
    prefix: String,
    calls: u32,
    stream: StreamArgs,
    canceled: bool,
}

impl Echo {
    fn answer(&mut self, text: &str) -> Vec<u8> {
        self.calls += 1;
        let result = EchoResult {
            text: format!("{}{text}", self.prefix),
            calls: self.calls,
        };
        result.encode_to_vec()
    }

    fn run_method(&mut self, args: &[u8], method: &str) -> Result<Vec<u8>> {
        match method {
            "run" => {
                let EchoArgs { text, repeat } = EchoArgs::decode(args)?;
                Ok(self.answer(&text.repeat(repeat.max(1) as usize)))
            }
            "slow" => {
                let SlowArgs { text, millis } = SlowArgs::decode(args)?;
                log::emit([Line::new(Level::Info, &text).target("echo")]);
                sleep(Duration::from_millis(millis.into()));
                Ok(self.answer(&text))
            }
            "fail" => Err(failure(&FailArgs::decode(args)?.message)),
            "log" => {
                log_at_each_level(&EchoArgs::decode(args)?.text);
                Ok(self.answer("logged"))
            }
            "job" => Ok(self.answer(&describe_job())),
            other => bail!("Echo has no method `{other}` that runs"),
        }
    }
}

fn failure(message: &str) -> anyhow::Error {
    let root: Result<()> = Err(anyhow!("the root"));
    let reason = root.context("the reason");
    match reason.context(message.to_owned()) {
        Err(error) => error,
        Ok(()) => unreachable!("the root is an error"),
    }
}

fn log_at_each_level(text: &str) {
    let levels = [Level::Debug, Level::Info, Level::Warn, Level::Error];
    log::emit(levels.map(|level| {
        Line::new(level, text)
            .target("echo")
            .field("level", format!("{level:?}"))
    }));
}

fn describe_job() -> String {
    match bulkhead_plugin::job::current() {
        Some(job) => format!("{}/{}/{}", job.job_id, job.worker_name, job.attempt),
        None => "no job".to_owned(),
    }
}

impl MultiMethodPluginRunner for Echo {
    fn name(&self) -> String {
        "Echo".to_owned()
    }

    fn description(&self) -> String {
        "Echoes in every way there is".to_owned()
    }

    fn load(&mut self, settings: Vec<u8>) -> Result<()> {
        self.prefix = EchoSettings::decode(settings.as_slice())?.prefix;
        Ok(())
    }

    fn run(
        &mut self,
        args: Vec<u8>,
        metadata: HashMap<String, String>,
        using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>) {
        let shout = |(key, value): (String, String)| (key.to_uppercase(), value);
        let result = self.run_method(&args, using.unwrap_or("run"));
        (result, metadata.into_iter().map(shout).collect())
    }

    fn begin_stream(
        &mut self,
        args: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> Result<()> {
        self.stream = StreamArgs::decode(args.as_slice())?;
        self.canceled = false;
        Ok(())
    }

    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>> {
        if self.stream.chunks == 0 || self.canceled {
            return Ok(None);
        }
        self.stream.chunks -= 1;
        sleep(Duration::from_millis(self.stream.interval.into()));
        let text = self.stream.text.clone();
        Ok(Some(self.answer(&text)))
    }

    fn cancel(&mut self) -> bool {
        self.canceled = true;
        true
    }

    fn is_canceled(&self) -> bool {
        self.canceled
    }

    fn runner_settings_proto(&self) -> String {
        include_str!("../protobuf/settings.proto").to_owned()
    }

    fn method_proto_map(&self) -> HashMap<String, MethodSchema> {
        schema::methods()
    }
}
