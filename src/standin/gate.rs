//! What every API call passes: it is noted, and goes wrong where that was asked for.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Calls that are remembered; the oldest go first.
const CALLS_MAX: usize = 100_000;
/// How long a `timeout` keeps its caller waiting where that is not said, in milliseconds.
const TIMEOUT_MS: u64 = 60_000;

/// Notes calls and holds faults; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    faults: Vec<Fault>,
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
    /// Takes the token for a bad one.
    #[serde(rename = "401")]
    Unauthorized,
}

/// A call that was made.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Call {
    /// Counts from 0, over all calls.
    pub(crate) number: u64,
    pub(crate) method: String,
    pub(crate) path: String,
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
    pub(super) fn add_fault(&self, fault: Fault) {
        self.inner().faults.push(fault);
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls_from(0)
    }

    fn calls_from(&self, number: u64) -> Vec<Call> {
        self.inner().calls.iter().filter(|call| call.number >= number).cloned().collect()
    }

    /// The first fault that waits for this path, and uses it up.
    fn fault_for(&self, path: &str) -> Option<FaultKind> {
        let mut inner = self.inner();
        inner.faults.retain(|fault| fault.times != Some(0));
        let fault = inner.faults.iter_mut().find(|fault| path.contains(&fault.path))?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        Some(fault.kind.clone())
    }

    fn note(&self, request: &Request) -> Noted {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
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
            idempotency_key: header("idempotency-key"),
            user_agent: header("user-agent"),
            status: None,
            started: Timestamp::now(),
            ended: None,
        });
        Noted { gate: self.clone(), number, status: None }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    let response = match gate.fault_for(request.uri().path()) {
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
    }
}

async fn faults(State(gate): State<Gate>) -> Json<Vec<Fault>> {
    Json(gate.inner().faults.clone())
}

async fn add_fault(State(gate): State<Gate>, Json(fault): Json<Fault>) -> StatusCode {
    gate.add_fault(fault);
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
