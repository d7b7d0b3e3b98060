//! How requests are authenticated: the operator's words enter, a header or a source of tokens leaves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Deserialize;
use ureq::http::{HeaderName, HeaderValue, header};

use super::Settings;
use super::address::address;
use super::assertion::{Assertions, Claims};
use super::token::{Grant, Tokens};
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
    /// A header of the vendor's own, such as `x-api-token`.
    Header {
        /// The header's name.
        name: String,
        /// The header's value.
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
    /// OAuth 2.0 refresh token (RFC 6749, 6), for vendors at which a person has once agreed to the application. The token is
    /// fetched once and again after a 401. A new refresh token that comes with it is used from then on **until the process
    /// ends**, and is not stored: where the vendor lets the old one expire, give a token that it does not rotate.
    Oauth2Refresh {
        /// Where tokens are given out.
        token_url: String,
        /// The client's id.
        client_id: String,
        /// The client's secret, where it has one.
        secret: Option<String>,
        /// The refresh token; the name of a secret, too.
        refresh_token: String,
        /// How the client says who it is.
        #[serde(default)]
        client_auth: ClientAuth,
    },
    /// OAuth 2.0 with an assertion that a private key signs (RFC 7523, RS256), as Google's service accounts do. The token is
    /// fetched once, again a minute before its end, and after a 401.
    ServiceAccount {
        /// Where tokens are given out, such as `https://oauth2.googleapis.com/token`; not what the key's file says.
        token_url: String,
        /// The account's key: the JSON file that Google gives out, or an RSA private key in PEM.
        secret: String,
        /// The account's e-mail address; needed beside a key in PEM.
        issuer: Option<String>,
        /// On whose behalf it asks, where it may do that (at Google: domain-wide delegation).
        subject: Option<String>,
        /// What the token is for, such as `https://mail.google.com/`.
        scope: String,
    },
}

/// How a client says who it is when it asks for a token (RFC 6749, 2.3.1).
///
/// ```
/// use quietus_plugin::http::ClientAuth;
///
/// let auth: ClientAuth = serde_json::from_str(r#""basic""#)?;
/// assert_eq!((auth, ClientAuth::default()), (ClientAuth::Basic, ClientAuth::Form));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `client_id` and `client_secret` in the form.
    #[default]
    Form,
    /// `Authorization: Basic …`
    Basic,
}

/// Headers that say how a message is read or where it goes.
const HEADERS_REFUSED: [HeaderName; 5] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::CONTENT_TYPE, header::HOST, header::TRANSFER_ENCODING];

pub(super) enum Authorization {
    None,
    Header(HeaderName, HeaderValue),
    Oauth2(Tokens),
}

impl Authorization {
    pub(super) fn make(settings: &Settings, secrets: &Secrets) -> Result<Self, String> {
        let secret = |name: &str| secrets.require(name).cloned().map_err(|e| format!("auth: {e}"));
        let value =
            |text: String| HeaderValue::from_str(&text).map_err(|_| "auth: it cannot stand in a header".to_owned());
        let authorization = |text: String| Ok::<_, String>(Self::Header(header::AUTHORIZATION, value(text)?));
        let url = |kind: &str, url: &str| {
            address(url, settings.allow_plaintext).map_err(|why| format!("auth.{kind}.token_url: {why}"))
        };
        Ok(match &settings.auth {
            None => Self::None,
            Some(Auth::Bearer { secret: name }) => authorization(format!("Bearer {}", secret(name)?.expose()))?,
            Some(Auth::Basic { user, secret: name }) => authorization(pair(user, &secret(name)?))?,
            Some(Auth::Header { name, secret: of }) => {
                let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| !HEADERS_REFUSED.contains(name));
                let name = name.ok_or("auth.header.name: it is no name of a header that may be set")?;
                Self::Header(name, value(secret(of)?.expose().to_owned())?)
            }
            Some(Auth::Oauth2 { token_url, client_id, secret: name, scope }) => {
                let grant = Grant::Client { client_id: client_id.clone(), secret: secret(name)?, scope: scope.clone() };
                Self::Oauth2(Tokens::new(url("oauth2", token_url)?, grant))
            }
            Some(Auth::Oauth2Refresh { token_url, client_id, secret: name, refresh_token, client_auth }) => {
                let grant = Grant::Refresh {
                    client_id: client_id.clone(),
                    secret: name.as_deref().map(secret).transpose()?,
                    first: secret(refresh_token)?,
                    client_auth: *client_auth,
                };
                Self::Oauth2(Tokens::new(url("oauth2_refresh", token_url)?, grant))
            }
            Some(Auth::ServiceAccount { token_url, secret: name, issuer, subject, scope }) => {
                let claims = Claims {
                    issuer: issuer.clone(),
                    subject: subject.clone(),
                    scope: scope.clone(),
                    audience: token_url.clone(),
                };
                let made = Assertions::make(&secret(name)?, claims);
                let assertions = made.map_err(|why| format!("auth.service_account: {why}"))?;
                let grant = Grant::Assertion(Box::new(assertions));
                Self::Oauth2(Tokens::new(url("service_account", token_url)?, grant))
            }
        })
    }
}

/// `Basic …`
pub(super) fn pair(user: &str, password: &Sensitive) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose())))
}

pub(super) fn bearer(token: &Sensitive) -> Result<HeaderValue, PluginError> {
    HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| PluginError::needs_operator("the token cannot stand in a header"))
}
