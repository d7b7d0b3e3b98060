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
    visitor.view.page(&password_form(&visitor.view, None, StatusCode::OK))
}

/// Which field is wrong, and how.
struct Wrong<'w> {
    field: &'static str,
    text: &'w str,
}

fn password_form(view: &View, wrong: Option<&Wrong<'_>>, status: StatusCode) -> Sheet {
    let w = view.words();
    let field = |name: &'static str, label: &str, autocomplete: &str| {
        let wrong = wrong.filter(|wrong| wrong.field == name);
        html! {
            div.field.wrong[wrong.is_some()] {
                label for=(name) { (label) }
                @if let Some(wrong) = wrong { span.error id={ (name) "-e" } { span.hidden { (w.error_in_title) " " } (wrong.text) } }
                input id=(name) name=(name) type="password" autocomplete=(autocomplete) maxlength="1024" required
                    aria-invalid=[wrong.map(|_| "true")] aria-describedby=[wrong.map(|_| format!("{name}-e"))];
            }
        }
    };
    let body = html! {
        div.head { h1 { (w.change_password) } p.lead { (view.say(w.password_lead, &[])) } }
        @if let Some(wrong) = wrong {
            div.errors role="alert" aria-labelledby="e" {
                h2 #e { (w.password_not_changed) }
                ul { li { a href={ "#" (wrong.field) } { (wrong.text) } } }
            }
        }
        form.page method="post" action="/password" {
            (field("old", w.old_password, "current-password"))
            (field("new", w.new_password, "new-password"))
            (field("again", w.new_password_again, "new-password"))
            div.actions { button.primary { (w.change_password) } }
        }
    };
    let title = if wrong.is_some() {
        format!("{} {}", w.error_in_title, w.change_password)
    } else {
        w.change_password.to_owned()
    };
    Sheet { status, ..Sheet::new(title, Section::Own, body) }
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
    let refused = |field, text: &str, status| view.page(&password_form(view, Some(&Wrong { field, text }), status));
    let new = fields.secret("new");
    if new != fields.secret("again") {
        return refused("again", &view.say(w.passwords_differ, &[]), StatusCode::BAD_REQUEST);
    }
    let (on, old) = (&visitor.on, fields.secret("old"));
    let browser = browser_of(&headers);
    match accounts::change_password(on, &visitor.identity, old, new, from, browser, admin.sign_ins()).await {
        Ok(Ok(Some(cookie))) => with_cookie(see("/sessions"), Cookies::of(&admin).session(cookie.expose())),
        Ok(Ok(None)) => with_cookie(see("/sign-in"), Cookies::of(&admin).no_session()),
        Ok(Err(why)) => {
            let (text, status) = why_not(view, why);
            refused("old", &text, status)
        }
        Err(OperationError::Input(InputError::Password(why))) => {
            refused("new", &view.say((w.password_refused)(why), &[]), StatusCode::BAD_REQUEST)
        }
        Err(error) => view.problem(&Problem::from(error)),
    }
}
