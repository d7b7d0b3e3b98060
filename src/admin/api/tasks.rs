//! Tasks: what people were asked to erase by hand, and what they say of it.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shown::{Held, limit};
use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{By, Requests, See};
use crate::admin::given::{Body, Nothing, Path, Query};
use crate::admin::paged::page;
use crate::admin::problem::{Code, Problem};
use crate::admin::seen;
use crate::admin::state::Admin;
use crate::erasure::ErasureId;
use crate::operations::task_links::{self, MadeLink};
use crate::operations::tasks::{self, OpenTask, Revealed, Said, TaskState};
use crate::subject::TargetName;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/tasks",
            get_with(list, |op| op.id("list_tasks").summary("List what people are asked to erase by hand")),
        )
        .api_route("/api/v1/tasks/{id}", get_with(show, |op| op.id("show_task").summary("Show an open task")))
        .api_route(
            "/api/v1/tasks/{id}/reveal",
            post_with(reveal, |op| {
                op.id("reveal_task").summary("Show whom a task is about: personal data; each look is in the audit")
            }),
        )
        .api_route(
            "/api/v1/tasks/{id}/link",
            post_with(link, |op| {
                op.id("link_task").summary("Make a link by which somebody without an account gives a task's result")
            }),
        )
        .api_route(
            "/api/v1/tasks/{id}/done",
            post_with(done, |op| {
                op.id("finish_task").summary("Give the result of a task; the receipt has it as your word")
            }),
        )
}

/// A task that is open. Nothing of it names a person.
#[derive(Debug, Serialize, JsonSchema)]
struct Task {
    id: String,
    target: String,
    company: String,
    erasure: String,
    /// Since when its erasure is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    since: Option<Timestamp>,
    /// Until when it is to be done; missing once that is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    deadline: Option<Timestamp>,
    /// 0 on the last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    days_left: Option<i32>,
    state: TaskState,
    /// The holds that keep its erasure now: nothing is to be erased before they end.
    held: Vec<Held>,
    /// The session, as `company/number`, or a keyed digest of the guest or person.
    subject: String,
    /// What is to be done.
    text: String,
}

impl From<&OpenTask> for Task {
    fn from(task: &OpenTask) -> Self {
        Self {
            id: task.id.to_string(),
            target: task.target.to_string(),
            company: task.mluvii.to_string(),
            erasure: task.erasure.to_string(),
            since: task.since,
            deadline: task.deadline,
            days_left: task.days_left,
            state: task.state,
            held: task.held.iter().map(Held::from).collect(),
            subject: task.subject.clone(),
            text: task.text.clone(),
        }
    }
}

/// Which tasks.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ListTasks")]
struct ListQuery {
    /// Only those at this place.
    target: Option<String>,
    /// Needed where the account may see several companies, and not all.
    company: Option<String>,
    /// Where the last answer ended: its `next`.
    cursor: Option<String>,
    /// At most so many; 50 where it is left out, and 500 at most.
    limit: Option<u32>,
}

/// Where a list ended. It is found also where that task is not open any more.
type Place = (TargetName, ErasureId);

fn read_place(text: &str) -> Option<Place> {
    let (target, erasure) = text.rsplit_once('~')?;
    Some((TargetName(target.into()), erasure.parse().ok()?))
}

async fn list(by: By<See>, Query(query): Query<ListQuery>) -> Answer<Page<Task>> {
    let limit = limit(query.limit)? as usize;
    let unreadable = || Problem::new(Code::NotUnderstood, "`cursor` is none that was answered as `next`");
    let after = query.cursor.map(|text| read_place(&text).ok_or_else(unreadable)).transpose()?;
    let company = by.listed(query.company.as_deref())?;
    let target = query.target.map(|name| TargetName(name.into()));
    let mut all = tasks::list(&by.on, target.as_ref()).await.map_err(|error| by.told(error))?;
    all.retain(|task| company.as_ref().is_none_or(|company| task.mluvii == *company));
    let (items, next) = page(all, |task| (task.target.clone(), task.erasure), after, limit);
    let next = next.map(|(target, erasure)| format!("{target}~{erasure}"));
    Ok(Done(Page { items: items.iter().map(Task::from).collect(), next }))
}

/// A task, by its id.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WhichTask")]
struct Which {
    /// Such as `t-0192…`.
    id: String,
}

async fn show(by: By<See>, Path(which): Path<Which>, _: Nothing) -> Answer<Task> {
    seen::task(&by, &which.id).await.map(|task| Done(Task::from(&task)))
}

/// Whom a task is about: personal data.
#[derive(Serialize, JsonSchema)]
struct RevealedTask {
    task: Task,
    identifiers: Vec<RevealedIdentifier>,
    /// mluvii's ids of guests.
    guests: Vec<String>,
    /// The session, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
}

/// An identifier in clear.
#[derive(Serialize, JsonSchema)]
struct RevealedIdentifier {
    kind: String,
    value: String,
}

async fn reveal(by: By<Requests>, Path(which): Path<Which>, _: Nothing) -> Answer<RevealedTask> {
    let id = seen::task(&by, &which.id).await?.id;
    let Revealed { task, identifiers, guests, session } = tasks::reveal(&by.on, &id, &by.actor()).await?;
    let shown = identifiers
        .0
        .iter()
        .map(|one| RevealedIdentifier { kind: one.kind.to_string(), value: one.value.expose().to_owned() });
    Ok(Done(RevealedTask {
        task: Task::from(&task),
        identifiers: shown.collect(),
        guests: guests.into_iter().map(|guest| guest.0).collect(),
        session,
    }))
}

/// A link to a task. It names nobody, and whoever has it can give the task's result.
#[derive(Serialize, JsonSchema)]
struct LinkToTask {
    task: String,
    /// It is shown this once.
    url: String,
    /// Until when it is good: the task's deadline.
    #[schemars(with = "String")]
    until: Timestamp,
}

async fn link(by: By<Requests>, Path(which): Path<Which>, _: Nothing) -> Answer<LinkToTask> {
    let id = seen::task(&by, &which.id).await?.id;
    let MadeLink { task, url, until } = task_links::make(&by.on, &id, &by.actor()).await?;
    Ok(Done(LinkToTask { task: task.id.to_string(), url: url.expose().to_owned(), until }))
}

/// Its result.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Became {
    Erased,
    /// Nothing of theirs was there.
    Absent,
    /// A law or duty keeps it, which the reason names.
    Retained,
    /// It is still there.
    Residual,
}

impl From<Became> for Said {
    fn from(became: Became) -> Self {
        match became {
            Became::Erased => Self::Erased,
            Became::Absent => Self::Absent,
            Became::Retained => Self::Retained,
            Became::Residual => Self::Residual,
        }
    }
}

/// What somebody says of a task.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SaidOfTask {
    outcome: Became,
    /// A line that stands on the receipt: nothing about a person. Needed where it is retained.
    reason: Option<String>,
}

/// The task of which it was said.
#[derive(Debug, Serialize, JsonSchema)]
struct SaidOf {
    task: String,
    erasure: String,
}

async fn done(by: By<Requests>, Path(which): Path<Which>, Body(body): Body<SaidOfTask>) -> Answer<SaidOf> {
    let OpenTask { id, erasure, .. } = seen::task(&by, &which.id).await?;
    tasks::done(&by.on, &id, body.outcome.into(), body.reason.as_deref(), &by.actor()).await?;
    Ok(Done(SaidOf { task: id.to_string(), erasure: erasure.to_string() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let place = (TargetName("a~b".into()), ErasureId([7; 16]));
        assert_eq!(read_place(&format!("{}~{}", place.0, place.1)), Some(place));
        assert_eq!((read_place("legal"), read_place("legal~7")), (None, None));
    }
}
