//! mluvii's API for webhooks.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::state::StandIn;
use super::unknown::Unknown;
use super::webhook::Webhook;

/// What a webhook is registered with.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    event_types: Vec<String>,
    callback_url: String,
}

impl StandIn {
    /// Registers a webhook; the id of the one that has the URL already is the error.
    pub(crate) fn register(&self, callback_url: &str, event_types: &[&str]) -> Result<i64, i64> {
        let mut state = self.state();
        let is_listed = !state.behaviour.webhooks_unlisted;
        if is_listed && let Some(webhook) = state.webhooks.values().find(|webhook| webhook.callback_url == callback_url)
        {
            return Err(webhook.id);
        }
        // Where a company may have no more, the newest one is named as what is in the way.
        if state.webhooks.len() >= state.behaviour.webhooks_max
            && let Some(webhook) = state.webhooks.values().next_back()
        {
            return Err(webhook.id);
        }
        let id = state.new_id();
        let event_types = event_types.iter().map(|&name| name.to_owned()).collect();
        let webhook = Webhook { id, event_types, callback_url: callback_url.to_owned(), failing_since: None };
        state.webhooks.insert(id, webhook);
        Ok(id)
    }

    /// The ids of the webhooks that are registered.
    #[cfg(test)]
    pub(crate) fn webhooks(&self) -> Vec<i64> {
        self.state().webhooks.keys().copied().collect()
    }
}

pub(super) fn router() -> Router<StandIn> {
    Router::new()
        .route("/api/v1/Webhooks", get(list).post(create).delete(delete_all))
        .route("/api/v1/Webhooks/{id}", get(one).put(replace).delete(delete))
}

async fn list(State(mluvii): State<StandIn>) -> Json<Vec<Webhook>> {
    let state = mluvii.state();
    if state.behaviour.webhooks_unlisted {
        return Json(Vec::new());
    }
    Json(state.webhooks.values().map(|webhook| webhook.shown(state.behaviour.webhooks_masked)).collect())
}

async fn create(State(mluvii): State<StandIn>, Json(new): Json<Registration>) -> Response {
    let event_types: Vec<_> = new.event_types.iter().map(String::as_str).collect();
    match mluvii.register(&new.callback_url, &event_types) {
        Ok(id) => (StatusCode::CREATED, Json(id)).into_response(),
        Err(existing) => (StatusCode::CONFLICT, Json(existing)).into_response(),
    }
}

/// Deletes every webhook of the company, as the real one does: it should never be called.
async fn delete_all(State(mluvii): State<StandIn>) -> StatusCode {
    mluvii.state().webhooks.clear();
    StatusCode::NO_CONTENT
}

async fn one(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Result<Json<Webhook>, Unknown> {
    let state = mluvii.state();
    state.webhooks.get(&id).map(|webhook| Json(webhook.shown(state.behaviour.webhooks_masked))).ok_or(Unknown)
}

async fn replace(
    State(mluvii): State<StandIn>,
    Path(id): Path<i64>,
    Json(new): Json<Registration>,
) -> Result<StatusCode, Unknown> {
    let mut state = mluvii.state();
    let webhook = state.webhooks.get_mut(&id).ok_or(Unknown)?;
    webhook.event_types = new.event_types;
    webhook.callback_url = new.callback_url;
    Ok(StatusCode::NO_CONTENT)
}

async fn delete(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Result<StatusCode, Unknown> {
    mluvii.state().webhooks.remove(&id).map(|_| StatusCode::NO_CONTENT).ok_or(Unknown)
}
