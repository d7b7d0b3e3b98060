//! All consents, as JSON lines.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response, StatusCode};
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::admin::caller::{By, Requests};
use crate::admin::exporting::Lines;
use crate::admin::given::Query;
use crate::admin::problem::Problem;
use crate::operations::consent::Format;

/// Of which company.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ExportConsents")]
pub(super) struct Which {
    /// Needed where the account may see several companies, and not all.
    company: Option<String>,
}

pub(super) async fn export(by: By<Requests>, Query(which): Query<Which>) -> Result<JsonLines, Problem> {
    let only = by.listed(which.company.as_deref())?;
    let lines = Lines::of(&by.on, only, Format::Json, &by.actor()).await.map_err(|error| by.told(error))?;
    Ok(JsonLines(lines))
}

/// Lines of JSON.
pub(super) struct JsonLines(Lines);

impl IntoResponse for JsonLines {
    fn into_response(self) -> axum::response::Response {
        let media = HeaderValue::from_static("application/x-ndjson");
        ([(header::CONTENT_TYPE, media)], Body::new(self.0)).into_response()
    }
}

impl OperationOutput for JsonLines {
    type Inner = String;

    fn operation_response(_: &mut GenContext, _: &mut Operation) -> Option<Response> {
        let content = [("application/x-ndjson".to_owned(), MediaType::default())].into_iter().collect();
        let description = "a line for each session, as docs/consent.md describes it, and last `{\"end\": {\"sessions\": 2, \"damaged\": 0}}`: without \
             that line, the export has broken off; of what is damaged, nothing can be said";
        Some(Response { description: description.to_owned(), content, ..Response::default() })
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        let response = Self::operation_response(ctx, operation);
        response.map(|response| (Some(StatusCode::Code(200)), response)).into_iter().collect()
    }
}
