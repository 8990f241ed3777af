//! The subscriber against the macros of `tracing`.

use super::*;
use std::cell::RefCell;

std::thread_local! {
    static SENT: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// The lines that `call` says.
fn lines(call: impl FnOnce()) -> Vec<Line> {
    let subscriber = ToTheLog::new(|line| SENT.with_borrow_mut(|sent| sent.push(line)));
    dispatcher::with_default(&dispatcher::Dispatch::new(subscriber), call);
    SENT.take()
}

fn line(level: Level, message: &str) -> Line {
    Line::new(level, message).target(module_path!())
}

#[test]
fn an_event_becomes_a_line_with_its_fields() {
    let got = lines(|| tracing::warn!(millis = 7, who = "me", ratio = 0.5, "slow"));
    let expected = line(Level::Warn, "slow")
        .field("millis", 7)
        .field("who", "me")
        .field("ratio", 0.5);
    assert_eq!(got, [expected]);
}

#[test]
fn an_event_carries_the_spans_around_it() {
    let got = lines(|| {
        let outer = tracing::info_span!("outer", a = 1, late = tracing::field::Empty);
        let _in_outer = outer.enter();
        let _in_inner = tracing::info_span!("inner", b = 2).entered();
        outer.record("late", 3);
        tracing::info!(c = 4, "here");
    });
    let expected = line(Level::Info, "here")
        .field("a", 1)
        .field("late", 3)
        .field("b", 2)
        .field("c", 4)
        .field("span", "outer:inner");
    assert_eq!(got, [expected]);
}

#[test]
fn a_span_that_was_left_is_forgotten() {
    let got = lines(|| {
        tracing::info_span!("left", a = 1).in_scope(|| {});
        tracing::error!("after");
    });
    assert_eq!(got, [line(Level::Error, "after")]);
}

#[test]
fn a_closed_span_takes_no_memory() {
    let subscriber = ToTheLog::new(|_| {});
    let dispatch = dispatcher::Dispatch::new(subscriber);
    dispatcher::with_default(&dispatch, || {
        let span = tracing::info_span!("short");
        drop(span.clone());
        drop(span);
    });
    let subscriber = dispatch.downcast_ref::<ToTheLog>().unwrap();
    assert!(subscriber.spans().alive.is_empty());
}

#[test]
fn levels_below_the_least_are_dropped() {
    let got = lines(|| {
        tracing::trace!("step");
        tracing::debug!("detail");
    });
    assert_eq!(got, [line(Level::Debug, "detail")]);
}
