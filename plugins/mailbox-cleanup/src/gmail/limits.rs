//! Google's two words for 403: "nobody may" and "not so often". An answer enters; whether it is the second leaves.

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

/// Whether it is a 403 of a limit.
pub(super) fn is_limited(answer: &Response) -> bool {
    answer.status() == 403 && names_a_limit(answer.body())
}

/// Whether the body of a 403 names a limit.
pub(super) fn names_a_limit(body: &[u8]) -> bool {
    let Ok(Refused { error }) = serde_json::from_slice(body) else { return false };
    error.errors.iter().chain(&error.details).any(|given| REASONS.contains(&given.reason.as_str()))
}
