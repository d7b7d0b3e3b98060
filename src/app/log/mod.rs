//! Where log lines go: to standard error, as text or JSON, through a writer that keeps nobody waiting.

mod stderr;
mod writer;

pub(crate) use writer::LogWriter;

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use anyhow::Context as _;
use metrics::{counter, describe_counter};
use tracing::warn;
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings};
use stderr::StandardError;
use writer::DROPPED;

/// Starts logging; once in a process. What is returned writes the same way, and its `flush` waits for the last lines.
pub(crate) fn init(settings: &LogSettings) -> anyhow::Result<LogWriter> {
    let filter = settings.filter().map_err(|wrong| anyhow::anyhow!("log.level: {wrong}"))?;
    let writer = LogWriter::start(StandardError, say_dropped).context("the log's thread could not be started")?;
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let through = writer.clone();
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || through.clone()).with_ansi(colours);
    // An error about a line would be written to standard error, whoever reads there.
    let lines = lines.log_internal_errors(false);
    match settings.format {
        LogFormat::Text => {
            let lines = lines.with_filter_reloading();
            let handle = lines.reload_handle();
            lines.try_init().inspect(|()| keep(move |filter| handle.reload(filter).is_ok()))
        }
        // All spans around a line, the innermost last; it is not written twice.
        LogFormat::Json => {
            let lines = lines.json().with_current_span(false).with_filter_reloading();
            let handle = lines.reload_handle();
            lines.try_init().inspect(|()| keep(move |filter| handle.reload(filter).is_ok()))
        }
    }
    .map_err(|error| anyhow::anyhow!("logging could not be started: {error}"))?;
    Ok(writer)
}

/// Has another filter take the place of the one that there is.
type Refilter = Box<dyn Fn(EnvFilter) -> bool + Send + Sync>;

static REFILTER: OnceLock<Refilter> = OnceLock::new();

fn keep(refilter: impl Fn(EnvFilter) -> bool + Send + Sync + 'static) {
    let _first = REFILTER.set(Box::new(refilter));
}

/// From now on, what these settings say is logged. A format stays what it was.
pub(super) fn turn_to(settings: &LogSettings) {
    let turned = settings.filter().is_ok_and(|filter| REFILTER.get().is_some_and(|refilter| refilter(filter)));
    if !turned {
        warn!("the level of the log could not be changed");
    }
}

/// Shows in the metrics how many lines were dropped, also where none was. To be called when the metrics are installed.
pub(super) fn describe_dropped() {
    describe_counter!(DROPPED, "Lines of the log that were dropped, as nobody read them in time.");
    counter!(DROPPED).absolute(0);
}

fn say_dropped(lines: u64) {
    warn!(lines, "lines of the log were dropped before this one: standard error did not take them in time");
}
