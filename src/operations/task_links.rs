//! Links to tasks: somebody without an account, such as in the archive, answers a task by a link that somebody with an account made and gave
//! them. It is shown once and kept nowhere; that it was made, and by whom, is in the audit, and a link that is not there is worth nothing.

use jiff::Timestamp;
use serde_json::Value;

use super::tasks::{self, OpenTask, Said, TaskState};
use super::{InputError, OperationError, Operations, audit};
use crate::attention::time;
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::erasure::{TaskId, TaskLink};
use crate::keys::Secret;
use crate::ledger::{AuditRange, Cursor};

/// Below the address of the server: where the page behind a link is.
pub(crate) const PATH: &str = "/confirm/task/";

/// Rows of the audit that are read at once.
const PAGE: u32 = 100;

/// A link that was made. Whoever has it can answer the task.
#[derive(Debug)]
pub(crate) struct MadeLink {
    pub(crate) task: OpenTask,
    pub(crate) url: Secret,
    /// Until when it is good: the task's deadline at most.
    pub(crate) until: Timestamp,
}

/// A task that somebody looks at by a link that is good.
#[derive(Debug)]
pub(crate) struct LinkedTask {
    pub(crate) task: OpenTask,
    pub(crate) until: Timestamp,
    /// As whom an answer by it is written down.
    by: Actor,
}

/// What came of an answer by a link.
#[derive(Debug)]
pub(crate) enum Answered {
    Done,
    /// A hold keeps the task's erasure, so that nothing is to be erased.
    Held(Box<LinkedTask>),
    /// It is no link, or not any more: it has expired, or the task has been answered or is over.
    NotValid,
}

/// Makes a link to an open task.
pub(crate) async fn make(on: &Operations, id: &TaskId, by: &Actor) -> Result<MadeLink, OperationError> {
    let base = on.settings.links_base.as_deref().ok_or(InputError::NoPublicUrl)?;
    let task = tasks::show(on, id).await?;
    let now = on.ledger.clock().await?.now;
    let until = task.deadline.filter(|until| task.state == TaskState::Open && *until > now);
    let Some(until) = until else {
        return Err(OperationError::Conflict(format!(
            "the time of the task {id} is over, or it was answered: an operator gives it once more by `quietus erasures retry`"
        )));
    };
    let keys = on.keys().await?;
    let link = TaskLink::new(task.id.clone(), until);
    let until = link.expires();
    // Before it is shown: by this row it is known later who has made it, and without it the link is none.
    let entry = AuditEntry::new(by, Act::LinkTask, Object::erasure(task.erasure), ActResult::Done)
        .with_word("task", &task.id)
        .with_word("target", &task.target)
        .with_word("link", link.number())
        .with_word("until", time(until));
    on.ledger.note(entry).await?;
    let url = Secret::new(format!("{base}{PATH}{}", *link.to_text(&keys.index)));
    Ok(MadeLink { task, url, until })
}

/// The open task behind the token of a link; `None` where it is no link, or not any more. Changes nothing.
pub(crate) async fn look(on: &Operations, token: &str) -> Result<Option<LinkedTask>, OperationError> {
    let keys = on.keys().await?;
    let Some(link) = TaskLink::read(token, &keys.index) else { return Ok(None) };
    if on.ledger.clock().await?.now >= link.expires() {
        return Ok(None);
    }
    let task = match tasks::show(on, link.task()).await {
        Err(OperationError::NotFound(_)) => return Ok(None),
        task => task?,
    };
    // What somebody has said is still there was answered, and is for the officer.
    if task.state != TaskState::Open {
        return Ok(None);
    }
    let made_by = made_by(on, &task, &link).await?;
    Ok(made_by.map(|made_by| LinkedTask {
        task,
        until: link.expires(),
        by: Actor::task_link(&link.number(), &made_by),
    }))
}

/// Who has made a link, by the audit.
async fn made_by(on: &Operations, task: &OpenTask, link: &TaskLink) -> Result<Option<Actor>, OperationError> {
    let object = Some(Object::erasure(task.erasure));
    let range = AuditRange { act: Some(Act::LinkTask), object, ..AuditRange::all(Cursor::OLDEST, PAGE) };
    let (task, number) = (task.id.to_string(), link.number());
    let says = |value: Option<&Value>, expected: &str| value.and_then(Value::as_str) == Some(expected);
    let rows = audit::all(on, range).await?;
    let row = rows
        .into_iter()
        .map(|row| row.statement)
        .find(|row| row.is_done() && says(row.details.get("task"), &task) && says(row.details.get("link"), &number));
    Ok(row.map(|row| row.actor))
}

/// Writes down what whoever has a link says of its task: once, and not while a hold keeps it.
pub(crate) async fn answer(
    on: &Operations,
    token: &str,
    said: Said,
    reason: Option<&str>,
) -> Result<Answered, OperationError> {
    let Some(linked) = look(on, token).await? else { return Ok(Answered::NotValid) };
    if !linked.task.held.is_empty() {
        return Ok(Answered::Held(Box::new(linked)));
    }
    match tasks::done(on, &linked.task.id, said, reason, &linked.by).await {
        Ok(()) => Ok(Answered::Done),
        // Somebody was faster.
        Err(OperationError::NotFound(_) | OperationError::Conflict(_)) => Ok(Answered::NotValid),
        Err(error) => Err(error),
    }
}
