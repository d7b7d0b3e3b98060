//! What is asked for and is not there.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// There is no such conversation, webhook or contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown;

impl IntoResponse for Unknown {
    fn into_response(self) -> Response {
        StatusCode::NOT_FOUND.into_response()
    }
}
