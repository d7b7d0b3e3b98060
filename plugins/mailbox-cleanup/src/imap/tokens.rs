//! Tokens for XOAUTH2: as a secret, or fetched as OAuth 2.0 has it.

use quietus_plugin::http::{self, Auth, Client};
use quietus_plugin::{Call, PluginError, Secrets, Sensitive};

use super::settings::Settings;
/// Where tokens come from.
pub(super) enum Tokens {
    Given(Sensitive),
    Fetched(Box<Client>),
}

impl Tokens {
    /// The error names the setting that is wrong.
    pub(super) fn new(auth: &Auth, settings: &Settings, secrets: &Secrets) -> Result<Self, String> {
        let token_url = match auth {
            Auth::Bearer { secret } => {
                let token = secrets.require(secret).map_err(|e| format!("xoauth2.bearer: {e}"))?;
                return Ok(Self::Given(token.clone()));
            }
            Auth::Basic { .. } => return Err("xoauth2: `basic` is a password; that goes into `password`".into()),
            Auth::Header { .. } => return Err("xoauth2: `header` is for HTTP".into()),
            Auth::Oauth2 { token_url, .. }
            | Auth::Oauth2Refresh { token_url, .. }
            | Auth::ServiceAccount { token_url, .. } => token_url,
        };
        let client = http::Settings {
            base_url: token_url.clone(),
            ca_file: settings.ca_file.clone(),
            auth: Some(auth.clone()),
            timeout: settings.timeout,
            user_agent: Some(concat!("quietus-mailbox-cleanup/", env!("CARGO_PKG_VERSION")).into()),
            ..http::Settings::default()
        };
        Client::new(&client, secrets).map(|client| Self::Fetched(Box::new(client))).map_err(|e| format!("xoauth2: {e}"))
    }

    pub(super) fn get(&self, call: &Call) -> Result<Sensitive, PluginError> {
        match self {
            Self::Given(token) => Ok(token.clone()),
            Self::Fetched(client) => {
                client.access_token(call)?.ok_or_else(|| PluginError::needs_operator("there is no token"))
            }
        }
    }

    /// Forgets a token that was refused; whether another can be had.
    pub(super) fn renew(&self, token: &Sensitive) -> bool {
        match self {
            Self::Given(_) => false,
            Self::Fetched(client) => {
                client.access_token_refused(token);
                true
            }
        }
    }
}
