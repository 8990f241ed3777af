//! Lines for the host's log, which adds job, worker and plugin to each.
//!
//! What the plugin says through the macros of `tracing` arrives by itself (feature `tracing`, on by
//! default), with the fields of the event and of the spans around it; a subscriber that the plugin
//! sets as the global default takes over instead. The functions here do without any dependency.
//!
//! A line goes to the host at once: when a plugin is ended by force, its last lines are those that
//! matter. A call costs microseconds, so give many lines to [`emit`] together. The host drops, with a
//! count, what is above its limit. Under a legacy host (native build) lines go to stderr.
//!
//! ```
//! use bulkhead_plugin::log::{self, Level, Line};
//!
//! log::info("ready");
//! log::emit([Line::new(Level::Warn, "slow upstream").field("millis", 1200)]);
//! ```

#[cfg(feature = "tracing")]
mod subscriber;

use std::sync::atomic::{AtomicU8, Ordering};

#[cfg(feature = "tracing")]
pub(crate) use subscriber::scope;

/// Without `tracing` there is nothing to put in force.
#[cfg(not(feature = "tracing"))]
pub(crate) fn scope<R>(call: impl FnOnce() -> R) -> R {
    call()
}

/// How much a line matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Every step.
    Trace,
    /// For who looks for a fault.
    Debug,
    /// What happened.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    level: Level,
    target: String,
    message: String,
    fields: Vec<(String, String)>,
}

impl Line {
    /// A line with the target `plugin` and no fields.
    pub fn new(level: Level, message: impl Into<String>) -> Self {
        Self {
            level,
            target: "plugin".to_owned(),
            message: message.into(),
            fields: Vec::new(),
        }
    }

    /// Says where the line comes from; a module path as a rule (`module_path!()`).
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = target.into();
        self
    }

    /// Adds a named value.
    pub fn field(mut self, key: impl Into<String>, value: impl ToString) -> Self {
        self.fields.push((key.into(), value.to_string()));
        self
    }
}

/// The least level that is sent, as its number.
static LEAST: AtomicU8 = AtomicU8::new(Level::Debug as u8);

/// Drops lines below `level` inside the plugin, where that costs nothing. [`Level::Debug`] at first,
/// for these functions and for `tracing` alike.
pub fn set_least_level(level: Level) {
    LEAST.store(level as u8, Ordering::Relaxed);
    #[cfg(feature = "tracing")]
    tracing_core::callsite::rebuild_interest_cache();
}

/// Whether a line of this level would be sent.
pub fn enabled(level: Level) -> bool {
    level as u8 >= LEAST.load(Ordering::Relaxed)
}

/// Sends lines, in order and together.
pub fn emit(lines: impl IntoIterator<Item = Line>) {
    let lines: Vec<_> = lines
        .into_iter()
        .filter(|line| enabled(line.level))
        .collect();
    if !lines.is_empty() {
        sink::write(lines);
    }
}

/// Sends a line of [`Level::Trace`].
pub fn trace(message: impl Into<String>) {
    emit([Line::new(Level::Trace, message)]);
}

/// Sends a line of [`Level::Debug`].
pub fn debug(message: impl Into<String>) {
    emit([Line::new(Level::Debug, message)]);
}

/// Sends a line of [`Level::Info`].
pub fn info(message: impl Into<String>) {
    emit([Line::new(Level::Info, message)]);
}

/// Sends a line of [`Level::Warn`].
pub fn warn(message: impl Into<String>) {
    emit([Line::new(Level::Warn, message)]);
}

/// Sends a line of [`Level::Error`].
pub fn error(message: impl Into<String>) {
    emit([Line::new(Level::Error, message)]);
}

#[cfg(target_family = "wasm")]
mod sink {
    use super::{Level, Line};
    use crate::component::bindings::bulkhead::plugin::log as host;

    pub(super) fn write(lines: Vec<Line>) {
        let entries: Vec<_> = lines.into_iter().map(entry).collect();
        host::emit(&entries);
    }

    fn entry(line: Line) -> host::Entry {
        let fields = line.fields.into_iter();
        host::Entry {
            level: match line.level {
                Level::Trace => host::Level::Trace,
                Level::Debug => host::Level::Debug,
                Level::Info => host::Level::Info,
                Level::Warn => host::Level::Warn,
                Level::Error => host::Level::Error,
            },
            target: line.target,
            message: line.message,
            fields: fields
                .map(|(key, value)| host::Field { key, value })
                .collect(),
        }
    }
}

#[cfg(not(target_family = "wasm"))]
mod sink {
    use super::Line;
    use std::fmt::Write;

    /// `eprintln!`, and not a lock on stderr, so that the test harness can capture it.
    pub(super) fn write(lines: Vec<Line>) {
        for line in &lines {
            eprintln!("{}", text(line));
        }
    }

    pub(super) fn text(line: &Line) -> String {
        let level = format!("{:?}", line.level).to_uppercase();
        let mut text = format!("{level} {}: {}", line.target, line.message);
        for (key, value) in &line.fields {
            // Writing to a String cannot fail.
            let _ = write!(text, " {key}={value}");
        }
        text
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::log::Level;

        #[test]
        fn a_line_reads_level_target_message_fields() {
            let line = Line::new(Level::Warn, "slow").target("a::b").field("ms", 7);
            assert_eq!(text(&line), "WARN a::b: slow ms=7");
        }
    }
}
