//! HTTP: a signed POST enters; a 2xx confirms, and one with an outcome in it answers.

use quietus_plugin::http::{Auth, Client, Method, Request, Settings};
use quietus_plugin::{Answer, Call, ErrorClass, Outcome, PluginError, Secrets, Writes};

use super::carries::{Carries, Handed};
use crate::config;
use crate::message::Message;
use crate::standard::Signer;

/// Messages per second: the endpoint is the operator's own, and says 429 when it is too many.
const RATE: f64 = 100.0;

/// What is asked for where nothing else tells whether the credentials work.
const ADVICE: &str =
    "set `health_url`, an address on the same host that answers GET with success, and only with the right credentials";

pub(super) struct Http {
    client: Client,
    /// Without credentials; `None` where there are none, or where a token is fetched for them.
    anonymous: Option<Client>,
    /// Path and query of `health_url`.
    health: Option<String>,
    signer: Signer,
}

impl Http {
    pub(super) fn make(settings: config::Http, secrets: &Secrets) -> Result<Self, String> {
        let signer = Signer::make(&settings.signing, secrets)?;
        let needs_control =
            matches!(&settings.auth, Some(Auth::Bearer { .. } | Auth::Basic { .. } | Auth::Header { .. }));
        let health_url = settings.health_url;
        let settings = Settings {
            base_url: settings.url,
            allow_plaintext: settings.allow_plaintext,
            ca_file: settings.ca_file,
            auth: settings.auth,
            rate: Some(RATE),
            timeout: settings.timeout,
            user_agent: Some(concat!("quietus-forward/", env!("CARGO_PKG_VERSION")).into()),
        };
        let made = |settings: &Settings| {
            Client::new(settings, secrets).map_err(|error| error.message.replacen("base_url", "url", 1))
        };
        let client = made(&settings)?;
        let anonymous = needs_control.then(|| made(&Settings { auth: None, ..settings })).transpose()?;
        let health = health_url.map(|url| {
            let target = client.within(&url, &Request::get(""));
            target.ok_or_else(|| "health_url: it is on another host than `url`, which gets the credentials".to_owned())
        });
        Ok(Self { client, anonymous, health: health.transpose()?, signer })
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
        // A gateway's or a log-in form's, whatever its status is: nobody has taken the message.
        if answer.is_page() {
            let status = answer.status();
            return Err(PluginError::retryable(format!(
                "the answer is a page of HTML, with a status of success ({status})"
            )));
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

    /// An endpoint for webhooks takes nothing but messages, and is asked all the same, with HEAD or at `health_url`: that something is
    /// there, and that the credentials make a difference.
    fn health(&self, call: &Call) -> Result<(), PluginError> {
        self.client.log_in(call)?;
        let status = self.asked(&self.client, call)?;
        if matches!(status, 401 | 403) {
            let text = format!("the endpoint refuses the credentials: status {status}; check `auth` and its secret");
            return Err(PluginError::needs_operator(text));
        }
        if self.health.is_some() && !(200..300).contains(&status) {
            return Err(PluginError::needs_operator(format!(
                "`health_url` is answered {status}, and not with success"
            )));
        }
        let Some(anonymous) = &self.anonymous else { return Ok(()) };
        match self.asked(anonymous, call)? {
            401 | 403 => Ok(()),
            _ => Err(PluginError::needs_operator(format!(
                "the endpoint answers alike without the credentials, so that nothing tells whether they work: {ADVICE}"
            ))),
        }
    }
}

impl Http {
    /// The status of a request that changes nothing. What passes by itself is an error, and so is a page of a gateway's.
    fn asked(&self, client: &Client, call: &Call) -> Result<u16, PluginError> {
        let request = match &self.health {
            Some(target) => Request::get("").at(target),
            None => Request::new(Method::HEAD, "").reads().status_only(),
        };
        let answer = client.exchange(&request, call)?;
        match answer.check() {
            Err(error)
                if matches!(error.class, ErrorClass::Retryable | ErrorClass::RateLimited) && answer.status() != 501 =>
            {
                Err(error)
            }
            _ if self.health.is_some() && answer.is_page() => Err(PluginError::needs_operator(
                "`health_url` is answered with a page of HTML: that is no word of the endpoint's",
            )),
            _ => Ok(answer.status()),
        }
    }
}
