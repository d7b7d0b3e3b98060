//! The listener's routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;

use super::api;
use super::problem::{Code, Problem};
use super::state::Admin;

/// All that is served there.
pub(crate) fn router(admin: Admin) -> Router {
    let admin = Arc::new(admin);
    api::router()
        .fallback(|| async { Problem::new(Code::NoSuchPath, "nothing is served at this path") })
        .method_not_allowed_fallback(|| async { Problem::new(Code::NoSuchMethod, "the path has not this method") })
        .layer(middleware::from_fn(headed))
        .with_state(admin)
}

/// With what every answer says: that nobody keeps it, and that no page may use it.
async fn headed(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    response
}
