//! Async code inside the plugin's synchronous methods.

use std::future::Future;
use std::io;

/// Runs futures to their end: `tokio::runtime::Runtime` for a plugin.
///
/// In a component it is a current-thread runtime with timers (and `tokio::net`, if the author turns
/// that feature of tokio on and the operator grants the network): WebAssembly has no threads. Tasks
/// from [`tokio::spawn`] go on while [`block_on`](Self::block_on) runs and rest between calls;
/// `spawn_blocking` panics. Waiting costs the host no thread. A native build gets tokio's
/// multi-thread runtime, as legacy plugins expect.
///
/// ```
/// use bulkhead_plugin::runtime::Runtime;
///
/// # fn main() -> std::io::Result<()> {
/// let runtime = Runtime::new()?;
/// assert_eq!(runtime.block_on(async { 6 * 7 }), 42);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Runtime {
    tokio: tokio::runtime::Runtime,
}

impl Runtime {
    /// A runtime of its own. Cheap in a component, one thread per core natively.
    pub fn new() -> io::Result<Self> {
        let tokio = new_builder().enable_all().build()?;
        Ok(Self { tokio })
    }

    /// Runs `future` to its end and answers its output.
    ///
    /// While it waits, the feed of the job at hand goes on: a loop of `try_recv` and `sleep`, or
    /// `recv().await`, gets its chunks. A future that nothing can wake waits until the job's
    /// deadline. Panics when called inside another `block_on`.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.tokio.block_on(with_host(future))
    }

    /// Tokio's own handle, for `spawn` and `enter` outside of [`block_on`](Self::block_on).
    pub fn handle(&self) -> &tokio::runtime::Handle {
        self.tokio.handle()
    }
}

#[cfg(not(target_family = "wasm"))]
use {std::convert::identity as with_host, tokio::runtime::Builder};

#[cfg(not(target_family = "wasm"))]
fn new_builder() -> Builder {
    Builder::new_multi_thread()
}

#[cfg(target_family = "wasm")]
use self::component::{new_builder, with_host};

#[cfg(target_family = "wasm")]
mod component {
    //! The host's side of a `block_on`.

    use crate::component::feed;
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::Poll;
    use std::time::Duration;
    use tokio::runtime::Builder;

    /// How soon an idle feed is looked at again: as soon as the host's timers can, as long as somebody
    /// is likely to be in a conversation with the plugin, then a few times a blink.
    const FEED_SOON: Duration = Duration::from_millis(1);
    const FEED_LATE: Duration = Duration::from_millis(5);
    const LOOKS_SOON: u32 = 200;

    /// Without any timer tokio would wait on a condition variable, which panics where there is one
    /// thread; so there is always one. Waking costs some microseconds.
    const HEARTBEAT: Duration = Duration::from_secs(1);

    pub(super) fn new_builder() -> Builder {
        Builder::new_current_thread()
    }

    /// `future`, with the host attended to whenever it waits.
    pub(super) async fn with_host<F: Future>(future: F) -> F::Output {
        let mut future = pin!(future);
        let mut host = pin!(attend());
        poll_fn(|context| {
            let polled = future.as_mut().poll(context);
            // The host comes second: a future that is ready at once costs no look at the clock.
            if polled.is_pending() {
                let Poll::Pending = host.as_mut().poll(context);
            }
            polled
        })
        .await
    }

    /// Moves the feed while there is one, then keeps the heart beating. The host does not enter a
    /// waiting instance, so a feed cannot open in the meantime.
    async fn attend() -> std::convert::Infallible {
        let mut idle = 0;
        while feed::is_open() {
            idle = if feed::pump() { 0 } else { idle + 1 };
            tokio::time::sleep(if idle < LOOKS_SOON {
                FEED_SOON
            } else {
                FEED_LATE
            })
            .await;
        }
        loop {
            tokio::time::sleep(HEARTBEAT).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn timers_channels_and_tasks_work() {
        let runtime = Runtime::new().unwrap();
        let got = runtime.block_on(async {
            let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                sender.send(7).await.unwrap();
            });
            receiver.recv().await
        });
        assert_eq!(got, Some(7));
    }
}
