//! Erasures: which there are, and one of them: where each system stands, why, and what happens next.

mod approve;
mod bulk;
mod by_hand;
mod course;
mod demanded;
mod filter;
mod list;
mod one;
mod orders;
mod steps;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::visitor::Visitor;
use crate::admin::caller::Needs;
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::erasure::{Erasure, ErasureId};
use crate::operations::OperationError;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/erasures", get(list::show))
        .route("/erasures/retry", get(bulk::ask).post(bulk::retry))
        .route("/erasures/new", get(by_hand::ask))
        .route("/erasures/new/foresee", post(by_hand::foresee))
        .route("/erasures/new/do", post(by_hand::do_it))
        .route("/erasures/{id}", get(one::show))
        .route("/erasures/{id}/approve", post(approve::approve))
        .route("/erasures/{id}/reject", post(orders::reject))
        .route("/erasures/{id}/retry", post(orders::retry))
        .route("/erasures/{id}/begin", post(orders::begin))
        .route("/erasures/{id}/stop", post(orders::stop))
        .route("/erasures/{id}/cancel", post(orders::cancel))
}

/// The erasure of a path, as far as the account may see its company.
async fn found<N: Needs>(visitor: &Visitor<N>, id: &str) -> Result<Erasure, Problem> {
    let unknown = || Problem::not_found("erasure of this id");
    let id: ErasureId = id.parse().map_err(|_| unknown())?;
    let erasure = visitor.on.ledger.erasure(id).await.map_err(OperationError::from)?;
    erasure.filter(|erasure| visitor.sees(erasure.subject.installation())).ok_or_else(unknown)
}
