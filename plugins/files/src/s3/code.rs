//! S3's words for errors, and what each of them means to the host.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>

use quietus_plugin::PluginError;

/// What a code becomes that stands within a success.
pub(super) fn of_code(code: &str) -> PluginError {
    let said = match is_code(code) {
        true => format!("the storage answered {code}"),
        false => "the storage answered with an error".into(),
    };
    if matters_of_pace(code) {
        PluginError { message: said, ..PluginError::rate_limited(None) }
    } else if matters_of_time(code) {
        PluginError::retryable(said)
    } else if matters_of_setup(code) {
        PluginError::needs_operator(said)
    } else {
        PluginError::permanent(said)
    }
}

/// Whether a text is a plain word that may be told.
pub(super) fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Too much at once: the same request is good later.
pub(super) fn matters_of_pace(code: &str) -> bool {
    matches!(code, "SlowDown" | "TooManyRequests" | "RequestLimitExceeded" | "Throttling")
}

/// A fault of the storage that passes.
pub(super) fn matters_of_time(code: &str) -> bool {
    matches!(code, "InternalError" | "ServiceUnavailable" | "OperationAborted" | "RequestTimeout" | "Busy")
}

/// Keys, tokens, addresses and clocks: every call fails alike.
pub(super) fn matters_of_setup(code: &str) -> bool {
    matches!(
        code,
        "AccessDenied"
            | "AccountProblem"
            | "AllAccessDisabled"
            | "AuthorizationHeaderMalformed"
            | "AuthorizationQueryParametersError"
            | "ExpiredToken"
            | "IllegalLocationConstraintException"
            | "InvalidAccessKeyId"
            | "InvalidBucketName"
            | "InvalidSecurity"
            | "InvalidToken"
            | "MethodNotAllowed"
            | "NoSuchBucket"
            | "NotImplemented"
            | "NotSignedUp"
            | "RequestExpired"
            | "RequestTimeTooSkewed"
            | "SignatureDoesNotMatch"
            | "TokenRefreshRequired"
    )
}
