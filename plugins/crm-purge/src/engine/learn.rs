//! What an installation says of itself before anybody is looked for: what it has, and what the credentials see of it.

use std::time::Instant;

use quietus_plugin::{Call, ErrorClass, PluginError};
use serde_json::Value;

use super::health::may_not;
use super::list::not_here;
use super::setup::Engine;
use crate::vendor::Question;

impl Engine {
    /// Asks all of the vendor's questions, unless they were answered a short time ago.
    pub(super) fn learn(&self, call: &Call<'_>) -> Result<(), PluginError> {
        if self.learned.is_fresh() {
            return Ok(());
        }
        self.learn_anew(call)
    }

    /// Asks all of the vendor's questions.
    pub(super) fn learn_anew(&self, call: &Call<'_>) -> Result<(), PluginError> {
        self.learned.set(None);
        let mut answers = Vec::new();
        while let Some(question) = self.vendor.question(&self.related, &answers) {
            answers.push(self.answered(&question, call)?);
        }
        self.vendor.learn(&self.related, &answers)?;
        self.learned.set(Some(Instant::now()));
        Ok(())
    }

    fn answered(&self, question: &Question, call: &Call<'_>) -> Result<Value, PluginError> {
        let right = &question.right;
        let answer = self.exchange(&right.request, call)?;
        match self.check(&answer) {
            Ok(()) if answer.gone() && question.is_optional => Ok(Value::Null),
            Ok(()) if answer.gone() => Err(not_here()),
            Ok(()) => self.document(&answer),
            Err(error) if error.class == ErrorClass::Permanent && question.is_optional => Ok(Value::Null),
            // The user's right, and no record's: nobody can be looked for without it.
            Err(error) if error.class == ErrorClass::Permanent && answer.status() == 403 => Err(may_not(&right.what)),
            Err(error) => Err(error),
        }
    }
}
