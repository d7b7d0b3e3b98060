//! Quarantine: deliveries that could not be read, without what is personal in them. What a delivery says in clear is shown by command alone.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shown::{limit, read_if};
use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{By, Needs, Operate, See};
use crate::admin::ending::to_its_end;
use crate::admin::given::{Nothing, Path, Query};
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::ledger::{Cursor, QuarantineId, QuarantineRange, Stored};
use crate::operations::OperationError;
use crate::operations::quarantine::{self, Delivery, Replayed, Shown};
use crate::subject::SourceName;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/quarantine",
            get_with(list, |op| {
                op.id("list_quarantine").summary("List deliveries that could not be read, the oldest first")
            }),
        )
        .api_route(
            "/api/v1/quarantine/{number}",
            get_with(show, |op| {
                op.id("show_quarantined")
                    .summary("Show the shape of a delivery: its keys and types, and none of its values")
            }),
        )
        .api_route(
            "/api/v1/quarantine/{number}/replay",
            post_with(replay, |op| {
                op.id("replay_quarantined").summary("Read a delivery again; once it can be read it counts as received")
            }),
        )
        .api_route(
            "/api/v1/quarantine/{number}/drop",
            post_with(drop, |op| op.id("drop_quarantined").summary("Wipe a delivery that leads to nothing")),
        )
}

/// A delivery in quarantine.
#[derive(Debug, Serialize, JsonSchema)]
struct Quarantined {
    number: i64,
    source: String,
    /// Why it could not be read.
    reason: String,
    #[schemars(with = "String")]
    received: Timestamp,
    /// As it is kept: sealed.
    bytes: u64,
}

impl From<Stored> for Quarantined {
    fn from(stored: Stored) -> Self {
        Self {
            number: stored.id.0,
            source: stored.source.to_string(),
            reason: stored.reason,
            received: stored.received,
            bytes: stored.sealed_bytes,
        }
    }
}

/// Which deliveries.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ListQuarantine")]
struct ListQuery {
    /// Only deliveries of this source.
    source: Option<String>,
    /// Where the last answer ended: its `next`.
    cursor: Option<String>,
    /// At most so many; 50 where it is left out, and 500 at most.
    limit: Option<u32>,
}

async fn list(by: By<See>, Query(query): Query<ListQuery>) -> Answer<Page<Quarantined>> {
    let range = QuarantineRange {
        cursor: read_if("cursor", query.cursor.as_deref())?.unwrap_or(Cursor::OLDEST),
        limit: limit(query.limit)?,
        source: query.source.map(|name| SourceName(name.into())),
        reason: None,
    };
    let mut page = quarantine::list(&by.on, &range).await?;
    // The page is shorter by what is another company's, and goes on where it would.
    page.items.retain(|stored| by.sees_source(&stored.source));
    Ok(Done(Page::of(page, Quarantined::from)))
}

/// A delivery, by its number.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WhichQuarantined")]
struct Which {
    number: i64,
}

fn unknown() -> Problem {
    Problem::not_found("delivery of this number in quarantine")
}

/// Its number, as far as the account may see its company.
async fn seen<N: Needs>(by: &By<N>, which: &Which) -> Result<QuarantineId, Problem> {
    let id = QuarantineId(which.number);
    let found = by.on.ledger.quarantined_one(id).await.map_err(OperationError::from)?;
    found.filter(|found| by.sees_source(&found.source)).map(|_| id).ok_or_else(unknown)
}

/// Somebody else may have dropped it meanwhile.
fn told(error: OperationError) -> Problem {
    match error {
        OperationError::NotFound(_) => unknown(),
        other => other.into(),
    }
}

/// The shape of a delivery.
#[derive(Debug, Serialize, JsonSchema)]
struct DeliveryShape {
    number: i64,
    source: String,
    /// Why it could not be read.
    reason: String,
    /// Its keys and types, as JSON in a text; in words, where it is no JSON.
    shape: String,
}

async fn show(by: By<Operate>, Path(which): Path<Which>, _: Nothing) -> Answer<DeliveryShape> {
    let id = seen(&by, &which).await?;
    let shown = quarantine::show(&by.on, id, Shown::Shape, &by.actor()).await;
    let Delivery { source, reason, content } = shown.map_err(told)?;
    Ok(Done(DeliveryShape { number: id.0, source: source.to_string(), reason, shape: content }))
}

/// What a delivery turned out to be. It is no longer in quarantine.
#[derive(Debug, Serialize, JsonSchema)]
struct ReplayedDelivery {
    became: Became,
}

/// What it is.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ReplayedAs")]
enum Became {
    /// An event, which now counts as received.
    Recorded,
    /// An event that was received before.
    Duplicate,
    /// Of a tenant that the source does not list.
    ForeignTenant,
    /// An event that leads to nothing.
    Ignored,
}

impl From<Replayed> for Became {
    fn from(replayed: Replayed) -> Self {
        match replayed {
            Replayed::Recorded => Self::Recorded,
            Replayed::Duplicate => Self::Duplicate,
            Replayed::ForeignTenant => Self::ForeignTenant,
            Replayed::Ignored => Self::Ignored,
        }
    }
}

async fn replay(by: By<Operate>, Path(which): Path<Which>, _: Nothing) -> Answer<ReplayedDelivery> {
    let id = seen(&by, &which).await?;
    let replaying = async move { quarantine::replay(&by.on, id, &by.actor()).await.map_err(told) };
    let became = to_its_end(replaying).await?.into();
    Ok(Done(ReplayedDelivery { became }))
}

/// A delivery that was wiped.
#[derive(Debug, Serialize, JsonSchema)]
struct Dropped {
    number: i64,
}

async fn drop(by: By<Operate>, Path(which): Path<Which>, _: Nothing) -> Answer<Dropped> {
    let id = seen(&by, &which).await?;
    quarantine::drop(&by.on, id, None, &by.actor()).await.map_err(told)?;
    Ok(Done(Dropped { number: id.0 }))
}
