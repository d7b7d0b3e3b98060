//! How an IMAP account is reached and what is done in it, as a part of the configuration.

use std::path::PathBuf;

use quietus_plugin::{Manifest, Span};
use schemars::JsonSchema;
use serde::Deserialize;

/// An IMAP account.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// `imaps://mail.example.com` (TLS from the start, port 993) or `imap://mail.example.com` (STARTTLS, port 143).
    pub url: String,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The longest that one command may take, such as `30s`; 60 s if unset.
    pub timeout: Option<Span>,
}

/// Connects to and reads what the settings at this place of the configuration name.
pub(crate) fn reach(manifest: Manifest, pointer: &str) -> Manifest {
    manifest.port_from(format!("{pointer}/url")).reads(format!("{pointer}/ca_file"))
}
