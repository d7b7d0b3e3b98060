//! Registered webhooks.

use jiff::Timestamp;
use serde::Serialize;

/// A registered webhook.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Webhook {
    pub(super) id: i64,
    pub(super) event_types: Vec<String>,
    /// Credentials in it are sent as `Authorization: Basic`.
    pub(super) callback_url: String,
    /// Since when its deliveries have failed without exception.
    #[serde(skip)]
    pub(super) failing_since: Option<Timestamp>,
}

impl Webhook {
    /// As a reply shows it.
    pub(super) fn shown(&self, masked: bool) -> Self {
        let mut shown = self.clone();
        if let (true, Ok(mut url)) = (masked, reqwest::Url::parse(&self.callback_url))
            && url.password().is_some()
            && url.set_password(Some("***")).is_ok()
        {
            shown.callback_url = url.to_string();
        }
        shown
    }

    pub(super) fn wants(&self, event_type: &str) -> bool {
        self.event_types.iter().any(|wanted| wanted == event_type)
    }
}
