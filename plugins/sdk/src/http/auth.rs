//! How requests are authenticated: the operator's words enter, a header or a source of tokens leaves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Deserialize;
use ureq::http::HeaderValue;

use super::Settings;
use super::address::address;
use super::token::Tokens;
use crate::{PluginError, Secrets, Sensitive};

/// How requests are authenticated. `secret` is the name of a secret of the plugin.
///
/// ```
/// use quietus_plugin::http::Auth;
///
/// let auth: Auth = serde_json::from_str(r#"{ "basic": { "user": "quietus", "secret": "password" } }"#)?;
/// assert!(matches!(auth, Auth::Basic { .. }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// `Authorization: Bearer …`
    Bearer {
        /// The token.
        secret: String,
    },
    /// `Authorization: Basic …`
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        secret: String,
    },
    /// OAuth 2.0 client credentials (RFC 6749, 4.4). The token is fetched once and again after a 401.
    Oauth2 {
        /// Where tokens are given out.
        token_url: String,
        /// The client's id.
        client_id: String,
        /// The client's secret.
        secret: String,
        /// The scope, where one is needed.
        scope: Option<String>,
    },
}

pub(super) enum Authorization {
    None,
    Header(HeaderValue),
    Oauth2(Tokens),
}

impl Authorization {
    pub(super) fn make(settings: &Settings, secrets: &Secrets) -> Result<Self, String> {
        let secret = |name: &str| secrets.require(name).cloned().map_err(|e| format!("auth: {e}"));
        let header =
            |text: String| HeaderValue::from_str(&text).map_err(|_| "auth: it cannot stand in a header".to_owned());
        Ok(match &settings.auth {
            None => Self::None,
            Some(Auth::Bearer { secret: name }) => Self::Header(header(format!("Bearer {}", secret(name)?.expose()))?),
            Some(Auth::Basic { user, secret: name }) => {
                let pair = format!("{user}:{}", secret(name)?.expose());
                Self::Header(header(format!("Basic {}", STANDARD.encode(pair)))?)
            }
            Some(Auth::Oauth2 { token_url, client_id, secret: name, scope }) => {
                let url = address(token_url, settings.allow_plaintext);
                let url = url.map_err(|why| format!("auth.oauth2.token_url: {why}"))?;
                Self::Oauth2(Tokens::new(url, client_id.clone(), secret(name)?, scope.clone()))
            }
        })
    }
}

pub(super) fn bearer(token: &Sensitive) -> Result<HeaderValue, PluginError> {
    HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| PluginError::needs_operator("the token cannot stand in a header"))
}
