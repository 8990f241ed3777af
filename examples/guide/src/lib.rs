//! The plugin of the JobWorkerP plugin development guide, step 4, as it is there but for the changes
//! that `sdk-rust/MIGRATION.md` lists. Comments are the guide's where the code is.
#![allow(clippy::collapsible_if)] // the guide nests its `if`s

use anyhow::Result;
use futures::StreamExt; // Trait for stream.next()
use futures::stream::BoxStream; // Type alias for boxed stream
use jobworkerp_client::plugin::MultiMethodPluginRunner;
use jobworkerp_client::runtime::Runtime;
use prost::Message;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::Mutex;

/// The messages of `protobuf/`.
pub mod my_runner {
    // With prost-build, include the generated file directly.
    // The filename is typically based on the package name in the proto file.
    include!(concat!(env!("OUT_DIR"), "/my_runner.rs"));
}
use my_runner::{MyJobArgs, MyResult, MyRunnerSettings};

// 1. Export the plugin
jobworkerp_client::export_plugin!(MyPlugin::new());

// 2. Define your plugin struct
/// The guide's plugin.
pub struct MyPlugin {
    // We hold a runtime to execute async code in synchronous trait methods
    // Use Option to allow lazy initialization and avoid unwrap() in new()
    rt: Option<Runtime>,
    // State for streaming
    running: Arc<Mutex<bool>>,
    stream: Arc<Mutex<BoxStream<'static, Vec<u8>>>>,
    args: Option<MyJobArgs>,
}

impl Default for MyPlugin {
    fn default() -> Self {
        Self::new()
    }
}

impl MyPlugin {
    /// A plugin that is yet to be loaded.
    pub fn new() -> Self {
        Self {
            rt: None, // Initialize in load() to handle errors safely
            running: Arc::new(Mutex::new(false)),
            stream: Arc::new(Mutex::new(futures::stream::empty().boxed())),
            args: None,
        }
    }

    // Helper functionality to generate stream
    async fn async_run_stream(input: String) -> BoxStream<'static, Vec<u8>> {
        // Example: generate 5 messages with 100ms interval
        let stream = async_stream::stream! {
            for i in 0..5 {
                tokio::time::sleep(tokio::time::Duration::from_millis(100)).await;
                let res = MyResult {
                     output_data: format!("Stream chunk {} for {}", i, input),
                };
                yield res.encode_to_vec();
            }
        };
        Box::pin(stream)
    }
}

// 3. Implement the trait
impl MultiMethodPluginRunner for MyPlugin {
    fn name(&self) -> String {
        "MyPlugin".to_string()
    }

    fn description(&self) -> String {
        "A description of my plugin".to_string()
    }

    fn load(&mut self, settings: Vec<u8>) -> Result<()> {
        use prost::Message;
        // Decode settings
        let settings = MyRunnerSettings::decode(settings.as_slice())?;

        // Initialize runtime if needed
        if self.rt.is_none() {
            self.rt = Some(Runtime::new()?);
        }

        // Initialize your plugin with settings
        println!("Loaded with config: {:?}", settings);
        Ok(())
    }

    fn run(
        &mut self,
        arg: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>) {
        use prost::Message;
        let metadata = HashMap::new();

        // Ensure runtime is available
        let rt = match self.rt.as_ref() {
            Some(rt) => rt,
            None => {
                // Try to initialize if not already done (fallback)
                match Runtime::new() {
                    Ok(r) => {
                        self.rt = Some(r);
                        self.rt.as_ref().unwrap()
                    }
                    Err(e) => return (Err(e.into()), metadata),
                }
            }
        };

        // Execute your logic inside the runtime
        // Since run() is synchronous, we use block_on to bridge to async code.
        let result = rt.block_on(async {
            let args = MyJobArgs::decode(arg.as_slice())?;

            // Your business logic here
            let response = MyResult {
                output_data: format!("Processed: {}", args.input_data),
            };

            Ok(response.encode_to_vec())
        });

        (result, metadata)
    }

    // Implement streaming methods
    // Called when output_type is Streaming(1) or Both(2) (and client requested stream)
    fn begin_stream(
        &mut self,
        arg: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> Result<()> {
        let args = MyJobArgs::decode(arg.as_slice())?;
        self.args = Some(args);

        // Reset state
        let rt = self.rt.as_ref().unwrap(); // Safe: initialized in load/run/here
        rt.block_on(async {
            *self.running.lock().await = false;
        });

        Ok(())
    }

    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>> {
        let rt = self.rt.as_ref().unwrap();
        rt.block_on(async {
            // 1. Initialize stream if not running
            {
                let mut running = self.running.lock().await;
                if !*running {
                    if let Some(args) = &self.args {
                        let new_stream = Self::async_run_stream(args.input_data.clone()).await;
                        *self.stream.lock().await = new_stream;
                        *running = true;
                    }
                }
            }

            // 2. Poll next item
            let mut stream_lock = self.stream.lock().await;
            let res = stream_lock.next().await;

            if res.is_none() {
                // Stream finished
                *self.running.lock().await = false;
            }
            Ok(res)
        })
    }

    fn cancel(&mut self) -> bool {
        false
    }

    fn is_canceled(&self) -> bool {
        false
    }

    // Schema definitions
    fn runner_settings_proto(&self) -> String {
        include_str!("../protobuf/my_runner.proto").to_string()
    }

    fn method_proto_map(&self) -> HashMap<String, jobworkerp_client::data::MethodSchema> {
        use jobworkerp_client::data::{MethodSchema, StreamingOutputType};

        let mut schemas = HashMap::new();
        schemas.insert(
            "run".to_string(),
            MethodSchema {
                args_proto: include_str!("../protobuf/my_job_args.proto").to_string(),
                result_proto: include_str!("../protobuf/my_result.proto").to_string(),
                description: Some("Main execution method".to_string()),
                // CRITICAL: output_type determines the execution method
                // - Some(0) (NonStreaming) -> calls run()
                // - Some(1) (Streaming)    -> calls begin_stream() / receive_stream()
                // - Some(2) (Both)         -> supports both
                // - None                   -> Method acts as a dummy (no execution)
                output_type: Some(StreamingOutputType::Both as i32),
                ..Default::default()
            },
        );
        schemas
    }
}
