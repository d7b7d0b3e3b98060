//! What persons ask for: the list, one of them, a new one, its plan.

mod acts;
mod deciding;
mod import;
mod letters;
mod list;
mod new;
mod one;
mod plan;
mod planned;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::visitor::Visitor;
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::ledger::{RequestFilter, RequestOrder};
use crate::operations::requests::{self, Named, Shown};
use crate::request::RequestNumber;
use crate::subject::InstallationName;

pub(super) fn routes() -> Router<Arc<Admin>> {
    Router::new()
        .route("/requests", get(list::show))
        .route("/requests/new", get(new::ask).post(new::enter))
        .route("/requests/new/of", post(new::ask_of))
        .route("/requests/import", get(import::ask).post(import::enter))
        .route("/requests/{company}/{number}", get(one::show))
        .route("/requests/{company}/{number}/plan", get(planned::show).post(plan::make))
        .route("/requests/{company}/{number}/letters/{kind}/{lang}", get(letters::write))
        .route("/requests/{company}/{number}/certificates/{receipt}/{audience}/{lang}", get(letters::certify))
        .route("/requests/{company}/{number}/verify", post(acts::verify))
        .route("/requests/{company}/{number}/ask", post(acts::ask))
        .route("/requests/{company}/{number}/answered", post(acts::answered))
        .route("/requests/{company}/{number}/link", post(acts::send_link))
        .route("/requests/{company}/{number}/extend", post(acts::extend))
        .route("/requests/{company}/{number}/reject", post(acts::reject))
        .route("/requests/{company}/{number}/withdraw", post(acts::withdraw))
        .route("/requests/{company}/{number}/close", post(acts::close))
        .route("/requests/{company}/{number}/approve", post(acts::approve))
        .route("/requests/{company}/{number}/run", post(acts::run))
}

/// Open requests that are read at once, the most urgent of them.
const OPEN_MAX: u32 = 500;

/// Open requests that were read.
pub(super) struct Open {
    /// The first last day first; those that do not run are behind the others.
    pub(super) all: Vec<Shown>,
    /// There are more, which nobody has looked at.
    pub(super) is_cut: bool,
}

/// The open requests of all companies that somebody may see, the most urgent of them.
pub(super) async fn open_requests<N>(visitor: &Visitor<N>) -> Result<Open, Problem> {
    let filter = RequestFilter {
        states: Vec::new(),
        companies: visitor.identity.companies.clone(),
        target: None,
        due: None,
        cursor: RequestOrder::Due.beginning(),
        limit: OPEN_MAX,
    };
    let page = requests::list(&visitor.on, filter).await?;
    Ok(Open { is_cut: page.next.is_some(), all: page.items })
}

/// The request of a path, as far as the account may see its company.
fn named<N>(visitor: &Visitor<N>, (company, number): &(String, String)) -> Result<Named, Problem> {
    let installation: InstallationName = visitor.company(company)?;
    let number: RequestNumber = number.parse().map_err(|_| Problem::not_found("request of this number"))?;
    Ok(Named { number, installation: Some(installation) })
}
