//! HTTP: a signed POST enters; a 2xx confirms, and one with an outcome in it answers.

use quietus_plugin::http::{Client, Method, Request, Settings};
use quietus_plugin::{Answer, Call, Outcome, PluginError, Secrets, Writes};

use super::carries::{Carries, Handed};
use crate::config;
use crate::message::Message;
use crate::standard::Signer;

/// Messages per second: the endpoint is the operator's own, and says 429 when it is too many.
const RATE: f64 = 100.0;

pub(super) struct Http {
    client: Client,
    signer: Signer,
}

impl Http {
    pub(super) fn make(settings: config::Http, secrets: &Secrets) -> Result<Self, String> {
        let signer = Signer::make(&settings.signing, secrets)?;
        let settings = Settings {
            base_url: settings.url,
            allow_plaintext: settings.allow_plaintext,
            ca_file: settings.ca_file,
            auth: settings.auth,
            rate: Some(RATE),
            timeout: settings.timeout,
            user_agent: Some(concat!("quietus-forward/", env!("CARGO_PKG_VERSION")).into()),
        };
        let client = Client::new(&settings, secrets).map_err(|error| error.message.replacen("base_url", "url", 1))?;
        Ok(Self { client, signer })
    }
}

impl Carries for Http {
    fn name(&self) -> &'static str {
        "HTTP"
    }

    /// What the endpoint's owner keeps, only the owner knows.
    fn keeps(&self) -> Option<&'static str> {
        None
    }

    fn hand_on(&self, message: &Message, call: &Call, writes: Writes<'_>) -> Result<Handed, PluginError> {
        let at = message.at.as_second();
        let request = Request::new(Method::POST, "")
            .writes(writes)
            // Receivers tell a repetition by `webhook-id`, so that a message whose answer was lost may be sent again.
            .repeatable()
            .bytes("application/json", message.body.as_slice())
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", &at.to_string())
            .header("webhook-signature", &self.signer.sign(&message.id, at, &message.body));
        let answer = self.client.send(&request, call)?;
        // To the client, a 404 is an answer; taken for one here, a message that nobody has would be confirmed.
        if answer.gone() {
            return Err(PluginError::needs_operator(format!("the endpoint is not there: status {}", answer.status())));
        }
        if answer.status() != 200 || answer.body().iter().all(u8::is_ascii_whitespace) {
            return Ok(Handed::Confirmed);
        }
        let outcome: Answer = answer.json()?;
        match outcome.outcome {
            // How long a report may take is the operator's to say (`report_within`), not the endpoint's.
            Outcome::Accepted => Ok(Handed::Confirmed),
            _ => Ok(Handed::Answered(outcome)),
        }
    }

    /// No request of its own: an endpoint for webhooks takes nothing else. A token is fetched where one is needed.
    fn health(&self, call: &Call) -> Result<(), PluginError> {
        self.client.log_in(call)
    }
}
