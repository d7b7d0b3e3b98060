//! How requests are authenticated, in the operator's words: a part of the configuration. Fetches nothing.

use schemars::JsonSchema;
use serde::Deserialize;

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
