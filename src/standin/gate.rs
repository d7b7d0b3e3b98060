//! What every API call passes: it is noted, and goes wrong where that was asked for.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::clock::Clock;
use super::query::Pairs;
use crate::lock::lock;

/// Calls that are remembered; the oldest go first.
const CALLS_MAX: usize = 100_000;
/// How long a `timeout` keeps its caller waiting where that is not said, in milliseconds.
const TIMEOUT_MS: u64 = 60_000;

/// The login page, where calls without a token are sent.
pub(super) const LOGIN_PATH: &str = "/login";
const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in</title></head>\
    <body><form method=\"post\"><input name=\"username\"><input name=\"password\" type=\"password\"></form></body></html>";
const MAINTENANCE_PAGE: &str = "<!DOCTYPE html><html><head><title>Maintenance</title></head>\
    <body><h1>We will be back soon</h1></body></html>";

/// Notes calls and holds faults; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    clock: Arc<Clock>,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    faults: Vec<Planned>,
    calls: VecDeque<Call>,
    /// The number of the next call.
    next: u64,
}

/// Calls of one path that go wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// A part of the path; every path contains the empty one.
    #[serde(default)]
    pub(crate) path: String,
    /// How many calls; without it, all until the faults are taken away.
    #[serde(default)]
    pub(crate) times: Option<u32>,
    #[serde(flatten)]
    pub(crate) kind: FaultKind,
}

/// A fault, and for how long.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Planned {
    #[serde(flatten)]
    fault: Fault,
    /// The path is the whole one, not a part: `/api/v1/Sessions` is the list alone.
    #[serde(default)]
    exact: bool,
    /// Calls of this method only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// In milliseconds of the stand-in's clock; `times` may end it before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    for_ms: Option<u64>,
    #[serde(skip)]
    until: Option<Timestamp>,
}

/// The numbers in a large reply; each takes two bytes.
const LARGE_LEN: usize = 9 * 1024 * 1024;

/// How a call goes wrong.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// Answers with a status and does nothing.
    Status {
        status: u16,
        #[serde(default)]
        retry_after_s: Option<u64>,
    },
    /// Does it late.
    Delay { delay_ms: u64 },
    /// Answers nothing for so long, and does nothing.
    Timeout {
        #[serde(default = "timeout_ms")]
        delay_ms: u64,
    },
    /// Answers 200 and no JSON, and does nothing.
    Garbage,
    /// Answers as if it were done, and does nothing.
    AcceptedButNotDone,
    /// Treats the token as a bad one.
    #[serde(rename = "401")]
    Unauthorized,
    /// Answers 200 with a page that says that there is maintenance, and does nothing.
    Html,
    /// Answers 200 with the login page, and does nothing.
    LoginPage,
    /// Answers with a redirect to the login page, or where that is said, and does nothing.
    Redirect {
        #[serde(default = "login_path")]
        location: String,
    },
    /// Answers 200 with `{"error": …}`, and does nothing.
    ErrorDocument {
        #[serde(default = "internal_error")]
        error: String,
    },
    /// Answers 200 with JSON that is larger than anybody should read at once, and does nothing.
    Large,
}

/// A call that was made.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Call {
    /// Counts from 0, over all calls.
    pub(crate) number: u64,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The names in its query, in the order in which they came.
    pub(crate) query_names: Vec<String>,
    /// The query's values by name; test data, for tests.
    pub(crate) query: BTreeMap<String, Vec<String>>,
    pub(crate) idempotency_key: Option<String>,
    /// The client's `User-Agent`.
    pub(crate) user_agent: Option<String>,
    /// `None` when the caller went away before it was answered.
    pub(crate) status: Option<u16>,
    pub(crate) started: Timestamp,
    /// `None` while it is under way.
    pub(crate) ended: Option<Timestamp>,
}

impl Gate {
    /// A gate whose faults end by this clock.
    pub(super) fn timed(clock: Arc<Clock>) -> Self {
        Self { clock, inner: Arc::default() }
    }

    pub(super) fn add_fault(&self, fault: Fault) {
        self.plan(Planned { fault, exact: false, method: None, for_ms: None, until: None });
    }

    fn plan(&self, planned: Planned) {
        let span = planned.for_ms.map(|ms| SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX)));
        let until = span.map(|span| self.clock.now().saturating_add(span).unwrap_or(Timestamp::MAX));
        self.inner().faults.push(Planned { until, ..planned });
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls_from(0)
    }

    fn calls_from(&self, number: u64) -> Vec<Call> {
        self.inner().calls.iter().filter(|call| call.number >= number).cloned().collect()
    }

    /// The first fault that waits for this call, and uses it up.
    fn fault_for(&self, request: &Request) -> Option<FaultKind> {
        let mut inner = self.inner();
        let now = self.clock.now();
        inner.faults.retain(|planned| planned.fault.times != Some(0) && planned.until.is_none_or(|until| now < until));
        let Planned { fault, .. } = inner.faults.iter_mut().find(|planned| planned.meets(request))?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        Some(fault.kind.clone())
    }

    fn note(&self, request: &Request) -> Noted {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let query = Query::<Pairs>::try_from_uri(request.uri()).map(|Query(pairs)| pairs).unwrap_or_default();
        let query_names = query.iter().map(|(name, _)| name.clone()).collect();
        let mut values = BTreeMap::<_, Vec<_>>::new();
        for (name, value) in query {
            values.entry(name).or_default().push(value);
        }
        let mut inner = self.inner();
        let number = inner.next;
        inner.next += 1;
        if inner.calls.len() >= CALLS_MAX {
            inner.calls.pop_front();
        }
        inner.calls.push_back(Call {
            number,
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query_names,
            query: values,
            idempotency_key: header("idempotency-key"),
            user_agent: header("user-agent"),
            status: None,
            started: Timestamp::now(),
            ended: None,
        });
        Noted { gate: self.clone(), number, status: None }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

impl Planned {
    fn meets(&self, request: &Request) -> bool {
        let path = request.uri().path();
        let is_path = if self.exact { path == self.fault.path } else { path.contains(&self.fault.path) };
        is_path && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(request.method().as_str()))
    }
}

/// Writes a call's end down, even when its caller goes away.
struct Noted {
    gate: Gate,
    number: u64,
    status: Option<u16>,
}

impl Drop for Noted {
    fn drop(&mut self) {
        let mut inner = self.gate.inner();
        if let Some(call) = inner.calls.iter_mut().rev().find(|call| call.number == self.number) {
            call.status = self.status;
            call.ended = Some(Timestamp::now());
        }
    }
}

/// The layer around every API call.
pub(super) async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let mut noted = gate.note(&request);
    let response = match gate.fault_for(&request) {
        None => next.run(request).await,
        Some(fault) => go_wrong(fault, request, next).await,
    };
    noted.status = Some(response.status().as_u16());
    response
}

/// The part of a control API that shows calls and takes faults.
pub(super) fn router<S: Clone + Send + Sync + 'static>(gate: Gate) -> Router<S> {
    Router::new()
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/calls", get(calls).delete(clear_calls))
        .with_state(gate)
}

async fn go_wrong(fault: FaultKind, request: Request, next: Next) -> Response {
    match fault {
        FaultKind::Status { status, retry_after_s } => {
            let mut response =
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response();
            if let Some(seconds) = retry_after_s {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
        FaultKind::Delay { delay_ms } => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            next.run(request).await
        }
        FaultKind::Timeout { delay_ms } => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        FaultKind::Garbage => "<html>maintenance</html>".into_response(),
        FaultKind::AcceptedButNotDone => StatusCode::NO_CONTENT.into_response(),
        FaultKind::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
        FaultKind::Html => Html(MAINTENANCE_PAGE).into_response(),
        FaultKind::LoginPage => login_page(),
        FaultKind::Redirect { location } => redirect(&location),
        FaultKind::Large => Json(vec![0_u8; LARGE_LEN]).into_response(),
        FaultKind::ErrorDocument { error } => Json(json!({ "error": error })).into_response(),
    }
}

/// The login page, with 200.
pub(super) fn login_page() -> Response {
    Html(LOGIN_PAGE).into_response()
}

/// A 302.
pub(super) fn redirect(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::FOUND.into_response(),
    }
}

async fn faults(State(gate): State<Gate>) -> Json<Vec<Planned>> {
    Json(gate.inner().faults.clone())
}

async fn add_fault(State(gate): State<Gate>, Json(fault): Json<Planned>) -> StatusCode {
    gate.plan(fault);
    StatusCode::NO_CONTENT
}

async fn clear_faults(State(gate): State<Gate>) -> StatusCode {
    gate.inner().faults.clear();
    StatusCode::NO_CONTENT
}

/// Which calls are shown.
#[derive(Deserialize)]
struct Shown {
    /// The number of the first one.
    #[serde(default)]
    from: u64,
}

async fn calls(State(gate): State<Gate>, Query(shown): Query<Shown>) -> Json<Vec<Call>> {
    Json(gate.calls_from(shown.from))
}

async fn clear_calls(State(gate): State<Gate>) -> StatusCode {
    gate.inner().calls.clear();
    StatusCode::NO_CONTENT
}

fn timeout_ms() -> u64 {
    TIMEOUT_MS
}

fn login_path() -> String {
    LOGIN_PATH.to_owned()
}

fn internal_error() -> String {
    "internal_error".to_owned()
}
