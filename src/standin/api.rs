//! mluvii's public API for sessions and guests.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use jiff::Timestamp;
use serde_json::Value;

use super::conversation::Conversation;
use super::{StandIn, Unknown, token, webhook};

/// The most sessions that one reply lists.
const LIMIT_MAX: usize = 200;
/// The sessions that one reply lists when nothing is asked for.
const LIMIT: usize = 50;

pub(super) fn router(mluvii: &StandIn) -> Router<StandIn> {
    Router::new()
        .route("/api/v1/Sessions", get(list))
        .route("/api/v1/Sessions/{id}", get(session))
        .route("/api/v1/Sessions/{id}/callparams", get(call_params))
        .route("/api/v1/Sessions/{id}/anonymous", post(anonymize))
        .route("/api/v1/Sessions/{id}/anonymize", post(anonymize))
        .route("/api/v1/Guest/{id}/anonymous", post(anonymize_guest))
        .merge(webhook::router())
        .layer(middleware::from_fn_with_state(mluvii.clone(), token::authenticate))
}

async fn session(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Result<Json<Value>, Unknown> {
    let state = mluvii.state();
    let conversation = state.conversations.get(&id).ok_or(Unknown)?;
    Ok(Json(mluvii.0.spelling.document(conversation.to_json(&mluvii.0.spelling))))
}

async fn call_params(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Result<Json<Value>, Unknown> {
    let state = mluvii.state();
    let conversation = state.conversations.get(&id).ok_or(Unknown)?;
    Ok(Json(mluvii.0.spelling.document(conversation.call_params_json(&mluvii.0.spelling))))
}

async fn anonymize(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Result<StatusCode, Unknown> {
    mluvii.anonymize(id).map(|()| StatusCode::NO_CONTENT)
}

async fn anonymize_guest(State(mluvii): State<StandIn>, Path(id): Path<String>) -> Result<StatusCode, Unknown> {
    mluvii.anonymize_guest(&id).map(|()| StatusCode::NO_CONTENT)
}

/// The newest first, which the real one does not promise.
async fn list(
    State(mluvii): State<StandIn>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let filter = Filter::read(&query).ok_or(StatusCode::BAD_REQUEST)?;
    let state = mluvii.state();
    let found = state.conversations.values().rev().filter(|conversation| filter.takes(conversation));
    let page = found.skip(filter.offset).take(filter.limit);
    let page = page.map(|conversation| conversation.listed_json(&mluvii.0.spelling)).collect();
    Ok(Json(mluvii.0.spelling.document(mluvii.0.spelling.list(page))))
}

#[derive(Debug)]
struct Filter {
    session: Option<i64>,
    ended_min: Option<Timestamp>,
    ended_max: Option<Timestamp>,
    /// `true`: those that are not anonymized.
    anonymized_null: Option<bool>,
    limit: usize,
    offset: usize,
}

impl Filter {
    /// `None` when a value cannot be read; names that are not known are passed over.
    fn read(query: &HashMap<String, String>) -> Option<Self> {
        let value = |name: &str| query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        Some(Self {
            session: value("SessionId").map(|text| text.parse()).transpose().ok()?,
            ended_min: value("Ended.Min").map(|text| text.parse()).transpose().ok()?,
            ended_max: value("Ended.Max").map(|text| text.parse()).transpose().ok()?,
            anonymized_null: value("Anonymized.Null").map(|text| text.parse()).transpose().ok()?,
            limit: value("limit").map(|text| text.parse()).transpose().ok()?.unwrap_or(LIMIT).min(LIMIT_MAX),
            offset: value("offset").map(|text| text.parse()).transpose().ok()?.unwrap_or(0),
        })
    }

    fn takes(&self, conversation: &Conversation) -> bool {
        let ended = conversation.ended;
        self.session.is_none_or(|id| id == conversation.id)
            && self.ended_min.is_none_or(|min| ended.is_some_and(|ended| ended >= min))
            && self.ended_max.is_none_or(|max| ended.is_some_and(|ended| ended <= max))
            && self.anonymized_null.is_none_or(|null| conversation.anonymized.is_none() == null)
    }
}
