//! What is logged of a plugin's words while a command runs, kept for the command to show. It is redacted by then.

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::lock::lock;
use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Lines that are kept.
const LINES_MAX: usize = 1000;
/// Who logs what plugins say. What the supervisor does is told by the answer.
const PLUGINS: [&str; 2] = ["quietus::plugin::session", "quietus::plugin::output"];

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    pub(crate) level: String,
    pub(crate) text: String,
}

/// The lines that were heard.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<Line>>>);

impl Heard {
    /// Listens on this thread until the guard is dropped.
    pub(super) fn listen() -> (Self, DefaultGuard) {
        let heard = Self::default();
        let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(heard.clone()));
        (heard, guard)
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        lock(&self.0).clone()
    }
}

impl<S: tracing::Subscriber> Layer<S> for Heard {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if !PLUGINS.iter().any(|module| metadata.target().starts_with(module)) {
            return;
        }
        let mut said = Said::default();
        event.record(&mut said);
        let mut lines = lock(&self.0);
        if lines.len() < LINES_MAX {
            lines.push(Line { level: metadata.level().to_string().to_lowercase(), text: said.message + &said.fields });
        }
    }
}

/// An event as text: the message, and the fields except the plugin's name, which is known.
#[derive(Default)]
struct Said {
    message: String,
    fields: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            "plugin" => {}
            name => self.fields.push_str(&format!(" {name}={value:?}")),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message = value.to_owned(),
            "plugin" => {}
            name => self.fields.push_str(&format!(" {name}={value}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_plugins_is_heard_while_somebody_listens() {
        let (heard, guard) = Heard::listen();
        tracing::info!(target: "quietus::plugin::session", plugin = "x", bytes = 3, "it spoke");
        tracing::info!(target: "quietus::plugin::host", "not of the plugin itself");
        drop(guard);
        tracing::info!(target: "quietus::plugin::session", "too late");
        assert_eq!(heard.lines(), [Line { level: "info".into(), text: "it spoke bytes=3".into() }]);
    }
}
