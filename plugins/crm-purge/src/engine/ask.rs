//! One request to the vendor: an answer that can be read leaves, or the error that the host understands.

use quietus_plugin::http::{Failure, Request, Response};
use quietus_plugin::{Call, PluginError};
use serde_json::Value;

use super::setup::Engine;

/// The result for a record that was to be erased.
pub(super) enum Written {
    Done,
    /// It was not there.
    Gone,
    /// The vendor must keep it; the status.
    Retained(u16),
}

impl Engine {
    /// Reads: a success, or "it is not there".
    pub(super) fn ask(&self, request: &Request, call: &Call<'_>) -> Result<Response, Failure> {
        let answer = self.exchange(request, call)?;
        self.check(&answer).map_err(|error| Failure { error, unsure: answer.unsure() })?;
        Ok(answer)
    }

    /// Erases.
    pub(super) fn write(&self, request: &Request, call: &Call<'_>) -> Result<Written, Failure> {
        let answer = self.exchange(request, call)?;
        // Locked (RFC 4918, 11.3), and unavailable for legal reasons (RFC 7725), unless the vendor means something else.
        if let status @ (423 | 451) = answer.status()
            && self.vendor.refusal(&answer).is_none()
        {
            return Ok(Written::Retained(status));
        }
        self.check(&answer).map_err(|error| Failure { error, unsure: answer.unsure() })?;
        if answer.gone() {
            return Ok(Written::Gone);
        }
        if !answer.body().is_empty() {
            // A success that cannot be read may be a gateway's page: whether it was done is not known.
            self.document(&answer).map_err(|error| Failure { error, unsure: true })?;
        }
        Ok(Written::Done)
    }

    /// The answer's JSON, unless it says that it did not work.
    pub(super) fn document(&self, answer: &Response) -> Result<Value, PluginError> {
        let document: Value = answer.json()?;
        if let Some(refusal) = self.vendor.refusal(answer) {
            return Err(refusal);
        }
        let has_error = document.get("error").is_some_and(Value::is_object);
        let has_failed = document.get("success").is_some_and(|success| *success == false || *success == "false");
        if has_error || has_failed {
            return Err(PluginError::retryable("the vendor's answer says that it did not work"));
        }
        Ok(document)
    }

    pub(super) fn exchange(&self, request: &Request, call: &Call<'_>) -> Result<Response, Failure> {
        call.check()?;
        self.quota.check()?;
        let refused_pause = self.vendor.refused_pause();
        if let Some(pause) = refused_pause {
            self.login.check(pause)?;
        }
        let answer = self.client.exchange(request, call)?;
        if let Some(pause) = refused_pause {
            self.login.answered(answer.status() == 401, pause);
        }
        if let Some(pause) = self.vendor.used_up(&answer) {
            self.quota.used_up(pause);
        }
        Ok(answer)
    }

    pub(super) fn check(&self, answer: &Response) -> Result<(), PluginError> {
        match answer.status() {
            200..300 => Ok(()),
            _ => self.vendor.refusal(answer).map_or_else(|| answer.check(), Err),
        }
    }
}
