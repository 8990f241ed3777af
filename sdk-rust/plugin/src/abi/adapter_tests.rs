//! What a legacy host sees of an author's plugin.

use super::super::Trailer;
use super::*;
use crate::data::{self, StreamingOutputType};
use futures_core::Stream;
use plugin::MultiMethodPluginRunner as Author;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A plugin that sets only what it must, and a method with everything.
struct Plugin;

impl Author for Plugin {
    fn name(&self) -> String {
        "Plugin".into()
    }
    fn description(&self) -> String {
        "A plugin".into()
    }
    fn run(
        &mut self,
        args: Vec<u8>,
        metadata: HashMap<String, String>,
        _using: Option<&str>,
    ) -> (Result<Vec<u8>>, HashMap<String, String>) {
        (Ok(args), metadata)
    }
    fn method_proto_map(&self) -> HashMap<String, data::MethodSchema> {
        let full = data::MethodSchema {
            args_proto: "args".into(),
            result_proto: "result".into(),
            description: Some("all of it".into()),
            output_type: Some(StreamingOutputType::Both as i32),
            need_feed: Some(true),
            feed_data_proto: Some("feed".into()),
        };
        let bare = data::MethodSchema::default();
        HashMap::from([("full".into(), full), ("bare".into(), bare)])
    }
}

#[test]
fn optional_fields_become_plain_ones() {
    let methods = adapt(Plugin).method_proto_map();
    let full = MethodSchema {
        args_proto: "args".into(),
        result_proto: "result".into(),
        description: Some("all of it".into()),
        output_type: 2,
        need_feed: true,
        feed_data_proto: Some("feed".into()),
    };
    assert_eq!(methods["full"], full);
    assert_eq!(methods["bare"], MethodSchema::default());
    assert_eq!(
        data::MethodSchema::from(full.clone()),
        Plugin.method_proto_map()["full"]
    );
}

#[test]
fn a_plugin_that_does_not_stream_says_so() {
    let mut plugin = adapt(Plugin);
    let error = plugin
        .begin_stream(Vec::new(), HashMap::new(), None)
        .unwrap_err();
    assert_eq!(error.to_string(), "Plugin does not stream");
    assert!(plugin.receive_stream().is_err());
    assert!(!plugin.supports_feed(None));
    assert!(plugin.setup_feed_channel(None).is_none());
}

#[test]
fn a_collected_stream_is_its_last_chunk_and_the_trailer() {
    let trailer = Trailer {
        metadata: HashMap::from([("k".into(), "v".into())]),
    };
    let items = [
        Item::Data(b"one".to_vec()),
        Item::Data(b"two".to_vec()),
        Item::End(trailer.clone()),
    ];
    let stream = Items(items.into_iter());
    let mut collected = adapt(Plugin).collect_stream(Box::pin(stream), None);
    let polled = collected
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Ok((data, metadata))) = polled else {
        panic!("all items were there");
    };
    assert_eq!(data, b"two");
    assert_eq!(metadata, trailer.metadata);
}

/// A stream of items that are all there.
struct Items<I>(I);

impl<I: Iterator<Item = Item> + Unpin> Stream for Items<I> {
    type Item = ResultOutputItem;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<ResultOutputItem>> {
        let item = self.0.next();
        Poll::Ready(item.map(|item| ResultOutputItem { item: Some(item) }))
    }
}
