//! Answers: a status, headers and a bounded body, and what they mean to the host.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use ureq::http::{HeaderMap, header};

use crate::{PluginError, json};

/// The largest answer that is read, in bytes.
pub(super) const ANSWER_BYTES_MAX: u64 = 8 << 20;
/// The longest pause that a system may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// An answer.
///
/// ```
/// use quietus_plugin::http::test::{Reply, Server};
/// use quietus_plugin::http::{Client, Request, Settings};
///
/// let crm = Server::start(|_| Reply::json(200, &serde_json::json!({ "ids": [7, 8] })));
/// # let settings = Settings { base_url: crm.url.clone(), ..Settings::default() };
/// # let client = Client::new(&settings, &Default::default())?;
/// # let call = quietus_plugin::Call::unattended();
/// #[derive(serde::Deserialize)]
/// struct Found {
///     ids: Vec<u64>,
/// }
/// let found: Found = client.send(&Request::get("/contacts"), &call)?.json()?;
/// assert_eq!(found.ids, [7, 8]);
/// # Ok::<(), quietus_plugin::PluginError>(())
/// ```
#[derive(Clone)]
pub struct Response {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// An earlier attempt may have been done.
    pub(super) unsure_before: bool,
}

impl Response {
    /// The status.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # let crm = Server::start(|_| Reply::empty(451));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// let answer = client.exchange(&Request::get("/contacts/7"), &call)?;
    /// assert_eq!(answer.status(), 451);
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A header's text.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # let crm = Server::start(|_| Reply::empty(200).with("X-Total", "3"));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// let answer = client.send(&Request::get("/contacts"), &call)?;
    /// assert_eq!(answer.header("x-total"), Some("3"));
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body's bytes. Personal, as a rule: not for logs.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # let crm = Server::start(|_| Reply::text(200, "id;email"));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// let export = client.send(&Request::get("/export.csv"), &call)?;
    /// assert_eq!(export.body().split(|byte| *byte == b';').count(), 2);
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Reads the body as JSON. The error quotes nothing.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # let crm = Server::start(|_| Reply::text(200, "<html>maintenance</html>"));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// let read = client.send(&Request::get("/contacts"), &call)?.json::<Vec<u64>>();
    /// assert_eq!(read, Err(quietus_plugin::PluginError::retryable("the answer is not JSON")));
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, PluginError> {
        json::read(&self.body).map_err(|_| match json::read::<serde::de::IgnoredAny>(&self.body) {
            Ok(_) => PluginError::retryable("the answer is JSON of another shape"),
            Err(_) => PluginError::retryable("the answer is not JSON"),
        })
    }

    /// Whether the body is a page of HTML: a gateway's, a firewall's or a log-in form's, and no word of an API.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # let crm = Server::start(|_| Reply::text(200, "<!DOCTYPE html><html>please log in</html>"));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// assert!(client.exchange(&Request::get("/contacts"), &call)?.is_page());
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn is_page(&self) -> bool {
        const PAGES: [&[u8]; 6] = [b"<html", b"<!doc", b"<head", b"<body", b"<!--", b"<h1>"];
        let begin = self.body.trim_ascii_start().get(..5).unwrap_or_default().to_ascii_lowercase();
        PAGES.iter().any(|page| begin.starts_with(page))
    }

    /// How long the system asks to wait: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), at most a day.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # let crm = Server::start(|_| Reply::empty(503).with("Retry-After", "90"));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// let answer = client.exchange(&Request::get("/contacts"), &call)?;
    /// assert_eq!(answer.retry_after(), Some(std::time::Duration::from_secs(90)));
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.headers, SystemTime::now())
    }

    /// Whether it is not there: 404 or 410.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # let crm = Server::start(|_| Reply::empty(404));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// assert!(client.send(&Request::get("/contacts/7"), &call)?.gone());
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn gone(&self) -> bool {
        matches!(self.status, 404 | 410)
    }

    /// Whether a deletion took something away: a success, or nothing there after an attempt that may have been done.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # let request = quietus_plugin::Request::from([("guest_id", "7")]);
    /// # let Some(writes) = request.writes() else { unreachable!() };
    /// let mut lost = true;
    /// let crm = Server::start(move |_| if std::mem::take(&mut lost) { Reply::HangUp } else { Reply::empty(404) });
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), rate: Some(1000.0), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// let answer = client.send(&Request::delete("/contacts/7", writes), &call)?;
    /// assert!(answer.gone() && answer.erased());
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn erased(&self) -> bool {
        matches!(self.status, 200..300) || (self.gone() && self.unsure_before)
    }

    /// Whether the system may have done what it was asked, although the status does not say so: 408 and 5xx, or an
    /// earlier attempt that was lost.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # let crm = Server::start(|_| Reply::empty(502));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// assert!(client.exchange(&Request::get("/contacts"), &call)?.unsure());
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn unsure(&self) -> bool {
        self.unsure_before || matches!(self.status, 408 | 500..)
    }

    /// What a status means to the host; `Ok` for 2xx and for what is [`gone`](Response::gone).
    ///
    /// 401 needs an operator; 429, and 408, 425 and 5xx with `Retry-After`, are rate-limited; without it they are retryable; all
    /// others are permanent. So is 403: it may be of this one record only (shared with nobody, archived), and quietus notices
    /// itself when several different ones are refused alike. A 403 with a page of HTML is a firewall's word, and passes.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # use quietus_plugin::ErrorClass;
    /// # let crm = Server::start(|_| Reply::empty(401));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// let answer = client.exchange(&Request::get("/contacts"), &call)?;
    /// assert_eq!(answer.check().map_err(|error| error.class), Err(ErrorClass::NeedsOperator));
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn check(&self) -> Result<(), PluginError> {
        match self.status {
            200..300 | 404 | 410 => Ok(()),
            401 => Err(PluginError::needs_operator(self.said())),
            429 => Err(PluginError::rate_limited(self.retry_after())),
            408 | 425 | 500..600 => Err(self.later()),
            403 if self.is_page() => Err(self.later()),
            _ => Err(PluginError::permanent(self.said())),
        }
    }

    /// The error of a status that means "later", whatever it is: rate-limited with `Retry-After`, retryable without.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Request, Settings, test::{Reply, Server}};
    /// # use quietus_plugin::PluginError;
    /// # let crm = Server::start(|_| Reply::empty(409));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// let answer = client.exchange(&Request::get("/contacts"), &call)?;
    /// let checked = if answer.status() == 409 { Err(answer.later()) } else { answer.check() };
    /// assert_eq!(checked, Err(PluginError::retryable("status 409")));
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn later(&self) -> PluginError {
        match self.retry_after() {
            Some(pause) => PluginError::rate_limited(Some(pause)),
            None => PluginError::retryable(self.said()),
        }
    }

    fn said(&self) -> String {
        format!("status {}", self.status)
    }
}

impl fmt::Debug for Response {
    /// Shows neither headers nor body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.status).finish_non_exhaustive()
    }
}

fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(pause.min(RETRY_AFTER_MAX))
}
