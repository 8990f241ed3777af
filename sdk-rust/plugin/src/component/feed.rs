//! The feed of the job at hand: from the host's queue to the plugin's channel.

use super::bindings::bulkhead::plugin::feed as host;
use crate::feed::{Batch, Feed, State};
use std::cell::RefCell;
use tokio::sync::mpsc;

/// How much one call takes from the host. Large enough that the call's cost (some microseconds) does
/// not matter, small enough for the default memory limit.
const TAKE_BYTES: u32 = 256 * 1024;

std::thread_local! {
    static FEED: RefCell<Option<Feed>> = const { RefCell::new(None) };
}

/// Opens the feed with the plugin's sender; what a former job left is dropped. False without one.
pub(super) fn open(sender: Option<mpsc::Sender<Vec<u8>>>) -> bool {
    let feed = sender.map(Feed::new);
    let opened = feed.is_some();
    FEED.set(feed);
    opened
}

/// Ends the feed, whatever of it was not read.
pub(super) fn close() {
    FEED.set(None);
}

/// Whether the job at hand has a feed that may still bring something.
#[cfg(feature = "runtime")]
pub(crate) fn is_open() -> bool {
    FEED.with_borrow(Option::is_some)
}

/// Moves what waits at the host into the plugin's channel, as far as there is room. True if a chunk
/// was moved.
pub(crate) fn pump() -> bool {
    FEED.with_borrow_mut(|slot| {
        let Some(feed) = slot else { return false };
        let State { moved, open } = feed.pump(|| {
            let batch = host::take(TAKE_BYTES);
            Batch {
                chunks: batch.chunks,
                last: batch.final_,
            }
        });
        if !open {
            *slot = None;
        }
        moved > 0
    })
}
