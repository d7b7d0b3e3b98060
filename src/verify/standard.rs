//! The Standard Webhooks specification, symmetric signatures (`v1`); also under the header names that Svix uses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use subtle::Choice;
use zeroize::Zeroizing;

use super::compare::{PERMISSIVE, Window};
use super::finding::Finding;
use super::request::{Request, only};
use super::setting::{Setting, SourceError};
use super::settings::{Algorithm, StandardWebhooksSettings};
use super::signature::{Key, SIGNATURES_MAX};
use crate::keys::{ReadSecret, Secret};

/// Id, timestamp and signature, in the two spellings.
const HEADERS: [[&str; 3]; 2] =
    [["webhook-id", "webhook-timestamp", "webhook-signature"], ["svix-id", "svix-timestamp", "svix-signature"]];

/// Of a key: half of what the specification asks of those that make them.
const KEY_BYTES_MIN: usize = 16;

pub(super) struct Standard {
    keys: Vec<Key>,
    window: Window,
}

impl Standard {
    pub(super) fn new(
        settings: &StandardWebhooksSettings,
        setting: &Setting<'_>,
        read: ReadSecret<'_>,
    ) -> Result<Self, SourceError> {
        let keys = setting.at("secrets").secrets(&settings.secrets, read, key)?;
        Ok(Self { keys, window: Window::new(settings.window) })
    }

    pub(super) fn check(&self, request: &Request<'_>, now: Timestamp) -> Finding {
        let found = HEADERS.iter().find_map(|names| headers(request.headers, *names));
        let Some((id, timestamp, signatures)) = found else { return Finding::Absent };
        let message = [id, b".", timestamp, b".", request.body];
        // Once for each key, however many signatures are presented.
        let tags: Vec<_> = self.keys.iter().map(|key| key.tag(&message)).collect();
        let same = signatures
            .flat_map(|value| value.split(|byte| *byte == b' '))
            .filter_map(|signature| signature.strip_prefix(b"v1,"))
            .take(SIGNATURES_MAX)
            .filter_map(|text| PERMISSIVE.decode(text).ok())
            .fold(Choice::from(0), |same, presented| tags.iter().fold(same, |same, tag| same | tag.is(&presented)));
        Finding::of(same).then(|| self.window.check(timestamp, now))
    }
}

/// Signs what is sent, as others are to verify it.
pub(crate) struct StandardWebhooksKey(Key);

impl StandardWebhooksKey {
    /// Of a secret as it is written.
    pub(crate) fn of(secret: &Secret) -> Result<Self, &'static str> {
        key(secret).map(Self)
    }

    /// What stands in `webhook-signature`.
    pub(crate) fn sign(&self, id: &str, timestamp: &str, body: &str) -> String {
        let message = [id, ".", timestamp, ".", body].map(str::as_bytes);
        format!("v1,{}", STANDARD.encode(self.0.tag(&message).as_bytes()))
    }
}

/// A secret is base64, with or without `whsec_` before it.
fn key(secret: &Secret) -> Result<Key, &'static str> {
    let text = secret.expose().strip_prefix("whsec_").unwrap_or(secret.expose());
    let bytes = PERMISSIVE.decode(text).map(Zeroizing::new);
    let bytes = bytes.map_err(|_| "is not base64, with or without `whsec_` before it")?;
    if bytes.is_empty() {
        return Err("is empty");
    }
    if bytes.len() < KEY_BYTES_MIN {
        return Err("has fewer than 16 bytes behind its base64, and could be guessed; make it longer");
    }
    Ok(Key::new(Algorithm::Sha256, &bytes))
}

/// Id, timestamp, and the signatures of all headers of that name.
fn headers<'a>(
    headers: &'a HeaderMap,
    [id, timestamp, signatures]: [&str; 3],
) -> Option<(&'a [u8], &'a [u8], impl Iterator<Item = &'a [u8]>)> {
    let one = |name: &str| only(headers, name).map(HeaderValue::as_bytes);
    let signatures = headers.get_all(signatures).iter().map(|value| value.as_bytes());
    // Without one there is nothing of this scheme.
    let mut signatures = signatures.peekable();
    signatures.peek()?;
    Some((one(id)?, one(timestamp)?, signatures))
}
