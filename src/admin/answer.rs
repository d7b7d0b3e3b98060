//! What is answered: JSON, or a problem; and how that is described.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{
    Header, HeaderStyle, MediaType, Operation, ParameterSchemaOrContent, ReferenceOr, Response, SchemaObject,
    StatusCode,
};
use axum::http::StatusCode as Status;
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;

use super::problem::{Problem, ProblemBody};
use crate::ledger;

/// What every operation answers.
pub(super) type Answer<T> = Result<Done<T>, Problem>;

/// It was done, or here it is.
#[derive(Debug)]
pub(super) struct Done<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Done<T> {
    fn into_response(self) -> axum::response::Response {
        axum::Json(self.0).into_response()
    }
}

/// Something was made.
#[derive(Debug)]
pub(super) struct Made<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Made<T> {
    fn into_response(self) -> axum::response::Response {
        (Status::CREATED, axum::Json(self.0)).into_response()
    }
}

/// A part of a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// Where the list goes on, as `cursor`; missing where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

impl<T> Page<T> {
    pub(super) fn of<I, C: ToString>(page: ledger::Page<I, C>, shown: impl FnMut(I) -> T) -> Self {
        Self { items: page.items.into_iter().map(shown).collect(), next: page.next.map(|next| next.to_string()) }
    }
}

fn response(ctx: &mut GenContext, media: &str, schema: schemars::Schema, description: &str) -> Response {
    let described = ctx.resolve_schema(&schema).get("description").and_then(|text| text.as_str()).map(str::to_owned);
    let schema = SchemaObject { json_schema: schema, external_docs: None, example: None };
    Response {
        description: described.unwrap_or_else(|| description.to_owned()),
        content: [(media.to_owned(), MediaType { schema: Some(schema), ..MediaType::default() })].into_iter().collect(),
        ..Response::default()
    }
}

/// The description of any problem.
pub(super) fn problem_response(ctx: &mut GenContext) -> Response {
    let schema = ctx.schema.subschema_for::<ProblemBody>();
    response(ctx, "application/problem+json", schema, "why it was not done")
}

/// How often an answer has a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Has {
    Always,
    Sometimes,
}

/// The description of an answer with a header, which says this.
pub(super) fn with_header(mut response: Response, has: Has, name: &str, says: &str) -> Response {
    let schema =
        SchemaObject { json_schema: schemars::json_schema!({ "type": "string" }), external_docs: None, example: None };
    let header = Header {
        description: Some(says.to_owned()),
        style: HeaderStyle::Simple,
        required: has == Has::Always,
        deprecated: None,
        format: ParameterSchemaOrContent::Schema(schema),
        example: None,
        examples: Default::default(),
        extensions: Default::default(),
    };
    response.headers.insert(name.to_owned(), ReferenceOr::Item(header));
    response
}

macro_rules! answers {
    ($name:ident, $code:literal, $description:literal) => {
        impl<T: JsonSchema> OperationOutput for $name<T> {
            type Inner = T;

            fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Response> {
                let schema = ctx.schema.subschema_for::<T>();
                Some(response(ctx, "application/json", schema, $description))
            }

            fn inferred_responses(
                ctx: &mut GenContext,
                operation: &mut Operation,
            ) -> Vec<(Option<StatusCode>, Response)> {
                let response = Self::operation_response(ctx, operation);
                response.map(|response| (Some(StatusCode::Code($code)), response)).into_iter().collect()
            }
        }
    };
}

answers!(Done, 200, "as it is now");
answers!(Made, 201, "what was made");

impl OperationOutput for Problem {
    type Inner = ProblemBody;

    fn operation_response(ctx: &mut GenContext, _: &mut Operation) -> Option<Response> {
        Some(problem_response(ctx))
    }

    /// Any other status.
    fn inferred_responses(ctx: &mut GenContext, _: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        vec![(None, problem_response(ctx))]
    }
}
