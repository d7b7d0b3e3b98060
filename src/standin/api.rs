//! mluvii's public API for sessions, guests and contacts.

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde_json::Value;

use super::state::StandIn;
use super::unknown::Unknown;
use super::{anonymize, contact_api, list, token_api, webhook_api};

pub(super) fn router(mluvii: &StandIn) -> Router<StandIn> {
    Router::new()
        .route("/api/v1/Sessions", get(list::sessions))
        .route("/api/v1/Sessions/{id}", get(session))
        .route("/api/v1/Sessions/{id}/callparams", get(call_params))
        .route("/api/v1/Contacts", get(contact_api::list))
        .route("/api/v1/Contacts/{id}", get(contact_api::one))
        .merge(webhook_api::router())
        // The verbs and paths that anonymize are switches.
        .fallback(anonymize::call)
        .method_not_allowed_fallback(anonymize::call_on_known_path)
        .layer(middleware::from_fn_with_state(mluvii.clone(), token_api::authenticate))
}

async fn session(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Result<Json<Value>, Unknown> {
    let state = mluvii.state();
    let view = mluvii.view(&state);
    let conversation = state.conversations.get(&id).filter(|one| view.reads(one)).ok_or(Unknown)?;
    Ok(Json(view.document(view.session(conversation))))
}

async fn call_params(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Result<Json<Value>, Unknown> {
    let state = mluvii.state();
    let view = mluvii.view(&state);
    let conversation = state.conversations.get(&id).filter(|one| view.reads(one)).ok_or(Unknown)?;
    Ok(Json(view.document(view.call_params(conversation))))
}
