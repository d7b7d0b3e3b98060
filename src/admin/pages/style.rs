//! The style sheet, as a file of ours: its name changes with what is in it, so that browsers may keep it.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

/// Values, what is made of them, and what only these pages need.
const SHEET: &str =
    concat!(include_str!("style/tokens.css"), include_str!("style/quietus.css"), include_str!("style/pages.css"));

/// Digits of the hash: enough to tell one version of the sheet from another.
const DIGITS: usize = 16;

static NAME: LazyLock<String> = LazyLock::new(|| {
    let mut hash = hex::encode(Sha256::digest(SHEET));
    hash.truncate(DIGITS);
    format!("quietus-{hash}.css")
});

/// Where it is.
pub(super) fn path() -> String {
    format!("/static/{}", *NAME)
}

/// Serves it.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    if name != *NAME {
        // A page of another version is still open: it asks for its own sheet in vain until it is loaded again.
        return StatusCode::NOT_FOUND.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, SHEET).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sheet_loads_nothing() {
        for wrong in ["url(", "@import", "http:", "https:"] {
            assert!(!SHEET.contains(wrong), "{wrong}");
        }
        assert!(path().starts_with("/static/quietus-") && path().ends_with(".css"));
    }
}
