//! Google's two words for 403: "nobody may" and "not so often". Tells them apart, and which right is missing.

use quietus_plugin::PluginError;
use quietus_plugin::http::Response;
use serde::Deserialize;

/// Reasons that pass by themselves (<https://developers.google.com/workspace/gmail/api/guides/handle-errors>); the last is
/// of Google's newer error format.
const REASONS: [&str; 5] =
    ["dailyLimitExceeded", "quotaExceeded", "rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"];

/// What is missing, by the same reasons, and those of <https://cloud.google.com/apis/design/errors>.
const MISSING: [(&str, &str); 6] = [
    ("insufficientPermissions", "the scope https://mail.google.com/ is not granted"),
    ("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "the scope https://mail.google.com/ is not granted"),
    ("accessNotConfigured", "the Gmail API is off in the key's project"),
    ("SERVICE_DISABLED", "the Gmail API is off in the key's project"),
    ("domainPolicy", "the administrators of the domain have turned Gmail's API off"),
    ("delegationDenied", "the service account may not act for this user"),
];

#[derive(Deserialize)]
struct Refused {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    #[serde(default)]
    message: String,
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
        403 => Err(PluginError::needs_operator(forbidden(answer.body()))),
        _ => answer.check(),
    }
}

/// Whether a page's token is refused: an answer of its own, as it says nothing of the mailbox. Google says `Invalid pageToken`, with the
/// reason `invalidArgument` of whatever else may be amiss.
pub(super) fn refuses_token(answer: &Response) -> bool {
    let said = serde_json::from_slice(answer.body()).map(|Refused { error }| error.message.to_lowercase());
    let words = |said: String| said.replace([' ', '_'], "").contains("pagetoken");
    answer.status() == 400 && said.is_ok_and(words)
}

/// Whether the body of a 403 names a limit.
pub(super) fn names_a_limit(body: &[u8]) -> bool {
    reasons(body).iter().any(|given| REASONS.contains(&given.as_str()))
}

/// What a 403 says that is missing.
pub(super) fn forbidden(body: &[u8]) -> String {
    let given = reasons(body);
    let missing = MISSING.iter().find(|(reason, _)| given.iter().any(|given| given == reason));
    format!("status 403{}", missing.map(|(_, text)| format!(": {text}")).unwrap_or_default())
}

fn reasons(body: &[u8]) -> Vec<String> {
    let Ok(Refused { error }) = serde_json::from_slice(body) else { return Vec::new() };
    error.errors.into_iter().chain(error.details).map(|given| given.reason).collect()
}
