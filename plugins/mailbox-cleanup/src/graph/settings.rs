//! How a mailbox in Microsoft 365 is reached, as a part of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use quietus_plugin::http::{Auth, Client, Settings as Http};
use quietus_plugin::{Manifest, Secrets, Span};
use schemars::JsonSchema;
use serde::Deserialize;

use super::pace::{BATCH, BATCHES};

/// What an app is given as its permissions, all of them.
const SCOPE: &str = "https://graph.microsoft.com/.default";
/// Why no national cloud will do: what is deleted otherwise can be recovered by its user.
const NOT_THERE: &str = "where Microsoft Graph has no `permanentDelete` of messages: it exists in the global service only, so \
                         that nothing could be erased there; IMAP may be a way";
/// Requests per second: 10,000 in 10 minutes for each app and mailbox
/// (<https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits>).
const RATE: f64 = 16.0;
/// Deleted items are kept for 14 days, if nobody has changed that, and what empties Purges comes by within a week
/// (<https://learn.microsoft.com/exchange/security-and-compliance/recoverable-items-folder/recoverable-items-folder>).
const PURGES_DAYS: u32 = 21;
/// What the host waits at most.
const PURGES_DAYS_MAX: u32 = 31;

/// A mailbox in Microsoft 365, through Microsoft Graph, as an app with a secret of its own.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The mailbox: its user's principal name, or the user's id.
    pub user: String,
    /// `https://graph.microsoft.com/v1.0`; not that of a national cloud.
    #[schemars(extend("x-quietus-public" = true))]
    pub base_url: String,
    /// `https://login.microsoftonline.com/TENANT/oauth2/v2.0/token`, with the tenant's id.
    pub token_url: String,
    /// The app's id.
    pub client_id: String,
    /// The name of the secret that is the app's.
    pub secret: String,
    /// How many days a message stays in the mailbox's folder Purges after it was erased, if no hold keeps it there; 21 if
    /// unset. 0: only a hold keeps messages there.
    #[schemars(range(max = 31))]
    pub purges_days: Option<u32>,
    /// The most requests per second; 16 if unset.
    #[schemars(range(min = 0.1, max = 1000.0))]
    pub rate: Option<f64>,
    /// The longest that one request may take, such as `30s`; 30 s if unset.
    pub timeout: Option<Span>,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Allows `http://` to another machine. To this machine it is always allowed.
    #[serde(default)]
    pub allow_plaintext: bool,
}

impl Settings {
    /// What speaks for the app. The error names the setting that is wrong.
    pub(super) fn client(&self, secrets: &Secrets) -> Result<Client, String> {
        for (key, url) in [("base_url", &self.base_url), ("token_url", &self.token_url)] {
            if let Some(cloud) = national_cloud(url) {
                return Err(format!("{key}: this is {cloud}, {NOT_THERE}"));
            }
        }
        let auth = Auth::Oauth2 {
            token_url: self.token_url.clone(),
            client_id: self.client_id.clone(),
            secret: self.secret.clone(),
            scope: Some(SCOPE.into()),
        };
        let rate = self.rate.unwrap_or(RATE);
        let http = Http {
            base_url: self.base_url.clone(),
            allow_plaintext: self.allow_plaintext,
            ca_file: self.ca_file.clone(),
            auth: Some(auth),
            rate: Some(rate),
            timeout: self.timeout,
            user_agent: Some(concat!("quietus-mailbox-cleanup/", env!("CARGO_PKG_VERSION")).into()),
        };
        let client = Client::new(&http, secrets).map_err(|error| error.message)?;
        // Each request of a batch counts.
        client.rate(BATCHES, rate / BATCH as f64).map_err(|error| error.message)
    }

    /// How long Purges keeps what no hold keeps.
    pub(super) fn purges_for(&self) -> Result<Duration, String> {
        let days = self.purges_days.unwrap_or(PURGES_DAYS);
        match days {
            0..=PURGES_DAYS_MAX => Ok(Duration::from_secs(u64::from(days) * 86_400)),
            _ => Err(format!("purges_days: allowed are 0 to {PURGES_DAYS_MAX}")),
        }
    }
}

/// Which national cloud a URL belongs to (<https://learn.microsoft.com/graph/deployments>).
fn national_cloud(url: &str) -> Option<&'static str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.split(':').next()?.trim_end_matches('.').to_ascii_lowercase();
    let is_below = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    let of_the_us = ["microsoft.us", "microsoftonline.us", "office365.us"];
    let of_china = ["chinacloudapi.cn", "microsoftonline.cn"];
    let clouds = [(&of_the_us[..], "a cloud of the US government"), (&of_china[..], "the cloud in China")];
    clouds.into_iter().find_map(|(domains, cloud)| domains.iter().any(|domain| is_below(domain)).then_some(cloud))
}

/// Connects to and reads what the settings at this place of the configuration name.
pub(crate) fn reach(manifest: Manifest, pointer: &str) -> Manifest {
    manifest
        .port_from(format!("{pointer}/base_url"))
        .port_from(format!("{pointer}/token_url"))
        .reads(format!("{pointer}/ca_file"))
}
