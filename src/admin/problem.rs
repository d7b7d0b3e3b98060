//! Why something was not done, as `application/problem+json` (RFC 9457): a code for programs, and for people what happened and what to do.

use std::sync::LazyLock;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use tracing::error;

use crate::causes::with_causes;
use crate::http::LogRateLimit;
use crate::ledger::LedgerError;
use crate::operations::{InputError, NotApproved, NotShown, OperationError};
use crate::request::Refused;

/// When whoever could not be answered may ask again, in seconds.
const RETRY_AFTER_S: &str = "5";

/// What a program can tell apart. The words are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Code {
    /// No token was sent, or it is none that is valid.
    Unauthenticated,
    /// The token's roles do not allow it.
    Forbidden,
    /// The proxy does not say that the request came over TLS.
    NotHttps,
    /// What is named is not there, or not one of the companies that the account may see.
    NotFound,
    /// There is no such path.
    NoSuchPath,
    /// The path is there, and has not this method.
    NoSuchMethod,
    /// The body, the query or the path cannot be read.
    NotUnderstood,
    /// The body is not sent as JSON.
    NotJson,
    /// The body is too large.
    TooLarge,
    /// The body came too slowly.
    TooSlow,
    /// The input has to be changed.
    Input,
    /// It is in a state in which this cannot be done; nothing has changed.
    Conflict,
    /// An open request of the same person is there.
    Duplicate,
    /// The ledger, or another system, cannot be asked now.
    Unavailable,
    /// The configuration, a key or a secret is wrong; an operator has to act.
    Configuration,
    /// It is done; how it is now could not be read.
    NotShown,
    /// A fault of this server; its log says more.
    Failed,
}

impl Code {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::NotHttps => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoSuchPath => StatusCode::NOT_FOUND,
            Self::NoSuchMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotUnderstood | Self::Input => StatusCode::BAD_REQUEST,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict | Self::Duplicate => StatusCode::CONFLICT,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Configuration | Self::NotShown | Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Unauthenticated => "a valid token is needed",
            Self::Forbidden => "the token does not allow it",
            Self::NotHttps => "the request did not come over TLS",
            Self::NotFound => "it is not there",
            Self::NoSuchPath => "there is no such path",
            Self::NoSuchMethod => "the path has not this method",
            Self::NotUnderstood => "the request is not understood",
            Self::NotJson => "the body is not sent as JSON",
            Self::TooLarge => "the body is too large",
            Self::TooSlow => "the body came too slowly",
            Self::Input => "the input has to be changed",
            Self::Conflict => "it cannot be done as things stand",
            Self::Duplicate => "there is an open request of the same person",
            Self::Unavailable => "it cannot be done now",
            Self::Configuration => "the configuration is wrong",
            Self::NotShown => "it is done, and cannot be shown now",
            Self::Failed => "it failed",
        }
    }

    /// What whoever asks can do.
    fn advice(self) -> &'static str {
        match self {
            Self::Unauthenticated => {
                "send `Authorization: Bearer TOKEN` with a token of `quietus tokens issue` that has not expired"
            }
            Self::Forbidden => "use a token whose account and scope have the role that the operation names",
            Self::NotHttps => {
                "have the proxy take TLS only, and set `X-Forwarded-Proto: https`; name it in `server.trusted_proxies`"
            }
            Self::NotFound => "look at the list, and whether the token's companies are the right ones",
            Self::NoSuchPath | Self::NoSuchMethod => "see /api/v1/openapi.json",
            Self::NotUnderstood | Self::Input => "change what is named, and send it again; nothing has changed",
            Self::NotJson => "send JSON, and say so: `Content-Type: application/json`",
            Self::TooLarge => "send less at once",
            Self::TooSlow => "send it again",
            Self::Conflict => "look at it as it is now; nothing has changed",
            Self::Duplicate => "go on with that request, or say `anyway`",
            Self::Unavailable => "look in a while whether it was done before you send it again",
            Self::Configuration => "tell an operator; `quietus check` says what is wrong",
            Self::NotShown => "look at it in a while; do not send it again",
            Self::Failed => "tell an operator; the server's log says more",
        }
    }
}

/// The body of a problem.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProblemBody {
    /// Always `about:blank`: `code` tells problems apart.
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: Code,
    /// What happened, to what, and why.
    detail: String,
    /// What to do about it.
    advice: &'static str,
}

/// Why something was not done.
#[derive(Debug)]
pub(super) struct Problem {
    code: Code,
    detail: String,
    /// Where it is a request that cannot be as it is, why: pages have words of their own for that.
    refused: Option<Box<Refused>>,
    /// The same of an approval.
    not_approved: Option<Box<NotApproved>>,
}

impl Problem {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), refused: None, not_approved: None }
    }

    pub(super) fn code(&self) -> Code {
        self.code
    }

    /// What happened, to what, and why.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// Why a request cannot be as it is.
    pub(super) fn refused(&self) -> Option<&Refused> {
        self.refused.as_deref()
    }

    /// Why an approval is not taken.
    pub(super) fn not_approved(&self) -> Option<&NotApproved> {
        self.not_approved.as_deref()
    }

    /// The same where what was ordered is done: whoever asks must not take it for refused.
    pub(super) fn after_the_act(self) -> Self {
        Self::new(Code::NotShown, "it is done, and how it is now cannot be read; the server's log says why")
    }

    /// Whether it was refused before anything was changed.
    pub(super) fn is_refusal(&self) -> bool {
        self.code.status().is_client_error()
    }

    /// As for what is not there: whoever may not see something does not learn that it is.
    pub(super) fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("there is no {what}"))
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        let code = match &error {
            OperationError::NotFound(_) => Code::NotFound,
            OperationError::Conflict(_) | OperationError::Refused(_) | OperationError::NotApproved(_) => Code::Conflict,
            OperationError::Duplicate(_) => Code::Duplicate,
            OperationError::Input(_) => Code::Input,
            OperationError::Ledger(cause) if cause.is::<NotShown>() => Code::NotShown,
            OperationError::Ledger(cause) if !may_pass(cause) => Code::Failed,
            OperationError::Ledger(_) | OperationError::Unavailable(_) => Code::Unavailable,
            OperationError::Configuration(_) => Code::Configuration,
            OperationError::Failed(_) => Code::Failed,
        };
        let detail = match &error {
            OperationError::Input(wrong) => not_repeated(wrong),
            _ => with_causes(&error),
        };
        match code {
            // Paths, addresses and settings concern operators alone: who asks learns that there is something, and the log has it.
            Code::Unavailable | Code::Configuration | Code::Failed | Code::NotShown => {
                if LINES.of(code).passes() {
                    let code = code.title();
                    error!(
                        error = detail,
                        code, "an order over the admin API was not answered; further ones are not logged"
                    );
                }
                let detail = match code {
                    Code::NotShown => "it is done, and how it is now cannot be read; the server's log says why",
                    _ => "the server could not do it; its log says why",
                };
                Self::new(code, detail)
            }
            _ => {
                let said = Self::new(code, detail);
                match error {
                    OperationError::Refused(refused) => Self { refused: Some(Box::new(refused.why)), ..said },
                    OperationError::NotApproved(refused) => Self { not_approved: Some(Box::new(refused.why)), ..said },
                    _ => said,
                }
            }
        }
    }
}

/// What is wrong, without what was sent: a name that nothing has may be anybody's, and answers are kept by others.
fn not_repeated(wrong: &InputError) -> String {
    match wrong {
        InputError::UnknownTarget { known, .. } => format!("there is no target of this name; there are: {known}"),
        InputError::UnknownInstallation { known, .. } => {
            format!("there is no mluvii installation of this name, nor a source; there are: {known}")
        }
        other => other.to_string(),
    }
}

/// Whether a ledger may do it when it is asked again.
fn may_pass(cause: &anyhow::Error) -> bool {
    matches!(cause.downcast_ref(), Some(LedgerError::Busy(_)))
}

/// Whoever asks can cause lines; those of one fault do not hide those of another one.
struct Lines {
    unavailable: LogRateLimit,
    configuration: LogRateLimit,
    others: LogRateLimit,
}

static LINES: LazyLock<Lines> = LazyLock::new(|| Lines {
    unavailable: LogRateLimit::new(),
    configuration: LogRateLimit::new(),
    others: LogRateLimit::new(),
});

impl Lines {
    fn of(&self, code: Code) -> &LogRateLimit {
        match code {
            Code::Unavailable => &self.unavailable,
            Code::Configuration => &self.configuration,
            _ => &self.others,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { code, detail, .. } = self;
        let status = code.status();
        let body = ProblemBody {
            r#type: "about:blank",
            title: code.title(),
            status: status.as_u16(),
            code,
            detail,
            advice: code.advice(),
        };
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if code == Code::Unavailable {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        }
        if code == Code::Unauthenticated {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"quietus\""));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(error: OperationError) -> (Code, u16, bool) {
        let problem = Problem::from(error);
        let code = problem.code;
        let response = problem.into_response();
        (code, response.status().as_u16(), response.headers().contains_key(header::RETRY_AFTER))
    }

    #[test]
    fn only_what_may_pass_is_to_be_asked_again_and_nothing_that_is_done() {
        let why = || anyhow::anyhow!("a test");
        assert_eq!(answered(LedgerError::Busy(why()).into()), (Code::Unavailable, 503, true));
        assert_eq!(answered(OperationError::Unavailable(why())), (Code::Unavailable, 503, true));
        assert_eq!(answered(LedgerError::Broken(why()).into()), (Code::Failed, 500, false));
        assert_eq!(answered(LedgerError::Damaged(why()).into()), (Code::Failed, 500, false));
        assert_eq!(answered(OperationError::Ledger(why())), (Code::Failed, 500, false));
        let done = OperationError::from(LedgerError::Busy(why())).after_the_act();
        assert_eq!(answered(done), (Code::NotShown, 500, false));
    }
}
