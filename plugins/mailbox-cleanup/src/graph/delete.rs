//! Deletes messages for good: in batches of ids; each status in the answer is one message's result.

use std::collections::BTreeMap;
use std::time::Duration;

use quietus_plugin::http::{Request, has_dots, percent};
use quietus_plugin::{ErrorClass, PluginError, Writes};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Graph, IMMUTABLE, said};
use super::pace::{BATCH, BATCHES};
use crate::mailbox::{MESSAGES, Task};

/// How often a batch is sent that Outlook asks to come back with.
const ATTEMPTS_MAX: u32 = 3;
/// A longer pause is left to the host, which meanwhile does other things.
const PAUSE_MS_MAX: u64 = 10_000;
/// What Exchange says of a message in the recoverable items that it does not give up.
const CANNOT_DELETE: &str = "ErrorCannotDeleteObject";

/// The answer to a batch: 200, whatever became of its requests.
#[derive(Deserialize)]
struct Batch {
    responses: Vec<Inner>,
}

#[derive(Deserialize)]
struct Inner {
    id: String,
    status: u16,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    body: Value,
}

/// The result for one message.
enum Fate {
    Gone,
    /// Gone before: by an earlier attempt that was not answered, or by somebody else.
    NotThere,
    Held,
    /// Not done.
    Failed(PluginError),
    /// Perhaps done.
    Unsure(PluginError),
}

impl Graph {
    /// Deletes these; those that Exchange does not let go of leave. What one message is refused for keeps no
    /// other from being deleted.
    pub(super) fn delete(
        &self,
        ids: &[String],
        task: &mut Task<'_>,
        writes: Writes<'_>,
    ) -> Result<Vec<String>, PluginError> {
        let mut held = Vec::new();
        let mut failed = None;
        for ids in ids.chunks(BATCH) {
            match self.delete_patiently(ids, task, writes) {
                Ok(kept) => held.extend(kept),
                Err(error) if error.class == ErrorClass::Permanent => failed = failed.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        failed.map_or(Ok(held), Err)
    }

    /// Deletes a batch; when Outlook asks for a short pause, what it has not done comes again after it.
    fn delete_patiently(
        &self,
        ids: &[String],
        task: &mut Task<'_>,
        writes: Writes<'_>,
    ) -> Result<Vec<String>, PluginError> {
        for _ in 1..ATTEMPTS_MAX {
            task.go_on()?;
            match self.delete_batch(ids, task, writes) {
                Err(PluginError { retry_after_ms: Some(millis), .. }) if millis <= PAUSE_MS_MAX => {
                    task.pause(Duration::from_millis(millis))?;
                }
                ended => return ended,
            }
        }
        self.delete_batch(ids, task, writes)
    }

    fn delete_batch(
        &self,
        ids: &[String],
        task: &mut Task<'_>,
        writes: Writes<'_>,
    ) -> Result<Vec<String>, PluginError> {
        let marks: Vec<u64> = ids.iter().map(|id| self.mark(id)).collect();
        let request = self.batch(ids, writes)?;
        task.begin(&marks)?;
        let answer = self.send(&request, task.call).map_err(|failure| {
            task.unanswered(&marks, failure.unsure);
            said("a deletion", failure.error)
        })?;
        let Batch { responses } = answer.json().map_err(|error| {
            task.unanswered(&marks, true);
            said("a deletion", error)
        })?;
        let mut held = Vec::new();
        let mut failed = None;
        for (at, mark) in marks.iter().enumerate() {
            match fate(responses.iter().find(|inner| inner.id == at.to_string())) {
                Fate::Gone => task.progress.done(MESSAGES, &[*mark]),
                Fate::NotThere => task.progress.not_begun(MESSAGES, &[*mark]),
                Fate::Held => {
                    task.progress.refused(MESSAGES, &[*mark]);
                    held.push(ids[at].clone());
                }
                Fate::Failed(error) => {
                    task.progress.refused(MESSAGES, &[*mark]);
                    failed = graver(failed, error);
                }
                Fate::Unsure(error) => {
                    task.progress.unsure(MESSAGES, &[*mark]);
                    failed = graver(failed, error);
                }
            }
        }
        failed.map_or(Ok(held), |error| Err(said("a deletion", error)))
    }

    fn batch(&self, ids: &[String], writes: Writes<'_>) -> Result<Request, PluginError> {
        let user = percent(&self.user);
        let requests: Vec<_> = ids
            .iter()
            .enumerate()
            .map(|(at, id)| {
                if id.is_empty() || has_dots(id) {
                    return Err(PluginError::permanent("a message's id cannot stand in a path"));
                }
                Ok(json!({
                    "id": at.to_string(),
                    "method": "POST",
                    "url": format!("/users/{user}/messages/{}/permanentDelete", percent(id)),
                    // A POST without a body is refused within a batch.
                    "headers": { "Content-Type": "application/json", IMMUTABLE.0: IMMUTABLE.1 },
                    "body": {},
                }))
            })
            .collect::<Result<_, _>>()?;
        Ok(Request::post("/$batch", writes).json(&json!({ "requests": requests })).paced_as(BATCHES))
    }
}

fn fate(inner: Option<&Inner>) -> Fate {
    let Some(inner) = inner else { return Fate::Unsure(PluginError::retryable("the answer leaves out a message")) };
    let status = inner.status;
    let told = || format!("status {status}");
    match status {
        200..300 => Fate::Gone,
        404 | 410 => Fate::NotThere,
        // Whatever its status.
        _ if inner.body["error"]["code"] == CANNOT_DELETE => Fate::Held,
        401 => Fate::Failed(PluginError::needs_operator(told())),
        424 => Fate::Failed(PluginError::retryable(told())),
        429 => Fate::Failed(PluginError::rate_limited(inner.retry_after())),
        503 if inner.retry_after().is_some() => Fate::Unsure(PluginError::rate_limited(inner.retry_after())),
        408 | 425 | 500..600 => Fate::Unsure(PluginError::retryable(told())),
        _ => Fate::Failed(PluginError::permanent(told())),
    }
}

impl Inner {
    fn retry_after(&self) -> Option<Duration> {
        let (_, value) = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
        let seconds = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
        Some(Duration::from_secs(seconds.min(86_400)))
    }
}

/// The one that says more of what has to be done: by a person, later, or never again.
fn graver(one: Option<PluginError>, other: PluginError) -> Option<PluginError> {
    let rank = |error: &PluginError| match error.class {
        ErrorClass::NeedsOperator => 0,
        ErrorClass::RateLimited => 1,
        ErrorClass::Retryable => 2,
        _ => 3,
    };
    one.into_iter().chain([other]).min_by_key(rank)
}
