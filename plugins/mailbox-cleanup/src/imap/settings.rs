//! How an IMAP account is reached and what is done in it, as a part of the configuration.

use std::path::PathBuf;

use quietus_plugin::http::Auth;
use quietus_plugin::{Manifest, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// The largest message that may be looked into; see [`Settings::body_bytes_max`].
pub(super) const BODY_BYTES_LIMIT: u32 = 32 << 20;

/// An IMAP account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `imaps://mail.example.com` (TLS from the start, port 993) or `imap://mail.example.com` (STARTTLS, port 143).
    #[schemars(extend("x-quietus-public" = true))]
    pub url: String,
    /// The user's name on the server.
    pub user: String,
    /// The name of the secret that is the user's password.
    pub password: Option<String>,
    /// Instead of a password: an OAuth 2.0 token, as a secret (`bearer`) or fetched (`oauth2`), for XOAUTH2.
    pub xoauth2: Option<Auth>,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// `false`, with `imap://`: no TLS at all. To this machine only, unless `allow_plaintext` is set.
    #[serde(default = "yes")]
    pub starttls: bool,
    /// Allows `starttls = false` to another machine: password and messages go through the network unencrypted.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// The longest that the server may be silent, such as `30s`; 60 s if unset.
    pub timeout: Option<Span>,
    /// The folders that are searched, all if unset: names as people read them, `Projects/*` for all below, or `\Trash` and
    /// the like for what the server says a folder is used for.
    pub folders: Option<Vec<String>>,
    /// Folders that are left alone, written alike.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Moves the messages to this folder instead of erasing them; they are then reported as `retained`.
    pub move_to: Option<String>,
    /// With `look_at_body`: the largest message, in bytes, whose text is looked at; 25 MiB if unset, 32 MiB at
    /// most.
    #[schemars(range(min = 1, max = 33_554_432))]
    pub body_bytes_max: Option<u32>,
}

fn yes() -> bool {
    true
}

/// Connects to and reads what the settings at this place of the configuration name.
pub(crate) fn reach(manifest: Manifest, pointer: &str) -> Manifest {
    manifest
        .port_from(format!("{pointer}/url"))
        .port_from(format!("{pointer}/xoauth2/oauth2/token_url"))
        .port_from(format!("{pointer}/xoauth2/oauth2_refresh/token_url"))
        .port_from(format!("{pointer}/xoauth2/service_account/token_url"))
        .reads(format!("{pointer}/ca_file"))
}
