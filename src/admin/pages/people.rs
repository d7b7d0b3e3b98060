//! Finding a person: their requests, erasures with receipts, consents and holds. What is typed is kept nowhere; the next form carries it
//! sealed (`whom`). Each search is in the audit, without what was typed.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use maud::{Markup, html};

use super::consents::session_link;
use super::fields::Fields;
use super::filters::only_companies;
use super::parts::{
    cell, companies, due, erasure_state, heads, held_by, in_words, request_path, request_state, verdict, waits_for,
};
use super::view::{Section, Sheet};
use super::visitor::Visitor;
use super::whom::{self, Named, Wrong};
use super::why::meant;
use super::words::unseen;
use crate::admin::caller::Requests;
use crate::admin::state::Admin;
use crate::consent::Consent;
use crate::erasure::Seen;
use crate::hold::HeldBy;
use crate::operations::consent::FoundConsent;
use crate::operations::people::{self, FoundPerson};
use crate::operations::receipts::FoundErasure;
use crate::operations::requests::Shown;
use crate::operations::{GivenIdentifiers, InputError, OperationError};
use crate::subject::InstallationName;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new().route("/people", get(ask).post(find))
}

/// What is known of a person. It names nobody.
struct Found {
    requests: Vec<Shown>,
    erasures: Vec<FoundErasure>,
    ended_are_found: bool,
    consents: Vec<FoundConsent>,
    erased_are_found: bool,
    holds: Vec<HeldBy>,
}

async fn ask(visitor: Visitor<Requests>) -> Response {
    visitor.view.page(&form(&visitor, "", &[], StatusCode::OK))
}

async fn find(visitor: Visitor<Requests>, fields: Fields) -> Response {
    let (view, w) = (&visitor.view, visitor.view.words());
    let mut wrong = Vec::new();
    let is_wrong =
        |field: &'static str, sentence: &'static str| wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    let named = whom::named(&visitor, &fields, is_wrong);
    let company = fields.text("company");
    let again = |wrong: &[Wrong]| view.page(&form(&visitor, company, wrong, StatusCode::BAD_REQUEST));
    let identifiers = match named {
        Named::As(identifiers) => identifiers,
        Named::Expired => return again(&[Wrong { field: "email", text: view.say(w.person_expired, &[]) }]),
    };
    if identifiers.is_empty() && wrong.is_empty() {
        wrong.push(Wrong { field: "email", text: view.say(w.nobody_named, &[]) });
    }
    if !wrong.is_empty() {
        return again(&wrong);
    }
    // Of one company that is chosen, or of all that somebody may see.
    let of = match company {
        "" => companies(&visitor),
        name => match visitor.company(name) {
            Ok(one) => vec![Some(one)],
            Err(problem) => return view.problem(&problem),
        },
    };
    match searched(&visitor, &of, &identifiers).await {
        Ok(found) => view.page(&results(&visitor, &found, company, &whom::carried(&visitor, &identifiers))),
        Err(OperationError::Input(why)) => match Wrong::of(view, &why) {
            Some(wrong) => again(&[wrong]),
            None => view.problem(&visitor.told(OperationError::Input(why))),
        },
        Err(error) => view.problem(&visitor.told(error)),
    }
}

async fn searched(
    visitor: &Visitor<Requests>,
    of: &[Option<InstallationName>],
    identifiers: &GivenIdentifiers,
) -> Result<Found, OperationError> {
    let (on, by) = (&visitor.on, visitor.actor());
    let mut found = Found {
        requests: Vec::new(),
        erasures: Vec::new(),
        ended_are_found: true,
        consents: Vec::new(),
        erased_are_found: true,
        holds: Vec::new(),
    };
    if identifiers.is_empty() {
        return Err(InputError::NoIdentifier.into());
    }
    for company in of {
        let FoundPerson { requests, erasures, consents, holds } =
            people::find(on, company.as_ref(), identifiers, &by).await?;
        found.requests.extend(requests);
        found.ended_are_found &= erasures.ended_are_found;
        found.erasures.extend(erasures.erasures);
        found.erased_are_found &= consents.erased_are_found;
        found.consents.extend(consents.consents);
        found.holds.extend(holds);
    }
    Ok(found)
}

/// The fields, as everywhere.
fn fields_of(visitor: &Visitor<Requests>, company: &str, wrong: &[Wrong]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    html! {
        form.page method="post" action="/people" autocomplete="off" {
            p.intro { (view.say(w.whom_lead, &[])) }
            (whom::person(view, wrong, None))
            (whom::company(visitor, wrong, company))
            div.actions { button.primary { (w.do_find) } }
        }
    }
}

fn form(visitor: &Visitor<Requests>, company: &str, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let body = html! {
        div.head { h1 { (w.find_person) } p.lead { (view.say(w.find_lead, &[])) } }
        (whom::errors(w.not_searched, wrong))
        (fields_of(visitor, company, wrong))
    };
    let title = whom::titled(view, w.people, wrong);
    Sheet { status, ..Sheet::new(title, Section::People, body) }
}

fn results(visitor: &Visitor<Requests>, found: &Found, company: &str, sealed: &str) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let Found { requests, erasures, consents, holds, .. } = found;
    let is_nothing = requests.is_empty() && erasures.is_empty() && consents.is_empty() && holds.is_empty();
    let with = |path: &str, word: &str| {
        html! {
            form method="post" action=(path) {
                input type="hidden" name="person" value=(sealed);
                input type="hidden" name="company" value=(company);
                button { (word) }
            }
        }
    };
    let body = html! {
        div.head {
            h1 { (view.count(&w.found_of_person, (requests.len() + erasures.len() + consents.len() + holds.len()) as u64)) }
            p.lead { (view.say(w.not_searched_mluvii, &[])) }
            div.actions {
                (with("/requests/new/of", w.request_for_person))
                (with("/holds/new/of", w.hold_for_person))
                @if !consents.is_empty() { (with("/consents/withdraw", w.consents.withdraw_of_person)) }
                (with("/people", w.look_once_more))
            }
            p.small.muted { (view.say(w.person_lasts, &[])) }
        }
        @if is_nothing {
            div.panel.sunk { p { b { (w.person_none) } } (only_companies(view, unseen(view.lang).only_companies)) }
        }
        @if !holds.is_empty() {
            section aria-labelledby="p-holds" {
                h2 #p-holds { (w.person_holds) }
                ul.plain { @for held in holds { li { a href={ "/holds/" (held.hold) } { (held_by(view, held)) } } } }
            }
        }
        @if !requests.is_empty() { (of_requests(visitor, requests)) }
        @if !consents.is_empty() { (of_consents(visitor, consents)) }
        @if !erasures.is_empty() { (of_erasures(visitor, erasures)) }
        @if !found.ended_are_found { p { span.st.is-unseen { (w.ended_not_found) } } }
        @if !found.erased_are_found { p { span.st.is-unseen { (w.erased_not_found) } } }
        details.block { summary { (w.find_again) } div.body { (fields_of(visitor, company, &[])) } }
    };
    Sheet::new(w.people, Section::People, body)
}

fn of_requests(visitor: &Visitor<Requests>, all: &[Shown]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let state = |shown: &Shown| {
        let names = in_words(visitor, &shown.request.mluvii);
        html! {
            (request_state(view, shown.state))
            @if let Some(delay) = shown.waits_for.first() { small { (waits_for(view, names, delay)) } }
        }
    };
    html! {
        section aria-labelledby="p-requests" {
            h2 #p-requests { (w.person_requests) }
            table.stack role="table" {
                caption { (w.newest_first) }
                (heads(&[w.request, w.time_left, w.state, w.came]))
                tbody role="rowgroup" { @for shown in all {
                    tr role="row" {
                        th scope="row" role="rowheader" { a href=(request_path(&shown.request)) { (shown.request.number) } small { (shown.request.mluvii) } }
                        (cell(w.time_left, &due(view, shown)))
                        (cell(w.state, &state(shown)))
                        (cell(w.came, &view.day(shown.request.term.received)))
                    }
                } }
            }
        }
    }
}

/// The present consent first, then what it was before.
fn of_consents(visitor: &Visitor<Requests>, all: &[FoundConsent]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let one = |consent: &Consent| {
        html! {
            ((w.consent_state)(consent.state))
            @if let Some(version) = &consent.version { ", " (view.say(w.consent_text, &[("version", version)])) }
            @if let Some(since) = consent.since { small { (view.since(since)) } }
        }
    };
    html! {
        section aria-labelledby="p-consent" {
            h2 #p-consent { (w.person_consent) }
            table.stack role="table" {
                caption { (view.count(&w.sessions, all.len() as u64)) }
                (heads(&[w.session, w.why_theirs, w.consent_now, w.consent_before]))
                tbody role="rowgroup" { @for found in all {
                    tr role="row" {
                        th scope="row" role="rowheader" {
                            (session_link(visitor, &found.session))
                            @if let Some(erased) = found.erased { small { (view.fill(w.session_erased, &[("time", &view.time(erased))])) } }
                            @else if let Some(started) = found.started { small { (view.time(started)) } }
                        }
                        (cell(w.why_theirs, &html! { (meant(view, found.meant, &found.why)) }))
                        (cell(w.consent_now, &one(&found.consent)))
                        (cell(w.consent_before, &html! {
                            @if found.earlier.is_empty() { "–" }
                            @for earlier in found.earlier.iter().rev() { div { (one(earlier)) } }
                            @if found.earlier_left_out > 0 { small { (view.count(&w.left_out, u64::from(found.earlier_left_out))) } }
                        }))
                    }
                } }
            }
        }
    }
}

fn of_erasures(visitor: &Visitor<Requests>, all: &[FoundErasure]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let receipt = |found: &FoundErasure| {
        let of = |number: u64| view.say(w.receipt_of, &[("number", &view.lang.number(number))]);
        html! {
            @if let Some(receipt) = &found.receipt {
                a href={ "/receipts/" (receipt.statement.sequence) } { (of(receipt.statement.sequence)) }
            } @else if let Some(archived) = &found.archived {
                (of(archived.sequence)) small { (view.say(w.in_archive, &[("file", &archived.file)])) }
            } @else { "–" }
        }
    };
    html! {
        section aria-labelledby="p-erasures" {
            h2 #p-erasures { (w.person_erasures) }
            table.stack role="table" {
                caption { (w.newest_first) }
                (heads(&[w.erasure, w.state, w.since_head, w.result, w.receipt]))
                tbody role="rowgroup" { @for found in all {
                    tr role="row" {
                        th scope="row" role="rowheader" { a href={ "/erasures/" (found.erasure.id) } { (found.erasure.id) } small { (found.erasure.subject.installation()) } }
                        (cell(w.state, &erasure_state(view, &found.erasure)))
                        (cell(w.since_head, &view.time(found.erasure.created)))
                        (cell(w.result, &html! { @match found.erasure.verdict { Some(one) => (verdict(view, one, Seen::of(&found.erasure))), None => "–" } }))
                        (cell(w.receipt, &receipt(found)))
                    }
                } }
            }
        }
    }
}
