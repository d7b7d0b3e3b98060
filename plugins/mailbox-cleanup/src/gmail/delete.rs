//! Deletes messages for good: many ids in one request. Its answer does not say whether anything was there or is gone,
//! so that what it did is only known after a second look.

use quietus_plugin::http::Request;
use quietus_plugin::{PluginError, Writes, mark};
use serde_json::json;

use super::api::{Gmail, said};
use super::pace::OF_DELETION;
use crate::mailbox::Task;

impl Gmail {
    /// Asks for the deletion of these, up to 1,000
    /// (<https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/batchDelete>).
    pub(super) fn delete(&self, ids: &[String], task: &mut Task<'_>, writes: Writes<'_>) -> Result<(), PluginError> {
        if ids.is_empty() {
            return Ok(());
        }
        task.go_on()?;
        // Twice is like once: ids that are gone are no error.
        let request = Request::post("/users/me/messages/batchDelete", writes).json(&json!({ "ids": ids })).repeatable();
        let marks = self.marks(ids);
        task.begin(&marks)?;
        let sent = self.send(request, OF_DELETION, task.call);
        task.unanswered(&marks, sent.as_ref().map_or_else(|failure| failure.unsure, |_| true));
        let answer = sent.map_err(|failure| said("a deletion", failure.error))?;
        if answer.gone() {
            return Err(PluginError::retryable("a deletion: answered 404; if it stays so, check `base_url`"));
        }
        Ok(())
    }

    pub(super) fn marks(&self, ids: &[String]) -> Vec<u64> {
        ids.iter().map(|id| mark([&self.account, id])).collect()
    }
}
