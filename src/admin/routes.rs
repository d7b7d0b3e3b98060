//! All that the listener serves: the API for programs, and the pages for people.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use super::problem::{Code, Problem};
use super::state::Admin;
use super::{api, pages};
use crate::panics::{Panicked, caught};

/// Where the API is; everything else is for people.
const API: &str = "/api/";

/// All that is served there.
pub(crate) fn router(admin: Admin) -> Router {
    let admin = Arc::new(admin);
    api::router()
        .merge(pages::router(&admin))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&admin), contained))
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

/// Answers in the dress of the place where something was asked also where the work on it has panicked, or where it was refused before anything
/// of ours was asked.
async fn contained(State(admin): State<Arc<Admin>>, request: Request, next: Next) -> Response {
    let asked = without_body(&request);
    let problem = match caught(next.run(request)).await {
        Ok(response) => match bare(&response) {
            Some(problem) => problem,
            None => return response,
        },
        Err(Panicked) => Problem::new(Code::Failed, "the server has a fault; its log says where"),
    };
    last_resort(refused(&admin, asked, problem)).await
}

/// An answer also where the work on the refusal has panicked in its turn: one that needs no view, account or ledger.
async fn last_resort(refusal: impl Future<Output = Response>) -> Response {
    match caught(refusal).await {
        Ok(response) => response,
        Err(Panicked) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// What an answer says that is not in words of ours.
fn bare(response: &Response) -> Option<Problem> {
    let status = response.status();
    let media = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_ours = media.starts_with(b"text/html") || media.starts_with(b"application/problem+json");
    let is_refusal = status.is_client_error() || status.is_server_error();
    if is_ours || !is_refusal {
        return None;
    }
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => (Code::NoSuchPath, "nothing is served at this path"),
        StatusCode::METHOD_NOT_ALLOWED => (Code::NoSuchMethod, "the path has not this method"),
        StatusCode::PAYLOAD_TOO_LARGE => (Code::TooLarge, "the body is too large"),
        StatusCode::REQUEST_TIMEOUT => (Code::TooSlow, "the body did not come in time"),
        _ if status.is_client_error() => (Code::NotUnderstood, "the request cannot be read"),
        _ => (Code::Failed, "the server could not do it; its log says why"),
    };
    Some(Problem::new(code, detail))
}

/// The same request, as far as an answer needs it.
fn without_body(request: &Request) -> Request {
    let mut asked = Request::new(Body::empty());
    *asked.method_mut() = request.method().clone();
    *asked.uri_mut() = request.uri().clone();
    *asked.headers_mut() = request.headers().clone();
    *asked.extensions_mut() = request.extensions().clone();
    asked
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_refusal_that_panics_itself_is_still_an_answer() {
        async fn faulty() -> Response {
            panic!("the view has a fault")
        }
        let response = last_resort(faulty()).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(last_resort(async { StatusCode::NOT_FOUND.into_response() }).await.status(), StatusCode::NOT_FOUND);
    }

    fn answered(status: u16, media: Option<&'static str>) -> Option<Code> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        if let Some(media) = media {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        }
        bare(&response).map(|problem| problem.code())
    }

    #[test]
    fn a_refusal_that_nobody_of_ours_has_worded_is_worded_here() {
        let plain = Some("text/plain; charset=utf-8");
        assert_eq!(answered(400, plain), Some(Code::NotUnderstood));
        assert_eq!(answered(404, None), Some(Code::NoSuchPath));
        assert_eq!(answered(405, None), Some(Code::NoSuchMethod));
        assert_eq!(answered(413, plain), Some(Code::TooLarge));
        assert_eq!(answered(500, plain), Some(Code::Failed));
        for ours in ["text/html; charset=utf-8", "application/problem+json"] {
            assert_eq!(answered(404, Some(ours)), None, "{ours}");
            assert_eq!(answered(429, Some(ours)), None, "{ours}");
        }
        for fine in [200, 204, 303, 304] {
            assert_eq!(answered(fine, plain), None, "{fine}");
        }
    }
}
