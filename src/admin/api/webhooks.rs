//! The webhooks at mluvii: whether it calls the sources, with what they need.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{By, Operate};
use crate::admin::ending::to_its_end;
use crate::admin::given::{Body, Nothing};
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::operations::webhooks::{self, Change, Seen, WebhookView};
use crate::subject::SourceName;
use crate::verify::WebhookMode;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/webhooks",
            get_with(list, |op| op.id("list_webhooks").summary("Ask mluvii how the webhooks of all sources are")),
        )
        .api_route(
            "/api/v1/webhooks/register",
            post_with(register, |op| {
                op.id("register_webhook").summary("Have mluvii call a source, with what the configuration needs")
            }),
        )
        .api_route(
            "/api/v1/webhooks/unregister",
            post_with(unregister, |op| op.id("unregister_webhook").summary("Have mluvii no longer call a source")),
        )
}

/// The webhook of a source.
#[derive(Debug, Serialize, JsonSchema)]
struct Webhook {
    source: String,
    company: String,
    /// Whether a server puts it right by itself.
    managed: bool,
    /// What mluvii calls, without credentials; missing where the configuration does not say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    state: WebhookState,
    /// What is wrong, or why nobody could look.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// mluvii's id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Others with the same address, by which events come twice.
    also: Vec<String>,
    /// mluvii does not show its credentials, so that nobody can compare them.
    masked: bool,
    /// Event types that it lacks.
    lacks: Vec<String>,
}

/// How it is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum WebhookState {
    Right,
    Wrong,
    Missing,
    /// Nobody could look.
    Unknown,
}

impl From<WebhookView> for Webhook {
    fn from(view: WebhookView) -> Self {
        let wrong = view.state.wrong();
        let shown = Self {
            source: view.source.to_string(),
            company: view.mluvii.to_string(),
            managed: view.mode == WebhookMode::Managed,
            address: view.address,
            state: WebhookState::Missing,
            why: wrong,
            id: None,
            also: Vec::new(),
            masked: false,
            lacks: Vec::new(),
        };
        match view.state {
            Seen::Right { id, also, masked } => {
                Self { state: WebhookState::Right, id: Some(id), also, masked, ..shown }
            }
            Seen::Wrong { id, lacks, credentials: _ } => {
                Self { state: WebhookState::Wrong, id: Some(id), lacks, ..shown }
            }
            Seen::Missing => shown,
            Seen::Unknown { reason } => Self { state: WebhookState::Unknown, why: Some(reason), ..shown },
        }
    }
}

async fn list(by: By<Operate>, _: Nothing) -> Answer<Page<Webhook>> {
    // Of others, mluvii is not even asked.
    let sources = by.on.settings.sources.iter();
    let seen = sources.filter(|source| source.mluvii.as_ref().is_some_and(|company| by.sees(company)));
    let names: Vec<_> = seen.map(|source| SourceName(source.name.as_str().into())).collect();
    let mut items = Vec::new();
    for name in &names {
        items.extend(webhooks::status(&by.on, Some(name)).await?.into_iter().map(Webhook::from));
    }
    Ok(Done(Page { items, next: None }))
}

/// A source.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfSource {
    source: String,
}

/// The source, as far as the account may see its company.
fn seen(by: &By<Operate>, of: &OfSource) -> Result<SourceName, Problem> {
    let known = by.on.settings.sources.iter().find(|known| known.name == of.source);
    let company = known.and_then(|known| known.mluvii.as_ref());
    let is_seen = company.is_some_and(|company| by.sees(company));
    is_seen.then(|| SourceName(of.source.as_str().into())).ok_or_else(|| Problem::not_found("source of this name"))
}

/// What was done.
#[derive(Debug, Serialize, JsonSchema)]
struct ChangedWebhook {
    source: String,
    change: WebhookChange,
}

/// What was done about a webhook.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum WebhookChange {
    /// It was right.
    None,
    Registered,
    Corrected,
}

impl From<Change> for WebhookChange {
    fn from(change: Change) -> Self {
        match change {
            Change::None => Self::None,
            Change::Registered => Self::Registered,
            Change::Corrected => Self::Corrected,
        }
    }
}

async fn register(by: By<Operate>, Body(body): Body<OfSource>) -> Answer<ChangedWebhook> {
    let source = seen(&by, &body)?;
    webhooks::must_be_configured(&by.on, &source).map_err(|error| by.told(error))?;
    let change =
        to_its_end(
            async move { webhooks::register(&by.on, &source, &by.actor()).await.map_err(|error| by.told(error)) },
        );
    let change = change.await?.into();
    Ok(Done(ChangedWebhook { source: body.source, change }))
}

/// How many of its webhooks were deleted.
#[derive(Debug, Serialize, JsonSchema)]
struct DeletedWebhooks {
    source: String,
    deleted: usize,
}

async fn unregister(by: By<Operate>, Body(body): Body<OfSource>) -> Answer<DeletedWebhooks> {
    let source = seen(&by, &body)?;
    webhooks::must_be_configured(&by.on, &source).map_err(|error| by.told(error))?;
    let deleted =
        to_its_end(
            async move { webhooks::unregister(&by.on, &source, &by.actor()).await.map_err(|error| by.told(error)) },
        );
    let deleted = deleted.await?;
    Ok(Done(DeletedWebhooks { source: body.source, deleted }))
}
