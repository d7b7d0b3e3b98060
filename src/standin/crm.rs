//! A small CRM, for plugins to purge: its search matches parts of values and comes in pages, so that a plugin that does
//! not compare exactly, or reads the first page only, is found out.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::found::{Found, FoundId, Search};
use super::gate::{self, Call, Fault, Gate};
use super::served::Served;
use super::unknown::Unknown;
use crate::keys::Secret;
use crate::lock::lock;

/// Contacts on one page.
const PAGE_CONTACTS: usize = 2;

/// A small CRM; clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Crm(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    token: Secret,
    gate: Gate,
    contacts: Mutex<BTreeMap<i64, Contact>>,
}

/// A contact; `id` 0 asks for a new one.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Contact {
    pub(crate) id: i64,
    pub(crate) email: String,
    pub(crate) phone: String,
    pub(crate) name: String,
    pub(crate) notes: String,
}

impl Contact {
    fn fields(&self) -> [(&'static str, &str); 4] {
        [("email", &self.email), ("phone", &self.phone), ("name", &self.name), ("notes", &self.notes)]
    }
}

impl Crm {
    /// A CRM that takes this bearer token.
    pub(crate) fn new(token: Secret) -> Self {
        Self(Arc::new(Inner { token, gate: Gate::default(), contacts: Mutex::default() }))
    }

    /// Serves the CRM's API and a control API under `/standin`, until told to stop.
    pub(crate) fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> std::io::Result<Served> {
        Served::begin(listener, self.router(), "", shutdown, std::future::ready(()))
    }

    /// Adds a contact and tells its id.
    pub(crate) fn add(&self, contact: Contact) -> i64 {
        let mut contacts = self.contacts();
        let next = contacts.last_key_value().map_or(1, |(last, _)| last + 1);
        let id = if contact.id == 0 { next } else { contact.id };
        contacts.insert(id, Contact { id, ..contact });
        id
    }

    /// Has calls go wrong, in the order in which faults are added.
    pub(crate) fn add_fault(&self, fault: Fault) {
        self.0.gate.add_fault(fault);
    }

    /// Every call of the CRM's API, in the order in which they came.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.0.gate.calls()
    }

    /// The places where a text is still held, in any case.
    pub(crate) fn find(&self, text: &str) -> Vec<Found> {
        let contacts = self.contacts();
        let places = contacts.values().flat_map(|contact| contact.fields().map(|field| (contact.id, field)));
        let found = places.filter(|(_, (_, value))| contains(value, text));
        found.map(|(id, (place, _))| Found { id: FoundId::Number(id), place }).collect()
    }

    fn router(&self) -> Router {
        let crm = Router::new()
            .route("/contacts", get(search_contacts).post(create))
            .route("/contacts/{id}", delete(remove))
            .layer(middleware::from_fn_with_state(self.clone(), authenticate))
            .layer(middleware::from_fn_with_state(self.0.gate.clone(), gate::pass));
        let control = Router::new().route("/search", get(search)).merge(gate::router(self.0.gate.clone()));
        crm.nest("/standin", control).with_state(self.clone())
    }

    fn contacts(&self) -> MutexGuard<'_, BTreeMap<i64, Contact>> {
        lock(&self.0.contacts)
    }
}

async fn authenticate(State(crm): State<Crm>, request: Request, next: Next) -> Response {
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if header.and_then(|value| value.strip_prefix("Bearer ")) == Some(crm.0.token.expose()) {
        return next.run(request).await;
    }
    (StatusCode::UNAUTHORIZED, Json(json!({ "error": "unauthorized" }))).into_response()
}

/// Contacts whose fields contain what is asked for; `page` is the `next` of the page before.
async fn search_contacts(State(crm): State<Crm>, Query(query): Query<HashMap<String, String>>) -> Response {
    let after = match query.get("page").map(|cursor| cursor.strip_prefix("after-").and_then(|id| id.parse().ok())) {
        None => 0,
        Some(Some(id)) => id,
        Some(None) => return StatusCode::BAD_REQUEST.into_response(),
    };
    let contacts = crm.contacts();
    let matches = |contact: &&Contact| {
        let asked = |(name, value): (&str, &str)| query.get(name).is_none_or(|part| contains(value, part));
        contact.fields().into_iter().all(asked)
    };
    let mut found = contacts.range((Excluded(after), Unbounded)).map(|(_, contact)| contact).filter(matches);
    let page: Vec<_> = found.by_ref().take(PAGE_CONTACTS).collect();
    let more = found.next().is_some();
    let next = page.last().filter(|_| more).map(|last| format!("after-{}", last.id));
    Json(json!({ "contacts": page, "next": next })).into_response()
}

async fn create(State(crm): State<Crm>, Json(contact): Json<Contact>) -> (StatusCode, Json<Value>) {
    (StatusCode::CREATED, Json(json!({ "id": crm.add(contact) })))
}

async fn remove(State(crm): State<Crm>, Path(id): Path<i64>) -> Result<StatusCode, Unknown> {
    crm.contacts().remove(&id).map(|_| StatusCode::NO_CONTENT).ok_or(Unknown)
}

async fn search(State(crm): State<Crm>, Query(search): Query<Search>) -> Json<Vec<Found>> {
    Json(crm.find(&search.text))
}

fn contains(value: &str, part: &str) -> bool {
    value.to_lowercase().contains(&part.to_lowercase())
}
