//! Anonymizing: under which verbs and paths, how late, of whom, and what it leaves.

use std::time::Duration;

use axum::extract::{Request, State as Shared};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::behaviour::{Behaviour, GuestKey, Route};
use super::state::{Pending, StandIn, State};
use super::unknown::Unknown;

/// Why a call was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotAccepted {
    Unknown,
    Refused(StatusCode),
    NotAnId,
}

#[derive(Clone, Copy)]
enum Whose {
    Session,
    Guest,
    Contact,
}

/// A call that is none of the fixed ones: one that anonymizes, or an unknown one.
pub(super) async fn call(Shared(mluvii): Shared<StandIn>, request: Request) -> Response {
    mluvii.anonymize_by_call(&request, StatusCode::NOT_FOUND)
}

/// The same on a path that has other methods.
pub(super) async fn call_on_known_path(Shared(mluvii): Shared<StandIn>, request: Request) -> Response {
    mluvii.anonymize_by_call(&request, StatusCode::METHOD_NOT_ALLOWED)
}

impl StandIn {
    fn anonymize_by_call(&self, request: &Request, otherwise: StatusCode) -> Response {
        let path = request.uri().path();
        let behaviour = self.behaviour();
        let of_path: Vec<_> =
            routes(&behaviour).filter_map(|(whose, route)| Some((whose, route, route.id(path)?))).collect();
        if of_path.is_empty() {
            return otherwise.into_response();
        }
        let Some((whose, _, id)) = of_path.iter().find(|(_, route, _)| route.method == *request.method()) else {
            return not_allowed(of_path.iter().map(|(_, route, _)| &route.method));
        };
        let id = percent_decode_str(id).decode_utf8_lossy();
        let accepted = match whose {
            Whose::Session => id.parse().map_err(|_| NotAccepted::NotAnId).and_then(|id| self.accept_session(id)),
            Whose::Guest => self.accept_guest(&id, behaviour.anonymize_guest_takes),
            Whose::Contact => self.accept_contact(&id),
        };
        match accepted {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(NotAccepted::Unknown) => Unknown.into_response(),
            Err(NotAccepted::Refused(status)) => status.into_response(),
            Err(NotAccepted::NotAnId) => StatusCode::BAD_REQUEST.into_response(),
        }
    }

    fn accept_session(&self, id: i64) -> Result<(), NotAccepted> {
        let mut state = self.state();
        if !state.conversations.contains_key(&id) {
            return Err(NotAccepted::Unknown);
        }
        if let Some(status) = state.behaviour.anonymize_refuses.get(&id) {
            return Err(NotAccepted::Refused(StatusCode::from_u16(*status).unwrap_or(StatusCode::FORBIDDEN)));
        }
        self.anonymize_soon(&mut state, vec![id]);
        Ok(())
    }

    /// All sessions of a guest, except for those that are refused.
    fn accept_guest(&self, guest: &str, key: GuestKey) -> Result<(), NotAccepted> {
        let mut state = self.state();
        let sessions = sessions_of(&state, guest, key);
        if sessions.is_empty() {
            return Err(NotAccepted::Unknown);
        }
        self.anonymize_soon(&mut state, sessions);
        Ok(())
    }

    /// All sessions of a contact, and what its record holds.
    fn accept_contact(&self, contact: &str) -> Result<(), NotAccepted> {
        let mut state = self.state();
        let sessions = sessions_of(&state, contact, GuestKey::Identity);
        let had_record = state.contacts.clear(contact);
        if sessions.is_empty() && !had_record {
            return Err(NotAccepted::Unknown);
        }
        self.anonymize_soon(&mut state, sessions);
        Ok(())
    }

    fn anonymize_soon(&self, state: &mut State, sessions: Vec<i64>) {
        let delay = i64::try_from(state.behaviour.anonymize_delay_ms).unwrap_or(i64::MAX);
        let at = self.now().saturating_add(SignedDuration::from_millis(delay)).unwrap_or(Timestamp::MAX);
        for session in sessions {
            if !state.behaviour.anonymize_refuses.contains_key(&session) {
                state.pending.push(Pending { session, at });
            }
        }
        self.anonymize_due(state);
        self.0.posted.notify_one();
    }

    /// Waits until what was accepted is due; for ever when there is nothing.
    pub(super) async fn until_due(&self) {
        let next = self.state().pending.iter().map(|pending| pending.at).min();
        match next {
            Some(at) => self.0.clock.wait(Duration::try_from(at.duration_since(self.now())).unwrap_or_default()).await,
            None => std::future::pending().await,
        }
    }

    /// Does what was accepted and is due.
    pub(super) fn anonymize_due(&self, state: &mut State) {
        if state.pending.is_empty() {
            return;
        }
        let now = self.now();
        let due: Vec<_> = state.pending.extract_if(.., |pending| pending.at <= now).collect();
        for Pending { session, .. } in due {
            // One that mluvii has deleted meanwhile is gone.
            let _ = self.anonymize_now(state, session);
        }
    }

    /// Anonymizes one at once, as mluvii itself does with old ones. The change of its call params is an event like any
    /// other.
    pub(crate) fn anonymize(&self, id: i64) -> Result<(), Unknown> {
        self.anonymize_now(&mut self.state(), id)
    }

    fn anonymize_now(&self, state: &mut State, id: i64) -> Result<(), Unknown> {
        self.happen_in(state, id, "SessionCallParamsUpdated", |conversation, view| {
            conversation.anonymize(view.now, &view.behaviour.anonymize_leaves);
            json!({ "id": id, "tenantId": conversation.tenant })
        })
    }
}

fn routes(behaviour: &Behaviour) -> impl Iterator<Item = (Whose, &Route)> {
    let of_sessions = behaviour.anonymize_session.iter().map(|route| (Whose::Session, route));
    let of_guests = behaviour.anonymize_guest.iter().map(|route| (Whose::Guest, route));
    let of_contacts = behaviour.anonymize_contact.iter().map(|route| (Whose::Contact, route));
    of_sessions.chain(of_guests).chain(of_contacts)
}

fn sessions_of(state: &State, guest: &str, key: GuestKey) -> Vec<i64> {
    let all = state.conversations.values();
    all.filter(|conversation| conversation.guest_key(key) == Some(guest)).map(|one| one.id).collect()
}

/// 405, with the methods that are allowed.
fn not_allowed<'a>(methods: impl Iterator<Item = &'a Method>) -> Response {
    let methods: Vec<_> = methods.map(Method::as_str).collect();
    let mut response = StatusCode::METHOD_NOT_ALLOWED.into_response();
    if let Ok(allowed) = HeaderValue::from_str(&methods.join(", ")) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}
