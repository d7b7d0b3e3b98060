//! Who brings a message to somebody: made of the settings, with their secrets read.

use std::path::Path;

use tokio::sync::mpsc::unbounded_channel;

use super::daily::Daily;
use super::email::Email;
use super::message::{Message, MessageKind, Reached, Taken};
use super::settings::AlertSettings;
use super::state::Plan;
use super::webhook::Webhook;
use crate::external::ExternalCommand;
use crate::keys::ReadSecret;

/// An alert that can be sent.
pub(crate) struct Alert {
    pub(crate) plan: Plan,
    carrier: Carrier,
}

enum Carrier {
    Email(Box<Email>),
    Webhook(Box<Webhook>),
    Command(ExternalCommand),
}

/// What is wrong with an alert, or with the URL that hears that the deployment works: the key, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {what}")]
pub(crate) struct AlertWrong {
    pub(crate) key: String,
    pub(crate) what: String,
}

impl Alert {
    /// Relative paths start at `base`; `deployment` is by what people know it.
    pub(crate) fn new(
        settings: &AlertSettings,
        base: &Path,
        deployment: &str,
        read: ReadSecret<'_>,
    ) -> Result<Self, AlertWrong> {
        let wrong = |(key, what): (String, String)| AlertWrong {
            key: format!("the alert `{}`, its {key}", settings.name),
            what,
        };
        let digest = Daily::of(settings.digest.as_deref(), settings.time_zone.as_deref());
        let digest = digest.map_err(|(key, what)| wrong((key.to_owned(), what)))?;
        let plan = Plan {
            name: settings.name.clone(),
            deployment: deployment.to_owned(),
            from: settings.from,
            recovery: settings.recovery,
            wait: settings.wait.0,
            digest,
        };
        Ok(Self { plan, carrier: Carrier::new(settings, base, read).map_err(wrong)? })
    }

    /// By what it tells, in a word.
    pub(crate) fn by(&self) -> &'static str {
        match self.carrier {
            Carrier::Email(_) => "email",
            Carrier::Webhook(_) => "webhook",
            Carrier::Command(_) => "command",
        }
    }

    /// Sends a message to those that are not in `reached`; where there are several, each who has taken it is told to `taken` at once. The
    /// error says why it was not, or not by all. Ends by itself, however little anybody answers.
    pub(crate) async fn send(&self, message: &Message, reached: &Reached, taken: &Taken) -> Result<(), String> {
        match &self.carrier {
            Carrier::Email(email) => email.send(message, reached, taken).await,
            Carrier::Webhook(webhook) => webhook.send(message).await,
            Carrier::Command(command) => {
                let (command, json) = (command.clone(), message.json());
                let told = tokio::task::spawn_blocking(move || command.tell(&format!("{json}\n")));
                told.await.map_err(|error| error.to_string()).flatten()
            }
        }
    }

    /// Sends a message that says that nothing has happened.
    pub(crate) async fn test(&self, now: jiff::Timestamp) -> Result<(), String> {
        let Plan { name, deployment, .. } = &self.plan;
        let message = Message::new(MessageKind::Test, name, deployment, now);
        let (taken, _) = unbounded_channel();
        self.send(&message, &Reached::new(), &taken).await
    }

    /// Connects to who would bring a message, where that says something, and sends nothing; `None` where it does not.
    pub(crate) async fn connect(&self) -> Option<Result<(), String>> {
        match &self.carrier {
            Carrier::Email(email) => Some(email.connect().await),
            Carrier::Webhook(_) | Carrier::Command(_) => None,
        }
    }
}

impl Carrier {
    fn new(settings: &AlertSettings, base: &Path, read: ReadSecret<'_>) -> Result<Self, (String, String)> {
        if let Some(email) = &settings.email {
            return Ok(Self::Email(Box::new(Email::new(email, base, read)?)));
        }
        if let Some(webhook) = &settings.webhook {
            return Ok(Self::Webhook(Box::new(Webhook::new(webhook, base, read)?)));
        }
        let command = settings.command.as_deref().and_then(|command| ExternalCommand::of(command, base));
        command.map(Self::Command).ok_or_else(|| ("command".to_owned(), "it names no program".to_owned()))
    }
}
