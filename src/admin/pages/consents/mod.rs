//! Consents: of one session, now and before; all of them as a file; and the end of one that a person has told an officer of.

mod exported;
mod form;
mod session;
mod withdrawing;

use std::sync::Arc;

use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};

use self::session::path_of_session;
pub(super) use self::session::session_link;
use super::fields::Fields;
use super::view::{Section, Sheet, see};
use super::visitor::Visitor;
use super::whom::{self, Wrong, field};
use crate::access::Companies;
use crate::admin::caller::Requests;
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/consents", get(ask))
        .route("/consents/session", get(find))
        .route("/consents/export", get(exported::export))
        .route("/consents/withdraw", post(withdrawing::ask_of_person))
        .route("/consents/withdraw/foresee", post(withdrawing::foresee))
        .route("/consents/withdraw/do", post(withdrawing::withdraw))
        .route("/consents/{company}/{session}", get(session::show))
}

async fn ask(visitor: Visitor<Requests>) -> Response {
    visitor.view.page(&sheet(&visitor, "", &[], StatusCode::OK))
}

/// A session by its number, which names nobody.
async fn find(visitor: Visitor<Requests>, RawQuery(query): RawQuery) -> Response {
    let (view, w) = (&visitor.view, visitor.view.words());
    let Some(fields) = Fields::read(query.as_deref().unwrap_or_default()) else {
        return view.problem(&Problem::new(Code::NotUnderstood, "the address names no session"));
    };
    let mut wrong = Vec::new();
    let mut is_wrong = |field, sentence: &str| wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    let name = fields.text("company");
    let company = visitor.company_or_only(Some(name).filter(|name| !name.is_empty())).ok();
    if company.is_none() {
        is_wrong("company", w.consents.company_needed);
    }
    let number = fields.text("number").parse::<i64>().ok();
    if number.is_none() {
        is_wrong("number", w.consents.number_wrong);
    }
    match (company, number) {
        (Some(company), Some(number)) => see(&path_of_session(&company, number)),
        _ => view.page(&sheet(&visitor, name, &wrong, StatusCode::BAD_REQUEST)),
    }
}

fn sheet(visitor: &Visitor<Requests>, company: &str, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let body = html! {
        div.head { h1 { (w.consents.title) } p.lead { (view.say(w.consents.lead, &[])) } }
        (whom::errors(w.not_searched, wrong))
        section aria-labelledby="c-find" {
            h2 #c-find { (w.consents.find_title) }
            p.intro { (view.say(w.consents.find_lead, &[])) " " a href="/people" { (w.consents.to_person) } }
            form.page method="get" action="/consents/session" autocomplete="off" {
                div.halves {
                    (whom::company(visitor, wrong, company))
                    (field(view, wrong, "number", w.consents.number, Some(w.consents.number_hint), |aria| html! {
                        input #number name="number" inputmode="numeric" pattern="[0-9]+" autocomplete="off" maxlength="18" required
                            aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
                    }))
                }
                div.actions { button.primary { (w.do_find) } }
            }
        }
        (exports(visitor))
    };
    let title = whom::titled(view, w.consents.title, wrong);
    Sheet { status, ..Sheet::new(title, Section::Consents, body) }
}

/// All consents of a company; of all at once for who may see all.
fn exports(visitor: &Visitor<Requests>) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let all = visitor.on.settings.installations.iter().filter(|one| visitor.sees(&one.name));
    let all: Vec<_> = all.map(|one| one.name.to_string()).collect();
    html! {
        section aria-labelledby="c-export" {
            h2 #c-export { (w.consents.export_title) }
            p.intro { (view.say(w.consents.export_lead, &[])) }
            form.page method="get" action="/consents/export" {
                @if all.len() > 1 {
                    div.field {
                        label for="of" { (w.company) }
                        select #of name="company" {
                            @if visitor.identity.companies == Companies::All { option value="" { (w.consents.all_companies) } }
                            @for one in &all { option value=(one) { (one) } }
                        }
                    }
                }
                div.actions {
                    button name="format" value="csv" { (w.consents.export_csv) }
                    button name="format" value="json" { (w.consents.export_json) }
                }
            }
        }
    }
}
