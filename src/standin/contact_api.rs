//! mluvii's API for contacts.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::contacts::{Contacts, DirectoryContact};
use super::document::View;
use super::query::{Asked, BadQuery, Page, Pairs};
use super::state::StandIn;
use super::unknown::Unknown;

impl StandIn {
    /// Adds a contact to mluvii's directory, or replaces the one of this id.
    pub(crate) fn add_contact(&self, id: &str, tenant: i64, data: BTreeMap<String, Vec<String>>) {
        self.state().contacts.0.insert(id.to_owned(), DirectoryContact { tenant, data });
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
            Json(page.into_iter().map(|(id, contact)| shown(id, contact, view)).collect::<Value>()).into_response()
        }
        Err(bad) => bad.into_response(),
    }
}

/// `GET /api/v1/Contacts/{id}`.
pub(super) async fn one(State(mluvii): State<StandIn>, Path(id): Path<String>) -> Result<Json<Value>, Unknown> {
    let state = mluvii.state();
    let view = mluvii.view(&state);
    let contact = state.contacts.0.get(&id).filter(|_| view.behaviour.contacts).ok_or(Unknown)?;
    Ok(Json(shown(&id, contact, view)))
}

fn page<'a>(
    contacts: &'a Contacts,
    pairs: &Pairs,
    behaviour: &Behaviour,
) -> Result<Vec<(&'a String, &'a DirectoryContact)>, BadQuery> {
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

/// Fields' names are data: they keep their case.
fn shown(id: &str, contact: &DirectoryContact, view: View<'_>) -> Value {
    view.nulls(json!({ "id": id, "data": contact.data }))
}
