//! A consent that a person has told an officer to end. What the rules would then demand is shown first, and only what was shown is done.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use maud::{Markup, html};

use super::form::{Typed, Whose, fields_of, whose_of};
use super::session::{self, session_link};
use crate::admin::caller::Requests;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{cell, crumbs, heads, in_words};
use crate::admin::pages::view::{Refusal, Section, Sheet};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Named, Wrong};
use crate::admin::pages::why::meant;
use crate::admin::problem::{Code, Problem};
use crate::consent::CameBy;
use crate::erasure::ErasureId;
use crate::operations::GivenIdentifiers;
use crate::operations::consent::{self, Asked, DemandShown, ForeseenSession, ForeseenWithdrawal, Left};
use crate::operations::erasures::About;
use crate::subject::{InstallationName, Scope, SessionId, SessionKey};

/// A withdrawal, as it is asked for.
struct Order {
    whose: Whose,
    installation: InstallationName,
    came: CameBy,
    day: Option<Date>,
    /// Sessions that are only possibly the person's, and are taken.
    include: BTreeSet<SessionKey>,
    /// Sessions that are left.
    exclude: BTreeSet<SessionKey>,
}

impl Order {
    fn asked(&self) -> Asked {
        let about = match &self.whose {
            Whose::Session(key) => About::Session(key.clone()),
            Whose::Person(identifiers) => {
                About::Person { installation: Some(self.installation.clone()), identifiers: identifiers.clone() }
            }
        };
        let (include, exclude) = (self.include.clone(), self.exclude.clone());
        Asked { about, include, exclude, came: self.came, on: self.day }
    }
}

/// The form, of a person who was searched for.
pub(super) async fn ask_of_person(visitor: Visitor<Requests>, fields: Fields) -> Response {
    match whom::named(&visitor, &fields, |_, _| {}) {
        Named::As(identifiers) if !identifiers.is_empty() => {
            let typed = Typed { company: fields.text("company").to_owned(), ..Typed::default() };
            visitor.view.page(&of_person(&visitor, identifiers, &typed, &[], StatusCode::OK))
        }
        Named::As(_) | Named::Expired => visitor.view.page(&expired(&visitor)),
    }
}

fn of_person(
    visitor: &Visitor<Requests>,
    identifiers: GivenIdentifiers,
    typed: &Typed,
    wrong: &[Wrong],
    status: StatusCode,
) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let body = html! {
        (crumbs(view, &[("/consents", w.consents.title)], w.consents.withdraw_of_person))
        div.head { h1 { (w.consents.of_person) } p.lead { (view.say(w.consents.withdraw_lead, &[])) } }
        (whom::errors(w.consents.withdraw_of_person, wrong))
        (fields_of(visitor, &Whose::Person(identifiers), typed, wrong))
    };
    let title = whom::titled(view, w.consents.of_person, wrong);
    Sheet { status, ..Sheet::new(title, Section::Consents, body) }
}

/// Nobody is named any more.
fn expired(visitor: &Visitor<Requests>) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let body = html! {
        div.head { h1 { (w.consents.nobody_title) } p.lead { (view.say(w.consents.expired, &[])) } }
        div.actions { a.button.primary href="/people" { (w.consents.search_again) } }
    };
    Sheet { status: StatusCode::BAD_REQUEST, ..Sheet::new(w.consents.nobody_title, Section::Consents, body) }
}

/// What is asked for, or the form with every field that is wrong.
async fn read(visitor: &Visitor<Requests>, fields: &Fields) -> Result<Order, Refusal> {
    let (view, w) = (&visitor.view, visitor.view.words());
    let typed = Typed::of(fields);
    let mut wrong = Vec::new();
    let mut is_wrong = |field, sentence: &str| wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    let problem = |problem: &Problem| Refusal::of(view.problem(problem));
    let number = fields.text("session");
    let (whose, installation) = if number.is_empty() {
        match whom::named(visitor, fields, |_, _| {}) {
            Named::As(identifiers) if !identifiers.is_empty() => {
                let company = visitor.company_or_only(Some(typed.company.as_str()).filter(|name| !name.is_empty()));
                if company.is_err() {
                    is_wrong("company", w.consents.company_needed);
                }
                (Whose::Person(identifiers), company.ok())
            }
            Named::As(_) | Named::Expired => return Err(Refusal::of(view.page(&expired(visitor)))),
        }
    } else {
        let installation = visitor.company(&typed.company).map_err(|error| problem(&error))?;
        let session = number.parse::<i64>().map_err(|_| problem(&Problem::not_found("session of this number")))?;
        let key = SessionKey { installation: installation.clone(), session: SessionId(session) };
        (Whose::Session(key), Some(installation))
    };
    if typed.came.is_none() {
        is_wrong("came", w.consents.came_needed);
    }
    let is_day_wrong = match typed.day {
        Some(day) => day > view.today(),
        None => !fields.text("day").is_empty(),
    };
    if is_day_wrong {
        is_wrong("day", w.consents.day_wrong);
    }
    if let (Some(installation), Some(came), true) = (installation, typed.came, wrong.is_empty()) {
        let [include, exclude] = [INCLUDE, EXCLUDE].map(|name| sessions(fields, name, &installation));
        let (Some(include), Some(exclude)) = (include, exclude) else {
            return Err(problem(&Problem::new(Code::Input, "a session that is decided about is none of this company")));
        };
        return Ok(Order { whose, installation, came, day: typed.day, include, exclude });
    }
    let again = match whose {
        Whose::Session(key) => session::sheet(visitor, key, &typed, &wrong, StatusCode::BAD_REQUEST).await,
        Whose::Person(identifiers) => Ok(of_person(visitor, identifiers, &typed, &wrong, StatusCode::BAD_REQUEST)),
    };
    Err(Refusal::of(view.answer(again)))
}

/// The fields in which sessions are decided about.
const INCLUDE: &str = "include";
const EXCLUDE: &str = "exclude";

/// The sessions that a field names; nothing where one of them can be none.
fn sessions(fields: &Fields, name: &str, installation: &InstallationName) -> Option<BTreeSet<SessionKey>> {
    let key = |text: &str| {
        let (company, number) = text.rsplit_once('/')?;
        let session = SessionId(number.parse().ok()?);
        (company == &*installation.0).then(|| SessionKey { installation: installation.clone(), session })
    };
    fields.all(name).map(|text| key(text.expose().trim())).collect()
}

/// What it would do. Nothing is changed.
pub(super) async fn foresee(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let order = match read(&visitor, &fields).await {
        Ok(order) => order,
        Err(refusal) => return refusal.into_response(),
    };
    let foreseen = async {
        // It asks mluvii for every session, as a plan does.
        let _turn = visitor.admin.turn_to_plan().await?;
        let foreseen = consent::foresee(&visitor.on, &order.asked(), &visitor.actor()).await;
        foreseen.map_err(|error| visitor.told(error))
    };
    visitor.view.answer(foreseen.await.map(|foreseen| foreseen_sheet(&visitor, &order, &foreseen)))
}

fn foreseen_sheet(visitor: &Visitor<Requests>, order: &Order, foreseen: &ForeseenWithdrawal) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let row = |one: &ForeseenSession| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { (session_link(visitor, &one.session)) }
                (cell(w.why_theirs, &html! { (meant(view, one.meant, &one.why)) }))
                (cell(w.consent_now, &html! {
                    ((w.consent_state)(one.consent.state))
                    @if let Some(version) = &one.consent.version { ", " (view.say(w.consent_text, &[("version", version)])) }
                }))
                (cell(w.consents.demands, &demanded(visitor, order, one)))
            }
        }
    };
    let body = html! {
        (crumbs(view, &[("/consents", w.consents.title)], w.consents.would_do))
        div.head { h1 { (w.consents.shown_title) } p.lead { (view.say(w.consents.shown_lead, &[])) } }
        @if matches!(order.whose, Whose::Person(_)) { (whom::of_search(view)) }
        @if foreseen.sessions.is_empty() { div.panel.sunk { p { b { (w.consents.nothing_ends) } } } } @else {
            section aria-labelledby="c-ends" {
                h2 #c-ends { (w.consents.ends) }
                table.stack role="table" {
                    caption { (view.count(&w.consents.sessions_end, foreseen.sessions.len() as u64)) }
                    (heads(&[w.session, w.why_theirs, w.consent_now, w.consents.demands]))
                    tbody role="rowgroup" { @for one in &foreseen.sessions { (row(one)) } }
                }
            }
        }
        @if !foreseen.left.is_empty() {
            section aria-labelledby="c-left" {
                h2 #c-left { (w.consents.left_title) }
                table.stack role="table" {
                    caption { (view.count(&w.sessions, foreseen.left.len() as u64)) }
                    (heads(&[w.session, w.consents.left_why]))
                    tbody role="rowgroup" { @for one in &foreseen.left {
                        tr role="row" {
                            th scope="row" role="rowheader" { (session_link(visitor, &one.session)) }
                            (cell(w.consents.left_why, &html! { ((w.consents.left)(one.why)) }))
                        }
                    } }
                }
            }
        }
        @if matches!(order.whose, Whose::Person(_)) { (decide(visitor, order, foreseen)) }
        @if !foreseen.sessions.is_empty() { (do_it(visitor, order, foreseen)) }
    };
    Sheet::new(w.consents.shown_title, Section::Consents, body)
}

/// What a form carries of an order, except the decisions about single sessions.
fn carried(visitor: &Visitor<Requests>, order: &Order) -> Markup {
    html! {
        (whose_of(visitor, &order.whose))
        @if matches!(order.whose, Whose::Person(_)) { input type="hidden" name="company" value=(order.installation); }
        input type="hidden" name="came" value=(order.came.as_str());
        input type="hidden" name="day" value=[order.day];
    }
}

/// Which sessions are the person's after all, and which are left: it is shown once more with that.
fn decide(visitor: &Visitor<Requests>, order: &Order, foreseen: &ForeseenWithdrawal) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let included: Vec<_> = order.include.iter().map(ToString::to_string).collect();
    let excluded: Vec<_> = order.exclude.iter().map(ToString::to_string).collect();
    let possible = foreseen.left.iter().filter(|one| one.why == Left::Possible).map(|one| &one.session);
    let certain = foreseen.sessions.iter().map(|one| &one.session).filter(|one| !included.contains(one));
    let (take, leave): (Vec<_>, Vec<_>) =
        (included.iter().chain(possible).collect(), excluded.iter().chain(certain).collect());
    let picks = |name: &str, all: &[&String], chosen: &[String]| {
        html! {
            div.picks { @for session in all {
                label.pick { input type="checkbox" name=(name) value=(session) checked[chosen.contains(session)]; " " (session) }
            } }
        }
    };
    html! {
        @if !take.is_empty() || !leave.is_empty() {
            section aria-labelledby="c-decide" {
                h2 #c-decide { (w.consents.decide_title) }
                p.intro { (view.say(w.consents.decide_lead, &[])) }
                form.page method="post" action="/consents/withdraw/foresee" autocomplete="off" {
                    (carried(visitor, order))
                    @if !take.is_empty() { fieldset { legend { (w.consents.take) } (picks(INCLUDE, &take, &included)) } }
                    @if !leave.is_empty() { fieldset { legend { (w.consents.leave) } (picks(EXCLUDE, &leave, &excluded)) } }
                    div.actions { button { (w.consents.do_see) } }
                }
            }
        }
    }
}

/// The order to do what stands above, and nothing else.
fn do_it(visitor: &Visitor<Requests>, order: &Order, foreseen: &ForeseenWithdrawal) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    html! {
        form.page method="post" action="/consents/withdraw/do" autocomplete="off" {
            (carried(visitor, order))
            @for one in &order.include { input type="hidden" name=(INCLUDE) value=(one); }
            @for one in &order.exclude { input type="hidden" name=(EXCLUDE) value=(one); }
            input type="hidden" name="hash" value=(foreseen.hash);
            p { (view.say(w.cannot_be_undone, &[])) }
            div.actions { button.danger { (w.consents.do_withdraw) } }
        }
    }
}

/// What the rules demand of a session by it.
fn demanded(visitor: &Visitor<Requests>, order: &Order, one: &ForeseenSession) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let names = in_words(visitor, &order.installation);
    let demand = |demand: &DemandShown| {
        let scope = [Scope::Session, Scope::Guest, Scope::Person].into_iter().find(|one| one.as_str() == demand.scope);
        let targets: Vec<_> = demand.targets.iter().map(|target| names.system(target)).collect();
        let rule = html! { b { (demand.rule) } };
        let scope = html! { (scope.map_or(demand.scope, w.consents.scope)) };
        let targets = html! { (targets.join(", ")) };
        html! {
            (view.fill(w.consents.demand, &[("rule", &rule), ("scope", &scope), ("targets", &targets)])) " "
            @match (demand.due <= view.now, demand.approve) {
                (true, true) => (w.consents.begins_on_approval),
                (true, false) => (w.consents.begins_at_once),
                (false, approve) => {
                    (view.fill(w.consents.begins_then, &[("time", &view.time(demand.due))]))
                    @if approve { " " (w.consents.needs_approval) }
                }
            }
        }
    };
    html! {
        @if one.demands.is_empty() && one.at_settling.is_empty() { (w.consents.no_demands) }
        @for shown in &one.demands { div { (demand(shown)) } }
        @if !one.at_settling.is_empty() {
            // Of one that is at rest, nobody waits for anything.
            small { @if one.at_rest { (w.consents.at_settling_now) } @else { (w.consents.at_settling) } }
            @for shown in &one.at_settling { div { (demand(shown)) } }
        }
        @if one.unread { div { span.st.is-unseen { (w.consents.unread) } small { (w.consents.not_read) } } }
    }
}

/// Does what was shown, and nothing else.
pub(super) async fn withdraw(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let order = match read(&visitor, &fields).await {
        Ok(order) => order,
        Err(refusal) => return refusal.into_response(),
    };
    let done = async {
        let _turn = visitor.admin.turn_to_plan().await?;
        let done = consent::withdraw(&visitor.on, &order.asked(), fields.text("hash"), &visitor.actor()).await;
        done.map_err(|error| visitor.told(error))
    };
    visitor.view.answer(done.await.map(|(done, erasures)| done_sheet(&visitor, &done, &erasures)))
}

fn done_sheet(visitor: &Visitor<Requests>, done: &ForeseenWithdrawal, erasures: &BTreeSet<ErasureId>) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    // What is decided at settling has no erasure yet that could be named.
    let later: Vec<_> = done.sessions.iter().flat_map(|one| &one.at_settling).collect();
    let waits = done.sessions.iter().flat_map(|one| &one.demands).chain(later.iter().copied()).any(|one| one.approve);
    let body = html! {
        (crumbs(view, &[("/consents", w.consents.title)], w.consents.done_title))
        div.head { h1 { (w.consents.done_title) } p.lead { (view.say(w.consents.done_lead, &[])) } }
        ul.bullets {
            li { (view.count(&w.consents.sessions_end, done.sessions.len() as u64)) }
            @if later.is_empty() || !erasures.is_empty() {
                li {
                    (view.count(&w.consents.erasures_demanded, erasures.len() as u64))
                    @for id in erasures { " " a href={ "/erasures/" (id) } { (id) } }
                }
            }
            @if !later.is_empty() {
                li { (view.count(&w.consents.erasures_to_come, later.len() as u64)) " " a href="/erasures" { (w.erasures) } }
            }
            @if waits { li { (view.say(w.consents.approval_to_come, &[])) } }
        }
        section aria-label=(w.consents.ends) {
            ul.plain { @for one in &done.sessions { li { (session_link(visitor, &one.session)) } } }
        }
    };
    Sheet::new(w.consents.done_title, Section::Consents, body)
}
