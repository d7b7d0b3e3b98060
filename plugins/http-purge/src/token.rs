//! OAuth 2.0 client credentials: fetches a token, keeps it until it ends, and forgets it when it is refused.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use quietus_plugin::{PluginError, Sensitive};
use serde::Deserialize;
use ureq::http::Uri;

use crate::template::percent;

/// A token is renewed this long before its end.
const EARLY: Duration = Duration::from_secs(60);
/// A token whose end is not told.
const LIFE: Duration = Duration::from_secs(300);

pub(crate) struct Tokens {
    pub(crate) url: Uri,
    pub(crate) client_id: String,
    pub(crate) secret: Sensitive,
    pub(crate) scope: Option<String>,
    pub(crate) cached: Mutex<Option<Cached>>,
}

pub(crate) struct Cached {
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
    /// The token, fetched by `post` when there is none. `post` gets the form and gives the status and the body. One call
    /// fetches, the others wait for it.
    pub(crate) fn get(
        &self,
        post: impl FnOnce(&str) -> Result<(u16, Vec<u8>), PluginError>,
    ) -> Result<Sensitive, PluginError> {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cached) = cached.as_ref().filter(|cached| cached.until > Instant::now()) {
            return Ok(cached.token.clone());
        }
        let mut form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            percent(&self.client_id),
            percent(self.secret.expose())
        );
        if let Some(scope) = &self.scope {
            form = format!("{form}&scope={}", percent(scope));
        }
        let (status, body) = post(&form)?;
        match status {
            200..300 => {}
            429 => return Err(PluginError::rate_limited(None)),
            408 | 425 | 500.. => return Err(PluginError::retryable(format!("no token: status {status}"))),
            _ => return Err(PluginError::needs_operator(format!("no token: status {status}"))),
        }
        let reply: Reply =
            serde_json::from_slice(&body).map_err(|_| PluginError::retryable("no token: the answer is not one"))?;
        let life = reply.expires_in.map_or(LIFE, Duration::from_secs).min(Duration::from_secs(86_400));
        *cached =
            Some(Cached { token: reply.access_token.clone(), until: Instant::now() + life.saturating_sub(EARLY) });
        Ok(reply.access_token)
    }

    /// Forgets the token if it is still this one.
    pub(crate) fn refused(&self, token: &Sensitive) {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        if cached.as_ref().is_some_and(|cached| cached.token == *token) {
            *cached = None;
        }
    }
}
