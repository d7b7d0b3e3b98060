//! Orders that carry an `Idempotency-Key`: a program that has heard no answer sends the same again, and it is not done twice.

use std::sync::Arc;

use aide::generate::GenContext;
use aide::openapi::{Operation, Response as Described, StatusCode as Status};
use aide::operation::{ParamLocation, add_parameters, parameters_from_schema};
use aide::{OperationInput, OperationOutput};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::{Done, Has, Made, with_header};
use super::caller::{By, Needs};
use super::ending::to_its_end;
use super::given::{Body, json_bytes, read_json};
use super::problem::{Code, Problem};
use super::state::Admin;
use crate::ledger::KeptAnswer;
use crate::operations::answers::{self, Claimed};

const KEY: &str = "idempotency-key";
const REPLAYED: &str = "idempotency-replayed";
const KEY_CHARS_MAX: usize = 64;

/// About after how many seconds an order that is under way may be asked for again.
const RETRY_AFTER_S: &str = "5";

/// The body, and by what the order is known where it comes again.
pub(super) struct Keyed<T> {
    pub(super) body: T,
    pub(super) order: Order,
}

/// An order, as far as it carries a key.
pub(super) struct Order(Option<Sent>);

struct Sent {
    key: String,
    method: String,
    path: String,
    body: Bytes,
}

/// What is answered: now, or as before.
#[derive(Debug)]
pub(super) enum Once<A> {
    Now(A),
    Again(KeptAnswer),
    UnderWay,
}

/// What can be answered again.
pub(super) trait Kept {
    fn kept(&self) -> Option<KeptAnswer>;
}

impl<T: Serialize> Kept for Made<T> {
    fn kept(&self) -> Option<KeptAnswer> {
        Some(KeptAnswer { status: StatusCode::CREATED.as_u16(), body: serde_json::to_string(&self.0).ok()? })
    }
}

impl<T: Serialize> Kept for Done<T> {
    fn kept(&self) -> Option<KeptAnswer> {
        Some(KeptAnswer { status: StatusCode::OK.as_u16(), body: serde_json::to_string(&self.0).ok()? })
    }
}

impl Order {
    /// Does it, unless it was done before. What is refused has changed nothing, and may come again; of what has failed otherwise nobody knows
    /// how much was done, so that it stays claimed.
    pub(super) async fn once<N, A, F>(
        self,
        by: By<N>,
        act: impl FnOnce(Arc<By<N>>) -> F + Send,
    ) -> Result<Once<A>, Problem>
    where
        N: Needs + 'static,
        A: Kept + Send + 'static,
        F: Future<Output = Result<A, Problem>> + Send + 'static,
    {
        let by = Arc::new(by);
        let Some(sent) = self.0 else { return act(by).await.map(Once::Now) };
        // Who may see less by another token is not answered what was answered to more.
        let companies = by.identity.companies.to_string();
        let parts = [sent.method.as_bytes(), sent.path.as_bytes(), companies.as_bytes(), &sent.body[..]];
        let order = match answers::claim(&by.on, &by.identity.account, &sent.key, &parts).await? {
            Claimed::First(order) => order,
            Claimed::Answered(answer) => return Ok(Once::Again(answer)),
            Claimed::UnderWay => return Ok(Once::UnderWay),
        };
        let work = act(Arc::clone(&by));
        // To its end, also where whoever has sent it hangs up: they will send it again.
        let ended = to_its_end(async move {
            let done = work.await;
            let kept = done.as_ref().ok().and_then(Kept::kept);
            let is_refused = done.as_ref().is_err_and(Problem::is_refusal);
            if let Some(answer) = kept {
                answers::keep(&by.on, &order, &answer).await;
            } else if is_refused {
                answers::release(&by.on, &order).await;
            }
            done
        });
        ended.await.map(Once::Now)
    }
}

/// The key that is sent, if one is.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut all = headers.get_all(KEY).iter();
    let Some(first) = all.next() else { return Ok(None) };
    let is_key =
        |text: &&str| (1..=KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let only = first.to_str().ok().filter(is_key).filter(|_| all.next().is_none());
    let wrong = || {
        let what = format!("`Idempotency-Key` is sent once, with 1 to {KEY_CHARS_MAX} visible characters");
        Problem::new(Code::NotUnderstood, what)
    };
    only.map(|key| Some(key.to_owned())).ok_or_else(wrong)
}

impl<T: DeserializeOwned> FromRequest<Arc<Admin>> for Keyed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, admin: &Arc<Admin>) -> Result<Self, Problem> {
        let key = key(request.headers())?;
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let bytes = json_bytes(request, admin).await?;
        let body = read_json(&bytes)?;
        Ok(Self { body, order: Order(key.map(|key| Sent { key, method, path, body: bytes })) })
    }
}

impl<T: JsonSchema> OperationInput for Keyed<T> {
    fn operation_input(ctx: &mut GenContext, operation: &mut Operation) {
        Body::<T>::operation_input(ctx, operation);
        let schema = schemars::json_schema!({
            "type": "object",
            "properties": {
                "Idempotency-Key": {
                    "description": "Names the order for a day: the same order with the same key is done once, and answered the same. A random \
                                    one, such as a UUID; never anything about a person.",
                    "type": "string",
                    "minLength": 1,
                    "maxLength": KEY_CHARS_MAX,
                    "pattern": "^[!-~]+$",
                },
            },
        });
        let all = parameters_from_schema(ctx, schema, ParamLocation::Header);
        add_parameters(ctx, operation, all);
    }

    fn inferred_early_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Status>, Described)> {
        Body::<T>::inferred_early_responses(ctx, operation)
    }
}

impl<A: IntoResponse> IntoResponse for Once<A> {
    fn into_response(self) -> Response {
        match self {
            Self::Now(answer) => answer.into_response(),
            Self::Again(KeptAnswer { status, body }) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                (status, [json, (HeaderName::from_static(REPLAYED), HeaderValue::from_static("true"))], body)
                    .into_response()
            }
            Self::UnderWay => {
                let under_way = Problem::new(
                    Code::Conflict,
                    "the same order is under way, or has just failed: send it again in a while, and nothing is done twice",
                );
                let mut response = under_way.into_response();
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
                response
            }
        }
    }
}

impl<A: OperationOutput> OperationOutput for Once<A> {
    type Inner = A::Inner;

    fn operation_response(ctx: &mut GenContext, operation: &mut Operation) -> Option<Described> {
        A::operation_response(ctx, operation).map(perhaps_replayed)
    }

    fn inferred_responses(ctx: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Status>, Described)> {
        let all = A::inferred_responses(ctx, operation);
        all.into_iter().map(|(code, response)| (code, perhaps_replayed(response))).collect()
    }
}

/// The description of an answer that may be one from before.
fn perhaps_replayed(response: Described) -> Described {
    with_header(response, Has::Sometimes, REPLAYED, "`true` where it was done before, under the same key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_once_and_is_visible() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(KEY, HeaderValue::from_bytes(value.as_bytes()).expect("a header"));
            }
            key(&headers)
        };
        assert!(of(&[]).expect("none").is_none());
        assert_eq!(of(&["8e03978e-40d5-43dd-bc93-6894a57f9324"]).expect("a key").map(|key| key.len()), Some(36));
        let long = "x".repeat(KEY_CHARS_MAX);
        assert!(of(&[&long]).is_ok());
        let longer = format!("{long}x");
        for wrong in [&[""][..], &[longer.as_str()], &["a b"], &["a", "a"], &["é"]] {
            assert!(of(wrong).is_err(), "{wrong:?}");
        }
    }
}
