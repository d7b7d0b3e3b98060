//! All routes, and the one place where a reaction becomes a status. Answers have no body that could give a hint.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::body::NoBody;
use super::health::Readiness;
use super::metrics::{Metrics, MoreMetrics};
use super::reaction::Reaction;
use super::receiver::{Receiver, SourceEndpoint};
use super::reports::{Reception, Reports};
use crate::lock::Replaceable;

/// Routes for mluvii and an orchestrator. Each request is taken by the receiver of when it came.
pub(crate) fn router(receiver: Arc<Replaceable<Receiver>>, readiness: Arc<Readiness>) -> Router {
    Router::new()
        // All of them, so that what comes to none of the sources is counted.
        .route("/webhooks/", post(deliver))
        .route("/webhooks/{*source}", post(deliver).fallback(other_method))
        .merge(health(readiness))
        .fallback(elsewhere)
        .with_state(receiver)
}

/// What is delivered to no route at all counts as what is delivered to no source.
async fn elsewhere(State(receiver): State<Arc<Replaceable<Receiver>>>, request: Request) -> StatusCode {
    if request.method() == Method::POST {
        receiver.current().astray(request.uri().path());
    }
    StatusCode::NOT_FOUND
}

/// A request of HTTP/1.1 names one host (RFC 9112, 3.2): of two, a proxy in front may have looked at the other one.
fn names_one_host(request: &Request) -> bool {
    match request.headers().get_all(header::HOST).iter().count() {
        0 => request.version() != Version::HTTP_11,
        hosts => hosts == 1,
    }
}

/// Routes for Prometheus and an orchestrator, on a listener of their own: it answers also where that for deliveries is full.
pub(crate) fn metrics_router(metrics: Metrics, more: MoreMetrics, readiness: Arc<Readiness>) -> Router {
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    let render = async move || (text, metrics.render() + &more().await);
    Router::new().route("/metrics", get(render)).merge(health(readiness))
}

fn health<S: Clone + Send + Sync + 'static>(readiness: Arc<Readiness>) -> Router<S> {
    Router::new().route("/healthz", get("alive")).route("/readyz", get(ready).with_state(readiness))
}

/// Routes for third parties that report a step's outcome, on a listener of their own.
pub(crate) fn reports_router(reports: Arc<Reports>) -> Router {
    Router::new().route("/v1/reports/{erasure}/{target}", post(report).with_state(reports))
}

async fn report(
    State(reports): State<Arc<Reports>>,
    Path((erasure, target)): Path<(String, String)>,
    request: Request,
) -> Response {
    if !names_one_host(&request) {
        return (StatusCode::BAD_REQUEST, [CLOSE]).into_response();
    }
    reports.take(&erasure, target, request).await.into_response()
}

async fn deliver(State(receiver): State<Arc<Replaceable<Receiver>>>, request: Request) -> Response {
    let receiver = receiver.current();
    match receiver.endpoint(source_of(&request)) {
        Some(endpoint) if !names_one_host(&request) => endpoint.refuse_host().into_response(),
        Some(endpoint) => receiver.deliver(endpoint, request).await.into_response(),
        None => {
            receiver.astray(request.uri().path());
            StatusCode::NOT_FOUND.into_response()
        }
    }
}

/// A request to the path of a source that is no POST is counted, as a sender that is set up so loses each event.
async fn other_method(State(receiver): State<Arc<Replaceable<Receiver>>>, request: Request) -> Response {
    let receiver = receiver.current();
    let endpoint = receiver.endpoint(source_of(&request));
    endpoint.map_or(Reaction::OtherMethod, SourceEndpoint::refuse_method).into_response()
}

/// The source's name in the path as it stands: it needs no decoding, and no copy.
fn source_of(request: &Request) -> &str {
    let name = request.uri().path().strip_prefix("/webhooks/").unwrap_or_default();
    name.strip_suffix('/').unwrap_or(name)
}

async fn ready(State(readiness): State<Arc<Readiness>>) -> Response {
    let state = readiness.check().await;
    let status = if state.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(state)).into_response()
}

const RETRY_AFTER: (header::HeaderName, HeaderValue) = (header::RETRY_AFTER, HeaderValue::from_static("5"));
const ALLOW: (header::HeaderName, HeaderValue) = (header::ALLOW, HeaderValue::from_static("POST"));
const CLOSE: (header::HeaderName, HeaderValue) = (header::CONNECTION, HeaderValue::from_static("close"));

impl IntoResponse for Reception {
    fn into_response(self) -> Response {
        let told = |status, what| (status, Json(serde_json::json!({ "error": what }))).into_response();
        match self {
            Self::Taken => StatusCode::NO_CONTENT.into_response(),
            Self::TooLate => Json(serde_json::json!({ "taken": false })).into_response(),
            Self::Stranger => StatusCode::UNAUTHORIZED.into_response(),
            Self::Wrong(why) => told(StatusCode::UNPROCESSABLE_ENTITY, why),
            Self::NoBody(NoBody::TooLarge) => (StatusCode::PAYLOAD_TOO_LARGE, [CLOSE]).into_response(),
            Self::NoBody(NoBody::Slow) => (StatusCode::REQUEST_TIMEOUT, [CLOSE]).into_response(),
            Self::NoBody(NoBody::Displaced) => (StatusCode::SERVICE_UNAVAILABLE, [CLOSE]).into_response(),
            Self::NoBody(NoBody::Broken) => (StatusCode::BAD_REQUEST, [CLOSE]).into_response(),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, [RETRY_AFTER]).into_response(),
            Self::LedgerBroken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

impl IntoResponse for Reaction {
    fn into_response(self) -> Response {
        match self {
            Self::Recorded | Self::Duplicate | Self::Ignored | Self::ForeignTenant => {
                StatusCode::NO_CONTENT.into_response()
            }
            Self::Quarantined => StatusCode::ACCEPTED.into_response(),
            Self::Unauthenticated => StatusCode::UNAUTHORIZED.into_response(),
            Self::NetworkNotAllowed => StatusCode::FORBIDDEN.into_response(),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, [CLOSE]).into_response(),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, [CLOSE]).into_response(),
            Self::Broken => (StatusCode::BAD_REQUEST, [CLOSE]).into_response(),
            Self::OtherMethod => (StatusCode::METHOD_NOT_ALLOWED, [ALLOW]).into_response(),
            Self::Busy | Self::LedgerDamaged | Self::Overloaded | Self::QuarantineFull => {
                (StatusCode::SERVICE_UNAVAILABLE, [RETRY_AFTER]).into_response()
            }
            Self::LedgerBroken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
