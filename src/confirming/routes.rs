//! The routes of links. Looking at a page changes nothing and asks the ledger nothing: whatever follows the links in a mail, such as a
//! scanner, learns nothing and confirms nothing. Only the button does.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::routing::get;
use tracing::error;

use super::limit::Limit;
use super::page::Said;
use super::state::{ConfirmingPages, Pages, language, no_such_method, not_found};
use super::tasks;
use crate::causes::with_causes;
use crate::erasure::confirmation::LinkToken;
use crate::ledger::Confirmed;
use crate::operations::confirmations;

/// What stands before a token.
const PREFIX: &str = "/confirm/";

/// The routes of links, on the listener for deliveries.
pub(crate) fn router(of: ConfirmingPages) -> Router {
    let pages = Arc::new(Pages { of, limit: Limit::default() });
    // The token is taken from the path as it stands, so that nothing that reads parameters can show it.
    let confirming = Router::new().route("/confirm/{token}", get(ask).post(confirm).fallback(other_method));
    confirming.merge(tasks::routes()).with_state(pages)
}

async fn ask(State(pages): State<Arc<Pages>>, request: Request) -> Response<Body> {
    let Some(settings) = (pages.of.settings)() else { return not_found() };
    Said::Asks.page(language(request.headers(), Some(&settings)), &settings.company)
}

async fn confirm(State(pages): State<Arc<Pages>>, request: Request) -> Response<Body> {
    // Its body is not read: the button sends none.
    let (parts, _) = request.into_parts();
    let Some(settings) = (pages.of.settings)() else { return not_found() };
    let said = match pages.enter(&parts) {
        Err(seconds) => Said::Limited { seconds },
        Ok(client) => {
            let token = parts.uri.path().strip_prefix(PREFIX).and_then(LinkToken::read);
            let said = used(&pages, token).await;
            if said == Said::NotValid {
                pages.failed(client);
            }
            said
        }
    };
    said.page(language(&parts.headers, Some(&settings)), &settings.company)
}

async fn other_method(State(pages): State<Arc<Pages>>) -> Response<Body> {
    if (pages.of.settings)().is_some() { no_such_method() } else { not_found() }
}

/// Uses a link.
async fn used(pages: &Pages, token: Option<LinkToken>) -> Said {
    let Some(token) = token else { return Said::NotValid };
    match confirmations::confirm(&(pages.of.operations)(), token).await {
        Ok(Confirmed::Done(_) | Confirmed::Verified(_) | Confirmed::Already) => Said::Confirmed,
        Ok(Confirmed::NotValid) => Said::NotValid,
        Err(failed) => {
            // Neither the token nor an address is in it.
            error!(error = %with_causes(&failed), "a link could not be used; it stays valid");
            Said::Later
        }
    }
}
