//! The `[mluvii]` table of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;

use reqwest::Url;
use schemars::JsonSchema;
use serde::Deserialize;

use super::template::Template;
use crate::keys::{ReadSecret, Secret, SecretRef};
use crate::span::Span;
use crate::subject::Kind;

/// How to reach mluvii, and how its API is spelled there.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MluviiSettings {
    /// The cloud, or an on-premise installation; a path in it stands before the paths of the requests.
    pub(crate) base_url: String,
    pub(crate) client_id: Option<SecretRef>,
    pub(crate) client_secret: Option<SecretRef>,
    /// Certificates (PEM) that are trusted beside the system's own, for an on-premise installation.
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) scope: String,
    /// The longest that one API call may take, a new token and a second try included.
    pub(crate) call_max: Span,
    /// API calls under way at once, over all processes on the ledger.
    pub(crate) concurrency_max: usize,
    /// Look-ups and steps that may begin in a second, over all processes on the ledger; no bound if unset.
    pub(crate) calls_per_s: Option<std::num::NonZeroU32>,
    pub(crate) look_up_session: String,
    pub(crate) look_up_params: String,
    pub(crate) anonymize_session: String,
    pub(crate) anonymize_guest: String,
    pub(crate) verify_session: String,
    /// Between anonymizing and asking whether it is done.
    pub(crate) verify_after: Span,
    /// Call params that identify a person, and what they are.
    pub(crate) params: BTreeMap<String, Kind>,
}

/// A setting that the client cannot be made of: which key, what was found, what is allowed.
#[derive(Debug, thiserror::Error)]
#[error("mluvii.{key}: {wrong}")]
pub(crate) struct SettingsError {
    key: &'static str,
    wrong: String,
}

impl SettingsError {
    pub(super) fn new(key: &'static str, wrong: impl Into<String>) -> Self {
        Self { key, wrong: wrong.into() }
    }
}

/// The five requests, parsed.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    pub(super) look_up_session: Template,
    pub(super) look_up_params: Template,
    pub(super) anonymize_session: Template,
    pub(super) anonymize_guest: Template,
    pub(super) verify_session: Template,
}

impl MluviiSettings {
    pub(super) fn requests(&self) -> Result<Requests, SettingsError> {
        Ok(Requests {
            look_up_session: Template::reading("look_up_session", &self.look_up_session)?,
            look_up_params: Template::reading("look_up_params", &self.look_up_params)?,
            anonymize_session: Template::writing("anonymize_session", &self.anonymize_session)?,
            anonymize_guest: Template::writing("anonymize_guest", &self.anonymize_guest)?,
            verify_session: Template::reading("verify_session", &self.verify_session)?,
        })
    }

    /// The base URL without the slash at its end.
    pub(super) fn base(&self) -> Result<String, SettingsError> {
        // Not even the URL itself is repeated when it holds a password.
        let wrong = |what: &str| {
            SettingsError::new("base_url", format!("{what}; write `https://host` or `https://host/path`, nothing more"))
        };
        let url = Url::parse(&self.base_url).map_err(|_| wrong("not a URL"))?;
        if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
            return Err(wrong("not an http or https URL"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("credentials do not belong in it"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it has a query or a fragment"));
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    pub(super) fn credentials(&self, read: ReadSecret<'_>) -> Result<Credentials, SettingsError> {
        let one = |key, reference: &Option<SecretRef>| {
            let missing = || SettingsError::new(key, "not set; say where it is: { file = … }, { env = … }");
            let secret = read(reference.as_ref().ok_or_else(missing)?);
            let secret = secret.map_err(|e| SettingsError::new(key, e.to_string()))?;
            if secret.expose().is_empty() {
                return Err(SettingsError::new(key, "is empty"));
            }
            Ok(secret)
        };
        Ok(Credentials {
            client_id: one("client_id", &self.client_id)?,
            client_secret: one("client_secret", &self.client_secret)?,
            scope: self.scope.clone(),
        })
    }
}

/// What a token is asked for with.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) client_id: Secret,
    pub(super) client_secret: Secret,
    pub(super) scope: String,
}
