//! mluvii's contact directory: a contact's id is the guest's identity of its sessions.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::behaviour::{Behaviour, ContactMatch};
use super::conversation::{Found, FoundId};
use super::document::View;
use super::query::{Asked, BadQuery, Page, Pairs};
use super::{StandIn, Unknown};

/// All contacts, by id.
#[derive(Debug, Default)]
pub(super) struct Contacts(BTreeMap<String, Contact>);

#[derive(Debug)]
struct Contact {
    tenant: i64,
    data: BTreeMap<String, Vec<String>>,
}

impl Contacts {
    pub(super) fn find(&self, text: &str) -> Vec<Found> {
        let text = text.to_lowercase();
        let holds = |contact: &Contact| contact.values().any(|value| value.to_lowercase().contains(&text));
        let found = self.0.iter().filter(|(id, contact)| id.to_lowercase().contains(&text) || holds(contact));
        found.map(|(id, _)| Found { id: FoundId::Text(id.clone()), place: "contact" }).collect()
    }

    /// Takes a contact away; `false` when there is none.
    pub(super) fn clear(&mut self, id: &str) -> bool {
        self.0.remove(id).is_some()
    }
}

impl Contact {
    fn values(&self) -> impl Iterator<Item = &String> {
        self.data.values().flatten()
    }

    fn has(&self, field: Option<&str>, wanted: &str, how: ContactMatch) -> bool {
        let wanted = wanted.to_lowercase();
        let equals = |value: &String| match how {
            ContactMatch::Exact => value.to_lowercase() == wanted,
            ContactMatch::Contains => value.to_lowercase().contains(&wanted),
        };
        let is_meant = |name: &str| field.is_none_or(|field| field.eq_ignore_ascii_case(name));
        self.data.iter().any(|(name, values)| is_meant(name) && values.iter().any(equals))
    }

    /// Fields' names are data: they keep their case.
    fn to_json(&self, id: &str, view: View<'_>) -> Value {
        view.nulls(json!({ "id": id, "data": self.data }))
    }
}

impl StandIn {
    /// Adds a contact to mluvii's directory, or replaces the one of this id.
    pub(crate) fn add_contact(&self, id: &str, tenant: i64, data: BTreeMap<String, Vec<String>>) {
        self.state().contacts.0.insert(id.to_owned(), Contact { tenant, data });
    }
}

/// `GET /api/v1/Contacts`.
pub(super) async fn list(State(mluvii): State<StandIn>, Query(pairs): Query<Pairs>) -> Response {
    let state = mluvii.state();
    let view = mluvii.view(&state);
    if !view.behaviour.contacts {
        return Unknown.into_response();
    }
    match page(&state.contacts, &pairs, view.behaviour) {
        Ok(page) => {
            Json(page.into_iter().map(|(id, contact)| contact.to_json(id, view)).collect::<Value>()).into_response()
        }
        Err(bad) => bad.into_response(),
    }
}

/// `GET /api/v1/Contacts/{id}`.
pub(super) async fn one(State(mluvii): State<StandIn>, Path(id): Path<String>) -> Result<Json<Value>, Unknown> {
    let state = mluvii.state();
    let view = mluvii.view(&state);
    let contact = state.contacts.0.get(&id).filter(|_| view.behaviour.contacts).ok_or(Unknown)?;
    Ok(Json(contact.to_json(&id, view)))
}

fn page<'a>(
    contacts: &'a Contacts,
    pairs: &Pairs,
    behaviour: &Behaviour,
) -> Result<Vec<(&'a String, &'a Contact)>, BadQuery> {
    let asked = Asked { pairs, behaviour };
    let department: Option<i64> = asked.value("departmentId")?;
    let field: Option<String> = asked.value("filterField")?;
    let wanted: Option<String> = asked.value("filterValue")?;
    let Page { limit, offset } = asked.page()?;
    let of_department = contacts.0.iter().filter(|(_, contact)| department.is_none_or(|id| id == contact.tenant));
    let how = behaviour.contact_match;
    let found = of_department
        .filter(|(_, contact)| wanted.as_ref().is_none_or(|wanted| contact.has(field.as_deref(), wanted, how)));
    Ok(found.skip(offset).take(limit).collect())
}
