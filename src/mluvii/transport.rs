//! One HTTP exchange, bounded in time and size, and what its status means. No credentials are known here.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{ALLOW, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use zeroize::Zeroizing;

use super::error::{MluviiError, SettingsError};
use super::settings::MluviiSettings;
use crate::http_client::http_client;

/// The largest reply that is read, in bytes; a session's reply carries all of its activities.
const REPLY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The longest `Retry-After` that is believed.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A date whose weekday is wrong is still a date.
static HTTP_DATE: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

/// What came back, sorted by what to do about it.
#[derive(Debug)]
pub(super) enum Reply {
    /// 2xx; the body is wiped when dropped.
    Done(Zeroizing<Vec<u8>>),
    /// 401: the token is not, or no longer, valid.
    Unauthorized,
    /// A redirect, or a web page: what mluvii answers to a call without a valid token, and a gateway during maintenance.
    LoginPage(StatusCode),
    /// 403: the API client may not do this.
    Forbidden,
    /// 404 or 405: not there, or a path that is not known.
    Missing(StatusCode),
    /// 409: it is already so, or being done. With its body.
    Conflict(Zeroizing<Vec<u8>>),
}

/// Makes the HTTP client that all calls share.
pub(super) fn client(settings: &MluviiSettings) -> Result<Client, SettingsError> {
    let proxy = settings.proxy()?;
    let client = http_client(settings.call_max.0, proxy.as_ref().map(Url::as_str), settings.ca_file.as_deref());
    let client = client.map_err(|(key, what)| SettingsError::new(key, what))?;
    client.build().map_err(|e| SettingsError::new("base_url", format!("no HTTP client could be made: {e}")))
}

/// Sends the request; `what` names it in errors.
pub(super) async fn send(request: RequestBuilder, what: &str) -> Result<Reply, MluviiError> {
    let response = request.send().await.map_err(|e| broken(what, &e))?;
    let status = response.status();
    match status.as_u16() {
        200..=299 => {
            let named_html = names_html(response.headers());
            let body = body(response, what).await?;
            // No JSON begins so: a page may come under any content type.
            let is_page = named_html || body.trim_ascii_start().starts_with(b"<");
            Ok(if is_page { Reply::LoginPage(status) } else { Reply::Done(body) })
        }
        300..=399 => Ok(Reply::LoginPage(status)),
        401 => Ok(Reply::Unauthorized),
        403 => Ok(Reply::Forbidden),
        404 | 405 => Ok(Reply::Missing(status)),
        409 => Ok(Reply::Conflict(body(response, what).await?)),
        429 => Err(MluviiError::Busy { what: what.to_owned(), retry_after: retry_after(response.headers()) }),
        503 if response.headers().contains_key(RETRY_AFTER) => {
            Err(MluviiError::Busy { what: what.to_owned(), retry_after: retry_after(response.headers()) })
        }
        // By its meaning it says so of the whole service; other errors may be due to the one record.
        503 => Err(MluviiError::Unavailable(format!("{what}: {status}"))),
        408 | 425 | 500..=599 => Err(MluviiError::Away(format!("{what}: {status}"))),
        _ => Err(MluviiError::Refused(format!("{what}: {status}"))),
    }
}

/// The result of a call of the probe.
pub(super) struct Tried {
    pub(super) status: StatusCode,
    /// The verbs that the reply says are allowed.
    pub(super) allow: Option<String>,
    /// The body of a 2xx that is not a web page.
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
}

/// Sends a request of which every status is an answer.
pub(super) async fn try_out(request: RequestBuilder, what: &str) -> Result<Tried, MluviiError> {
    let response = request.send().await.map_err(|e| broken(what, &e))?;
    let status = response.status();
    let allow = response.headers().get(ALLOW).and_then(|allow| allow.to_str().ok()).map(str::to_owned);
    let named_html = names_html(response.headers());
    let body = body(response, what).await?;
    let is_json = status.is_success() && !named_html && !body.trim_ascii_start().starts_with(b"<");
    Ok(Tried { status, allow, body: is_json.then_some(body) })
}

fn names_html(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| text.trim_start().to_ascii_lowercase().starts_with("text/html"))
}

/// The error for a reply that is not what it should be.
pub(super) fn garbage(what: &str) -> MluviiError {
    MluviiError::Away(format!("{what}: the reply is not what mluvii is known to answer"))
}

async fn body(mut response: Response, what: &str) -> Result<Zeroizing<Vec<u8>>, MluviiError> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(chunk) = response.chunk().await.map_err(|e| broken(what, &e))? {
        if body.len() + chunk.len() > REPLY_BYTES_MAX {
            return Err(MluviiError::TooLarge(format!("{what}: the reply is larger than {REPLY_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// reqwest's own text holds the URL, so it is not used.
fn broken(what: &str, error: &reqwest::Error) -> MluviiError {
    match error {
        e if e.is_connect() => MluviiError::Unavailable(format!("{what}: no connection")),
        e if e.is_timeout() => MluviiError::Away(format!("{what}: no answer in time")),
        // Once it was sent, what is asked may be what breaks it, as with an error 500.
        _ => MluviiError::Away(format!("{what}: the connection broke")),
    }
}

/// Seconds or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = HTTP_DATE.parse_timestamp(text).ok()?;
            Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default()
        }
    };
    Some(pause.min(RETRY_AFTER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, seconds: Option<u64>) {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().expect("a header"))]);
        assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_within_bounds() {
        check("7", Some(7));
        check(" 7 ", Some(7));
        check("99999999999", Some(86_400));
        check("Wed, 21 Oct 2015 07:28:00 GMT", Some(0));
        check("Fri, 31 Dec 9998 23:59:59 GMT", Some(86_400));
        check("soon", None);
        check("-1", None);
    }
}
