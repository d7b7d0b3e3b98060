//! Where somebody is signed in, and their own password.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use maud::html;

use super::cookies::Cookies;
use super::fields::Fields;
use super::sign_in::{browser_of, from, why_not, with_cookie};
use super::view::{Refusal, Section, Sheet, View, see};
use super::visitor::Visitor;
use super::whom::{Wrong, errors, password, titled};
use crate::access::{Browser, LoginSession};
use crate::admin::caller::Own;
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::operations::accounts::{self, ByWhat};
use crate::operations::{InputError, OperationError};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/sessions", get(list))
        .route("/sessions/end", post(end_all))
        .route("/sessions/{id}/end", post(end))
        .route("/password", get(ask_password).post(change_password))
}

async fn list(visitor: Visitor<Own>) -> Response {
    let found = accounts::sessions(&visitor.on, &visitor.identity).await.map_err(Problem::from);
    visitor.view.answer(found.map(|all| listed(&visitor, &all)))
}

fn listed(visitor: &Visitor<Own>, all: &[LoginSession]) -> Sheet {
    let (view, w) = (&visitor.view, visitor.view.words());
    let is_own = |one: &LoginSession| matches!(&visitor.identity.by, ByWhat::Session(id) if *id == one.id);
    let row = |one: &LoginSession| {
        let browser = one.browser.map_or(w.another_browser, called);
        html! {
            tr role="row" {
                th scope="row" role="rowheader" {
                    (browser) @if is_own(one) { small { (w.this_session) } }
                }
                td role="cell" data-label=(w.signed_in_at) { div { (view.time(one.created)) } }
                td role="cell" data-label=(w.seen_last) { div { (view.time(one.seen)) } }
                td role="cell" data-label=(w.ends_at) { div { (view.time(one.expires)) } }
                td.act role="cell" {
                    @if !is_own(one) {
                        form method="post" action={ "/sessions/" (one.id.as_str()) "/end" } {
                            button.tight { (w.end_it) span.hidden { " " (browser) } }
                        }
                    }
                }
            }
        }
    };
    let body = html! {
        div.head {
            h1 { (view.count(&w.signed_in_at_places, all.len() as u64)) }
            p.lead { (view.say(w.sessions_lead, &[])) }
            div.actions {
                a.button href="/password" { (w.change_password) }
                form method="post" action="/sessions/end" { button.danger { (w.sign_out_everywhere) } }
            }
        }
        section aria-label=(w.your_sessions) {
            table.stack role="table" {
                caption { (w.sessions_caption) }
                thead role="rowgroup" { tr role="row" {
                    @for head in [w.with_browser, w.signed_in_at, w.seen_last, w.ends_at] {
                        th scope="col" role="columnheader" { (head) }
                    }
                    th.act scope="col" role="columnheader" { span.hidden { (w.next) } }
                } }
                tbody role="rowgroup" { @for one in all { (row(one)) } }
            }
        }
    };
    Sheet::new(w.your_sessions, Section::Own, body)
}

/// Names of products are the same in every language.
fn called(browser: Browser) -> &'static str {
    match browser {
        Browser::Firefox => "Firefox",
        Browser::Edge => "Edge",
        Browser::Chrome => "Chrome",
        Browser::Safari => "Safari",
    }
}

async fn end(visitor: Visitor<Own>, Path(id): Path<String>) -> Response {
    let ended = accounts::end_own(&visitor.on, &visitor.identity, &id).await;
    visitor.view.done(ended.map(|()| "/sessions".to_owned()).map_err(Problem::from))
}

async fn end_all(State(admin): State<Arc<Admin>>, visitor: Visitor<Own>) -> Response {
    match accounts::sign_out_everywhere(&visitor.on, &visitor.identity).await {
        Ok(_) => {
            let mut response = see("/sign-in");
            response.headers_mut().append(header::SET_COOKIE, Cookies::of(&admin).no_session());
            response
        }
        Err(error) => visitor.view.problem(&Problem::from(error)),
    }
}

async fn ask_password(visitor: Visitor<Own>) -> Response {
    visitor.view.page(&password_form(&visitor.view, &[], StatusCode::OK))
}

fn password_form(view: &View, wrong: &[Wrong], status: StatusCode) -> Sheet {
    let w = view.words();
    let body = html! {
        div.head { h1 { (w.change_password) } p.lead { (view.say(w.password_lead, &[])) } }
        (errors(w.password_not_changed, wrong))
        form.page method="post" action="/password" {
            (password(view, wrong, "old", w.old_password, None, "current-password"))
            (password(view, wrong, "new", w.new_password, None, "new-password"))
            (password(view, wrong, "again", w.new_password_again, None, "new-password"))
            div.actions { button.primary { (w.change_password) } }
        }
    };
    Sheet { status, ..Sheet::new(titled(view, w.change_password, wrong), Section::Own, body) }
}

/// From where somebody asks.
pub(super) struct Address(pub(super) IpAddr);

impl FromRequestParts<Arc<Admin>> for Address {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, admin: &Arc<Admin>) -> Result<Self, Refusal> {
        Ok(Self(from(parts, admin)))
    }
}

async fn change_password(
    State(admin): State<Arc<Admin>>,
    visitor: Visitor<Own>,
    Address(from): Address,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let (view, w) = (&visitor.view, visitor.view.words());
    let refused = |field, text, status| view.page(&password_form(view, &[Wrong { field, text }], status));
    let new = fields.secret("new");
    if new != fields.secret("again") {
        return refused("again", view.say(w.passwords_differ, &[]), StatusCode::BAD_REQUEST);
    }
    let (on, old) = (&visitor.on, fields.secret("old"));
    let browser = browser_of(&headers);
    match accounts::change_password(on, &visitor.identity, old, new, from, browser, admin.sign_ins()).await {
        Ok(Ok(Some(cookie))) => with_cookie(see("/sessions"), Cookies::of(&admin).session(cookie.expose())),
        Ok(Ok(None)) => with_cookie(see("/sign-in"), Cookies::of(&admin).no_session()),
        Ok(Err(why)) => {
            let (text, status) = why_not(view, why);
            refused("old", text, status)
        }
        Err(OperationError::Input(InputError::Password(why))) => {
            refused("new", view.say((w.password_refused)(why), &[]), StatusCode::BAD_REQUEST)
        }
        Err(error) => view.problem(&Problem::from(error)),
    }
}
