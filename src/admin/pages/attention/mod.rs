//! All that needs a person or is worth knowing of the whole deployment, what is muted included; and not wanting to be told of some of it.

mod muting;
mod undecided;

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use percent_encoding::utf8_percent_encode;

use super::fields::Fields;
use super::needed;
use super::parts::{PLAIN, actor};
use super::view::{Section, Sheet, View};
use super::visitor::Visitor;
use super::words;
use crate::admin::caller::Operate;
use crate::admin::problem::{Code as ProblemCode, Problem};
use crate::admin::state::Admin;
use crate::attention::{Attention, Code, MuteEnd, Muted};
use crate::operations::OperationError;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/attention", get(list))
        .route("/attention/mute", get(muting::ask).post(muting::mute))
        .route("/attention/unmute", post(muting::unmute))
        .route("/attention/retry", post(undecided::retry))
}

/// Which of it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Show {
    /// What needs a person now.
    Needed,
    Muted,
    All,
}

impl Show {
    const ALL: [Self; 3] = [Self::Needed, Self::Muted, Self::All];

    /// How it stands in the address.
    fn word(self) -> &'static str {
        match self {
            Self::Needed => "",
            Self::Muted => "muted",
            Self::All => "all",
        }
    }

    fn has(self, found: &Attention) -> bool {
        match self {
            Self::Needed => found.needs_a_person(),
            Self::Muted => found.muted.is_some(),
            Self::All => true,
        }
    }
}

async fn list(visitor: Visitor<Operate>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(listed(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn listed(visitor: &Visitor<Operate>, query: &str) -> Result<Sheet, Problem> {
    let unknown = || Problem::new(ProblemCode::NotUnderstood, "the address names a list that is not there");
    let fields = Fields::read(query).ok_or_else(unknown)?;
    let show = Show::ALL.into_iter().find(|show| show.word() == fields.text("show")).ok_or_else(unknown)?;
    let mut all = everything(visitor).await?;
    all.retain(|found| show.has(found));
    Ok(sheet(&visitor.view, show, &all))
}

/// All of it, the most severe first. It is of all companies. Looking writes nothing.
async fn everything(visitor: &Visitor<Operate>) -> Result<Vec<Attention>, Problem> {
    visitor.sees_all()?;
    let on = &visitor.on;
    Ok(on.ledger.attention_untried(&on.settings.limits).await.map_err(OperationError::from)?)
}

fn sheet(view: &View, show: Show, all: &[Attention]) -> Sheet {
    let (w, m) = (view.words(), words::muting(view.lang));
    let chip = |one: Show| {
        let name = match one {
            Show::Needed => m.needed,
            Show::Muted => m.muted,
            Show::All => w.all_of_them,
        };
        let query = if one == Show::Needed { String::new() } else { format!("?show={}", one.word()) };
        html! { li { a href={ "/attention" (query) } aria-current=[(one == show).then_some("true")] { (name) } } }
    };
    let row = |found: &Attention| {
        let said = found.muted.as_ref().map(|muted| muted_by(view, muted));
        needed::row(view, found, said.as_ref(), Some(&acts(view, found)))
    };
    let body = html! {
        div.head { h1 { (m.title) } p.lead { (view.say(m.lead, &[])) } }
        ul.chips { @for one in Show::ALL { (chip(one)) } }
        section aria-labelledby="a-list" {
            h2.hidden #a-list { (m.title) }
            @if all.is_empty() { p { (m.nothing) } } @else { ol.tasks { @for found in all { (row(found)) } } }
        }
    };
    Sheet::new(m.title, Section::Home, body)
}

/// Who does not want to be told of it, and until when.
fn muted_by(view: &View, muted: &Muted) -> Markup {
    let m = words::muting(view.lang);
    let who = html! { (actor(&muted.by)) };
    let sentence = match (muted.acknowledged, muted.until) {
        (true, _) => view.fill(m.acknowledged_by, &[("who", &who)]),
        (false, Some(until)) => view.fill(m.muted_until, &[("who", &who), ("until", &view.time(until))]),
        (false, None) => view.fill(m.muted_by, &[("who", &who)]),
    };
    html! { p { span.st.is-off.quiet { (sentence) } } }
}

/// What can be ordered of it here. A button says for whoever does not see the row what it is of.
fn acts(view: &View, found: &Attention) -> Markup {
    let m = words::muting(view.lang);
    let of = html! { span.hidden { ": " (needed::what(view, found)) } };
    let at = format!(
        "/attention/mute?code={}&object={}",
        found.code.as_str(),
        utf8_percent_encode(&found.object.to_string(), PLAIN)
    );
    html! {
        @if found.code == Code::WorkParked {
            form method="post" action="/attention/retry" {
                input type="hidden" name="what" value=(undecided::UNDECIDED);
                button.primary { (m.do_retry) }
            }
            " "
        }
        @if found.muted.is_some() {
            form method="post" action="/attention/unmute" {
                (names(found))
                button { (m.do_unmute) (of) }
            }
        } @else {
            @if found.may_be_muted(MuteEnd::Changed).is_ok() {
                form method="post" action="/attention/mute" {
                    (names(found))
                    input type="hidden" name="seen" value=(found.digest());
                    button name="end" value=(muting::CHANGED) { (m.do_acknowledge) (of) }
                }
                " "
            }
            a.button href=(at) { (m.do_mute) (of) }
        }
    }
}

/// By which a form names it. Neither names a person.
fn names(found: &Attention) -> Markup {
    html! {
        input type="hidden" name="code" value=(found.code.as_str());
        input type="hidden" name="object" value=(found.object);
    }
}
