//! `/api/v1`: a file for each noun. The description (OpenAPI 3.1) is made of the handlers' types, and stands in `docs/openapi.json`, which a
//! test keeps as it is: what changes there changes what others have written against.

mod attention;
mod audit;
mod erasures;
mod holds;
mod receipts;
mod requests;
mod shown;
mod status;
mod targets;

use std::sync::Arc;

use aide::axum::ApiRouter;
use axum::Router;
use axum::http::header;
use axum::routing::get;

use super::state::Admin;

/// The description, as it is served.
const DESCRIPTION: &str = include_str!("../../../docs/openapi.json");

/// The API's routes.
pub(super) fn router() -> Router<Arc<Admin>> {
    // What is noted beside the routes is made anew by the test alone.
    let served = || async { ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION) };
    Router::from(routes()).route("/api/v1/openapi.json", get(served))
}

fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .merge(status::routes())
        .merge(attention::routes())
        .merge(requests::routes())
        .merge(erasures::routes())
        .merge(receipts::routes())
        .merge(holds::routes())
        .merge(targets::routes())
        .merge(audit::routes())
}

#[cfg(test)]
mod tests;
