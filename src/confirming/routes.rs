//! The routes of links. Looking at a page changes nothing and asks the ledger nothing: whatever follows the links in a mail, such as a
//! scanner, learns nothing and confirms nothing. Only the button does.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::get;
use tracing::error;

use super::limit::Limit;
use super::page::{Said, headers};
use super::settings::ConfirmationSettings;
use crate::causes::with_causes;
use crate::erasure::confirmation::LinkToken;
use crate::http::{ServerSettings, client_of};
use crate::language::Lang;
use crate::ledger::Confirmed;
use crate::lock::Replaceable;
use crate::operations::{Operations, confirmations};

/// What the pages need of the configuration at work.
pub(crate) struct ConfirmingPages {
    /// Nothing where there are no links.
    pub(crate) settings: Box<dyn Fn() -> Option<ConfirmationSettings> + Send + Sync>,
    pub(crate) operations: Box<dyn Fn() -> Arc<Operations> + Send + Sync>,
    /// Of the listener, whose proxies are trusted.
    pub(crate) server: Arc<Replaceable<ServerSettings>>,
}

struct Pages {
    of: ConfirmingPages,
    limit: Limit,
}

/// What stands before a token.
const PREFIX: &str = "/confirm/";

/// The routes of links, on the listener for deliveries.
pub(crate) fn router(of: ConfirmingPages) -> Router {
    let pages = Arc::new(Pages { of, limit: Limit::default() });
    // The token is taken from the path as it stands, so that nothing that reads parameters can show it.
    Router::new().route("/confirm/{token}", get(ask).post(confirm).fallback(other_method)).with_state(pages)
}

async fn ask(State(pages): State<Arc<Pages>>, request: Request) -> Response<Body> {
    let Some(settings) = (pages.of.settings)() else { return not_found() };
    Said::Asks.page(language(request.headers(), &settings), &settings.company)
}

async fn confirm(State(pages): State<Arc<Pages>>, request: Request) -> Response<Body> {
    // Its body is not read: the button sends none.
    let (parts, _) = request.into_parts();
    let Some(settings) = (pages.of.settings)() else { return not_found() };
    let server = pages.of.server.current();
    let client = client_of(&parts, &server);
    let said = match pages.limit.allows(client, Instant::now()) {
        Err(seconds) => Said::Limited { seconds },
        Ok(()) => {
            let token = parts.uri.path().strip_prefix(PREFIX).and_then(LinkToken::read);
            let said = pages.used(token).await;
            if said == Said::NotValid {
                pages.limit.failed(client, Instant::now());
            }
            said
        }
    };
    said.page(language(&parts.headers, &settings), &settings.company)
}

async fn other_method(State(pages): State<Arc<Pages>>) -> Response<Body> {
    if (pages.of.settings)().is_none() {
        return not_found();
    }
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
    response
}

impl Pages {
    /// Uses a link.
    async fn used(&self, token: Option<LinkToken>) -> Said {
        let Some(token) = token else { return Said::NotValid };
        match confirmations::confirm(&(self.of.operations)(), token).await {
            Ok(Confirmed::Done(_) | Confirmed::Verified(_) | Confirmed::Already) => Said::Confirmed,
            Ok(Confirmed::NotValid) => Said::NotValid,
            Err(failed) => {
                // Neither the token nor an address is in it.
                error!(error = %with_causes(&failed), "a link could not be used; it stays valid");
                Said::Later
            }
        }
    }
}

fn language(headers: &HeaderMap, settings: &ConfirmationSettings) -> Lang {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|accepted| accepted.to_str().ok());
    let first = settings.languages.first().copied().unwrap_or(Lang::En);
    Lang::wanted(accepted.unwrap_or_default(), first)
}

/// As for any path that is not there.
fn not_found() -> Response<Body> {
    empty(StatusCode::NOT_FOUND)
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    headers(response.headers_mut());
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}
