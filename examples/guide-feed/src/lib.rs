//! The guide's part on feeds made whole: a plugin that takes audio while it streams, and answers the
//! peak of each window. The guide leaves `process_buffer` open; here it is the windows.

use anyhow::Result;
use jobworkerp_client::data::{MethodSchema, StreamingOutputType};
use jobworkerp_client::plugin::MultiMethodPluginRunner;
use jobworkerp_client::runtime::Runtime;
use prost::Message;
use std::collections::HashMap;
use tokio::sync::mpsc::{Receiver, Sender, error::TryRecvError};
use tokio::time::{Duration, sleep};

/// The messages of `protobuf/`.
pub mod my_feed {
    include!(concat!(env!("OUT_DIR"), "/my_feed.rs"));
}
use my_feed::{AudioArgs, AudioChunk, AudioLevel};

jobworkerp_client::export_plugin!(MyFeedPlugin::default());

/// The plugin.
#[derive(Default)]
pub struct MyFeedPlugin {
    rt: Option<Runtime>,
    feed_rx: Option<Receiver<Vec<u8>>>,
    buffer: Vec<u8>,
    window: usize,
}

impl MyFeedPlugin {
    /// The next window of what is buffered; of the rest, however short, once the feed is over.
    fn process_buffer(&mut self, over: bool) -> Option<Vec<u8>> {
        let rest = over && !self.buffer.is_empty();
        if self.buffer.len() < self.window && !rest {
            return None;
        }
        let end = self.window.min(self.buffer.len());
        let window: Vec<u8> = self.buffer.drain(..end).collect();
        let level = AudioLevel {
            peak: window.iter().copied().max().unwrap_or_default().into(),
            bytes: window.len() as u32,
        };
        Some(level.encode_to_vec())
    }

    /// The next window, waiting for the feed as long as it lasts.
    async fn next_window(&mut self) -> Result<Option<Vec<u8>>> {
        loop {
            let over = self.take_fed()?;
            let window = self.process_buffer(over);
            if window.is_some() || over {
                return Ok(window);
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Buffers what has been fed. True once the feed is over: the last chunk came, and the SDK dropped
    /// the sender.
    fn take_fed(&mut self) -> Result<bool> {
        let Some(feed) = &mut self.feed_rx else {
            return Ok(true);
        };
        loop {
            match feed.try_recv() {
                Ok(data) => {
                    let chunk = AudioChunk::decode(data.as_slice())?;
                    self.buffer.extend_from_slice(&chunk.pcm);
                }
                Err(TryRecvError::Empty) => return Ok(false),
                Err(TryRecvError::Disconnected) => return Ok(true),
            }
        }
    }
}

impl MultiMethodPluginRunner for MyFeedPlugin {
    fn name(&self) -> String {
        "MyFeedPlugin".to_string()
    }

    fn description(&self) -> String {
        "Answers the peak of each window of the audio that it is fed".to_string()
    }

    fn load(&mut self, _settings: Vec<u8>) -> Result<()> {
        self.rt = Some(Runtime::new()?);
        Ok(())
    }

    fn run(
        &mut self,
        _args: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>) {
        let error = anyhow::anyhow!("this plugin streams only");
        (Err(error), HashMap::new())
    }

    fn supports_feed(&self, _using: Option<&str>) -> bool {
        true
    }

    fn feed_data_proto(&self, _using: Option<&str>) -> Option<String> {
        Some(include_str!("../protobuf/audio_chunk.proto").to_string())
    }

    fn setup_feed_channel(&mut self, _using: Option<&str>) -> Option<Sender<Vec<u8>>> {
        let (tx, rx) = tokio::sync::mpsc::channel(32);
        self.feed_rx = Some(rx);
        Some(tx)
    }

    fn begin_stream(
        &mut self,
        arg: Vec<u8>,
        _metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> Result<()> {
        let AudioArgs { window } = AudioArgs::decode(arg.as_slice())?;
        self.window = match window {
            0 => 4,
            bytes => bytes as usize,
        };
        self.buffer.clear();
        Ok(())
    }

    fn receive_stream(&mut self) -> Result<Option<Vec<u8>>> {
        // Taken out and put back, because the future needs the rest of `self`.
        let rt = self
            .rt
            .take()
            .ok_or_else(|| anyhow::anyhow!("not loaded"))?;
        let window = rt.block_on(self.next_window());
        self.rt = Some(rt);
        window
    }

    fn method_proto_map(&self) -> HashMap<String, MethodSchema> {
        let mut schemas = HashMap::new();
        schemas.insert(
            "run".to_string(),
            MethodSchema {
                args_proto: include_str!("../protobuf/audio_args.proto").to_string(),
                result_proto: include_str!("../protobuf/audio_level.proto").to_string(),
                description: Some("Feed-capable streaming method".to_string()),
                output_type: Some(StreamingOutputType::Streaming as i32),
                need_feed: Some(true), // Enables FeedToStream RPC
                feed_data_proto: self.feed_data_proto(None),
            },
        );
        schemas
    }
}

#[cfg(test)]
mod tests;
