//! The trait that a plugin implements.
//!
//! It is JobWorkerP's, name by name, so that a plugin written after its guide compiles here. The
//! differences are listed in `MIGRATION.md`; all of them make something optional that was required.

use crate::data::{MethodJsonSchema, MethodSchema};
use anyhow::{Result, anyhow};
use std::collections::HashMap;
use tokio::sync::mpsc;

/// A runner of jobs with one or more methods.
///
/// # The life of an object
///
/// 1. The descriptive functions ([`name`](Self::name), [`method_proto_map`](Self::method_proto_map),
///    …) are called once, on an object of their own, when the host discovers the plugin. They may
///    not depend on settings.
/// 2. Each object that serves jobs gets one [`load`](Self::load).
/// 3. Each job is one [`run`](Self::run), or [`setup_feed_channel`](Self::setup_feed_channel)
///    (methods with a feed only), [`begin_stream`](Self::begin_stream) and
///    [`receive_stream`](Self::receive_stream) until it answers `None` or an error.
///
/// One function runs at a time on an object. Unless the worker says `use_static`, every job finds
/// the object as `load` left it; with `use_static` state stays from job to job, so reset what a job
/// must not see at the start of `run` and `begin_stream`.
///
/// # Errors and panics
///
/// An error fails the job with its message and chain of causes; the object stays in use. A panic
/// fails the job with its message and place, and the instance (nothing else) is thrown away.
///
/// # Example
///
/// ```
/// use bulkhead_plugin::data::MethodSchema;
/// use bulkhead_plugin::plugin::MultiMethodPluginRunner;
/// use std::collections::HashMap;
///
/// struct Upper;
///
/// impl MultiMethodPluginRunner for Upper {
///     fn name(&self) -> String {
///         "Upper".into()
///     }
///     fn description(&self) -> String {
///         "Turns ASCII letters into capitals".into()
///     }
///     fn run(
///         &mut self,
///         args: Vec<u8>,
///         metadata: HashMap<String, String>,
///         _using: Option<&str>,
///     ) -> (anyhow::Result<Vec<u8>>, HashMap<String, String>) {
///         (Ok(args.to_ascii_uppercase()), metadata)
///     }
///     fn method_proto_map(&self) -> HashMap<String, MethodSchema> {
///         HashMap::from([("run".into(), MethodSchema::bytes())])
///     }
/// }
///
/// bulkhead_plugin::export_plugin!(Upper);
/// # fn main() {
/// let (result, _) = Upper.run(b"abc".to_vec(), HashMap::new(), None);
/// assert_eq!(result.unwrap(), b"ABC");
/// # }
/// ```
pub trait MultiMethodPluginRunner: Send + Sync {
    /// The runner's name, unique on a host.
    fn name(&self) -> String;

    /// What the runner does, for people.
    fn description(&self) -> String;

    /// Prepares the object before its first job. `settings` is the worker's settings, a message of
    /// [`runner_settings_proto`](Self::runner_settings_proto); empty where the worker has none.
    ///
    /// The place for what is expensive: the host keeps the state that `load` leaves and starts jobs
    /// from it. An error fails the job that needed the object, and the object is thrown away.
    fn load(&mut self, settings: Vec<u8>) -> Result<()> {
        let _ = settings;
        Ok(())
    }

    /// Runs one job to its end. `args` is a message of the method's `args_proto`; `using` names the
    /// method, `None` where the submitter named none and there is only one.
    ///
    /// Answers the result, a message of `result_proto`, and metadata for the submitter.
    fn run(
        &mut self,
        args: Vec<u8>,
        metadata: HashMap<String, String>,
        using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>);

    /// Begins a streaming job; the arguments are those of [`run`](Self::run). By default an error:
    /// a plugin that streams overrides it.
    fn begin_stream(
        &mut self,
        arg: Vec<u8>,
        metadata: HashMap<String, String>,
        using: Option<&str>,
    ) -> Result<()> {
        let _ = (arg, metadata, using);
        Err(anyhow!("{} does not stream", self.name()))
    }

    /// The next chunk of the stream, `None` at its end. Called again only when the submitter can
    /// take more. By default an error, as for [`begin_stream`](Self::begin_stream).
    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>> {
        Err(anyhow!("{} does not stream", self.name()))
    }

    /// Asks to stop the job at hand; true if it will. It arrives between two calls only, so it is of
    /// use to streams; a plugin that works long in one call looks at
    /// [`job::cancel_asked`](crate::job::cancel_asked) instead. The host ends a job that goes on.
    fn cancel(&mut self) -> bool {
        false
    }

    /// Whether [`cancel`](Self::cancel) was called for the job at hand.
    fn is_canceled(&self) -> bool {
        false
    }

    /// The message of the worker's settings as Protocol Buffers source. Empty: no settings.
    fn runner_settings_proto(&self) -> String {
        String::new()
    }

    /// The methods by name. At least one, and no empty name.
    fn method_proto_map(&self) -> HashMap<String, MethodSchema>;

    /// JSON Schemas of the author's own making, by method. `None`: the host derives them from
    /// [`method_proto_map`](Self::method_proto_map).
    fn method_json_schema_map(&self) -> Option<HashMap<String, MethodJsonSchema>> {
        None
    }

    /// The JSON Schema of the worker's settings. Empty: the host derives it from
    /// [`runner_settings_proto`](Self::runner_settings_proto).
    fn settings_schema(&self) -> String {
        String::new()
    }

    /// Whether the method reads a feed: data that the submitter sends while the job streams.
    fn supports_feed(&self, using: Option<&str>) -> bool {
        let _ = using;
        false
    }

    /// The message of a feed chunk of the method as Protocol Buffers source. `None`: plain bytes.
    fn feed_data_proto(&self, using: Option<&str>) -> Option<String> {
        let _ = using;
        None
    }

    /// Opens the feed of the job about to begin: keep the receiver, answer the sender. `None`: the
    /// method takes no feed, and the job is refused.
    ///
    /// The channel's capacity is the backpressure: chunks that do not fit wait outside. The sender
    /// is dropped when the submitter said that a chunk was the last and it was delivered, so the
    /// receiver's `try_recv` then says `Disconnected`. Chunks arrive before each
    /// [`receive_stream`](Self::receive_stream), and inside [`Runtime::block_on`] while it waits.
    ///
    /// [`Runtime::block_on`]: crate::runtime::Runtime::block_on
    fn setup_feed_channel(&mut self, using: Option<&str>) -> Option<mpsc::Sender<Vec<u8>>> {
        let _ = using;
        None
    }
}
