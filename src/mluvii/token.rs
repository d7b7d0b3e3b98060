//! The access token: asked for once for all callers, kept until shortly before its end.

use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use tokio::sync::Mutex;

use super::error::MluviiError;
use super::keep::{Keep, Kept};
use super::settings::Credentials;
use super::transport::{self, Reply, garbage};
use crate::keys::Secret;

/// The name of the call in errors.
const WHAT: &str = "POST /login/connect/token";
/// How long a token lives whose reply does not say.
const LIFETIME_UNSAID: Duration = Duration::from_secs(300);
/// A token is renewed this long before its end, or a fifth of its life where that is shorter.
const MARGIN_MAX: Duration = Duration::from_secs(60);
/// What is kept of the reply.
const TOKEN: Keep = Keep::Fields(&[("access_token", Keep::Text), ("expires_in", Keep::Text)]);

/// A token and which one it is, so that the one that was refused is dropped and not its successor.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) bearer: Secret,
    serial: u64,
    renew_at: Instant,
}

/// The one token of a client.
#[derive(Debug)]
pub(super) struct Tokens {
    http: Client,
    url: String,
    credentials: Credentials,
    slot: Mutex<Slot>,
}

#[derive(Debug, Default)]
struct Slot {
    token: Option<Token>,
    serial: u64,
    /// How the last request failed, and when: callers that waited for it fail with it instead of asking again.
    failed: Option<(Instant, MluviiError)>,
}

impl Tokens {
    pub(super) fn new(http: Client, base: &str, credentials: Credentials) -> Self {
        Self { http, url: format!("{base}/login/connect/token"), credentials, slot: Mutex::default() }
    }

    /// The present token, or a new one.
    pub(super) async fn get(&self) -> Result<Token, MluviiError> {
        let asked = Instant::now();
        // Held over the request: otherwise each caller that waits would ask for a token of its own.
        let mut slot = self.slot.lock().await;
        if let Some(token) = slot.token.as_ref().filter(|token| Instant::now() < token.renew_at) {
            return Ok(token.clone());
        }
        // Only a failure since this caller began to wait: an earlier one says nothing about now.
        if let Some((at, error)) = slot.failed.as_ref().filter(|(at, _)| *at >= asked) {
            tracing::debug!(waited_ms = (*at - asked).as_millis() as u64, "shares the failure of a token request");
            return Err(error.clone());
        }
        let serial = slot.serial + 1;
        match self.request(serial).await.map_err(of_every_call) {
            Ok(token) => {
                *slot = Slot { token: Some(token.clone()), serial, failed: None };
                Ok(token)
            }
            Err(error) => {
                slot.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// A token in place of one that was refused.
    pub(super) async fn replace(&self, refused: &Token) -> Result<Token, MluviiError> {
        let mut slot = self.slot.lock().await;
        slot.token.take_if(|token| token.serial == refused.serial);
        // `get` takes the lock itself; held here, it would wait for itself.
        drop(slot);
        self.get().await
    }

    async fn request(&self, serial: u64) -> Result<Token, MluviiError> {
        let form = [
            ("grant_type", "client_credentials"),
            ("response_type", "token"),
            ("scope", &self.credentials.scope),
            ("client_id", self.credentials.client_id.expose()),
            ("client_secret", self.credentials.client_secret.expose()),
        ];
        // Before it is sent: the token's life may have begun when it was asked for.
        let asked = Instant::now();
        let body = match transport::send(self.http.post(&self.url).form(&form), WHAT).await {
            Ok(Reply::Done(body)) => body,
            Ok(Reply::Unauthorized | Reply::Forbidden) | Err(MluviiError::Refused(_)) => {
                let see = "see `mluvii.client_id`, `mluvii.client_secret` and `mluvii.scope`";
                return Err(MluviiError::Denied(format!("{WHAT}: mluvii does not accept the credentials; {see}")));
            }
            // A place that has moved for good is a wrong address; any other detour may be over soon.
            Ok(Reply::LoginPage(status @ (StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT))) => {
                return Err(MluviiError::Denied(format!("{WHAT}: {status}: a redirect; see `mluvii.base_url`")));
            }
            Ok(Reply::LoginPage(status)) => {
                return Err(MluviiError::Away(format!(
                    "{WHAT}: {status}: a redirect or a web page instead of a token"
                )));
            }
            Ok(Reply::Conflict(_)) => return Err(garbage(WHAT)),
            Ok(Reply::Missing(status)) => {
                return Err(MluviiError::Denied(format!("{WHAT}: {status}: no mluvii there; see `mluvii.base_url`")));
            }
            Err(error) => return Err(error),
        };
        let reply = TOKEN.read(&body).ok_or_else(|| garbage(WHAT))?;
        let bearer = reply.text("access_token").ok_or_else(|| garbage(WHAT))?;
        let lifetime = lifetime(&reply);
        let renew_at = asked + (lifetime - MARGIN_MAX.min(lifetime / 5));
        Ok(Token { bearer: Secret::new(bearer), serial, renew_at })
    }
}

/// Without a token nothing can be asked, so how asking for one failed is about no record.
fn of_every_call(error: MluviiError) -> MluviiError {
    match error {
        MluviiError::Away(what) => MluviiError::Unavailable(what),
        other => other,
    }
}

fn lifetime(reply: &Kept) -> Duration {
    let seconds = reply.text("expires_in").and_then(|text| text.parse::<f64>().ok()).filter(|s| *s >= 0.0);
    let most = 24.0 * 60.0 * 60.0;
    // Bounded: a number from outside can be more than a duration holds, which would panic.
    seconds.map_or(LIFETIME_UNSAID, |s| Duration::from_secs_f64(s.min(most)))
}
