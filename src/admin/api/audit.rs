//! Who ordered what.

use std::collections::BTreeMap;
use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shown::{limit, read_if};
use crate::access::Permission;
use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{By, See};
use crate::admin::given::Query;
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::audit::{Actor, AuditRow, Object, is_of_accounts};
use crate::ledger::{AuditRange, Cursor};
use crate::operations::audit;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new().api_route(
        "/api/v1/audit",
        get_with(list, |op| op.id("list_audit").summary("List who ordered what, the newest first")),
    )
}

/// An order.
#[derive(Debug, Serialize, JsonSchema)]
struct Row {
    number: u64,
    #[schemars(with = "String")]
    at: Timestamp,
    actor: String,
    act: String,
    object: String,
    result: String,
    details: BTreeMap<String, Value>,
    /// Of the row; the next one names it.
    hash: String,
}

impl From<AuditRow> for Row {
    fn from(row: AuditRow) -> Self {
        let hash = row.head().hash;
        let statement = row.statement;
        Self {
            number: statement.sequence,
            at: statement.at,
            actor: statement.actor.to_string(),
            act: statement.act,
            object: statement.object.to_string(),
            result: statement.result,
            details: statement.details,
            hash,
        }
    }
}

/// Which orders.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ListAudit")]
struct ListQuery {
    actor: Option<String>,
    /// Such as `request.run`.
    act: Option<String>,
    object: Option<String>,
    since: Option<String>,
    /// Where the last answer ended: its `next`.
    cursor: Option<String>,
    /// At most so many; 50 where it is left out, and 500 at most.
    limit: Option<u32>,
}

async fn list(by: By<See>, Query(query): Query<ListQuery>) -> Answer<Page<Row>> {
    by.sees_all()?;
    let sees_accounts = by.identity.roles.allow(Permission::SeeAccounts);
    if !sees_accounts && query.act.as_deref().is_some_and(is_of_accounts) {
        let detail =
            format!("what was done with accounts and tokens takes the permission `{}`", Permission::SeeAccounts);
        return Err(Problem::new(Code::Forbidden, detail));
    }
    let range = AuditRange {
        cursor: read_if("cursor", query.cursor.as_deref())?.unwrap_or(Cursor::NEWEST),
        limit: limit(query.limit)?,
        actor: query.actor.map(Actor::named),
        act: read_if("act", query.act.as_deref())?,
        object: query.object.map(Object::written),
        since: read_if::<Timestamp>("since", query.since.as_deref())?,
    };
    let mut page = audit::list(&by.on, &range).await?;
    // The page is shorter by them, and goes on where it would.
    page.items.retain(|row| sees_accounts || !is_of_accounts(&row.statement.act));
    Ok(Done(Page::of(page, Row::from)))
}
