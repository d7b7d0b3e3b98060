//! Why a session was erased, or was not: what was decided about it, by which rule and consent, what came of it, and which events were seen;
//! and the sessions of which that can be asked.
//! It is free of personal data, as the command `explain` is.

mod list;

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use maud::{Markup, html};
use percent_encoding::utf8_percent_encode;

use super::days::{DayField, Within, day_field};
use super::details;
use super::fields::Fields;
use super::filters::{company_filter, only_companies};
use super::paging::Begin;
use super::parts::{MustChoose, PLAIN, cell, demanded_by, erasure_state, heads, verdict};
use super::view::{Section, Sheet, View};
use super::visitor::Visitor;
use super::whom::{Wrong, errors, field};
use super::words::{explained, unseen};
use crate::access::Permission;
use crate::admin::caller::See;
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::erasure::{Seen, Subject};
use crate::ledger::SeenEvent;
use crate::operations::OperationError;
use crate::operations::rules::{self, Explanation, PastEvaluation};
use crate::policy::{RuleAnswer, RuleAsked};
use crate::subject::{InstallationName, SessionId, SessionKey};

/// The longest number of a session, with its sign.
const DIGITS_MAX: usize = 20;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new().route("/explain", get(show))
}

/// What was asked for.
struct Asked {
    company: Option<InstallationName>,
    session: String,
    /// Where a list begins.
    day: Option<Date>,
}

impl Asked {
    /// What a list is restricted to, as an address says it.
    fn query(&self) -> String {
        let company = self.company.iter().map(|name| format!("company={}", utf8_percent_encode(&name.0, PLAIN)));
        let day = self.day.iter().map(|day| format!("day={day}"));
        company.chain(day).collect::<Vec<_>>().join("&")
    }
}

async fn show(visitor: Visitor<See>, RawQuery(query): RawQuery) -> Response {
    visitor.view.answer(shown(&visitor, query.as_deref().unwrap_or_default()).await)
}

async fn shown(visitor: &Visitor<See>, query: &str) -> Result<Sheet, Problem> {
    let (view, e) = (&visitor.view, explained(visitor.view.lang));
    let unknown = || Problem::new(Code::NotUnderstood, "the address names no session");
    let fields = Fields::read(query).ok_or_else(unknown)?;
    let session = fields.text("session");
    let named = Some(fields.text("company")).filter(|name| !name.is_empty());
    let company = named.map(|name| visitor.company(name)).transpose()?;
    let mut asked = Asked { company, session: String::new(), day: fields.text("day").parse().ok() };
    let wrong = |field: &'static str, text: &str| Wrong { field, text: view.say(text, &[]) };
    if session.is_empty() {
        if asked.day.is_none() && !fields.text("day").is_empty() {
            return Ok(form(visitor, &asked, Some((wrong("day", e.day_wrong), None)), StatusCode::BAD_REQUEST));
        }
        let begin = Begin::read(fields.text("from")).ok_or_else(unknown)?;
        let part = list::part(visitor, asked.company.as_ref(), asked.day, begin).await?;
        let listed = list::list(visitor, &part, &asked.query());
        return Ok(Sheet::new(e.explain, Section::Explain, html! { (lookup(visitor, &asked, &[], None)) (listed) }));
    }
    let Some(number) = session.parse::<i64>().ok().filter(|_| session.len() <= DIGITS_MAX) else {
        let wrong = wrong("session", e.session_number_wrong);
        return Ok(form(visitor, &asked, Some((wrong, None)), StatusCode::BAD_REQUEST));
    };
    session.clone_into(&mut asked.session);
    let installation = match &asked.company {
        Some(company) => company.clone(),
        None => match visitor.company_or_only(None) {
            Ok(only) => only,
            Err(_) => {
                let wrong = wrong("company", e.company_needed);
                return Ok(form(visitor, &asked, Some((wrong, None)), StatusCode::BAD_REQUEST));
            }
        },
    };
    let key = SessionKey { installation, session: SessionId(number) };
    let mut found = match rules::explain(&visitor.on, &key).await {
        Ok(found) => found,
        Err(OperationError::NotFound(why)) => {
            let wrong = wrong("session", e.not_found);
            return Ok(form(visitor, &asked, Some((wrong, Some(why))), StatusCode::NOT_FOUND));
        }
        Err(error) => return Err(visitor.told(error)),
    };
    // Which sessions a person's request has erased is for whoever sees its plan.
    let sees_plans = view.may(Permission::SeePlans);
    found.erasures.retain(|erasure| sees_plans || !matches!(erasure.subject, Subject::Person { .. }));
    let events = rules::events(&visitor.on, &key).await.map_err(|error| visitor.told(error))?;
    Ok(sheet(visitor, &asked, &found, &events))
}

fn fields(visitor: &Visitor<See>, asked: &Asked, wrong: &[Wrong]) -> Markup {
    let (view, e) = (&visitor.view, explained(visitor.view.lang));
    html! {
        // Numbers and days are sent, and nothing else, as what is sent stands in the address.
        form.page method="get" action="/explain" {
            (company_filter(visitor, asked.company.as_ref()))
            (field(view, wrong, "session", e.session_field, Some(e.session_hint), |aria| html! {
                input #session name="session" value=(asked.session) inputmode="numeric" pattern="[0-9]+" autocomplete="off" maxlength=(DIGITS_MAX)
                    aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
            }))
            (day_field(view, wrong, &DayField {
                        id: "day",
                        name: "day",
                        label: e.day_field,
                        hint: Some(e.day_hint),
                        typed: asked.day,
                        within: Within::Any,
                        must: MustChoose::No,
                    }))
            div.actions { button.primary { (e.show) } }
        }
    }
}

/// What is asked here, and the form.
fn lookup(visitor: &Visitor<See>, asked: &Asked, wrong: &[Wrong], detail: Option<&str>) -> Markup {
    let (view, w, e) = (&visitor.view, visitor.view.words(), explained(visitor.view.lang));
    html! {
        div.head {
            h1 { (e.explain) }
            p.lead { (view.say(e.explain_lead, &[])) }
            (only_companies(view, unseen(view.lang).only_companies))
        }
        (errors(w.error_in_title, wrong))
        @if let Some(detail) = detail { p.measure { (details::said(view.lang, detail)) } }
        (fields(visitor, asked, wrong))
    }
}

/// The form, and why there is no answer where something was asked.
fn form(visitor: &Visitor<See>, asked: &Asked, why: Option<(Wrong, Option<String>)>, status: StatusCode) -> Sheet {
    let (w, e) = (visitor.view.words(), explained(visitor.view.lang));
    let (wrong, detail) = why.map_or((Vec::new(), None), |(wrong, detail)| (vec![wrong], detail));
    let body = lookup(visitor, asked, &wrong, detail.as_deref());
    let title = if wrong.is_empty() { e.explain.to_owned() } else { format!("{} {}", w.error_in_title, e.explain) };
    Sheet { status, ..Sheet::new(title, Section::Explain, body) }
}

fn sheet(visitor: &Visitor<See>, asked: &Asked, found: &Explanation, events: &[SeenEvent]) -> Sheet {
    let (view, w, e) = (&visitor.view, visitor.view.words(), explained(visitor.view.lang));
    let times = [(e.ended, found.ended), (e.settled, found.settled), (e.erased, found.erased)];
    let body = html! {
        div.head { h1 { (view.say(w.session_of, &[("session", &found.session)])) } p.lead { (view.say(e.explain_lead, &[])) } }
        section aria-labelledby="x-facts" {
            h2 #x-facts { (e.facts_now) }
            dl.facts {
                @for (name, time) in times { dt { (name) } dd { @match time { Some(time) => (view.time(time)), None => "–" } } }
            }
            // They have the names by which rules ask for them.
            ul.bullets { @for one in &found.facts { li.mono { (fact(view, one)) } } }
        }
        (decided(visitor, found))
        (erasures(visitor, found))
        (now(visitor, found))
        (seen(visitor, events))
        details.block { summary { (e.look_up) } div.body { (fields(visitor, asked, &[])) } }
    };
    Sheet::new(view.say(w.session_of, &[("session", &found.session)]), Section::Explain, body)
}

/// A fact in the reader's language. It has the name by which rules ask for it.
fn fact(view: &View, said: &str) -> String {
    let e = explained(view.lang);
    if let Some((name, count)) = said.strip_suffix(" fields").and_then(|rest| rest.split_once(" has ")) {
        return view.say(e.fact_fields, &[("name", name), ("n", count)]);
    }
    // A text that a fact is stands in quotes, so that it ends otherwise.
    for (end, sentence) in [(" is not there", e.fact_not_there), (" is there", e.fact_there)] {
        if let Some(name) = said.strip_suffix(end) {
            return view.say(sentence, &[("name", name)]);
        }
    }
    match said.split_once(" is ") {
        Some((name, value)) => view.say(e.fact_is, &[("name", name), ("value", value)]),
        None => said.to_owned(),
    }
}

/// What was kept of each evaluation, the newest first.
fn decided(visitor: &Visitor<See>, found: &Explanation) -> Markup {
    let (view, w, e) = (&visitor.view, visitor.view.words(), explained(visitor.view.lang));
    let row = |PastEvaluation { at, on, consent, applied, did_not_apply }: &PastEvaluation| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { (view.time(*at)) small { ((e.trigger)(*on)) } }
                (cell(e.consent_seen, &html! { ((w.consent_state)(*consent)) }))
                (cell(e.applied, &html! { @if applied.is_empty() { "–" } (applied.join(", ")) }))
                (cell(e.did_not_apply, &html! {
                    @match did_not_apply {
                        Some(others) => { @if others.is_empty() { "–" } (others.join(", ")) }
                        None => span.st.is-unseen.quiet { (e.not_known_which) },
                    }
                }))
            }
        }
    };
    html! {
        section aria-labelledby="x-then" {
            h2 #x-then { (e.then_title) }
            @if found.then.is_empty() { p { (e.then_none) } } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[e.on_event, e.consent_seen, e.applied, e.did_not_apply]))
                    tbody role="rowgroup" { @for one in found.then.iter().rev() { (row(one)) } }
                }
            }
            @if found.there_may_be_older { p.small.muted { (view.say(e.older_gone, &[])) } }
        }
    }
}

/// What came of it.
fn erasures(visitor: &Visitor<See>, found: &Explanation) -> Markup {
    let (view, w, e) = (&visitor.view, visitor.view.words(), explained(visitor.view.lang));
    html! {
        section aria-labelledby="x-erasures" {
            h2 #x-erasures { (e.erasures_title) }
            // Not whether any is left out: that would tell whose session it is.
            @if !view.may(Permission::SeePlans) { p.measure { (view.say(unseen(view.lang).persons_withheld, &[])) } }
            @else if found.is_erased_by_others() { p.measure { (view.say(e.erased_by_others, &[])) } }
            @if found.erasures.is_empty() { p { (e.erasures_none) } } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[w.erasure, w.state, w.demanded_by, w.since_head, w.result]))
                    tbody role="rowgroup" { @for erasure in found.erasures.iter().rev() {
                        tr role="row" {
                            th scope="row" role="rowheader" { a href={ "/erasures/" (erasure.id) } { (erasure.id) } }
                            (cell(w.state, &erasure_state(view, erasure)))
                            (cell(w.demanded_by, &html! { (demanded_by(view, &erasure.rules)) }))
                            (cell(w.since_head, &view.time(erasure.created)))
                            (cell(w.result, &html! { @match erasure.verdict { Some(one) => (verdict(view, one, Seen::of(erasure))), None => "–" } }))
                        }
                    } }
                }
            }
        }
    }
}

/// What the rules of today would answer.
fn now(visitor: &Visitor<See>, found: &Explanation) -> Markup {
    let (view, e) = (&visitor.view, explained(visitor.view.lang));
    let l = super::words::lists(view.lang);
    let class = |answer: RuleAnswer| match answer {
        RuleAnswer::Applies => "is-run",
        RuleAnswer::Failed => "is-bad",
        RuleAnswer::DoesNotApply | RuleAnswer::NotAsked => "is-off quiet",
    };
    let row = |asked: &RuleAsked| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { (asked.rule) small { ((e.trigger)(asked.on)) } }
                (cell(view.words().result, &html! { span class={ "st " (class(asked.answer)) } { ((e.answer)(asked.answer)) } }))
                (cell(e.by_facts, &html! { span.mono { (asked.facts.iter().map(|one| fact(view, one)).collect::<Vec<_>>().join(", ")) } }))
            }
        }
    };
    html! {
        section aria-labelledby="x-now" {
            h2 #x-now { (e.now_title) }
            @if found.ended.is_none() { p { (view.say(e.not_ended, &[])) } } @else if !found.now.is_empty() {
                table.stack role="table" {
                    caption.hidden { (e.now_title) }
                    (heads(&[l.rule, view.words().result, e.by_facts]))
                    tbody role="rowgroup" { @for asked in &found.now { (row(asked)) } }
                }
            }
            @if !found.not_asked_again.is_empty() {
                p { (view.say(e.not_asked_again, &[])) }
                ul.bullets { @for asked in &found.not_asked_again { li { (asked.rule) ": " ((e.trigger)(asked.on)) } } }
            }
        }
    }
}

/// The events that were taken, by mluvii's own names.
fn seen(visitor: &Visitor<See>, events: &[SeenEvent]) -> Markup {
    let (view, w, e) = (&visitor.view, visitor.view.words(), explained(visitor.view.lang));
    html! {
        section aria-labelledby="x-events" {
            h2 #x-events { (e.events_title) }
            @if events.is_empty() { p { (view.say(e.events_none, &[])) } } @else {
                table.stack role="table" {
                    caption { (w.newest_first) }
                    (heads(&[e.event, e.received, e.happened]))
                    tbody role="rowgroup" { @for one in events {
                        tr role="row" {
                            th scope="row" role="rowheader" { span.mono { (one.kind.name()) } small { (one.source) } }
                            (cell(e.received, &view.time(one.received)))
                            (cell(e.happened, &html! { @match one.happened { Some(at) => (view.time(at)), None => "–" } }))
                        }
                    } }
                }
            }
            p.small.muted { (view.say(e.events_are_remembered, &[])) }
        }
    }
}
