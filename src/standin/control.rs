//! The control API, under `/standin`: makes things happen, and shows what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::behaviour::Behaviour;
use super::conversation::{CallParam, NewConversation, Submission};
use super::found::{Found, Search};
use super::gate;
use super::state::StandIn;
use super::unknown::Unknown;

pub(super) fn router(mluvii: &StandIn) -> Router<StandIn> {
    Router::new()
        .route("/conversations", post(begin))
        .route("/conversations/{id}", axum::routing::delete(delete))
        .route("/conversations/{id}/end", post(end))
        .route("/conversations/{id}/anonymize", post(anonymize))
        .route("/conversations/{id}/consent", post(set_gdpr_version))
        .route("/conversations/{id}/reopen", post(reopen))
        .route("/conversations/{id}/identify", post(identify))
        .route("/conversations/{id}/form", post(submit))
        .route("/conversations/{id}/params", post(set_call_params))
        .route("/conversations/{id}/conclude", post(conclude))
        .route("/conversations/{id}/recording", post(recording_ready))
        .route("/contacts", post(add_contact))
        .route("/behaviour", get(behaviour).post(behave).delete(reset_behaviour))
        .route("/clock", get(clock).post(set_clock))
        .route("/deliveries", get(deliveries))
        .route("/search", get(search))
        .merge(gate::router(mluvii.0.gate.clone()))
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Conclusion {
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    guest: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Consent {
    gdpr_version: Option<String>,
}

/// A contact of mluvii's directory; its id is the guest of its conversations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewContact {
    id: String,
    #[serde(default = "first_tenant")]
    tenant: i64,
    #[serde(default)]
    data: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct SetClock {
    speed: Option<f64>,
    advance_s: Option<u64>,
}

type Happened = Result<StatusCode, Unknown>;

/// What has no body of its own to answer.
const DONE: StatusCode = StatusCode::NO_CONTENT;

/// One conversation, or several at once.
#[derive(Deserialize)]
#[serde(untagged)]
enum Begun {
    Several(Vec<NewConversation>),
    One(Box<NewConversation>),
}

async fn begin(State(mluvii): State<StandIn>, Json(begun): Json<Begun>) -> (StatusCode, Json<Value>) {
    let answer = match begun {
        Begun::One(new) => json!({ "id": mluvii.begin(*new) }),
        Begun::Several(all) => json!({ "ids": all.into_iter().map(|new| mluvii.begin(new)).collect::<Vec<_>>() }),
    };
    (StatusCode::CREATED, Json(answer))
}

async fn end(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Happened {
    mluvii.end(id).map(|()| DONE)
}

async fn reopen(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Happened {
    mluvii.reopen(id).map(|()| DONE)
}

async fn delete(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Happened {
    mluvii.delete(id).map(|()| DONE)
}

async fn anonymize(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Happened {
    mluvii.anonymize(id).map(|()| DONE)
}

async fn set_gdpr_version(
    State(mluvii): State<StandIn>,
    Path(id): Path<i64>,
    Json(consent): Json<Consent>,
) -> Happened {
    mluvii.set_gdpr_version(id, consent.gdpr_version).map(|()| DONE)
}

async fn identify(State(mluvii): State<StandIn>, Path(id): Path<i64>, Json(known): Json<Identity>) -> Happened {
    mluvii.identify(id, &known.guest).map(|()| DONE)
}

async fn add_contact(State(mluvii): State<StandIn>, Json(new): Json<NewContact>) -> (StatusCode, Json<Value>) {
    mluvii.add_contact(&new.id, new.tenant, new.data);
    (StatusCode::CREATED, Json(json!({ "id": new.id })))
}

async fn behaviour(State(mluvii): State<StandIn>) -> Json<Behaviour> {
    Json(mluvii.behaviour())
}

async fn behave(State(mluvii): State<StandIn>, Json(switches): Json<Map<String, Value>>) -> Response {
    match mluvii.behave(&switches) {
        Ok(()) => DONE.into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "error": error.to_string() }))).into_response(),
    }
}

async fn reset_behaviour(State(mluvii): State<StandIn>) -> StatusCode {
    mluvii.reset_behaviour();
    DONE
}

async fn submit(State(mluvii): State<StandIn>, Path(id): Path<i64>, Json(form): Json<Submission>) -> Happened {
    mluvii.submit(id, form).map(|()| DONE)
}

async fn set_call_params(
    State(mluvii): State<StandIn>,
    Path(id): Path<i64>,
    Json(params): Json<Vec<CallParam>>,
) -> Happened {
    mluvii.set_call_params(id, params).map(|()| DONE)
}

async fn conclude(
    State(mluvii): State<StandIn>,
    Path(id): Path<i64>,
    conclusion: Option<Json<Conclusion>>,
) -> Happened {
    mluvii.conclude(id, conclusion.and_then(|Json(conclusion)| conclusion.note)).map(|()| DONE)
}

async fn recording_ready(State(mluvii): State<StandIn>, Path(id): Path<i64>) -> Happened {
    mluvii.recording_ready(id).map(|()| DONE)
}

async fn clock(State(mluvii): State<StandIn>) -> Json<Value> {
    Json(json!({ "now": mluvii.now(), "speed": mluvii.0.clock.speed() }))
}

async fn set_clock(State(mluvii): State<StandIn>, Json(set): Json<SetClock>) -> StatusCode {
    if let Some(speed) = set.speed {
        mluvii.set_speed(speed);
    }
    if let Some(seconds) = set.advance_s {
        mluvii.advance(Duration::from_secs(seconds));
    }
    DONE
}

async fn deliveries(State(mluvii): State<StandIn>) -> Json<Value> {
    let state = mluvii.state();
    let post = &state.post;
    Json(json!({ "waiting": post.waiting(), "deliveries": post.log, "deleted_webhooks": post.deleted }))
}

async fn search(State(mluvii): State<StandIn>, Query(search): Query<Search>) -> Json<Vec<Found>> {
    Json(mluvii.find(&search.text))
}

fn first_tenant() -> i64 {
    1
}
