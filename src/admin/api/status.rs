//! Who asks, and how things are.

use std::collections::BTreeMap;
use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use schemars::JsonSchema;
use serde::Serialize;

use crate::access::Companies;
use crate::admin::answer::{Answer, Done};
use crate::admin::caller::{By, See};
use crate::admin::given::Nothing;
use crate::admin::state::Admin;
use crate::operations::status as operations;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route("/api/v1/me", get_with(me, |op| op.id("me").summary("Whose token it is, and what it may do")))
        .api_route("/api/v1/status", get_with(status, |op| op.id("status").summary("Say how things are, in numbers")))
}

/// Whose token it is.
#[derive(Debug, Serialize, JsonSchema)]
struct Me {
    account: String,
    shown_as: String,
    roles: Vec<String>,
    /// Those that it may see; missing where it may see all.
    #[serde(skip_serializing_if = "Option::is_none")]
    companies: Option<Vec<String>>,
    /// As the audit names it.
    actor: String,
}

async fn me(by: By<See>, _: Nothing) -> Answer<Me> {
    let companies = match &by.identity.companies {
        Companies::All => None,
        Companies::Only(these) => Some(these.iter().map(ToString::to_string).collect()),
    };
    Ok(Done(Me {
        account: by.identity.account.to_string(),
        shown_as: by.identity.shown_as.clone(),
        roles: by.identity.roles.iter().map(|role| role.to_string()).collect(),
        companies,
        actor: by.actor().to_string(),
    }))
}

/// The deployment in numbers.
#[derive(Debug, Serialize, JsonSchema)]
struct Status {
    /// Whether a person has to act.
    needs_a_person: bool,
    /// Servers on the ledger.
    servers: usize,
    /// Steps that wait, by target.
    waiting_steps: BTreeMap<String, u64>,
    /// Steps that need a person, by target.
    parked_steps: BTreeMap<String, u64>,
    receipts: u64,
    /// By verdict.
    verdicts: BTreeMap<String, u64>,
}

async fn status(by: By<See>, _: Nothing) -> Answer<Status> {
    by.sees_all()?;
    let status = operations::status(&by.on).await?;
    Ok(Done(Status {
        needs_a_person: status.needs_a_person(),
        servers: status.processes.len(),
        waiting_steps: status.counts.waiting_steps.clone(),
        parked_steps: status.counts.parked_steps.clone(),
        receipts: status.counts.receipts,
        verdicts: status.counts.verdicts.iter().map(|(verdict, count)| ((*verdict).to_owned(), *count)).collect(),
    }))
}
