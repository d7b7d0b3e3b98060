//! The client's settings, as a part of a plugin's configuration.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::auth::Auth;
use crate::{Manifest, Span};

/// How a plugin reaches its system: a part of its configuration.
///
/// ```
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Config {
///     http: quietus_plugin::http::Settings,
/// }
///
/// let config: Config = serde_json::from_value(serde_json::json!({
///     "http": { "base_url": "https://crm.example/api", "rate": 2, "auth": { "bearer": { "secret": "token" } } },
/// }))?;
/// assert_eq!(config.http.rate, Some(2.0));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where all requests go, such as `https://api.example.com/v1`.
    #[schemars(extend("x-quietus-public" = true))]
    pub base_url: String,
    /// Allows `http://` to another machine. To this machine it is always allowed.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    #[schemars(extend("x-quietus-public" = true))]
    pub ca_file: Option<PathBuf>,
    /// How requests are authenticated.
    pub auth: Option<Auth>,
    /// The most requests per second, over all calls; 5 if unset.
    #[schemars(range(min = 0.001, max = 1000.0))]
    pub rate: Option<f64>,
    /// The longest that one request may take, such as `30s`; 30 s if unset.
    pub timeout: Option<Span>,
    /// The `User-Agent`; the plugin's affair, not the operator's.
    #[serde(skip)]
    pub user_agent: Option<String>,
}

impl Manifest {
    /// Connects to and reads what the [`http::Settings`](Settings) at this place of the configuration name; an empty
    /// pointer is the configuration itself.
    ///
    /// ```
    /// let manifest = quietus_plugin::Manifest::new("crm", "1.0.0").http("/http");
    /// assert_eq!(manifest.ports_from[..2], ["/http/base_url", "/http/auth/oauth2/token_url"]);
    /// assert_eq!(manifest.reads_from, ["/http/ca_file"]);
    /// ```
    #[must_use]
    pub fn http(self, pointer: &str) -> Self {
        self.port_from(format!("{pointer}/base_url"))
            .port_from(format!("{pointer}/auth/oauth2/token_url"))
            .port_from(format!("{pointer}/auth/oauth2_refresh/token_url"))
            .port_from(format!("{pointer}/auth/service_account/token_url"))
            .reads(format!("{pointer}/ca_file"))
    }
}
