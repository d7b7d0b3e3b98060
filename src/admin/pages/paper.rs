//! A page that is no page of ours but a document to print: whole in itself, and without a way on.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

/// A document for A4 as it is printed.
pub(super) fn paper(html: String) -> Response {
    let media = HeaderValue::from_static("text/html; charset=utf-8");
    // Its one style sheet stands in it.
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    ([(header::CONTENT_TYPE, media), (header::CONTENT_SECURITY_POLICY, policy)], html).into_response()
}
