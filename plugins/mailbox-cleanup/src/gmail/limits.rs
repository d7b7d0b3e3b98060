//! Google's two words for 403: "nobody may" and "not so often". Tells them apart.

use quietus_plugin::PluginError;
use quietus_plugin::http::Response;
use serde::Deserialize;

/// Reasons that pass by themselves (<https://developers.google.com/workspace/gmail/api/guides/handle-errors>); the last is
/// of Google's newer error format.
const REASONS: [&str; 5] =
    ["dailyLimitExceeded", "quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"];

#[derive(Deserialize)]
struct Refused {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    errors: Vec<Reason>,
    #[serde(default)]
    details: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    reason: String,
}

/// What an answer means to the host: a 403 of a limit is one of 429; each other one says that the key may not use the mailbox,
/// whomever it looks for.
pub(super) fn judge(answer: &Response) -> Result<(), PluginError> {
    match answer.status() {
        403 if names_a_limit(answer.body()) => Err(PluginError::rate_limited(answer.retry_after())),
        403 => Err(PluginError::needs_operator("status 403")),
        _ => answer.check(),
    }
}

/// Whether the body of a 403 names a limit.
pub(super) fn names_a_limit(body: &[u8]) -> bool {
    let Ok(Refused { error }) = serde_json::from_slice(body) else { return false };
    error.errors.iter().chain(&error.details).any(|given| REASONS.contains(&given.reason.as_str()))
}
