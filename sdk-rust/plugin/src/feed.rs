//! Moves fed chunks into a plugin's channel at the plugin's pace. Pure: where chunks come from is the
//! caller's, so that it can be tested without a host.

#![cfg_attr(not(target_family = "wasm"), allow(dead_code))]

use std::collections::VecDeque;
use tokio::sync::mpsc::{Sender, error::TrySendError};

/// What the host had.
pub(crate) struct Batch {
    /// Chunks in the order they were sent.
    pub(crate) chunks: Vec<Vec<u8>>,
    /// No more will come.
    pub(crate) last: bool,
}

/// What a pump came to.
#[derive(Debug, PartialEq)]
pub(crate) struct State {
    /// How many chunks the channel took.
    pub(crate) moved: usize,
    /// False once everything is delivered or the plugin dropped its receiver: drop the [`Feed`], and
    /// with it the sender.
    pub(crate) open: bool,
}

/// One job's feed.
///
/// Holds at most one batch that the channel had no room for; the rest stays at the host, whose bound
/// then reaches the submitter.
pub(crate) struct Feed {
    sender: Sender<Vec<u8>>,
    held: VecDeque<Vec<u8>>,
    last: bool,
}

impl Feed {
    /// A feed into `sender`, from which nothing was taken yet.
    pub(crate) fn new(sender: Sender<Vec<u8>>) -> Self {
        Self {
            sender,
            held: VecDeque::new(),
            last: false,
        }
    }

    /// Moves chunks until the channel is full or `take` has none left. `take` does not wait.
    pub(crate) fn pump(&mut self, mut take: impl FnMut() -> Batch) -> State {
        let mut moved = 0;
        loop {
            while let Some(chunk) = self.held.pop_front() {
                match self.sender.try_send(chunk) {
                    Ok(()) => moved += 1,
                    Err(TrySendError::Full(chunk)) => {
                        self.held.push_front(chunk);
                        return State { moved, open: true };
                    }
                    Err(TrySendError::Closed(_)) => return State { moved, open: false },
                }
            }
            if self.last || self.sender.is_closed() {
                return State { moved, open: false };
            }
            let batch = take();
            self.held.extend(batch.chunks);
            self.last = batch.last;
            if self.held.is_empty() && !self.last {
                return State { moved, open: true };
            }
        }
    }
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
