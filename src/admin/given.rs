//! What is given with a request: its path, its query and its body. What cannot be read is answered with where, and never with what stood
//! there, as that may be about a person.

use std::sync::Arc;

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, RequestBody, Response, SchemaObject, StatusCode};
use aide::operation::{ParamLocation, add_parameters, parameters_from_schema, set_body};
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::answer::problem_response;
use super::problem::{Code, Problem};
use super::state::Admin;

/// The largest body: identifiers of one person, and words.
const BODY_BYTES_MAX: usize = 256 << 10;

/// The body, as JSON.
pub(super) struct Body<T>(pub(super) T);

/// The query. What it does not know is refused: a filter that is not understood must not list more than was asked for.
pub(super) struct Query<T>(pub(super) T);

/// The parts of the path.
pub(super) struct Path<T>(pub(super) T);

/// Neither a query nor a body, but `{}`. An order that is sent with a wish that it does not know is refused: it would do more, or something
/// else, than was meant.
pub(super) struct Nothing;

impl<T: DeserializeOwned> FromRequest<Arc<Admin>> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, admin: &Arc<Admin>) -> Result<Self, Problem> {
        read_json(&json_bytes(request, admin).await?).map(Self)
    }
}

/// The body of an operation that takes JSON.
pub(super) async fn json_bytes(request: Request, admin: &Admin) -> Result<Bytes, Problem> {
    no_query(&request)?;
    let media = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let bare = media.split(|byte| *byte == b';').next().unwrap_or_default();
    if !bare.trim_ascii().eq_ignore_ascii_case(b"application/json") {
        return Err(Problem::new(Code::NotJson, "the body has to be sent as `Content-Type: application/json`"));
    }
    body(request, admin).await
}

pub(super) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| not_understood("the body", &error))
}

impl FromRequest<Arc<Admin>> for Nothing {
    type Rejection = Problem;

    async fn from_request(request: Request, admin: &Arc<Admin>) -> Result<Self, Problem> {
        no_query(&request)?;
        let bytes = body(request, admin).await?;
        let is_nothing = bytes.is_empty() || is_empty_object(&bytes);
        is_nothing.then_some(Self).ok_or_else(|| {
            Problem::new(
                Code::NotUnderstood,
                "the operation takes no body: send none, or `{}`; what it says is not done",
            )
        })
    }
}

fn is_empty_object(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(bytes).is_ok_and(|read| read.is_empty())
}

/// Refuses the query of an operation that takes none.
fn no_query(request: &Request) -> Result<(), Problem> {
    match request.uri().query() {
        None | Some("") => Ok(()),
        Some(_) => Err(Problem::new(Code::NotUnderstood, "the operation takes no parameters in its address")),
    }
}

async fn body(request: Request, admin: &Admin) -> Result<Bytes, Problem> {
    let read = to_bytes(request.into_body(), BODY_BYTES_MAX);
    let read = timeout(admin.body_read_max(), read).await;
    read.map_err(|_| Problem::new(Code::TooSlow, "the body did not come in time"))?.map_err(|_| {
        Problem::new(Code::TooLarge, format!("the body has more than {BODY_BYTES_MAX} bytes, or broke off"))
    })
}

/// Where it is wrong, and how: serde's own words would repeat what stood there.
fn not_understood(what: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let how = match error.classify() {
        serde_json::error::Category::Data => {
            member(&text).unwrap_or("it has another shape than the API's description says")
        }
        _ => "it is no JSON",
    };
    Problem::new(
        Code::NotUnderstood,
        format!("{what} is wrong at line {}, column {}: {how}", error.line(), error.column()),
    )
}

/// The part of serde's words that names members, which are the API's own or nobody's.
fn member(text: &str) -> Option<&str> {
    let known = text.starts_with("missing field ");
    known.then(|| text.split(" at line ").next().unwrap_or(text))
}

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Admin>> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, admin: &Arc<Admin>) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::from_request_parts(parts, admin).await;
        read.map(|axum::extract::Query(query)| Self(query)).map_err(|_| {
            let what =
                "the query has a parameter that the operation does not know, or a value that is none of its words";
            Problem::new(Code::NotUnderstood, what)
        })
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Admin>> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, admin: &Arc<Admin>) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, admin).await;
        read.map(|axum::extract::Path(path)| Self(path))
            .map_err(|_| Problem::new(Code::NotFound, "nothing can have this name or number"))
    }
}

impl<T: JsonSchema> OperationInput for Body<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        let schema = ctx.schema.subschema_for::<T>();
        let schema = SchemaObject { json_schema: schema, external_docs: None, example: None };
        let media = MediaType { schema: Some(schema), ..MediaType::default() };
        let content = [("application/json".to_owned(), media)].into_iter().collect();
        set_body(ctx, operation, RequestBody { content, required: true, ..RequestBody::default() });
    }

    /// What a body names, such as a company or a session, may not be there.
    fn inferred_early_responses(ctx: &mut GenContext, _: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        [400, 404, 408, 413, 415].map(|code| (Some(StatusCode::Code(code)), problem_response(ctx))).into()
    }
}

impl OperationInput for Nothing {
    fn inferred_early_responses(ctx: &mut GenContext, _: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        [400, 408, 413].map(|code| (Some(StatusCode::Code(code)), problem_response(ctx))).into()
    }
}

impl<T: JsonSchema> OperationInput for Query<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        parameters::<T>(ctx, operation, ParamLocation::Query);
    }

    /// A company that it names may not be there, or not for whoever asks.
    fn inferred_early_responses(ctx: &mut GenContext, _: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        let schema = ctx.schema.subschema_for::<T>();
        let names_company = ctx.resolve_schema(&schema).pointer("/properties/company").is_some();
        let codes = if names_company { &[400, 404][..] } else { &[400] };
        codes.iter().map(|code| (Some(StatusCode::Code(*code)), problem_response(ctx))).collect()
    }
}

impl<T: JsonSchema> OperationInput for Path<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        parameters::<T>(ctx, operation, ParamLocation::Path);
    }

    fn inferred_early_responses(ctx: &mut GenContext, _: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        vec![(Some(StatusCode::Code(404)), problem_response(ctx))]
    }
}

fn parameters<T: JsonSchema>(ctx: &mut GenContext, operation: &mut Operation, location: ParamLocation) {
    let schema = ctx.schema.subschema_for::<T>();
    let schema = ctx.resolve_schema(&schema).clone();
    let all = parameters_from_schema(ctx, schema, location);
    add_parameters(ctx, operation, all);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_empty_object_is_nothing() {
        for nothing in ["{}", " {\n} "] {
            assert!(is_empty_object(nothing.as_bytes()), "{nothing}");
        }
        for something in ["{\"dry_run\":true}", "[]", "null", "\"\"", "{}{}", "x", " "] {
            assert!(!is_empty_object(something.as_bytes()), "{something}");
        }
    }

    #[test]
    fn a_query_is_refused_where_none_is_taken() {
        let of = |uri: &str| no_query(&Request::builder().uri(uri).body(axum::body::Body::empty()).expect("a request"));
        assert!(of("/a").is_ok() && of("/a?").is_ok());
        assert!(of("/a?company=beta").is_err() && of("/a?b").is_err());
    }
}
