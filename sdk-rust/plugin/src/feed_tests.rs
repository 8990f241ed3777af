//! The feed against a host that is a list of batches.

use super::*;
use tokio::sync::mpsc::{channel, error::TryRecvError};

/// A host that answers these batches, then empty ones, and counts the calls.
struct Host {
    batches: VecDeque<Batch>,
    calls: usize,
}

impl Host {
    fn of(batches: &[(&[&str], bool)]) -> Self {
        let batches = batches.iter().map(|(chunks, last)| Batch {
            chunks: chunks.iter().map(|text| text.as_bytes().to_vec()).collect(),
            last: *last,
        });
        Self {
            batches: batches.collect(),
            calls: 0,
        }
    }

    fn take(&mut self) -> Batch {
        self.calls += 1;
        self.batches.pop_front().unwrap_or(Batch {
            chunks: Vec::new(),
            last: false,
        })
    }
}

#[test]
fn chunks_arrive_in_order_over_several_batches() {
    let (sender, mut receiver) = channel(8);
    let mut host = Host::of(&[(&["a", "b"], false), (&["c"], false)]);
    let state = Feed::new(sender).pump(|| host.take());
    assert_eq!(
        state,
        State {
            moved: 3,
            open: true
        }
    );
    let got: Vec<_> = std::iter::from_fn(|| receiver.try_recv().ok()).collect();
    assert_eq!(got, [b"a", b"b", b"c"]);
}

#[test]
fn a_full_channel_keeps_the_rest_and_takes_no_more_from_the_host() {
    let (sender, mut receiver) = channel(1);
    let mut feed = Feed::new(sender);
    let mut host = Host::of(&[(&["a", "b"], false), (&["c"], true)]);

    assert_eq!(
        feed.pump(|| host.take()),
        State {
            moved: 1,
            open: true
        }
    );
    assert_eq!(
        feed.pump(|| host.take()),
        State {
            moved: 0,
            open: true
        }
    );
    assert_eq!(host.calls, 1);

    assert_eq!(receiver.try_recv().unwrap(), b"a");
    assert_eq!(
        feed.pump(|| host.take()),
        State {
            moved: 1,
            open: true
        }
    );
    assert_eq!(host.calls, 2, "b fitted, so the host was asked again");
}

#[test]
fn the_sender_goes_when_the_last_chunk_is_in_the_channel() {
    let (sender, mut receiver) = channel(1);
    let mut feed = Feed::new(sender);
    let mut host = Host::of(&[(&["a", "b"], true)]);

    assert!(feed.pump(|| host.take()).open, "b has no room yet");
    assert_eq!(receiver.try_recv().unwrap(), b"a");
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(
        feed.pump(|| host.take()),
        State {
            moved: 1,
            open: false
        }
    );
    drop(feed);
    assert_eq!(receiver.try_recv().unwrap(), b"b");
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn an_empty_last_batch_ends_the_feed() {
    let (sender, _receiver) = channel(1);
    let mut host = Host::of(&[(&[], true)]);
    let state = Feed::new(sender).pump(|| host.take());
    assert_eq!(
        state,
        State {
            moved: 0,
            open: false
        }
    );
}

#[test]
fn a_plugin_that_dropped_its_receiver_is_fed_no_more() {
    let (sender, receiver) = channel(1);
    drop(receiver);
    let mut host = Host::of(&[(&["a"], false)]);
    let state = Feed::new(sender).pump(|| host.take());
    assert_eq!(
        state,
        State {
            moved: 0,
            open: false
        }
    );
    assert_eq!(host.calls, 0, "the chunk stays with the host");
}
