//! The style sheet and the mark in the browser's tab, as files of ours: their names change with what is in them, so that browsers may keep
//! them.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

/// Values, what is made of them, and what only these pages need.
const SHEET: &str =
    concat!(include_str!("style/tokens.css"), include_str!("style/quietus.css"), include_str!("style/pages.css"));

/// Without one, browsers ask for `/favicon.ico`, which is not there.
const MARK: &str = include_str!("style/mark.svg");

/// Digits of the hash: enough to tell one version of a file from another.
const DIGITS: usize = 16;

static SHEET_NAME: LazyLock<String> = LazyLock::new(|| named(SHEET, "css"));

static MARK_NAME: LazyLock<String> = LazyLock::new(|| named(MARK, "svg"));

fn named(content: &str, ending: &str) -> String {
    let mut hash = hex::encode(Sha256::digest(content));
    hash.truncate(DIGITS);
    format!("quietus-{hash}.{ending}")
}

/// Where the sheet is.
pub(super) fn path() -> String {
    format!("/static/{}", *SHEET_NAME)
}

/// Where the mark is.
pub(super) fn mark_path() -> String {
    format!("/static/{}", *MARK_NAME)
}

/// Serves them.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let (media, content) = if name == *SHEET_NAME {
        ("text/css; charset=utf-8", SHEET)
    } else if name == *MARK_NAME {
        ("image/svg+xml", MARK)
    } else {
        // A page of another version is still open: it asks for its own sheet in vain until it is loaded again.
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, content).into_response()
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
        assert!(mark_path().starts_with("/static/quietus-") && mark_path().ends_with(".svg"));
    }
}
