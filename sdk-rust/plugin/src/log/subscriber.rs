//! The `tracing` subscriber that turns events into lines.

use super::{LEAST, Level, Line, emit, enabled};
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::subscriber::NoSubscriber;
use tracing_core::{Event, LevelFilter, Metadata, Subscriber, dispatcher};

/// Runs `call` with the plugin's `tracing` going to the log, unless the plugin set a subscriber of
/// its own.
///
/// In force for the call only, and never as the global default: a plugin's own
/// `tracing_subscriber::fmt().init()` would panic if there were one already.
pub(crate) fn scope<R>(call: impl FnOnce() -> R) -> R {
    static TO_THE_LOG: LazyLock<dispatcher::Dispatch> =
        LazyLock::new(|| dispatcher::Dispatch::new(ToTheLog::new(|line| emit([line]))));
    if dispatcher::get_default(|current| current.is::<NoSubscriber>()) {
        dispatcher::with_default(&TO_THE_LOG, call)
    } else {
        call()
    }
}

std::thread_local! {
    /// The spans that this thread is in, outermost first.
    static ENTERED: RefCell<Vec<Id>> = const { RefCell::new(Vec::new()) };
}

/// A span that is alive.
struct Span {
    metadata: &'static Metadata<'static>,
    parent: Option<Id>,
    fields: Vec<(String, String)>,
    handles: usize,
}

/// The spans that are alive, by their id.
#[derive(Default)]
struct Spans {
    next: u64,
    alive: HashMap<u64, Span>,
}

/// Makes a line of each event and sends it.
struct ToTheLog {
    spans: Mutex<Spans>,
    send: fn(Line),
}

impl ToTheLog {
    fn new(send: fn(Line)) -> Self {
        let spans = Mutex::default();
        Self { spans, send }
    }

    /// Poisoned or not: a panic elsewhere must not silence the log.
    fn spans(&self) -> MutexGuard<'_, Spans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names of a span and those around it (`outer:inner`) and their fields, outermost first.
    fn path(&self, innermost: Option<Id>) -> (String, Vec<(String, String)>) {
        let spans = self.spans();
        let mut chain = Vec::new();
        let mut at = innermost;
        while let Some(span) = at.and_then(|id| spans.alive.get(&id.into_u64())) {
            at = span.parent.clone();
            chain.push(span);
        }
        chain.reverse();
        let names: Vec<_> = chain.iter().map(|span| span.metadata.name()).collect();
        let fields = chain.iter().flat_map(|span| span.fields.iter().cloned());
        (names.join(":"), fields.collect())
    }
}

impl Subscriber for ToTheLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() || enabled(level(metadata))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let least = LEAST.load(std::sync::atomic::Ordering::Relaxed);
        Some(match least {
            0 => LevelFilter::TRACE,
            1 => LevelFilter::DEBUG,
            2 => LevelFilter::INFO,
            3 => LevelFilter::WARN,
            _ => LevelFilter::ERROR,
        })
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let parent = match attributes.parent() {
            Some(parent) => Some(parent.clone()),
            None if attributes.is_contextual() => entered(),
            None => None,
        };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let mut spans = self.spans();
        spans.next += 1;
        let id = spans.next;
        let span = Span {
            metadata: attributes.metadata(),
            parent,
            fields: fields.all(),
            handles: 1,
        };
        spans.alive.insert(id, span);
        Id::from_u64(id)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = self.spans().alive.get_mut(&id.into_u64()) {
            span.fields.extend(fields.all());
        }
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let innermost = match event.parent() {
            Some(parent) => Some(parent.clone()),
            None if event.is_contextual() => entered(),
            None => None,
        };
        let (names, mut all) = self.path(innermost);
        all.append(&mut fields.named);
        if !names.is_empty() {
            all.push(("span".to_owned(), names));
        }
        (self.send)(Line {
            level: level(event.metadata()),
            target: event.metadata().target().to_owned(),
            message: fields.message,
            fields: all,
        });
    }

    fn enter(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(id.clone()));
    }

    fn exit(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            if let Some(at) = entered.iter().rposition(|other| other == id) {
                entered.remove(at);
            }
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(span) = self.spans().alive.get_mut(&id.into_u64()) {
            span.handles += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut spans = self.spans();
        let Some(span) = spans.alive.get_mut(&id.into_u64()) else {
            return false;
        };
        span.handles -= 1;
        let last = span.handles == 0;
        if last {
            spans.alive.remove(&id.into_u64());
        }
        last
    }

    fn current_span(&self) -> Current {
        let spans = self.spans();
        entered()
            .and_then(|id| {
                let span = spans.alive.get(&id.into_u64())?;
                Some(Current::new(id, span.metadata))
            })
            .unwrap_or_else(Current::none)
    }
}

/// The innermost span that this thread is in.
fn entered() -> Option<Id> {
    ENTERED.with_borrow(|entered| entered.last().cloned())
}

fn level(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing_core::Level::TRACE => Level::Trace,
        tracing_core::Level::DEBUG => Level::Debug,
        tracing_core::Level::INFO => Level::Info,
        tracing_core::Level::WARN => Level::Warn,
        tracing_core::Level::ERROR => Level::Error,
    }
}

/// The fields of an event or span as text, the message apart.
#[derive(Default)]
struct Fields {
    message: String,
    named: Vec<(String, String)>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: String) {
        match field.name() {
            "message" => self.message = value,
            name => self.named.push((name.to_owned(), value)),
        }
    }

    /// All fields, for spans, where `message` is a name like any other.
    fn all(mut self) -> Vec<(String, String)> {
        if !self.message.is_empty() {
            self.named.push(("message".to_owned(), self.message));
        }
        self.named
    }
}

impl Visit for Fields {
    /// Without the quotation marks that `Debug` puts around text.
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
#[path = "subscriber_tests.rs"]
mod tests;
