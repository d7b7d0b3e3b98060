//! Signing in and out, and the language.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Path, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};

use super::cookies::{Cookies, SESSION};
use super::fields::Fields;
use super::view::{Refusal, Sheet, View, see};
use super::visitor::Visitor;
use super::whom::Wrong;
use super::{first_password, place};
use crate::access::Browser;
use crate::admin::caller::{Own, known};
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::language::Lang;
use crate::operations::accounts::{self, SignInRefused, SignedIn};
use crate::operations::{InputError, OperationError};

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/sign-in", get(ask).post(sign_in))
        .route("/sign-in/password", post(choose_password))
        .route("/sign-out", post(sign_out))
        .route("/language/{lang}", get(choose))
}

/// Whoever asks, signed in or not.
struct Anybody {
    view: View,
    /// From where; all of whom it is not known count as one.
    from: IpAddr,
}

impl FromRequestParts<Arc<Admin>> for Anybody {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, admin: &Arc<Admin>) -> Result<Self, Refusal> {
        let view = View::of_stranger(parts, admin, &admin.operations());
        Ok(Self { view, from: from(parts, admin) })
    }
}

/// From where a password is tried.
pub(super) fn from(parts: &Parts, admin: &Admin) -> IpAddr {
    admin.address_of(parts).unwrap_or(Ipv4Addr::UNSPECIFIED.into())
}

fn next_of(query: Option<&str>) -> String {
    let fields = Fields::read(query.unwrap_or_default()).unwrap_or_default();
    place::own(fields.text("next")).to_owned()
}

async fn ask(Anybody { view, .. }: Anybody, RawQuery(query): RawQuery) -> Response {
    view.page(&form(&view, &next_of(query.as_deref()), None, StatusCode::OK))
}

/// The form. What was typed does not come back: a password in the wrong field would be shown.
fn form(view: &View, next: &str, wrong: Option<&str>, status: StatusCode) -> Sheet {
    let w = view.words();
    let errors: Option<Markup> = wrong.map(|wrong| {
        html! { div.errors role="alert" aria-labelledby="e" { h2 #e { (w.not_signed_in) } p { (wrong) } } }
    });
    let body = html! {
        h1.hidden { (w.sign_in_to) }
        form.page method="post" action="/sign-in" {
            @if let Some(errors) = &errors { (errors) }
            input type="hidden" name="next" value=(next);
            div.field {
                label for="user" { (w.user_name) }
                input #user name="user" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required;
            }
            div.field {
                label for="pw" { (w.password) }
                input #pw name="password" type="password" autocomplete="current-password" maxlength="1024" required
                    aria-describedby=[errors.is_some().then_some("e")];
            }
            button.primary { (w.sign_in) }
        }
    };
    let title = if wrong.is_some() { format!("{} {}", w.error_in_title, w.sign_in) } else { w.sign_in.to_owned() };
    Sheet { title, section: None, body, status, every_s: None }
}

async fn sign_in(
    State(admin): State<Arc<Admin>>,
    Anybody { view, from }: Anybody,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let on = admin.operations();
    let browser = browser_of(&headers);
    let next = place::own(fields.text("next"));
    let (name, password) = (fields.text("user"), fields.secret("password"));
    let signed = accounts::sign_in(&on, name, password, from, browser, admin.sign_ins()).await;
    let cookies = Cookies::of(&admin);
    match signed {
        Ok(Ok(SignedIn { cookie, .. })) => {
            forget_former(&admin, cookies, &headers).await;
            with_cookie(see(next), cookies.session(cookie.expose()))
        }
        Ok(Err(SignInRefused::OneTime)) => view.page(&first_password::form(&view, name, next, &[], StatusCode::OK)),
        Ok(Err(why)) => with_wait(view.page(&refused(&view, next, why)), why),
        Err(error) => view.problem(&Problem::from(error)),
    }
}

/// A password of one's own, by the one-time password that one was given.
async fn choose_password(
    State(admin): State<Arc<Admin>>,
    Anybody { view, from }: Anybody,
    headers: HeaderMap,
    fields: Fields,
) -> Response {
    let w = view.words();
    let (name, next) = (fields.text("user"), place::own(fields.text("next")));
    let again =
        |field, text, status| view.page(&first_password::form(&view, name, next, &[Wrong { field, text }], status));
    let (given, new) = (fields.secret("given"), fields.secret("new"));
    if new != fields.secret("again") {
        return again("again", view.say(w.passwords_differ, &[]), StatusCode::BAD_REQUEST);
    }
    let (on, browser, cookies) = (admin.operations(), browser_of(&headers), Cookies::of(&admin));
    match accounts::choose_password(&on, name, (given, new), from, browser, admin.sign_ins()).await {
        Ok(Ok(Some(cookie))) => {
            forget_former(&admin, cookies, &headers).await;
            with_cookie(see(next), cookies.session(cookie.expose()))
        }
        Ok(Ok(None)) => see("/sign-in"),
        Ok(Err(why)) => {
            let (text, status) = why_not(&view, why);
            again("given", text, status)
        }
        Err(OperationError::Input(InputError::Password(why))) => {
            again("new", view.say((w.password_refused)(why), &[]), StatusCode::BAD_REQUEST)
        }
        Err(error) => view.problem(&Problem::from(error)),
    }
}

/// What the browser had before, or somebody had it have, is good for nothing from now on.
async fn forget_former(admin: &Admin, cookies: Cookies, headers: &HeaderMap) {
    if let Err(error) = end_former(admin, cookies, headers).await {
        tracing::warn!(error = %crate::causes::with_causes(&error), "a browser's former session goes on until it ends by itself");
    }
}

/// The family of a browser: nothing else that it says is kept.
pub(super) fn browser_of(headers: &HeaderMap) -> Option<Browser> {
    headers.get(header::USER_AGENT).and_then(|said| said.to_str().ok()).and_then(Browser::of)
}

async fn end_former(admin: &Admin, cookies: Cookies, headers: &HeaderMap) -> Result<(), OperationError> {
    let on = admin.operations();
    let Some(carried) = cookies.read(headers, SESSION) else { return Ok(()) };
    match known(accounts::by_session(&on, carried).await)? {
        Some(former) => accounts::sign_out(&on, &former).await,
        None => Ok(()),
    }
}

fn refused(view: &View, next: &str, why: SignInRefused) -> Sheet {
    let (text, status) = why_not(view, why);
    form(view, next, Some(&text), status)
}

/// With when a password can be tried again, for programs.
fn with_wait(mut response: Response, why: SignInRefused) -> Response {
    if let SignInRefused::Later(wait) = why {
        let seconds = HeaderValue::from(wait.as_secs().max(1));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// Why a password was not taken, in words.
pub(super) fn why_not(view: &View, why: SignInRefused) -> (String, StatusCode) {
    let w = view.words();
    match why {
        SignInRefused::Wrong => (view.say(w.wrong_password, &[]), StatusCode::FORBIDDEN),
        SignInRefused::Later(wait) => {
            let minutes = wait.as_secs().div_ceil(60).max(1);
            (view.count(&w.wait_minutes, minutes), StatusCode::TOO_MANY_REQUESTS)
        }
        SignInRefused::OneTime => (view.say(w.giving.choose_lead, &[]), StatusCode::FORBIDDEN),
        SignInRefused::Busy => (view.say(w.too_many_at_once, &[]), StatusCode::SERVICE_UNAVAILABLE),
    }
}

async fn sign_out(State(admin): State<Arc<Admin>>, visitor: Visitor<Own>) -> Response {
    match accounts::sign_out(&visitor.on, &visitor.identity).await {
        Ok(()) => with_cookie(see("/sign-in"), Cookies::of(&admin).no_session()),
        Err(error) => visitor.view.problem(&Problem::from(error)),
    }
}

async fn choose(
    State(admin): State<Arc<Admin>>,
    Anybody { view, .. }: Anybody,
    Path(word): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    match Lang::ALL.into_iter().find(|lang| lang.as_str() == word) {
        Some(lang) => with_cookie(see(&next_of(query.as_deref())), Cookies::of(&admin).language(lang.as_str())),
        None => view.problem(&Problem::not_found("language of this name")),
    }
}

pub(super) fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
