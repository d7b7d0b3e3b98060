//! Standard Webhooks (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>): signs a
//! message, once for each key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use quietus_plugin::Secrets;
use sha2::Sha256;

/// The lengths of a key that the specification allows, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The keys that sign.
pub(crate) struct Signer(Vec<Hmac<Sha256>>);

impl Signer {
    /// Of the secrets of these names.
    pub(crate) fn make(names: &[String], secrets: &Secrets) -> Result<Self, String> {
        if names.is_empty() {
            return Err("signing: nothing signs; name at least one secret".into());
        }
        let key = |name: &String| {
            let secret = secrets.require(name).map_err(|error| format!("signing: {}", error.message))?;
            let text = secret.expose().trim();
            let bytes = STANDARD.decode(text.strip_prefix("whsec_").unwrap_or(text)).ok();
            let bytes = bytes.filter(|bytes| KEY_BYTES.contains(&bytes.len()));
            let key = bytes.and_then(|bytes| Hmac::new_from_slice(&bytes).ok());
            key.ok_or_else(|| format!("signing: the secret `{name}` is not `whsec_` and base64 of 24 to 64 bytes"))
        };
        names.iter().map(key).collect::<Result<_, _>>().map(Self)
    }

    /// The header `webhook-signature`. `at` is the header `webhook-timestamp`, in seconds since 1970.
    pub(crate) fn sign(&self, id: &str, at: i64, body: &[u8]) -> String {
        let sign = |key: &Hmac<Sha256>| {
            let mut mac = key.clone();
            mac.update(format!("{id}.{at}.").as_bytes());
            mac.update(body);
            format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
        };
        self.0.iter().map(sign).collect::<Vec<_>>().join(" ")
    }
}
