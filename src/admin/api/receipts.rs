//! Receipts, and the certificates of them.

mod export;

use std::collections::BTreeMap;
use std::sync::Arc;

use aide::OperationOutput;
use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response, StatusCode};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shown::{GivenIdentifier, identifiers, limit, read_if};
use crate::admin::answer::{Answer, Done, Page};
use crate::admin::caller::{By, Needs, Requests, See};
use crate::admin::given::{Body, Nothing, Path, Query};
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::erasure::{ErasureState, Verdict};
use crate::ledger::{Cursor, ReceiptRange};
use crate::operations::requests::Named;
use crate::operations::{OperationError, papers, receipts};
use crate::papers::{Audience, Lang};
use crate::receipt;

/// Receipts that are acknowledged at once, where they are named.
const ACKNOWLEDGED_MAX: usize = 500;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/receipts",
            get_with(list, |op| op.id("list_receipts").summary("List receipts, the newest first")),
        )
        .api_route(
            "/api/v1/receipts/find",
            post_with(find, |op| op.id("find_receipts").summary("Find the receipts of a person's erasures")),
        )
        .api_route(
            "/api/v1/receipts/export",
            get_with(export::export, |op| {
                op.id("export_receipts")
                    .summary("All receipts as JSON lines, to be kept elsewhere and verified by anyone")
            }),
        )
        .api_route(
            "/api/v1/receipts/acknowledge",
            post_with(acknowledge, |op| {
                op.id("acknowledge_receipts")
                    .summary("Note that somebody has seen incomplete receipts, which stay as they are")
            }),
        )
        .api_route("/api/v1/receipts/{number}", get_with(show, |op| op.id("show_receipt").summary("Show a receipt")))
        .api_route(
            "/api/v1/receipts/{number}/certificate",
            get_with(certificate, |op| op.id("certificate").summary("The certificate of a receipt, as HTML for A4")),
        )
}

/// A receipt as it was signed, and its signature: see docs/receipt.md. Members may be added by later versions.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
struct Receipt(#[schemars(with = "BTreeMap<String, Value>")] receipt::Receipt);

/// Which receipts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ListReceipts")]
struct ListQuery {
    /// Only those with this verdict.
    verdict: Option<Verdict>,
    /// Only those of erasures that ended since then.
    since: Option<String>,
    /// Where the last answer ended: its `next`.
    cursor: Option<String>,
    /// At most so many; 50 where it is left out, and 500 at most.
    limit: Option<u32>,
}

async fn list(by: By<See>, Query(query): Query<ListQuery>) -> Answer<Page<Receipt>> {
    by.sees_all()?;
    let range = ReceiptRange {
        cursor: read_if("cursor", query.cursor.as_deref())?.unwrap_or(Cursor::NEWEST),
        limit: limit(query.limit)?,
        verdict: query.verdict,
        since: read_if::<Timestamp>("since", query.since.as_deref())?,
    };
    let page = receipts::list(&by.on, &range).await?;
    Ok(Done(Page::of(page, Receipt)))
}

/// A receipt, by its number.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "WhichReceipt")]
struct Which {
    number: u64,
}

/// The receipt, as far as the account may see its company.
pub(super) async fn seen<N: Needs>(by: &By<N>, number: u64) -> Result<receipt::Receipt, Problem> {
    let unknown = || Problem::not_found("receipt of this number");
    let receipt = match receipts::show(&by.on, number).await {
        // That it is in an archive would tell that there was one.
        Err(OperationError::NotFound(_)) if !by.is_of_all() => return Err(unknown()),
        receipt => receipt?,
    };
    if by.sees(&receipt.statement.installation) { Ok(receipt) } else { Err(unknown()) }
}

async fn show(by: By<See>, Path(Which { number }): Path<Which>, _: Nothing) -> Answer<Receipt> {
    seen(&by, number).await.map(|receipt| Done(Receipt(receipt)))
}

/// Whose receipts.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FindReceipts")]
struct Find {
    /// Needed where the account may see several companies, and not all.
    company: Option<String>,
    /// Values of one kind are alternatives; every kind that is given has to agree.
    identifiers: Vec<GivenIdentifier>,
}

/// A person's erasures, and their receipts.
#[derive(Debug, Serialize, JsonSchema)]
struct Found {
    erasures: Vec<FoundErasure>,
    /// Whether erasures that have ended are among them. Where they are not, nothing is said of them.
    ended_are_found: bool,
}

/// An erasure that was found.
#[derive(Debug, Serialize, JsonSchema)]
struct FoundErasure {
    erasure: String,
    state: ErasureState,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Receipt>,
    /// The archive in which its receipt is.
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<String>,
}

async fn find(by: By<Requests>, Body(find): Body<Find>) -> Answer<Found> {
    let company = by.listed(find.company.as_deref())?;
    let found = receipts::find(&by.on, company.as_ref(), &identifiers(find.identifiers)?, &by.actor()).await?;
    let shown = |one: receipts::FoundErasure| FoundErasure {
        erasure: one.erasure.id.to_string(),
        state: one.erasure.state,
        receipt: one.receipt.map(Receipt),
        archive: one.archived.map(|archived| archived.file),
    };
    let ended_are_found = found.ended_are_found;
    Ok(Done(Found { erasures: found.erasures.into_iter().map(shown).collect(), ended_are_found }))
}

/// Which incomplete receipts somebody has seen.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Acknowledge {
    which: Seen,
}

/// All of them, or some.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SeenReceipts")]
enum Seen {
    /// All incomplete receipts that there are, of all companies.
    All,
    /// Those with these numbers, at most 500.
    These(Vec<u64>),
}

/// How many of them nobody had acknowledged before.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AcknowledgedReceipts")]
struct Acknowledged {
    acknowledged: u64,
}

async fn acknowledge(by: By<Requests>, Body(body): Body<Acknowledge>) -> Answer<Acknowledged> {
    let these = match body.which {
        Seen::All => {
            by.sees_all()?;
            receipts::Seen::All
        }
        Seen::These(numbers) => {
            if numbers.is_empty() || numbers.len() > ACKNOWLEDGED_MAX {
                return Err(Problem::new(Code::Input, format!("name from 1 to {ACKNOWLEDGED_MAX} receipts")));
            }
            for number in &numbers {
                seen(&by, *number).await?;
            }
            receipts::Seen::These(numbers)
        }
    };
    let acknowledged = receipts::acknowledge(&by.on, &these, &by.actor()).await?;
    Ok(Done(Acknowledged { acknowledged }))
}

/// In which language, for whom, and of which request.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Paper {
    lang: Lang,
    r#for: Audience,
    /// The number of the request that it answers, of the receipt's company.
    request: Option<String>,
}

async fn certificate(by: By<Requests>, Path(which): Path<Which>, Query(paper): Query<Paper>) -> Result<Html, Problem> {
    let receipt = seen(&by, which.number).await?;
    let number = read_if("request", paper.request.as_deref())?;
    let installation = Some(receipt.statement.installation.clone());
    let named = number.map(|number| Named { number, installation });
    let (named, actor) = (named.as_ref(), by.actor());
    let html = papers::certificate(&by.on, which.number, named, paper.lang, paper.r#for, &actor).await?;
    Ok(Html(html))
}

/// A page that loads nothing.
pub(super) struct Html(pub(super) String);

impl IntoResponse for Html {
    fn into_response(self) -> axum::response::Response {
        let media = HeaderValue::from_static("text/html; charset=utf-8");
        // Its one style sheet stands in it; the header of all answers would keep that from being used.
        let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
        ([(header::CONTENT_TYPE, media), (header::CONTENT_SECURITY_POLICY, policy)], self.0).into_response()
    }
}

impl OperationOutput for Html {
    type Inner = String;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Response> {
        let content = [("text/html".to_owned(), MediaType::default())].into_iter().collect();
        Some(Response { description: "a page for A4".to_owned(), content, ..Response::default() })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        let response = Self::operation_response(ctx, operation);
        response.map(|response| (Some(StatusCode::Code(200)), response)).into_iter().collect()
    }
}
