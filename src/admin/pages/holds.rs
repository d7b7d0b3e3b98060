//! Holds: what stays for now. Which there are, one of them, a new one, and its end.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::civil::Date;
use maud::{Markup, html};

use super::fields::Fields;
use super::filters::nothing_here;
use super::parts::{MustChoose, actor, cell, choices, crumbs, heads};
use super::view::{Section, Sheet, View, see};
use super::visitor::Visitor;
use super::whom::{self, Named, Wrong, field};
use super::words::places;
use crate::access::Permission;
use crate::admin::caller::{Needs, Requests, See};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::hold::{CaseReference, HoldId, HoldOn, HoldReason};
use crate::ledger::{Hold, HoldsListed};
use crate::operations::OperationError;
use crate::operations::holds::{self, HoldAbout, HoldRequest};
use crate::subject::{SessionId, SessionKey};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/holds", get(list))
        .route("/holds/new", get(ask).post(add))
        .route("/holds/new/of", post(ask_of))
        .route("/holds/{id}", get(show))
        .route("/holds/{id}/lift", post(lift))
}

async fn list(visitor: Visitor<See>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(listed(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn listed(visitor: &Visitor<See>, query: &str) -> Result<Sheet, Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the address names a list that is not there");
    let fields = Fields::read(query).ok_or_else(unknown)?;
    let which = match fields.text("show") {
        "" => HoldsListed::InForce,
        "all" => HoldsListed::All,
        _ => return Err(unknown()),
    };
    let mut all = holds::list(&visitor.on, which).await?;
    all.retain(|one| visitor.sees(&one.hold.installation));
    // The newest first, as in every list.
    all.reverse();
    Ok(list_sheet(visitor, which, &all))
}

fn list_sheet(visitor: &Visitor<See>, which: HoldsListed, all: &[Hold]) -> Sheet {
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
        }
    };
    Sheet::new(w.holds, Section::Holds, body)
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

/// What was typed and names nobody: it stands in the form again, as far as it can be read.
#[derive(Default)]
struct Typed {
    /// Who was searched for, as it comes back.
    person: Option<String>,
    company: String,
    session: Option<i64>,
    reason: Option<HoldReason>,
    case: Option<CaseReference>,
    until: Option<Date>,
}

impl Typed {
    fn of(fields: &Fields) -> Self {
        Self {
            person: None,
            company: fields.text("company").to_owned(),
            session: fields.text("session").parse().ok(),
            reason: HoldReason::ALL.into_iter().find(|reason| reason.as_str() == fields.text("reason")),
            case: fields.text("case").parse().ok(),
            until: fields.text("until").parse().ok(),
        }
    }
}

async fn ask(visitor: Visitor<Requests>) -> Response {
    visitor.view.page(&form(&visitor, &Typed::default(), &[], StatusCode::OK))
}

/// The same form, of whom was searched for.
async fn ask_of(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let w = visitor.view.words();
    match whom::named(&visitor, &fields, |_, _| {}) {
        Named::As(identifiers) => {
            let person = Some(whom::carried(&visitor, &identifiers)).filter(|_| !identifiers.is_empty());
            visitor.view.page(&form(&visitor, &Typed { person, ..Typed::default() }, &[], StatusCode::OK))
        }
        Named::Expired => {
            let wrong = [Wrong { field: "email", text: visitor.view.say(w.person_expired, &[]) }];
            visitor.view.page(&form(&visitor, &Typed::default(), &wrong, StatusCode::BAD_REQUEST))
        }
    }
}

async fn add(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let mut typed = Typed::of(&fields);
    let view = &visitor.view;
    let again = |typed: &Typed, wrong: &[Wrong]| view.page(&form(&visitor, typed, wrong, StatusCode::BAD_REQUEST));
    let request = match read(&visitor, &fields, &mut typed) {
        Ok(request) => request,
        Err(wrong) => return again(&typed, &wrong),
    };
    match holds::add(&visitor.on, request, &visitor.actor()).await {
        // What is being erased just now is not kept: that is said before anything else.
        Ok(added) if !added.under_way.is_empty() => view.page(&under_way(view, &added)),
        Ok(added) => see(&format!("/holds/{}", added.hold.id)),
        Err(OperationError::Input(why)) => match Wrong::of(view, &why) {
            Some(wrong) => again(&typed, &[wrong]),
            None => view.problem(&visitor.told(OperationError::Input(why))),
        },
        Err(error) => view.problem(&visitor.told(error)),
    }
}

/// What is asked for, or every field that is wrong.
fn read(visitor: &Visitor<Requests>, fields: &Fields, typed: &mut Typed) -> Result<HoldRequest, Vec<Wrong>> {
    let (view, w) = (&visitor.view, visitor.view.words());
    let mut wrong = Vec::new();
    let mut is_wrong = |field, sentence: &str| wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    let company = Some(typed.company.as_str()).filter(|name| !name.is_empty());
    let installation = visitor.company_or_only(company).ok();
    if installation.is_none() {
        is_wrong("company", w.choose_company);
    }
    let until = typed.until.and_then(|day| view.end_of(day)).filter(|until| *until > Timestamp::now());
    let is_unread = |name: &str, is_read: bool| !fields.text(name).is_empty() && !is_read;
    if is_unread("until", until.is_some()) {
        is_wrong("until", w.hold_until_wrong);
    }
    if is_unread("case", typed.case.is_some()) {
        is_wrong("case", w.hold_case_wrong);
    }
    if is_unread("session", typed.session.is_some()) {
        is_wrong("session", w.hold_session_wrong);
    }
    if typed.reason.is_none() {
        is_wrong("reason", w.hold_reason_needed);
    }
    let identifiers = match whom::named(visitor, fields, &mut is_wrong) {
        Named::As(identifiers) => identifiers,
        Named::Expired => {
            is_wrong("email", w.person_expired);
            return Err(wrong);
        }
    };
    let names_a_session = !fields.text("session").is_empty();
    match (names_a_session, identifiers.is_empty()) {
        (true, false) => is_wrong("session", w.hold_not_both),
        (false, true) => is_wrong("email", w.nobody_named),
        _ => {}
    }
    // What was typed now does not come back; what was searched for does.
    if whom::comes_back(fields) {
        typed.person = Some(whom::carried(visitor, &identifiers));
    }
    let (Some(installation), Some(reason), true) = (installation, typed.reason, wrong.is_empty()) else {
        return Err(wrong);
    };
    let about = match typed.session {
        Some(number) => HoldAbout::Session(SessionKey { installation, session: SessionId(number) }),
        None => HoldAbout::Person { installation: Some(installation), identifiers },
    };
    Ok(HoldRequest { about, reason, case: typed.case.clone(), until })
}

/// What the hold came too late for.
fn under_way(view: &View, added: &holds::Added) -> Sheet {
    let w = view.words();
    let id = added.hold.id.to_string();
    let erasures = html! {
        @for (at, erasure) in added.under_way.iter().enumerate() {
            @if at > 0 { ", " } a href={ "/erasures/" (erasure) } { (erasure) }
        }
    };
    let title = view.say(w.hold_of, &[("id", &id)]);
    let body = html! {
        (crumbs(view, &[("/holds", w.holds)], &id))
        div.head { h1 { (title) } }
        div.note.is-bad { p { (view.fill(w.hold_under_way, &[("erasures", &erasures)])) } }
        p { a.button.primary href={ "/holds/" (id) } { (w.look_at_it) } }
    };
    Sheet::new(title, Section::Holds, body)
}

fn form(visitor: &Visitor<Requests>, typed: &Typed, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let reasons = (HoldReason::as_str as fn(HoldReason) -> &'static str, w.hold_reason);
    let session = typed.session.map(|number| number.to_string()).unwrap_or_default();
    let body = html! {
        (crumbs(view, &[("/holds", w.holds)], w.new_hold))
        div.head { h1 { (w.new_hold) } p.lead { (view.say(w.new_hold_lead, &[])) } }
        (whom::errors(w.hold_not_added, wrong))
        @if !wrong.is_empty() && typed.person.is_none() { div.note.is-soon { p { (view.say(w.typed_is_gone, &[])) } } }
        form.page method="post" action="/holds/new" autocomplete="off" {
            section aria-labelledby="n-on" {
                h2 #n-on { (w.hold_on) }
                @if typed.person.is_none() {
                    (field(view, wrong, "session", w.hold_session, Some(w.hold_session_hint), |aria| html! {
                        input #session name="session" inputmode="numeric" autocomplete="off" maxlength="18" value=(session)
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                }
                (whom::person(view, wrong, typed.person.as_deref()))
            }
            section aria-labelledby="n-case" {
                h2 #n-case { (w.the_case) }
                div.halves {
                    (whom::company(visitor, wrong, &typed.company))
                    (field(view, wrong, "reason", w.because, None, |aria| {
                        choices("reason", &HoldReason::ALL, reasons, typed.reason, Some(w.choose), MustChoose::Yes, aria)
                    }))
                    (field(view, wrong, "case", w.hold_case, Some(w.hold_case_hint), |aria| html! {
                        input #case name="case" autocomplete="off" maxlength="40" value=[typed.case.as_ref()]
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                    (field(view, wrong, "until", w.hold_until, Some(w.hold_until_hint), |aria| html! {
                        input #until name="until" type="date" min=(view.today()) value=[typed.until]
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                }
            }
            div.actions { button.primary { (w.do_hold) } }
        }
    };
    let title = if wrong.is_empty() { w.new_hold.to_owned() } else { format!("{} {}", w.error_in_title, w.new_hold) };
    Sheet { status, ..Sheet::new(title, Section::Holds, body) }
}
