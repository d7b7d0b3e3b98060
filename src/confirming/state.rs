//! What the pages of links have in common: the configuration at work, who has tried in vain, in which language they answer.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::layout::headers;
use super::limit::Limit;
use super::settings::ConfirmationSettings;
use crate::http::{Client, ServerSettings, client_of};
use crate::language::Lang;
use crate::lock::Replaceable;
use crate::operations::Operations;

/// What the pages need of the configuration at work.
pub(crate) struct ConfirmingPages {
    /// Nothing where no links are mailed.
    pub(crate) settings: Box<dyn Fn() -> Option<ConfirmationSettings> + Send + Sync>,
    pub(crate) operations: Box<dyn Fn() -> Arc<Operations> + Send + Sync>,
    /// Of the listener, whose proxies are trusted.
    pub(crate) server: Arc<Replaceable<ServerSettings>>,
}

pub(super) struct Pages {
    pub(super) of: ConfirmingPages,
    pub(super) limit: Limit,
}

impl Pages {
    /// Who has sent this, where they may try one more; in how many seconds, where not.
    pub(super) fn enter(&self, parts: &Parts) -> Result<Option<Client>, u64> {
        let client = client_of(parts, &self.of.server.current());
        self.limit.allows(client, Instant::now()).map(|()| client)
    }

    /// Somebody has tried in vain.
    pub(super) fn failed(&self, client: Option<Client>) {
        self.limit.failed(client, Instant::now());
    }
}

/// The one that the browser wants, or the first of those in which links are mailed.
pub(super) fn language(headers: &HeaderMap, settings: Option<&ConfirmationSettings>) -> Lang {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|accepted| accepted.to_str().ok());
    let first = settings.and_then(|settings| settings.languages.first().copied()).unwrap_or(Lang::En);
    Lang::wanted(accepted.unwrap_or_default(), first)
}

/// As for any path that is not there.
pub(super) fn not_found() -> Response<Body> {
    empty(StatusCode::NOT_FOUND)
}

pub(super) fn no_such_method() -> Response<Body> {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    headers(response.headers_mut());
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}
