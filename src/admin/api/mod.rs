//! `/api/v1`: a file for each noun. The description (OpenAPI 3.1) is made of the handlers' types, and stands in `docs/openapi.json`, which a
//! test keeps as it is: what changes there changes what others have written against.

mod accounts;
mod attention;
mod audit;
mod configuration;
mod consents;
mod erasures;
mod foretold;
mod holds;
mod letters;
mod past_jobs;
mod plugins;
mod quarantine;
mod receipts;
mod requests;
mod rules;
mod shown;
mod status;
mod sweeps;
mod targets;
mod tasks;
mod webhooks;

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
        .merge(letters::routes())
        .merge(holds::routes())
        .merge(consents::routes())
        .merge(tasks::routes())
        .merge(rules::routes())
        .merge(quarantine::routes())
        .merge(targets::routes())
        .merge(plugins::routes())
        .merge(webhooks::routes())
        .merge(past_jobs::routes())
        .merge(sweeps::routes())
        .merge(configuration::routes())
        .merge(accounts::routes())
        .merge(audit::routes())
}

#[cfg(test)]
mod tests;
