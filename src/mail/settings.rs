//! What a mail server needs to be told.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::keys::SecretRef;

/// A mail server.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailServerSettings {
    /// The name of the server.
    pub(crate) server: String,
    /// Its port: 587, 465 or 25 by `tls`, when it is left out.
    #[serde(default)]
    pub(crate) port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    pub(crate) tls: SmtpTls,
    /// Certificates in PEM that are trusted beside those of the machine.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    /// Whether `tls = "none"` to another machine is allowed: mail and password would be sent as they are.
    #[serde(default)]
    pub(crate) allow_plaintext: bool,
    /// The user, where the server wants one.
    #[serde(default)]
    pub(crate) user: Option<String>,
    /// The user's password.
    #[serde(default)]
    pub(crate) password: Option<SecretRef>,
}

impl MailServerSettings {
    /// What is wrong with it, where anything is.
    pub(crate) fn wrong(&self) -> Option<String> {
        let is_half = self.user.is_some() != self.password.is_some();
        is_half.then(|| "a `user` needs a `password`, and a `password` a `user`".to_owned())
    }
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SmtpTls {
    /// By STARTTLS, without which nothing is sent.
    #[default]
    Starttls,
    /// From the first byte on.
    Implicit,
    /// Not at all.
    None,
}
