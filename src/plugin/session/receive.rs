//! What a plugin says to a session: answers for those who wait, checkpoints, lines of its log. All text is redacted here,
//! before anything else sees it.

use std::sync::atomic::Ordering;

use quietus_plugin::protocol::{HostMessage, PluginMessage};
use quietus_plugin::{ErrorClass, PluginError, ResumeValue};
use serde_json::Value;
use tokio::time::Instant;
use tracing::Span;

use super::call::Ended;
use super::handle::{Pending, Session};
use super::log_limit;
use crate::keys::Secret;
use crate::plugin::lock::lock;
use crate::plugin::redact::redact;

impl Session {
    /// Whether a caller waits for this message.
    pub(super) fn awaits(&self, message: &PluginMessage) -> bool {
        match message {
            PluginMessage::Result { id, .. }
            | PluginMessage::Error { id: Some(id), .. }
            | PluginMessage::Unsupported { id: Some(id), .. } => self.pending().calls.contains_key(id),
            _ => false,
        }
    }

    /// Handles a message of the plugin's. The error says how it broke the protocol.
    pub(super) fn receive(&self, message: PluginMessage) -> Result<(), &'static str> {
        match message {
            PluginMessage::Result { id, result } => self.end(id, Ended::Result(result)),
            PluginMessage::Error { id: Some(id), error } => self.end(id, Ended::Failed(error)),
            PluginMessage::Unsupported { id: Some(id), .. } => self.end(id, Ended::Unsupported),
            PluginMessage::Error { id: None, error } => {
                self.log_line(None, quietus_plugin::Level::Error, &error.message)
            }
            PluginMessage::Log { id, level, text } => self.log_line(id, level, &text),
            PluginMessage::Progress { id, done, total } => {
                let _call = self.span_of(Some(id)).entered();
                tracing::debug!(plugin = %self.info.target, call = id, done, total, "a plugin is at work");
            }
            PluginMessage::Resume { id, value } => self.checkpoint(id, value),
            PluginMessage::Unsupported { id: None, .. } => {}
            PluginMessage::Hello { .. } | PluginMessage::Ready => return Err("it introduced itself twice"),
            PluginMessage::Unknown { kind, id } => self.try_send(&HostMessage::Unsupported { id, what: kind }),
            _ => {}
        }
        Ok(())
    }

    /// Hands a checkpoint to the call's waiter, which stores and acknowledges it. Never leaves the plugin without an answer, as
    /// it waits for one.
    fn checkpoint(&self, id: u64, value: ResumeValue) {
        let bytes = value.expose().len();
        let refused = {
            let mut pending = self.pending();
            match pending.calls.get_mut(&id) {
                None => Some("the call is over".to_owned()),
                Some(Pending { checkpoints: None, .. }) => {
                    let what = "resume".to_owned();
                    return self.try_send(&HostMessage::Unsupported { id: Some(id), what });
                }
                Some(_) if bytes > ResumeValue::BYTES_MAX => {
                    Some(format!("a value of {bytes} bytes; allowed are {}", ResumeValue::BYTES_MAX))
                }
                Some(Pending { checkpointing: true, .. }) => Some("the one before it is not acknowledged yet".into()),
                Some(Pending { checkpoints: Some(checkpoints), checkpointing, .. }) => {
                    *checkpointing = checkpoints.try_send(value).is_ok();
                    (!*checkpointing).then(|| "the call is over".to_owned())
                }
            }
        };
        if let Some(message) = refused {
            self.try_send(&HostMessage::ResumeRefused { id, message });
        }
    }

    fn end(&self, id: u64, ended: Ended) {
        let pending = self.pending().calls.remove(&id);
        match (pending, ended) {
            // As it was asked to: that is no failure of the plugin's.
            (Some(pending), Ended::Failed(error))
                if error.class == ErrorClass::Cancelled && self.pending().stopping =>
            {
                let _ = pending.answer.send(Ended::Stopped);
            }
            (Some(pending), Ended::Failed(error)) => {
                let message = self.redact(&error.message, &pending.values);
                let _ = pending.answer.send(Ended::Failed(PluginError { message, ..error }));
            }
            (Some(pending), Ended::Result(mut result)) if pending.redacts_result => {
                // The outcome is a word of the protocol, even where a person's name is the same word.
                let members = result.as_object_mut().into_iter().flatten();
                for (_, member) in members.filter(|(name, _)| *name != "outcome") {
                    self.redact_texts(member, &pending.values);
                }
                // A receipt shows the names of counts, so that a value among them would be kept for good.
                let ended = match result.get("counts").and_then(Value::as_object) {
                    Some(counts) if counts.keys().any(|name| self.redact(name, &pending.values) != *name) => {
                        Ended::Failed(PluginError::new(ErrorClass::Protocol, "the plugin names a count by a value"))
                    }
                    _ => Ended::Result(result),
                };
                let _ = pending.answer.send(ended);
            }
            (Some(pending), ended) => drop(pending.answer.send(ended)),
            (None, _) => {
                tracing::debug!(plugin = %self.info.target, call = id, "a plugin answered a call that nobody waits for");
            }
        }
    }

    /// Whatever text a result carries can end up in a receipt or in the log.
    fn redact_texts(&self, part: &mut Value, values: &[Secret]) {
        match part {
            Value::String(text) => *text = self.redact(text, values),
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_texts(item, values)),
            Value::Object(members) => members.values_mut().for_each(|member| self.redact_texts(member, values)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn redact(&self, text: &str, values: &[Secret]) -> String {
        redact(text, self.secrets.iter().chain(values))
    }

    /// A line of the plugin's log. Outside of a call it may be about people whose values are no longer known here for
    /// redaction. So it is counted and not written, unless no values were ever sent.
    fn log_line(&self, id: Option<u64>, level: quietus_plugin::Level, text: &str) {
        let values = {
            let mut log_limit = lock(&self.log_limit);
            if !log_limit.allows(Instant::now()) {
                return;
            }
            let pending = self.pending();
            let under_way = id.is_some_and(|id| pending.calls.contains_key(&id));
            let sweeps = pending.calls.values().any(|pending| pending.hides_log);
            if sweeps || !under_way && self.next.load(Ordering::Relaxed) > 1 {
                return log_limit.hide();
            }
            pending.calls.values().flat_map(|pending| pending.values.clone()).collect::<Vec<_>>()
        };
        let _call = self.span_of(id).entered();
        log_limit::write(&self.info.target, level, &self.redact(text, &values));
    }

    /// The span of a call that is under way.
    fn span_of(&self, id: Option<u64>) -> Span {
        let pending = self.pending();
        id.and_then(|id| pending.calls.get(&id)).map_or_else(Span::none, |pending| pending.span.clone())
    }
}
