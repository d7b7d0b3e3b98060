//! The list of sessions, and its filters.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Query, State};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::behaviour::{ListShape, Order};
use super::conversation::Conversation;
use super::document::View;
use super::query::{Asked, BadQuery, Page, Pairs};
use super::state::StandIn;

/// Uneven pages have at most so many elements.
const UNEVEN: usize = 7;

/// `GET /api/v1/Sessions`.
pub(super) async fn sessions(
    State(mluvii): State<StandIn>,
    Query(pairs): Query<Pairs>,
) -> Result<Json<Value>, BadQuery> {
    let state = mluvii.state();
    let view = mluvii.view(&state);
    let asked = Asked { pairs: &pairs, behaviour: view.behaviour };
    let filter = Filter::read(asked)?;
    let Page { limit, offset } = asked.page()?;
    // Named ones are looked up: with a million conversations, reading all of them would be most of what a test measures.
    let candidates: Vec<_> = match &filter.sessions {
        Some(ids) => {
            ids.iter().collect::<BTreeSet<_>>().into_iter().filter_map(|id| state.conversations.get(id)).collect()
        }
        None => state.conversations.values().collect(),
    };
    let readable = candidates.into_iter().filter(|conversation| view.reads(conversation));
    let shown = readable.filter(|conversation| !view.behaviour.unlisted.contains(&conversation.id));
    let mut found: Vec<_> = shown.filter(|conversation| filter.takes(conversation, view)).collect();
    sort(&mut found, view.behaviour.order);
    if view.behaviour.refuses_offset_at_end && offset > 0 && offset >= found.len() {
        return Err(BadQuery);
    }
    let limit = match view.behaviour.uneven_pages {
        true => limit.min(1 + (offset + found.len()) % UNEVEN),
        false => limit,
    };
    let page: Vec<_> = found.into_iter().skip(offset).take(limit).map(|one| view.listed(one)).collect();
    let list = match view.behaviour.list_shape {
        ListShape::Bare => Value::Array(page),
        ListShape::Wrapped => json!({ "totalCount": page.len(), "sessions": page }),
    };
    Ok(Json(view.document(list)))
}

/// By id, of which the newer is the greater one.
fn sort(sessions: &mut [&Conversation], order: Order) {
    match order {
        Order::NewestFirst => sessions.sort_by_key(|one| std::cmp::Reverse(one.id)),
        Order::OldestFirst => sessions.sort_by_key(|one| one.id),
        // A multiplication by an odd number far from 1 leaves no order of ids, and is the same at each call.
        Order::Unsorted => sessions.sort_by_key(|one| one.id.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15)),
    }
}

#[derive(Debug)]
struct Filter {
    sessions: Option<Vec<i64>>,
    departments: Option<Vec<i64>>,
    clients: Option<Vec<String>>,
    channel_identities: Option<Vec<String>>,
    gdpr_versions: Option<Vec<String>>,
    created: Dates,
    ended: Dates,
    anonymized: Dates,
}

#[derive(Debug)]
struct Dates {
    min: Option<Timestamp>,
    max: Option<Timestamp>,
    /// `true`: those without a date.
    null: Option<bool>,
}

impl Filter {
    /// Names that are not known are passed over.
    fn read(asked: Asked<'_>) -> Result<Self, BadQuery> {
        Ok(Self {
            sessions: asked.values("SessionId")?,
            departments: asked.values("DepartmentId")?,
            clients: asked.values("ClientId")?,
            channel_identities: asked.values("ChannelIdentityId")?,
            gdpr_versions: asked.values("GDPRVersion")?,
            created: Dates::read(asked, "Created")?,
            ended: Dates::read(asked, "Ended")?,
            anonymized: Dates::read(asked, "Anonymized")?,
        })
    }

    fn takes(&self, session: &Conversation, view: View<'_>) -> bool {
        let is_one = |asked: &Option<Vec<i64>>, id| asked.as_ref().is_none_or(|ids| ids.contains(&id));
        let is_one_text = |asked: &Option<Vec<String>>, text: Option<&str>| {
            asked.as_ref().is_none_or(|texts| texts.iter().any(|one| Some(one.as_str()) == text))
        };
        is_one(&self.sessions, session.id)
            && is_one(&self.departments, view.department(session))
            && is_one_text(&self.clients, session.guest_key(view.behaviour.client_id_is))
            && is_one_text(&self.channel_identities, session.channel_identity.as_deref())
            && is_one_text(&self.gdpr_versions, view.gdpr_version(session))
            && self.created.take(Some(session.started))
            && self.ended.take(session.ended)
            && self.anonymized.take(session.anonymized)
    }
}

impl Dates {
    fn read(asked: Asked<'_>, name: &str) -> Result<Self, BadQuery> {
        Ok(Self {
            min: asked.value(&format!("{name}.Min"))?,
            max: asked.value(&format!("{name}.Max"))?,
            null: asked.value(&format!("{name}.Null"))?,
        })
    }

    fn take(&self, date: Option<Timestamp>) -> bool {
        self.min.is_none_or(|min| date.is_some_and(|date| date >= min))
            && self.max.is_none_or(|max| date.is_some_and(|date| date <= max))
            && self.null.is_none_or(|null| date.is_none() == null)
    }
}
