//! Targets: how each is, and pausing one.

use std::collections::BTreeMap;
use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shown::read_if;
use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{By, Operate, See};
use crate::admin::given::{Body, Nothing, Path};
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::ledger::{PauseReason, TargetState};
use crate::operations::targets::{self, PauseRequest, ShownTarget};
use crate::operations::{InputError, OperationError};

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/targets",
            get_with(list, |op| op.id("list_targets").summary("List targets, and what waits for each")),
        )
        .api_route(
            "/api/v1/targets/{target}/pause",
            post_with(pause, |op| {
                op.id("pause_target").summary("Have nobody call a target until it is resumed; what is under way ends")
            }),
        )
        .api_route(
            "/api/v1/targets/{target}/resume",
            post_with(resume, |op| op.id("resume_target").summary("Have a target called again that is paused or out")),
        )
}

/// A target, and what waits for it.
#[derive(Debug, Serialize, JsonSchema)]
struct Target {
    /// As it is called: `mluvii/COMPANY` where there are several companies.
    target: String,
    /// Whether it is out, because it failed.
    out: bool,
    /// Why, and when it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    tried_again: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<Paused>,
    /// Steps that wait for it.
    waiting: u64,
    /// Those of them that need a person.
    parked: u64,
    /// The companies for which it is not asked to erase, each with the law that keeps what it holds.
    retained: BTreeMap<String, String>,
}

/// That a person has paused it.
#[derive(Debug, Serialize, JsonSchema)]
struct Paused {
    reason: PauseReason,
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
    by: String,
}

impl From<&ShownTarget> for Target {
    fn from(shown: &ShownTarget) -> Self {
        let (out, why, tried_again) = match &shown.state {
            TargetState::Open { until, reason, .. } => (true, Some(reason.clone()), Some(*until)),
            TargetState::Closed => (false, None, None),
        };
        let paused = shown.paused.as_ref().map(|paused| Paused {
            reason: paused.pause.reason,
            case: paused.pause.case.as_ref().map(ToString::to_string),
            until: paused.pause.until,
            by: paused.by.to_string(),
        });
        let target = shown.target.to_string();
        let retained = shown.retained.iter().map(|(company, law)| (company.to_string(), law.clone())).collect();
        Self { target, out, why, tried_again, paused, waiting: shown.waiting, parked: shown.parked, retained }
    }
}

async fn list(by: By<See>, _: Nothing) -> Answer<Page<Target>> {
    by.sees_all()?;
    let all = targets::list(&by.on).await?;
    Ok(Done(Page { items: all.iter().map(Target::from).collect(), next: None }))
}

/// A target, by the name under which it is called.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WhichTarget")]
struct Which {
    target: String,
}

/// Why it is paused, and until when.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Pause {
    reason: PauseReason,
    case: Option<String>,
    /// Until it is resumed, where it is left out.
    #[schemars(with = "Option<String>")]
    until: Option<Timestamp>,
}

/// The target that an order was about.
#[derive(Debug, Serialize, JsonSchema)]
struct Ordered {
    target: String,
}

/// Why it was not done. The target is named in the path, so that one of another name is what is not there.
fn told(error: OperationError) -> Problem {
    match error {
        OperationError::Input(InputError::UnknownTarget { .. }) => Problem::not_found("target of this name"),
        other => other.into(),
    }
}

async fn pause(by: By<Operate>, Path(which): Path<Which>, Body(body): Body<Pause>) -> Answer<Ordered> {
    by.sees_all()?;
    let case = read_if("case", body.case.as_deref())?;
    let request = PauseRequest { target: which.target, reason: body.reason, case, until: body.until };
    let target = targets::pause(&by.on, request, &by.actor()).await.map_err(told)?;
    Ok(Done(Ordered { target: target.to_string() }))
}

async fn resume(by: By<Operate>, Path(which): Path<Which>, _: Nothing) -> Answer<Ordered> {
    by.sees_all()?;
    let target = targets::resume(&by.on, &which.target, &by.actor()).await.map_err(told)?;
    Ok(Done(Ordered { target: target.to_string() }))
}
