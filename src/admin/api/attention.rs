//! What needs a person.

use std::collections::BTreeMap;
use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shown::read;
use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{By, Operate, See};
use crate::admin::given::{Body, Query};
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::attention::{self, MuteEnd, Severity, sentence};
use crate::audit::Object;
use crate::operations::attention::{AttentionFilter, list as listed, mute as muted, unmute as unmuted};

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/attention",
            get_with(list, |op| op.id("list_attention").summary("List what needs a person, the most severe first")),
        )
        .api_route(
            "/api/v1/attention/mute",
            post_with(mute, |op| op.id("mute_attention").summary("Acknowledge something, or mute it until a time")),
        )
        .api_route(
            "/api/v1/attention/unmute",
            post_with(unmute, |op| op.id("unmute_attention").summary("Want to be told of something again")),
        )
}

/// Something that needs a person, or is worth knowing.
#[derive(Debug, Serialize, JsonSchema)]
struct Attention {
    /// See docs/monitoring.md.
    code: String,
    severity: Severity,
    object: String,
    /// What it is, and what to do, in words.
    text: String,
    parameters: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    since: Option<Timestamp>,
    /// Whether somebody does not want to be told of it.
    muted: bool,
}

impl From<&attention::Attention> for Attention {
    fn from(found: &attention::Attention) -> Self {
        Self {
            code: found.code.as_str().to_owned(),
            severity: found.severity,
            object: found.object.to_string(),
            text: sentence(found),
            parameters: found.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            since: found.since,
            muted: found.muted.is_some(),
        }
    }
}

/// What of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ListAttention")]
struct ListQuery {
    /// Only what is at least so severe.
    severity: Option<Severity>,
}

async fn list(by: By<See>, Query(query): Query<ListQuery>) -> Answer<Page<Attention>> {
    by.sees_all()?;
    let filter = AttentionFilter { severity: query.severity, ..AttentionFilter::default() };
    let all = listed(&by.on, &filter).await?;
    Ok(Done(Page { items: all.iter().map(Attention::from).collect(), next: None }))
}

/// What is muted, and until when.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Mute {
    code: String,
    /// All of this code, where it is left out.
    object: Option<String>,
    until: Until,
}

/// Until when nobody is told of it.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Until {
    /// It is about something else.
    Changed,
    /// For good, where it is not urgent.
    Never,
    /// A time.
    At(#[schemars(with = "String")] Timestamp),
}

async fn mute(by: By<Operate>, Body(body): Body<Mute>) -> Answer<Page<Attention>> {
    by.sees_all()?;
    let end = match body.until {
        Until::Changed => MuteEnd::Changed,
        Until::Never => MuteEnd::Never,
        Until::At(time) => MuteEnd::At(time),
    };
    let all = muted(&by.on, &filter(&body.code, body.object)?, end, &by.actor()).await?;
    Ok(Done(Page { items: all.iter().map(Attention::from).collect(), next: None }))
}

/// What is told of again.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Unmute {
    code: String,
    /// All of this code, where it is left out.
    object: Option<String>,
}

/// How many mutes have ended.
#[derive(Debug, Serialize, JsonSchema)]
struct Unmuted {
    unmuted: u64,
}

async fn unmute(by: By<Operate>, Body(body): Body<Unmute>) -> Answer<Unmuted> {
    by.sees_all()?;
    let unmuted = unmuted(&by.on, &filter(&body.code, body.object)?, &by.actor()).await?;
    Ok(Done(Unmuted { unmuted }))
}

fn filter(code: &str, object: Option<String>) -> Result<AttentionFilter, Problem> {
    let (code, object) = (Some(read("code", code)?), object.map(Object::written));
    Ok(AttentionFilter { code, object, ..AttentionFilter::default() })
}
