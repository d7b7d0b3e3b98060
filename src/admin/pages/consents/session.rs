//! The consent of one session, now and before.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use percent_encoding::utf8_percent_encode;

use super::form::{Typed, Whose, fields_of};
use crate::admin::caller::Requests;
use crate::admin::pages::parts::{PLAIN, cell, crumbs, heads};
use crate::admin::pages::view::{Section, Sheet, View};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Wrong};
use crate::admin::problem::Problem;
use crate::consent::{CameBy, Consent};
use crate::operations::consent::{self, FoundConsent};
use crate::operations::erasures::About;
use crate::subject::{InstallationName, SessionId, SessionKey};

/// Where a session's consent is. Its number names nobody.
pub(in crate::admin::pages) fn path_of_session(company: &InstallationName, number: i64) -> String {
    format!("/consents/{}/{number}", utf8_percent_encode(&company.0, PLAIN))
}

/// The same of a session as records name it, such as `acme/4711`; nowhere of one that the account may not see.
fn session_path<N>(visitor: &Visitor<N>, session: &str) -> Option<String> {
    let (company, number) = session.rsplit_once('/')?;
    Some(path_of_session(&visitor.company(company).ok()?, number.parse().ok()?))
}

/// A session as records name it, with the way to its page.
pub(in crate::admin::pages) fn session_link<N>(visitor: &Visitor<N>, session: &str) -> Markup {
    html! {
        @match session_path(visitor, session) { Some(path) => a href=(path) { (session) }, None => (session) }
    }
}

pub(super) async fn show(visitor: Visitor<Requests>, Path((company, number)): Path<(String, String)>) -> Response {
    let shown = async {
        let installation = visitor.company(&company)?;
        let number = number.parse::<i64>().map_err(|_| Problem::not_found("session of this number"))?;
        let key = SessionKey { installation, session: SessionId(number) };
        sheet(&visitor, key, &Typed::default(), &[], StatusCode::OK).await
    };
    visitor.view.answer(shown.await)
}

/// The page of a session, with the form of a withdrawal as it was filled in.
pub(super) async fn sheet(
    visitor: &Visitor<Requests>,
    key: SessionKey,
    typed: &Typed,
    wrong: &[Wrong],
    status: StatusCode,
) -> Result<Sheet, Problem> {
    let (view, w) = (&visitor.view, visitor.view.words());
    let about = About::Session(key.clone());
    let found = consent::show(&visitor.on, &about, &visitor.actor()).await.map_err(|error| visitor.told(error))?;
    let number = key.session.0.to_string();
    let title = view.say(w.consents.of_session, &[("number", &number)]);
    let body = html! {
        (crumbs(view, &[("/consents", w.consents.title)], &number))
        div.head { h1 { (title) } p.lead { (key.installation) } }
        (whom::errors(w.consents.withdraw_title, wrong))
        @for one in &found.consents { (of_session(view, one)) }
        section aria-labelledby="c-withdraw" {
            h2 #c-withdraw { (w.consents.withdraw_title) }
            p.intro { (view.say(w.consents.withdraw_lead, &[])) }
            (fields_of(visitor, &Whose::Session(key), typed, wrong))
        }
    };
    let title = whom::titled(view, &title, wrong);
    Ok(Sheet { status, ..Sheet::new(title, Section::Consents, body) })
}

fn of_session(view: &View, found: &FoundConsent) -> Markup {
    let w = view.words();
    let row = |one: &Consent, is_current: bool| {
        html! {
            tr role="row" {
                th scope="row" role="rowheader" { ((w.consent_state)(one.state)) @if is_current { small { (w.consents.now) } } }
                (cell(w.consents.when, &html! { @match one.since { Some(since) => (view.time(since)), None => (w.not_known) } }))
                (cell(w.consents.version, &html! { (one.version.as_deref().unwrap_or("–")) }))
                (cell(w.consents.how, &html! {
                    (by_what(view, one))
                    @if let Some(cause) = one.cause { small { ((w.consents.cause)(cause)) } }
                }))
            }
        }
    };
    html! {
        dl.facts {
            @if let Some(started) = found.started { dt { (w.consents.started) } dd { (view.time(started)) } }
            @if let Some(ended) = found.ended { dt { (w.consents.ended) } dd { (view.time(ended)) } }
            @if let Some(tenant) = found.tenant { dt { (w.consents.tenant) } dd { (tenant.0) } }
            @if let Some(erased) = found.erased {
                dt { (w.state) } dd { (view.fill(w.session_erased, &[("time", &view.time(erased))])) }
            }
        }
        section aria-label=(w.consents.state) {
            table.stack role="table" {
                caption { (w.consents.earliest_first) }
                (heads(&[w.consents.state, w.consents.when, w.consents.version, w.consents.how]))
                tbody role="rowgroup" {
                    (row(&found.consent, true))
                    @for earlier in found.earlier.iter().rev() { (row(earlier, false)) }
                }
            }
            @if found.earlier_left_out > 0 { p.small.muted { (view.count(&w.left_out, u64::from(found.earlier_left_out))) } }
        }
    }
}

/// Who said so.
fn by_what(view: &View, consent: &Consent) -> String {
    let w = view.words();
    match consent.origin.as_deref() {
        None | Some(Consent::SHOWN_BY_SESSION) => w.consents.as_shown.to_owned(),
        Some(Consent::SAID_BY_RULE) => w.consents.by_rule.to_owned(),
        Some(origin) => match CameBy::ALL.into_iter().find(|came| came.as_str() == origin) {
            Some(came) => (w.consents.came)(came).to_owned(),
            None => {
                let form = consent.form_id.map(|id| format!("{origin} {id}")).unwrap_or_else(|| origin.to_owned());
                view.say(w.consents.by_form, &[("form", &form)])
            }
        },
    }
}
