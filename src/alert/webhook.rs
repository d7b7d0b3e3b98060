//! By a request, signed as the Standard Webhooks specification says.

use std::path::Path;

use jiff::Timestamp;
use reqwest::Method;

use super::http::HttpSender;
use super::message::Message;
use super::settings::AlertWebhookSettings;
use crate::keys::{ReadSecret, Secret};
use crate::verify::StandardWebhooksKey;

/// A URL that is told.
pub(super) struct Webhook {
    sender: HttpSender,
    key: StandardWebhooksKey,
    headers: Vec<(String, Secret)>,
}

impl Webhook {
    pub(super) fn new(
        settings: &AlertWebhookSettings,
        base: &Path,
        read: ReadSecret<'_>,
    ) -> Result<Self, (String, String)> {
        let at = |key: &str| format!("webhook.{key}");
        let url = settings.url.read(read).map_err(|error| (at("url"), error.to_string()))?;
        let ca_file = settings.ca_file.as_ref().map(|path| base.join(path));
        let sender = HttpSender::new(&url, ca_file.as_deref(), settings.proxy.as_deref(), settings.allow_plaintext);
        let sender = sender.map_err(|(key, what)| (at(key), what))?;
        let secret = read(&settings.secret).map_err(|error| (at("secret"), error.to_string()))?;
        let key = StandardWebhooksKey::of(&secret).map_err(|what| (at("secret"), what.to_owned()))?;
        let mut headers = Vec::new();
        for (name, reference) in &settings.headers {
            let at = at(&format!("headers.{name}"));
            if reqwest::header::HeaderName::try_from(name.as_str()).is_err() {
                return Err((at, "is not a name of a header".to_owned()));
            }
            headers.push((name.clone(), read(reference).map_err(|error| (at, error.to_string()))?));
        }
        Ok(Self { sender, key, headers })
    }

    /// The id is the message's, and so the same each time; time and signature are of the attempt.
    pub(super) async fn send(&self, message: &Message) -> Result<(), String> {
        let body = message.json();
        let timestamp = Timestamp::now().as_second().to_string();
        let signature = self.key.sign(&message.id, &timestamp, &body);
        let own = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", message.id.clone()),
            ("webhook-timestamp", timestamp),
            ("webhook-signature", signature),
        ];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), Secret::new(value)));
        let headers: Vec<_> = own.chain(self.headers.iter().cloned()).collect();
        self.sender.send(Method::POST, &headers, Some(body)).await
    }
}
