//! Panics, told to the host.

use super::bindings::bulkhead::plugin::diagnostics::{self, Panic};
use std::panic::PanicHookInfo;
use std::sync::Once;

/// Makes every panic of this instance known to the host before the instance traps. Installed once:
/// a hook that the author sets later stays (and then the host sees a bare trap).
pub(super) fn report_to_host() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| std::panic::set_hook(Box::new(report)));
}

/// Prints nothing: the host writes the panic to its log, with job and worker.
fn report(info: &PanicHookInfo<'_>) {
    let place = info.location();
    diagnostics::panicked(&Panic {
        message: info
            .payload_as_str()
            .unwrap_or("a panic whose payload is no text")
            .to_owned(),
        file: place.map(|at| at.file().to_owned()).unwrap_or_default(),
        line: place.map_or(0, |at| at.line()),
        column: place.map_or(0, |at| at.column()),
    });
}
