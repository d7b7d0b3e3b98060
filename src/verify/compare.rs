//! How secrets and signed times are compared.

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use quietus_plugin::Span;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::finding::Finding;

/// SHA-256 of every accepted secret.
pub(super) struct Digests(pub(super) Vec<[u8; 32]>);

impl Digests {
    pub(super) fn digest(secret: &[u8]) -> [u8; 32] {
        Sha256::digest(secret).into()
    }

    pub(super) fn check(&self, presented: &[u8]) -> Finding {
        let presented = Self::digest(presented);
        Finding::of(self.0.iter().fold(Choice::from(0), |same, digest| same | digest.ct_eq(&presented)))
    }
}

/// How far a signed time may be from our clock, both ways.
pub(super) struct Window(Span);

impl Window {
    /// The window that the Standard Webhooks libraries use.
    const DEFAULT: Span = Span::from_secs(300);

    pub(super) fn new(configured: Option<Span>) -> Self {
        Self(configured.unwrap_or(Self::DEFAULT))
    }

    /// `text` is a number of seconds since 1970.
    pub(super) fn check(&self, text: &[u8], now: Timestamp) -> Finding {
        let seconds = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
        let Some(seconds) = seconds else { return Finding::Garbled };
        if now.as_second().abs_diff(seconds) <= self.0.0.as_secs() { Finding::Right } else { Finding::Stale }
    }
}

/// The standard alphabet, with or without padding.
pub(super) const PERMISSIVE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
