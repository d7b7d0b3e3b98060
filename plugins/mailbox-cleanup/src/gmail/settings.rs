//! How a mailbox in Google Workspace is reached, as a part of the configuration.

use std::path::PathBuf;

use quietus_plugin::http::{Auth, Client, Settings as Http};
use quietus_plugin::{Manifest, Secrets, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use super::pace::{PER_MINUTE, UNITS};

/// `batchDelete` takes no narrower one
/// (<https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/batchDelete>).
const SCOPE: &str = "https://mail.google.com/";

/// What the pace can be at most.
const UNITS_MAX: u32 = 60_000_000;
/// Requests per second: what they cost bounds them before.
const REQUESTS_MAX: f64 = 1000.0;

/// A mailbox in Google Workspace, through the Gmail API, as a service account with domain-wide delegation.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The mailbox: its user's address.
    pub user: String,
    /// `https://gmail.googleapis.com/gmail/v1`
    #[schemars(extend("x-quietus-public" = true))]
    pub base_url: String,
    /// `https://oauth2.googleapis.com/token`
    pub token_url: String,
    /// The name of the secret that is the service account's key: the JSON file, or a private key in PEM.
    pub key: String,
    /// The service account's address; needed beside a key in PEM.
    pub issuer: Option<String>,
    /// Google's quota of this mailbox, in units per minute and user; 6,000 if unset, as projects have that were created since
    /// 2026-05-01.
    #[schemars(range(min = 1, max = 60_000_000))]
    pub units_per_minute: Option<u32>,
    /// The longest that one request may take, such as `30s`; 30 s if unset.
    pub timeout: Option<Span>,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Allows `http://` to another machine. To this machine it is always allowed.
    #[serde(default)]
    pub allow_plaintext: bool,
}

impl Settings {
    /// What speaks for the user. The error names the setting that is wrong.
    pub(super) fn client(&self, secrets: &Secrets) -> Result<Client, String> {
        let auth = Auth::ServiceAccount {
            token_url: self.token_url.clone(),
            secret: self.key.clone(),
            issuer: self.issuer.clone(),
            subject: Some(self.user.clone()),
            scope: SCOPE.into(),
        };
        let units = self.units_per_minute.unwrap_or(PER_MINUTE);
        if !(1..=UNITS_MAX).contains(&units) {
            return Err(format!("units_per_minute: allowed are 1 to {UNITS_MAX}"));
        }
        let http = Http {
            base_url: self.base_url.clone(),
            allow_plaintext: self.allow_plaintext,
            ca_file: self.ca_file.clone(),
            auth: Some(auth),
            rate: Some(REQUESTS_MAX),
            timeout: self.timeout,
            user_agent: Some(concat!("quietus-mailbox-cleanup/", env!("CARGO_PKG_VERSION")).into()),
        };
        let client = Client::new(&http, secrets).map_err(|error| error.message)?;
        // A tenth of the units is left to others.
        client.rate(UNITS, f64::from(units) * 0.9 / 60.0).map_err(|error| error.message)
    }

    /// The path of `base_url`, and that of batches: `/batch` goes before the API's own.
    pub(super) fn paths(&self) -> (String, String) {
        let after_scheme = self.base_url.split_once("://").map_or("", |(_, rest)| rest);
        let path = after_scheme.find('/').map_or("", |at| &after_scheme[at..]).trim_end_matches('/');
        (path.to_owned(), format!("/batch{path}"))
    }
}

/// Connects to and reads what the settings at this place of the configuration name.
pub(crate) fn reach(manifest: Manifest, pointer: &str) -> Manifest {
    manifest
        .port_from(format!("{pointer}/base_url"))
        .port_from(format!("{pointer}/token_url"))
        .reads(format!("{pointer}/ca_file"))
}
