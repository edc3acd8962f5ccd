//! The process log: on standard error, readable at a terminal and JSON elsewhere. `GATEWRIGHT_LOG` takes a filter such
//! as `info,upstream=debug`.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

pub(crate) fn start() {
    let filter = EnvFilter::try_from_env("GATEWRIGHT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.with_target(false).compact().init();
    } else {
        // JSON also escapes control characters, so that a hostile name cannot forge a line.
        log.json().init();
    }
}
