//! Access tokens are given for the right credentials, and asked for by every other call.

use std::collections::HashMap;

use axum::extract::{Form, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::behaviour::Refusal;
use super::gate;
use super::state::StandIn;

pub(super) fn router() -> Router<StandIn> {
    Router::new().route("/login/connect/token", post(token)).route(gate::LOGIN_PATH, get(async || gate::login_page()))
}

/// Lets a request pass that carries a good token.
pub(super) async fn authenticate(State(mluvii): State<StandIn>, request: Request, next: Next) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer "));
    if token.is_some_and(|token| mluvii.0.tokens.is_good(token, mluvii.now())) {
        return next.run(request).await;
    }
    let behaviour = mluvii.behaviour();
    refuse(if header.is_some() { behaviour.bad_token } else { behaviour.without_token })
}

fn refuse(how: Refusal) -> Response {
    match how {
        Refusal::Unauthorized => (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Unauthorized" }))).into_response(),
        Refusal::Redirect => gate::redirect(gate::LOGIN_PATH),
        Refusal::LoginPage => gate::login_page(),
    }
}

async fn token(State(mluvii): State<StandIn>, Form(form): Form<HashMap<String, String>>) -> Response {
    let refused = |status, error| (status, Json(json!({ "error": error }))).into_response();
    let settings = &mluvii.0.settings;
    let field = |name: &str| form.get(name).map(String::as_str);
    if field("grant_type") != Some("client_credentials") {
        return refused(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    if field("client_id") != Some(&settings.client_id) {
        return refused(StatusCode::BAD_REQUEST, "invalid_client");
    }
    if field("client_secret") != Some(settings.client_secret.expose()) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    let now = mluvii.now();
    let lifetime = settings.token_lifetime.0;
    let until = SignedDuration::try_from(lifetime).ok().and_then(|lifetime| now.checked_add(lifetime).ok());
    let token = mluvii.0.tokens.give(now, until.unwrap_or(Timestamp::MAX));
    let reply = json!({ "access_token": token, "expires_in": lifetime.as_secs(), "token_type": "Bearer" });
    Json(reply).into_response()
}
