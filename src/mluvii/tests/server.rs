//! A small, awkward mluvii on a real socket: what it holds is JSON, and everything about it can be turned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The server; clones are the same one. It ends with the test's runtime.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) url: String,
    held: Arc<Mutex<Held>>,
}

/// What it holds, and how it behaves.
#[derive(Default)]
pub(super) struct Held {
    pub(super) sessions: BTreeMap<i64, Value>,
    pub(super) anonymized: BTreeSet<i64>,
    /// Sessions that anonymizing accepts and does not anonymize.
    pub(super) not_anonymized_yet: BTreeSet<i64>,
    pub(super) call_params: BTreeMap<i64, Value>,
    /// Bare contact records, by department.
    pub(super) contacts: Vec<(i64, Value)>,
    /// Pointers to what anonymizing leaves.
    pub(super) leaves: Vec<&'static str>,
    /// Filters of lists that do nothing.
    pub(super) ignored: BTreeSet<&'static str>,
    /// Sessions that no list shows.
    pub(super) unlisted: BTreeSet<i64>,
    /// Lists show sessions without their guests.
    pub(super) short_lists: bool,
    /// The most elements of one page.
    pub(super) page_max: Option<usize>,
    /// Pointer to the id that the guest's path takes.
    pub(super) guest_id: Option<&'static str>,
    /// Verbs that OPTIONS tells.
    pub(super) allow: Option<&'static str>,
    pub(super) prefix: &'static str,
    pub(super) faults: Vec<Fault>,
    pub(super) calls: Vec<Call>,
    pub(super) tokens: BTreeSet<String>,
    pub(super) token_lifetime_s: u64,
}

/// Calls that go wrong.
pub(super) struct Fault {
    pub(super) path: String,
    /// How many are let through before.
    pub(super) after: u32,
    pub(super) times: u32,
    pub(super) with: Wrong,
}

#[derive(Clone)]
pub(super) enum Wrong {
    Status(u16),
    /// A status and `Retry-After`.
    Later(u16, u64),
    Redirect(u16),
    /// 200 with a web page, under this content type.
    Page(&'static str),
    /// 200 with this body.
    Body(String),
    /// Does it, that much later.
    Slow(Duration),
}

/// A call that was made.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: String,
    /// With its query.
    pub(super) path: String,
    pub(super) idempotency_key: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) status: u16,
    pub(super) started: Instant,
    pub(super) ended: Instant,
}

impl Server {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let held = Arc::new(Mutex::new(Held { token_lifetime_s: 3600, ..Held::default() }));
        let server = Self { url, held };
        let router = Router::new().fallback(answer).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        server
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().expect("nobody panicked with it")
    }

    /// The next calls of a path that contains this go wrong.
    pub(super) fn fail(&self, path: &str, times: u32, with: Wrong) {
        self.fail_after(path, 0, times, with);
    }

    pub(super) fn fail_after(&self, path: &str, after: u32, times: u32, with: Wrong) {
        self.held().faults.push(Fault { path: path.to_owned(), after, times, with });
    }

    /// How many calls were made whose path and query contain this.
    pub(super) fn calls_of(&self, part: &str) -> usize {
        self.held().calls.iter().filter(|call| call.path.contains(part)).count()
    }

    /// Whether the text is still anywhere.
    pub(super) fn holds(&self, text: &str) -> bool {
        let held = self.held();
        let sessions = held.sessions.values().chain(held.call_params.values());
        sessions.into_iter().any(|json| json.to_string().contains(text))
    }
}

async fn answer(State(server): State<Server>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let started = Instant::now();
    let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let wrong = server.held().next_fault(&path);
    let response = match wrong {
        Some(Wrong::Slow(delay)) => {
            tokio::time::sleep(delay).await;
            server.held().act(&method, &uri, &headers, &body)
        }
        Some(wrong) => wrong.response(),
        None => server.held().act(&method, &uri, &headers, &body),
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    server.held().calls.push(Call {
        method: method.to_string(),
        path,
        idempotency_key: text("idempotency-key"),
        user_agent: text("user-agent"),
        status: response.status().as_u16(),
        started,
        ended: Instant::now(),
    });
    response
}

impl Wrong {
    fn response(self) -> Response {
        let status = |code| StatusCode::from_u16(code).expect("a status");
        match self {
            Self::Status(code) => status(code).into_response(),
            Self::Later(code, seconds) => (status(code), [(header::RETRY_AFTER, seconds.to_string())]).into_response(),
            Self::Redirect(code) => (status(code), [(header::LOCATION, "/login/Account/Login")]).into_response(),
            Self::Page(content_type) => {
                ([(header::CONTENT_TYPE, content_type)], "\n<!DOCTYPE html><title>Log in</title>").into_response()
            }
            Self::Body(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Self::Slow(_) => unreachable!("done before"),
        }
    }
}

impl Held {
    fn next_fault(&mut self, path: &str) -> Option<Wrong> {
        let fault = self.faults.iter_mut().find(|fault| path.contains(&fault.path) && fault.times > 0)?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.with.clone())
    }

    fn act(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
        let Some(path) = uri.path().strip_prefix(self.prefix) else { return StatusCode::NOT_FOUND.into_response() };
        let path: Vec<String> =
            path.split('/').skip(1).map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        if path == ["login", "connect", "token"] {
            return self.token(body);
        }
        let bearer = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !self.tokens.contains(bearer.trim_start_matches("Bearer ")) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        let query = read_query(uri.query().unwrap_or_default());
        let id = |text: &str| text.parse::<i64>().unwrap_or(-1);
        match (method.as_str(), path.as_slice()) {
            ("OPTIONS", _) => match self.allow {
                Some(allow) => (StatusCode::NO_CONTENT, [(header::ALLOW, allow)]).into_response(),
                None => StatusCode::NOT_FOUND.into_response(),
            },
            ("GET", ["api", "v1", "Sessions"]) => self.list(&query),
            ("GET", ["api", "v1", "Sessions", session]) => reply(self.sessions.get(&id(session))),
            ("GET", ["api", "v1", "Sessions", session, "callparams"]) => reply(self.call_params.get(&id(session))),
            ("POST", ["api", "v1", "Sessions", session, "anonymous" | "anonymize"]) => {
                self.anonymize(|one, _| one == id(session))
            }
            ("POST", ["api", "v1", "Guest", guest, "anonymous"]) => {
                let pointer = self.guest_id.unwrap_or("/guest/identity");
                self.anonymize(|_, session| session.pointer(pointer).is_some_and(|one| one == *guest))
            }
            (_, ["api", "v1", "Sessions", _, "anonymous"]) => StatusCode::METHOD_NOT_ALLOWED.into_response(),
            ("DELETE", ["api", "v1", "Sessions", _]) => StatusCode::METHOD_NOT_ALLOWED.into_response(),
            ("GET", ["api", "v1", "Contacts"]) => self.list_contacts(&query),
            ("GET", ["api", "v1", "Contacts", contact]) => {
                reply(self.contacts.iter().map(|(_, one)| one).find(|one| one["id"] == *contact))
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn token(&mut self, body: &[u8]) -> Response {
        let form = read_query(&String::from_utf8_lossy(body));
        let has = |name: &str, value: &str| form.get(name).is_some_and(|found| found == value);
        if !has("client_id", "the-client") || !has("client_secret", "the-secret") {
            return (StatusCode::BAD_REQUEST, "{\"error\":\"invalid_client\"}").into_response();
        }
        let token = format!("token-{}", self.calls.len());
        self.tokens.insert(token.clone());
        axum::Json(json!({ "access_token": token, "expires_in": self.token_lifetime_s, "token_type": "Bearer" }))
            .into_response()
    }

    fn list(&self, query: &BTreeMap<String, String>) -> Response {
        let asked = |name: &str| query.get(name).filter(|_| !self.ignored.contains(name));
        let takes = |id: &i64, session: &Value| {
            let anonymized = self.anonymized.contains(id);
            !self.unlisted.contains(id)
                && asked("SessionId").is_none_or(|wanted| *wanted == id.to_string())
                && asked("ClientId")
                    .is_none_or(|wanted| session.pointer("/guest/identity").is_some_and(|one| one == wanted))
                && asked("ChannelIdentityId")
                    .is_none_or(|wanted| session.pointer("/guest/channelIdentity").is_some_and(|one| one == wanted))
                && asked("Anonymized.Null").is_none_or(|null| *null == (!anonymized).to_string())
        };
        let found = self.sessions.iter().filter(|(id, session)| takes(id, session)).map(|(_, session)| session);
        let mut page = self.page(found.cloned(), query);
        if self.short_lists {
            page.iter_mut().filter_map(Value::as_object_mut).for_each(|session| drop(session.remove("guest")));
        }
        axum::Json(Value::Array(page)).into_response()
    }

    fn list_contacts(&self, query: &BTreeMap<String, String>) -> Response {
        let (Some(field), Some(value)) = (query.get("filterField"), query.get("filterValue")) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        let department = query.get("departmentId").and_then(|id| id.parse::<i64>().ok());
        let takes = |contact: &Value| {
            self.ignored.contains("filterValue")
                || contact["data"][field].as_array().is_some_and(|values| values.iter().any(|one| one == value))
        };
        let found =
            self.contacts.iter().filter(|(of, contact)| department.is_none_or(|id| id == *of) && takes(contact));
        axum::Json(Value::Array(self.page(found.map(|(_, contact)| contact.clone()), query))).into_response()
    }

    fn page(&self, found: impl Iterator<Item = Value>, query: &BTreeMap<String, String>) -> Vec<Value> {
        let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
        let offset = number("offset").filter(|_| !self.ignored.contains("offset")).unwrap_or(0);
        let limit = number("limit").unwrap_or(50).min(self.page_max.unwrap_or(usize::MAX));
        found.skip(offset).take(limit).collect()
    }

    fn anonymize(&mut self, which: impl Fn(i64, &Value) -> bool) -> Response {
        let mut any = false;
        for (id, session) in &mut self.sessions {
            if !which(*id, session) {
                continue;
            }
            any = true;
            if self.not_anonymized_yet.contains(id) {
                continue;
            }
            self.anonymized.insert(*id);
            self.call_params.insert(*id, json!({ "callParams": [] }));
            for place in PERSONAL.iter().filter(|place| !self.leaves.contains(place)) {
                if let Some(value) = session.pointer_mut(place) {
                    *value = if value.is_array() { json!([]) } else { Value::Null };
                }
            }
        }
        if any { StatusCode::NO_CONTENT.into_response() } else { StatusCode::NOT_FOUND.into_response() }
    }
}

/// What anonymizing takes.
pub(super) const PERSONAL: [&str; 10] = [
    "/guest/identity",
    "/guest/tempId",
    "/guest/trackedId",
    "/guest/channelIdentity",
    "/guest/ipAddress",
    "/guest/callParams",
    "/phoneCallbackNumber",
    "/notes",
    "/activities",
    "/feedback",
];

fn reply(json: Option<&Value>) -> Response {
    json.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |json| axum::Json(json.clone()).into_response())
}

fn read_query(query: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
