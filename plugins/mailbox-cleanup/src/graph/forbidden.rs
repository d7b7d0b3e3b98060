//! Why a request is forbidden, by the code of the refusal. Only words that Microsoft's documentation has are repeated.

use quietus_plugin::PluginError;
use serde::Deserialize;

/// What a 403 may say (<https://learn.microsoft.com/graph/errors>, <https://learn.microsoft.com/graph/resolve-auth-errors>).
const CODES: [&str; 4] = ["ErrorAccessDenied", "Authorization_RequestDenied", "accessDenied", "AccessDenied"];

#[derive(Deserialize)]
struct Refused {
    error: Code,
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// Why a request is forbidden.
pub(super) fn forbidden(body: &[u8]) -> PluginError {
    let refused = serde_json::from_slice::<Refused>(body).ok();
    let code = refused.and_then(|refused| CODES.iter().find(|code| **code == refused.error.code));
    PluginError::needs_operator(format!("status 403{}", code.map(|code| format!(" ({code})")).unwrap_or_default()))
}
