//! What the plugin may know of the job it runs.
//!
//! Under a legacy host (native build) there is nothing to know: [`current`] answers `None` and
//! [`cancel_asked`] `false`, so code that uses them compiles and works in both builds.

use std::time::SystemTime;

/// The job at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// The job's id; unique, never used again.
    pub job_id: i64,
    /// The name of the worker that the job was sent to.
    pub worker_name: String,
    /// 1 for the first run of the job, counted up by each retry.
    pub attempt: u32,
    /// When the host ends the job. `None`: no deadline.
    pub deadline: Option<SystemTime>,
}

/// The job at hand; `None` outside of one (in the descriptive functions and in `load`) and under a
/// legacy host.
///
/// ```
/// let attempt = bulkhead_plugin::job::current().map_or(1, |job| job.attempt);
/// assert_eq!(attempt, 1);
/// ```
pub fn current() -> Option<Context> {
    host::current()
}

/// Whether somebody asked to cancel the job at hand. A plugin that works long looks now and then and
/// returns early; the host ends one that does not.
pub fn cancel_asked() -> bool {
    host::cancel_asked()
}

#[cfg(target_family = "wasm")]
mod host {
    use super::Context;
    use crate::component::bindings::bulkhead::plugin::job;
    use std::time::{Duration, UNIX_EPOCH};

    pub(super) use job::cancel_asked;

    pub(super) fn current() -> Option<Context> {
        job::current().map(|job| Context {
            job_id: job.job_id,
            worker_name: job.worker_name,
            attempt: job.attempt,
            // A deadline beyond what the clock can say is none.
            deadline: job
                .deadline
                .and_then(|millis| UNIX_EPOCH.checked_add(Duration::from_millis(millis))),
        })
    }
}

#[cfg(not(target_family = "wasm"))]
mod host {
    use super::Context;

    pub(super) fn current() -> Option<Context> {
        None
    }

    pub(super) fn cancel_asked() -> bool {
        false
    }
}
