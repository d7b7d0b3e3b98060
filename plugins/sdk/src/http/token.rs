//! OAuth 2.0 client credentials: fetches a token, keeps it until it ends, and forgets it when it is refused.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;
use ureq::http::Uri;

use super::Response;
use super::encode::pairs;
use crate::{PluginError, Sensitive};

/// A token is renewed this long before its end.
const EARLY: Duration = Duration::from_secs(60);
/// A token whose end is not told.
const LIFE: Duration = Duration::from_secs(300);

pub(super) struct Tokens {
    pub(super) url: Uri,
    client_id: String,
    secret: Sensitive,
    scope: Option<String>,
    cached: Mutex<Option<Cached>>,
}

struct Cached {
    token: Sensitive,
    until: Instant,
}

#[derive(Deserialize)]
struct Reply {
    access_token: Sensitive,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Tokens {
    pub(super) fn new(url: Uri, client_id: String, secret: Sensitive, scope: Option<String>) -> Self {
        Self { url, client_id, secret, scope, cached: Mutex::default() }
    }

    /// The token, fetched by `post` of a form when there is none. One call fetches, the others wait for it.
    pub(super) fn get(
        &self,
        post: impl FnOnce(&str) -> Result<Response, PluginError>,
    ) -> Result<Sensitive, PluginError> {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = cached.as_ref().filter(|cached| cached.until > Instant::now()) {
            return Ok(cached.token.clone());
        }
        let grant = [("grant_type", "client_credentials"), ("client_id", &self.client_id)];
        let secret = ("client_secret", self.secret.expose());
        let scope = self.scope.iter().map(|scope| ("scope", scope.as_str()));
        let answer = post(&pairs(grant.into_iter().chain([secret]).chain(scope)))?;
        match answer.status() {
            200..300 => {}
            429 => return Err(PluginError::rate_limited(None)),
            status @ (408 | 425 | 500..) => return Err(PluginError::retryable(format!("no token: status {status}"))),
            status => return Err(PluginError::needs_operator(format!("no token: status {status}"))),
        }
        let reply: Reply = serde_json::from_slice(answer.body())
            .map_err(|_| PluginError::retryable("no token: the answer is not one"))?;
        let life = reply.expires_in.map_or(LIFE, Duration::from_secs).min(Duration::from_secs(86_400));
        *cached =
            Some(Cached { token: reply.access_token.clone(), until: Instant::now() + life.saturating_sub(EARLY) });
        Ok(reply.access_token)
    }

    /// Forgets the token if it is still this one.
    pub(super) fn refused(&self, token: &Sensitive) {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.as_ref().is_some_and(|cached| cached.token == *token) {
            *cached = None;
        }
    }
}
