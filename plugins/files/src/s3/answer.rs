//! What an answer of S3 means to the host. Its codes say more than its statuses: an expired token is 400.

use quietus_plugin::PluginError;
use quietus_plugin::http::Response;

use super::code::{matters_of_pace, matters_of_setup, matters_of_time};
use super::xml;

/// What an answer becomes. That a key, a version or an upload is not there is a success; that a bucket is not, is none.
pub(super) fn judge(answer: &Response) -> Result<(), PluginError> {
    let status = answer.status();
    if matches!(status, 200..300) {
        return Ok(());
    }
    let code = xml::error_code(answer.body());
    let code = code.as_deref().unwrap_or_default();
    let said = match code {
        "" => format!("the storage answered with status {status}"),
        code => format!("the storage answered {code} (status {status})"),
    };
    Err(match (status, code) {
        (404, "NoSuchKey" | "NoSuchVersion" | "NoSuchUpload") => return Ok(()),
        _ if matters_of_pace(code) || status == 429 => {
            PluginError { message: said, ..PluginError::rate_limited(answer.retry_after()) }
        }
        _ if matters_of_time(code) => PluginError::retryable(said),
        _ if matters_of_setup(code) => PluginError::needs_operator(said),
        // No storage says so: a gateway that answers 404 to everything for a while does.
        (404, "") => PluginError::retryable(said),
        (300..=399 | 401 | 403 | 404, _) => PluginError::needs_operator(said),
        (408 | 425 | 500..=599, _) => PluginError { message: said, ..answer.later() },
        _ => PluginError::permanent(said),
    })
}

/// The same of a request that needs this right, which is named where it is missing.
pub(super) fn judge_with(answer: &Response, right: &str) -> Result<(), PluginError> {
    let is_denied = answer.status() == 403 && xml::error_code(answer.body()).as_deref() == Some("AccessDenied");
    judge(answer).map_err(|error| match is_denied {
        true => PluginError { message: format!("{}; grant {right}", error.message), ..error },
        false => error,
    })
}

/// A page of HTML with a status of success: who has answered, and whether anything was done, nobody knows.
pub(super) fn page(answer: &Response) -> Option<PluginError> {
    let is_page = matches!(answer.status(), 200..300) && xml::is_page(answer.body());
    is_page.then(|| PluginError::retryable("the storage's answer is a page of HTML, with a status of success"))
}
