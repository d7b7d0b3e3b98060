//! Who looks at a page. A visitor is the one way from a page to the operations, as [`By`] is from the API; they are known by the session
//! in their cookie, and by no token.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::cookies::{Cookies, SESSION};
use super::view::{Refusal, View, see};
use crate::admin::caller::{By, Needs, known};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::operations::accounts;

/// Somebody who has signed in and may do what `N` takes.
pub(super) struct Visitor<N> {
    by: By<N>,
    pub(super) view: View,
}

impl<N> Deref for Visitor<N> {
    type Target = By<N>;

    fn deref(&self) -> &By<N> {
        &self.by
    }
}

impl<N: Needs> FromRequestParts<Arc<Admin>> for Visitor<N> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, admin: &Arc<Admin>) -> Result<Self, Refusal> {
        let on = admin.operations();
        let view = View::of_stranger(parts, admin, &on);
        let carried = Cookies::of(admin).read(&parts.headers, SESSION);
        let found = match carried {
            Some(text) => known(accounts::by_session(&on, text).await),
            None => Ok(None),
        };
        let found = found.map_err(|error| Refusal::of(view.problem(&Problem::from(error))))?;
        let Some(identity) = found else { return Err(unknown(parts, &view)) };
        let view = view.to(identity.clone());
        match By::of(on, identity, admin, parts) {
            Ok(by) => Ok(Self { by, view }),
            Err(problem) => Err(Refusal::of(view.problem(&problem))),
        }
    }
}

/// How something is shown to whoever has sent this: in the frame of a page to who has signed in, also where there is no such page.
pub(super) async fn view_of(parts: &Parts, admin: &Admin) -> View {
    let on = admin.operations();
    let view = View::of_stranger(parts, admin, &on);
    let Some(carried) = Cookies::of(admin).read(&parts.headers, SESSION) else { return view };
    match known(accounts::by_session(&on, carried).await) {
        Ok(Some(identity)) => view.to(identity),
        // That it cannot be known just now is said by the pages that need it.
        Ok(None) | Err(_) => view,
    }
}

/// Where somebody signs in, and comes back from; nothing is done of what they have ordered.
fn unknown(parts: &Parts, view: &View) -> Refusal {
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Refusal::of(view.problem(&Problem::new(Code::Unauthenticated, "nobody has signed in")));
    }
    let next = utf8_percent_encode(&view.path, NON_ALPHANUMERIC);
    Refusal::of(see(&match view.path.as_str() {
        "/" => "/sign-in".to_owned(),
        _ => format!("/sign-in?next={next}"),
    }))
}
