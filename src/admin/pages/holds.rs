//! Holds: what stays for now. Which there are, one of them, a new one (`new`), and its end.

mod new;

use std::cmp::Reverse;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};

use super::fields::Fields;
use super::filters::{nothing_here, query};
use super::paging::{PAGE, no_such_list};
use super::parts::{actor, cell, crumbs, heads};
use super::view::{Section, Sheet, View};
use super::visitor::Visitor;
use super::words::places;
use crate::access::Permission;
use crate::admin::caller::{Needs, Requests, See};
use crate::admin::paged::{HoldPlace, page};
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::hold::{HoldId, HoldOn};
use crate::ledger::{Hold, HoldsListed};
use crate::operations::OperationError;
use crate::operations::holds;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/holds", get(list))
        .route("/holds/new", get(new::ask).post(new::add))
        .route("/holds/new/of", post(new::ask_of))
        .route("/holds/{id}", get(show))
        .route("/holds/{id}/lift", post(lift))
}

async fn list(visitor: Visitor<See>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(listed(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn listed(visitor: &Visitor<See>, query: &str) -> Result<Sheet, Problem> {
    let fields = Fields::read(query).ok_or_else(no_such_list)?;
    let which = match fields.text("show") {
        "" => HoldsListed::InForce,
        "all" => HoldsListed::All,
        _ => return Err(no_such_list()),
    };
    let after = match fields.text("from") {
        "" => None,
        text => Some(Reverse(text.parse::<HoldPlace>().map_err(|_| no_such_list())?)),
    };
    let mut all = holds::list(&visitor.on, which).await?;
    all.retain(|one| visitor.sees(&one.hold.installation));
    // The newest first, as in every list.
    all.reverse();
    let (items, next) = page(all, |one| Reverse(HoldPlace::of(one)), after, PAGE as usize);
    Ok(list_sheet(visitor, which, &items, next.map(|Reverse(place)| place)))
}

fn list_sheet(visitor: &Visitor<See>, which: HoldsListed, all: &[Hold], next: Option<HoldPlace>) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let chip = |of: HoldsListed, query: &str, name: &str| {
        html! { li { a href={ "/holds" (query) } aria-current=[(of == which).then_some("true")] { (name) } } }
    };
    let row = |one: &Hold| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { a href={ "/holds/" (one.hold.id) } { (one.hold.id) } small { (one.hold.installation) } }
                (cell(w.hold_on, &html! { (on(view, &one.hold.on)) }))
                (cell(w.because, &why(view, one)))
                (cell(w.state, &ends(view, one)))
            }
        }
    };
    let body = html! {
        div.head {
            h1 { (w.holds) } p.lead { (view.say(w.holds_lead, &[])) }
            @if view.may(Permission::Requests) { div.actions { a.button.primary href="/holds/new" { (w.new_hold) } } }
        }
        ul.chips { (chip(HoldsListed::InForce, "", w.holds_in_force)) (chip(HoldsListed::All, "?show=all", w.all_of_them)) }
        section aria-label=(w.holds) {
            @if all.is_empty() { (nothing_here(view, places(view.lang).no_holds, None)) } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[w.hold, w.hold_on, w.because, w.state]))
                    tbody role="rowgroup" { @for one in all { (row(one)) } }
                }
            }
            @if let Some(next) = next {
                div.pager { p { a href={ "/holds?" (further(which, next)) } { (w.further) } } }
            }
        }
    };
    Sheet::new(w.holds, Section::Holds, body)
}

/// Where the list goes on, as an address says it: a time and a hold's id.
fn further(which: HoldsListed, place: HoldPlace) -> String {
    let show = match which {
        HoldsListed::InForce => "",
        HoldsListed::All => "all",
    };
    let place = place.to_string();
    query(&[("show", show), ("from", place.as_str())])
}

/// What a hold keeps. It names no guest and no person.
fn on(view: &View, on: &HoldOn) -> String {
    let w = view.words();
    match on {
        HoldOn::Session(session) => view.say(w.hold_on_session, &[("session", &session.0.to_string())]),
        HoldOn::Guest(_) => view.say(w.hold_on_guest, &[]),
        HoldOn::Person(_) => view.say(w.hold_on_person, &[]),
        HoldOn::Rule(rule) => view.say(w.hold_on_rule, &[("rule", rule)]),
    }
}

fn why(view: &View, one: &Hold) -> Markup {
    html! {
        ((view.words().hold_reason)(one.hold.reason))
        @if let Some(case) = &one.hold.case { small { (case) } }
    }
}

/// Whether it is in force, and until when.
fn ends(view: &View, one: &Hold) -> Markup {
    let w = view.words();
    html! {
        @match (one.ended(view.now), one.hold.until) {
            (Some(ended), _) => span.st.is-off.quiet { (view.fill(w.hold_over, &[("time", &view.time(ended))])) },
            (None, Some(until)) => span.st.is-held { (view.fill(w.hold_ends, &[("until", &view.time(until))])) },
            (None, None) => span.st.is-held { (w.hold_has_no_end) },
        }
    }
}

/// The hold of a path, as far as the account may see its company.
async fn seen<N: Needs>(visitor: &Visitor<N>, id: &str) -> Result<holds::Shown, Problem> {
    let unknown = || Problem::not_found("hold of this id");
    let id: HoldId = id.parse().map_err(|_| unknown())?;
    let shown = match holds::show(&visitor.on, id).await {
        Err(OperationError::NotFound(_)) => return Err(unknown()),
        shown => shown?,
    };
    if visitor.sees(&shown.hold.hold.installation) { Ok(shown) } else { Err(unknown()) }
}

async fn show(visitor: Visitor<See>, Path(id): Path<String>) -> Response {
    let shown = seen(&visitor, &id).await;
    visitor.view.answer(shown.map(|shown| sheet(&visitor, &shown)))
}

fn sheet(visitor: &Visitor<See>, shown: &holds::Shown) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let one = &shown.hold;
    let id = one.hold.id.to_string();
    let title = view.say(w.hold_of, &[("id", &id)]);
    let by = |who: &crate::audit::Actor| html! { (actor(who)) };
    let body = html! {
        (crumbs(view, &[("/holds", w.holds)], &id))
        div.head {
            div.line { h1 { (title) } " " (ends(view, one)) }
            p.lead { (view.fill(w.hold_added, &[("who", &by(&one.by)), ("time", &view.time(one.added))])) }
        }
        dl.facts {
            dt { (w.hold_on) } dd { (on(view, &one.hold.on)) }
            dt { (w.company) } dd { (one.hold.installation) }
            dt { (w.because) } dd { (why(view, one)) }
            @if let Some((at, who)) = &one.lifted {
                dt { (w.state) } dd { (view.fill(w.hold_lifted, &[("who", &by(who)), ("time", &view.time(*at))])) }
            }
        }
        section aria-labelledby="h-waits" {
            h2 #h-waits { (w.hold_waiting) }
            @if shown.waiting.is_empty() { p { (w.hold_nothing_waits) } } @else {
                ul.plain { @for erasure in &shown.waiting {
                    li { a href={ "/erasures/" (erasure.id) } { (view.say(w.erasure_of, &[("id", &erasure.id.to_string())])) } }
                } }
            }
        }
        @if view.may(Permission::Requests) && one.ended(view.now).is_none() {
            section aria-labelledby="h-lift" {
                h2 #h-lift { (w.hold_lift_title) }
                p.intro { (view.say(w.hold_lift_lead, &[])) }
                form method="post" action={ "/holds/" (id) "/lift" } { div.actions { button.danger { (w.hold_lift_title) } } }
            }
        }
    };
    Sheet::new(title, Section::Holds, body)
}

async fn lift(visitor: Visitor<Requests>, Path(id): Path<String>) -> Response {
    let done = async {
        let shown = seen(&visitor, &id).await?;
        let id = shown.hold.hold.id;
        holds::lift(&visitor.on, id, &visitor.actor()).await?;
        Ok::<_, Problem>(format!("/holds/{id}"))
    };
    visitor.view.done(done.await)
}
