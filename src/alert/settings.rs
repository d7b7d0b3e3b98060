//! `[[alert]]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use super::daily::Daily;
use crate::attention::Severity;
use crate::keys::{SecretRef, TextOrSecret};
use crate::mail::{MailServerSettings, SmtpTls};

/// The longest name.
const NAME_CHARS_MAX: usize = 64;

/// Who is told of what needs a person: by `email`, `webhook` or `command`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertSettings {
    /// Its name, by which it is tested and by which it is told that it fails: 1 to 64 of a-z, A-Z, 0-9, `-` and `_`.
    pub(crate) name: String,
    /// The least severity that is told: `notice`, `attention` or `urgent`.
    #[serde(default = "default_from")]
    pub(crate) from: Severity,
    /// Whether it is also told that something is over.
    #[serde(default = "default_recovery")]
    pub(crate) recovery: bool,
    /// For how long something must be there before it is told, and gone before it is over. What comes in that time goes in one message.
    #[serde(default = "default_wait")]
    pub(crate) wait: Span,
    /// The time of day at which all that is there is told once more, such as `07:00`; also that nothing is.
    #[serde(default)]
    pub(crate) digest: Option<String>,
    /// The time zone of `digest`, such as `Europe/Prague`; UTC when it is left out, whatever the machine's is.
    #[serde(default)]
    pub(crate) time_zone: Option<String>,
    /// By a mail server.
    #[serde(default)]
    pub(crate) email: Option<EmailSettings>,
    /// By a request, signed as Standard Webhooks.
    #[serde(default)]
    pub(crate) webhook: Option<AlertWebhookSettings>,
    /// By a program and its arguments, which gets JSON on its standard input and has 10 seconds.
    #[serde(default)]
    pub(crate) command: Option<Vec<String>>,
}

fn default_from() -> Severity {
    Severity::Attention
}

fn default_recovery() -> bool {
    true
}

fn default_wait() -> Span {
    Span::from_secs(60)
}

/// A mail server, and who gets mail through it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailSettings {
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
    /// The sender, such as `quietus <quietus@example.com>`.
    pub(crate) from: String,
    /// Who gets it.
    pub(crate) to: Vec<String>,
}

impl EmailSettings {
    /// The server alone.
    pub(crate) fn server(&self) -> MailServerSettings {
        MailServerSettings {
            server: self.server.clone(),
            port: self.port,
            tls: self.tls,
            ca_file: self.ca_file.clone(),
            allow_plaintext: self.allow_plaintext,
            user: self.user.clone(),
            password: self.password.clone(),
        }
    }
}

/// A URL that is told.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertWebhookSettings {
    /// Where the request goes: a text, or where it is kept, as a URL can be a secret.
    pub(crate) url: TextOrSecret,
    /// The secret of the signature, `whsec_` and base64, as Standard Webhooks wants it.
    pub(crate) secret: SecretRef,
    /// Headers that the receiver wants beside it, such as `Authorization`.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, SecretRef>,
    /// Certificates in PEM that are trusted beside those of the machine.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    /// The proxy that is connected through, such as `http://proxy:3128`; the environment's is never used.
    #[serde(default)]
    pub(crate) proxy: Option<String>,
    /// Whether `http://` to another machine is allowed: everything could be read on its way.
    #[serde(default)]
    pub(crate) allow_plaintext: bool,
}

impl AlertSettings {
    /// What is wrong with it, by key.
    pub(crate) fn wrong(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || self.name.len() > NAME_CHARS_MAX || !self.name.chars().all(is_name) {
            wrong.push(("name", format!("`{}`: write 1 to 64 of a-z, A-Z, 0-9, `-` and `_`", self.name)));
        }
        let ways =
            [self.email.is_some(), self.webhook.is_some(), self.command.is_some()].into_iter().filter(|is| *is).count();
        if ways != 1 {
            let what = "somebody is told by an `email`, by a `webhook` or by a `command`; write one of the three";
            wrong.push(("", what.to_owned()));
        }
        if self.command.as_ref().is_some_and(Vec::is_empty) {
            wrong.push(("command", "it names no program".to_owned()));
        }
        if let Err((key, what)) = Daily::of(self.digest.as_deref(), self.time_zone.as_deref()) {
            wrong.push((key, what));
        }
        if self.email.as_ref().is_some_and(|email| email.to.is_empty()) {
            wrong.push(("email.to", "nobody would get it".to_owned()));
        }
        wrong.extend(self.email.as_ref().and_then(|email| Some(("email", email.server().wrong()?))));
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One struct cannot own these keys: serde's `flatten` loses at which key, and so on which line, a value is wrong.
    #[test]
    fn an_alert_says_of_its_mail_server_what_any_mail_server_takes() {
        let keys = |schema: schemars::Schema| schema.to_value()["properties"].as_object().expect("keys").clone();
        let mut of_alert = keys(schemars::schema_for!(EmailSettings));
        for own in ["from", "to"] {
            assert!(of_alert.remove(own).is_some(), "{own}");
        }
        assert_eq!(of_alert, keys(schemars::schema_for!(MailServerSettings)));
    }
}
