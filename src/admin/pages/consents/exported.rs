//! All consents as a file.

use axum::body::Body;
use axum::extract::RawQuery;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::admin::caller::Requests;
use crate::admin::exporting::Lines;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::visitor::Visitor;
use crate::admin::problem::{Code, Problem};
use crate::operations::consent::Format;

/// As a download, which nobody on the way keeps: every answer says so.
pub(super) async fn export(visitor: Visitor<Requests>, RawQuery(query): RawQuery) -> Response {
    match lines(&visitor, query.as_deref().unwrap_or_default()).await {
        Ok((format, lines)) => {
            let (media, file) = match format {
                Format::Csv => ("text/csv; charset=utf-8; header=present", "attachment; filename=\"consents.csv\""),
                Format::Json => ("application/x-ndjson", "attachment; filename=\"consents.jsonl\""),
            };
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static(media)),
                (header::CONTENT_DISPOSITION, HeaderValue::from_static(file)),
            ];
            (headers, Body::new(lines)).into_response()
        }
        Err(problem) => visitor.view.problem(&problem),
    }
}

async fn lines(visitor: &Visitor<Requests>, query: &str) -> Result<(Format, Lines), Problem> {
    let unknown = || Problem::new(Code::NotUnderstood, "the address names no file");
    let fields = Fields::read(query).ok_or_else(unknown)?;
    let format = match fields.text("format") {
        "csv" => Format::Csv,
        "json" => Format::Json,
        _ => return Err(unknown()),
    };
    let only = visitor.listed(Some(fields.text("company")).filter(|name| !name.is_empty()))?;
    let lines = Lines::of(&visitor.on, only, format, &visitor.actor()).await.map_err(|error| visitor.told(error))?;
    Ok((format, lines))
}
