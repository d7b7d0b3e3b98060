//! Receipts as JSON lines, to be kept elsewhere and verified by anyone.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response, StatusCode};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::admin::caller::{By, See};
use crate::admin::exporting::Lines;
use crate::admin::given::Query;
use crate::admin::problem::Problem;

/// The first number, where none is named.
const FIRST: u64 = 1;

/// From where on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExportReceipts")]
pub(super) struct Which {
    /// From this number on; all, where it is left out.
    from: Option<u64>,
}

/// The chain is of all companies.
pub(super) async fn export(by: By<See>, Query(which): Query<Which>) -> Result<ReceiptLines, Problem> {
    by.sees_all()?;
    let lines = Lines::of_receipts(&by.on, which.from.unwrap_or(FIRST)).await?;
    Ok(ReceiptLines(lines))
}

/// Lines of JSON.
pub(super) struct ReceiptLines(Lines);

impl IntoResponse for ReceiptLines {
    fn into_response(self) -> axum::response::Response {
        let media = HeaderValue::from_static("application/x-ndjson");
        ([(header::CONTENT_TYPE, media)], Body::new(self.0)).into_response()
    }
}

impl OperationOutput for ReceiptLines {
    type Inner = String;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Response> {
        let content = [("application/x-ndjson".to_owned(), MediaType::default())].into_iter().collect();
        let description = "first how many receipts follow, with the public keys, then a receipt a line, as docs/receipt.md describes them: \
             `quietus receipts verify` reads it, and says where lines are missing";
        Some(Response { description: description.to_owned(), content, ..Response::default() })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        let response = Self::operation_response(ctx, operation);
        response.map(|response| (Some(StatusCode::Code(200)), response)).into_iter().collect()
    }
}
