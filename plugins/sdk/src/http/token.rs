//! OAuth 2.0 tokens: fetches one as the grant says, keeps it until it ends, and forgets it when it is refused.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use serde::Deserialize;
use ureq::http::Uri;

use super::assertion::Assertions;
use super::auth::ClientAuth;
use super::credentials::basic;
use super::encode::pairs;
use super::pace::wait_for;
use super::response::Response;
use crate::lock::lock;
use crate::{Call, PluginError, Sensitive};

/// A token is renewed this long before its end.
const EARLY: Duration = Duration::from_secs(60);
/// A token whose end is not told.
const LIFE: Duration = Duration::from_secs(300);

/// The grant of RFC 7523.
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

pub(super) struct Tokens {
    pub(super) url: Uri,
    grant: Grant,
    /// Held by the call that fetches.
    fetching: Mutex<()>,
    /// Never locked during a request.
    held: Mutex<Held>,
}

/// What a token is given for.
pub(super) enum Grant {
    Client { client_id: String, secret: Sensitive, scope: Option<String> },
    Refresh { client_id: String, secret: Option<Sensitive>, first: Sensitive, client_auth: ClientAuth },
    Assertion(Box<Assertions>),
}

#[derive(Default)]
struct Held {
    access: Option<Access>,
    /// The one before it: an answer to it may still be read.
    former: Option<Sensitive>,
    /// The latest refresh token, once the first was replaced.
    refresh: Option<Sensitive>,
}

struct Access {
    token: Sensitive,
    until: Instant,
}

#[derive(Deserialize)]
struct Reply {
    access_token: Sensitive,
    #[serde(default)]
    expires_in: Option<Seconds>,
    #[serde(default)]
    refresh_token: Option<Sensitive>,
}

/// A number, as it should be, or text, as some write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
}

impl Seconds {
    fn span(&self) -> Option<Duration> {
        match self {
            Self::Number(seconds) => Some(*seconds),
            Self::Text(seconds) => seconds.parse().ok(),
        }
        .map(Duration::from_secs)
    }
}

impl Tokens {
    pub(super) fn new(url: Uri, grant: Grant) -> Self {
        Self { url, grant, fetching: Mutex::default(), held: Mutex::default() }
    }

    /// The token, fetched by `post` of a form, and of the client's own `Authorization` where it has one, when there is
    /// none. One call fetches, the others wait for it as long as they are wanted.
    pub(super) fn get(
        &self,
        call: &Call,
        post: impl FnOnce(&str, Option<String>) -> Result<Response, PluginError>,
    ) -> Result<Sensitive, PluginError> {
        if let Some(token) = self.current() {
            return Ok(token);
        }
        let _fetching = wait_for(&self.fetching, call)?;
        // Another call may have fetched it.
        if let Some(token) = self.current() {
            return Ok(token);
        }
        let latest = self.held().refresh.clone();
        let (form, client) = self.grant.form(latest.as_ref())?;
        let answer = post(&form, client)?;
        match answer.status() {
            200..300 => {}
            429 => return Err(PluginError::rate_limited(answer.retry_after())),
            status @ (408 | 425 | 500..) => return Err(PluginError::retryable(format!("no token: status {status}"))),
            status => {
                let why = refusal(answer.body()).map(|code| format!(", {code}")).unwrap_or_default();
                return Err(PluginError::needs_operator(format!("no token: status {status}{why}")));
            }
        }
        let reply: Reply =
            crate::json::read(answer.body()).map_err(|_| PluginError::retryable("no token: the answer is not one"))?;
        let life = reply.expires_in.as_ref().and_then(Seconds::span).unwrap_or(LIFE).min(Duration::from_secs(86_400));
        let until = Instant::now() + life.saturating_sub(EARLY);
        let mut held = self.held();
        held.give_up();
        held.access = Some(Access { token: reply.access_token.clone(), until });
        // A reply without one leaves the last: the first may no longer be accepted.
        if reply.refresh_token.is_some() {
            held.refresh = reply.refresh_token;
        }
        Ok(reply.access_token)
    }

    /// Forgets the token if it is still this one.
    pub(super) fn refused(&self, token: &Sensitive) {
        let mut held = self.held();
        if held.access.as_ref().is_some_and(|access| access.token == *token) {
            held.give_up();
        }
    }

    /// What a system may have been sent of late.
    pub(super) fn known(&self) -> Vec<Sensitive> {
        let held = self.held();
        let access = held.access.iter().map(|access| &access.token);
        access.chain(&held.former).chain(&held.refresh).cloned().collect()
    }

    fn current(&self) -> Option<Sensitive> {
        let held = self.held();
        held.access.as_ref().filter(|access| access.until > Instant::now()).map(|access| access.token.clone())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        lock(&self.held)
    }
}

impl Held {
    fn give_up(&mut self) {
        if let Some(access) = self.access.take() {
            self.former = Some(access.token);
        }
    }
}

impl Grant {
    /// The form, and the client's own `Authorization`.
    fn form(&self, latest: Option<&Sensitive>) -> Result<(String, Option<String>), PluginError> {
        Ok(match self {
            Self::Client { client_id, secret, scope } => {
                let scope = scope.iter().map(|scope| ("scope", scope.as_str()));
                let id = [("client_id", client_id.as_str()), ("client_secret", secret.expose())];
                (pairs([("grant_type", "client_credentials")].into_iter().chain(id).chain(scope)), None)
            }
            Self::Refresh { client_id, secret, first, client_auth } => {
                let token = ("refresh_token", latest.unwrap_or(first).expose());
                let fields = [("grant_type", "refresh_token"), token];
                let secret = secret.as_ref();
                match (client_auth, secret) {
                    (ClientAuth::Basic, Some(secret)) => (pairs(fields), Some(basic(client_id, secret))),
                    _ => {
                        let id = [("client_id", client_id.as_str())];
                        let secret = secret.map(|secret| ("client_secret", secret.expose()));
                        (pairs(fields.into_iter().chain(id).chain(secret)), None)
                    }
                }
            }
            Self::Assertion(assertions) => {
                let signed = assertions.sign(SystemTime::now())?;
                (pairs([("grant_type", JWT_BEARER), ("assertion", signed.expose())]), None)
            }
        })
    }
}

/// Why there is no token, in one of the words that RFC 6749 (5.2) has for it. What else the answer says may be personal.
fn refusal(body: &[u8]) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    const WORDS: [&str; 6] = [
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    ];
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    WORDS.into_iter().find(|word| *word == refusal.error)
}
