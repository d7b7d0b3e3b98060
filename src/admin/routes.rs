//! All that the listener serves: the API for programs, and the pages for people.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use super::problem::{Code, Problem};
use super::state::Admin;
use super::{api, pages};

/// Where the API is; everything else is for people.
const API: &str = "/api/";

/// All that is served there.
pub(crate) fn router(admin: Admin) -> Router {
    let admin = Arc::new(admin);
    api::router()
        .merge(pages::router(&admin))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn(headed))
        .with_state(admin)
}

async fn no_such_path(State(admin): State<Arc<Admin>>, request: Request) -> Response {
    refused(&admin, request, Problem::new(Code::NoSuchPath, "nothing is served at this path")).await
}

async fn no_such_method(State(admin): State<Arc<Admin>>, request: Request) -> Response {
    refused(&admin, request, Problem::new(Code::NoSuchMethod, "the path has not this method")).await
}

async fn refused(admin: &Arc<Admin>, request: Request, problem: Problem) -> Response {
    match request.uri().path().starts_with(API) {
        true => problem.into_response(),
        false => pages::refused(admin, request, problem).await,
    }
}

/// With what every answer says where it says nothing else itself: that nobody keeps it, and that no page may use it.
async fn headed(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    response
}
