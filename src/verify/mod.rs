//! Who sent this? A request's parts, a source's settings and the time enter; only here a [`Verified`] is made. Knows
//! no server: headers are a borrowed `http::HeaderMap`, the rest is bytes. Secrets are compared as digests of a fixed
//! size, all of them in every case, so that neither content nor number nor length shows in the time it takes.

mod basic;
mod network;
mod query;
mod settings;
mod signature;
mod source;
mod standard;

pub(crate) use network::Network;
pub(crate) use settings::SourceSettings;
pub(crate) use source::{Source, SourceError};

use std::net::IpAddr;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderMap;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

use crate::keys::{SealBroken, SealKey, Sealed};
use crate::span::Span;

/// Proves who sent a request.
pub(crate) fn verify<'a>(source: &Source, request: &Request<'a>, now: Timestamp) -> Result<Verified<'a>, Refused> {
    if !source.admits(request.client) {
        return Err(Refused::NetworkNotAllowed);
    }
    source.check(request, now).refusal().map_or(Ok(Verified { body: request.body }), Err)
}

/// Whether a request may still be proved once its body is there: strangers need not be waited for. `head` is the request
/// without its body.
pub(crate) fn expect(source: &Source, head: &Request<'_>, now: Timestamp) -> Result<(), Refused> {
    if !source.admits(head.client) {
        return Err(Refused::NetworkNotAllowed);
    }
    source.expect(head, now).and_then(Finding::refusal).map_or(Ok(()), Err)
}

/// The parts of a request that can prove who sent it.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) headers: &'a HeaderMap,
    /// What follows the `?`, not decoded.
    pub(crate) query: Option<&'a str>,
    pub(crate) body: &'a [u8],
    /// The client's address, where it is known.
    pub(crate) client: Option<IpAddr>,
}

/// A body whose sender is known. Only [`verify`] makes one, or [`Reopened`] brings back what it made.
pub(crate) struct Verified<'a> {
    body: &'a [u8],
}

impl<'a> Verified<'a> {
    pub(crate) fn body(&self) -> &'a [u8] {
        self.body
    }

    /// Seals the body for quarantine; [`Reopened::open`] opens it.
    pub(crate) fn seal(&self, key: &SealKey) -> Sealed {
        key.seal(QUARANTINE, self.body)
    }
}

/// The seal's purpose of a body in quarantine.
const QUARANTINE: &str = "quarantine";

/// A body that was verified when it came, out of quarantine again.
pub(crate) struct Reopened(Zeroizing<Vec<u8>>);

impl Reopened {
    pub(crate) fn open(sealed: &Sealed, key: &SealKey) -> Result<Self, SealBroken> {
        key.open(QUARANTINE, sealed).map(Self)
    }

    pub(crate) fn verified(&self) -> Verified<'_> {
        Verified { body: &self.0 }
    }
}

/// Why a request is not taken; shows nothing that it carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// `missing`, `garbled`, `wrong` or `stale`, for counting; the sender is not told.
    Unauthenticated(&'static str),
    NetworkNotAllowed,
}

/// What a scheme found, from the least to the most that was right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Finding {
    /// No credentials of this scheme.
    Absent,
    /// Credentials that cannot be read.
    Garbled,
    Wrong,
    /// Rightly signed, but outside the window.
    Stale,
    Right,
}

impl Finding {
    fn of(same: Choice) -> Self {
        if same.into() { Self::Right } else { Self::Wrong }
    }

    fn refusal(self) -> Option<Refused> {
        Some(Refused::Unauthenticated(match self {
            Self::Right => return None,
            Self::Absent => "missing",
            Self::Garbled => "garbled",
            Self::Wrong => "wrong",
            Self::Stale => "stale",
        }))
    }

    /// What is right so far must pass `next` too.
    fn then(self, next: impl FnOnce() -> Self) -> Self {
        if self == Self::Right { next() } else { self }
    }
}

/// SHA-256 of every accepted secret.
struct Digests(Vec<[u8; 32]>);

impl Digests {
    fn digest(secret: &[u8]) -> [u8; 32] {
        Sha256::digest(secret).into()
    }

    fn check(&self, presented: &[u8]) -> Finding {
        let presented = Self::digest(presented);
        Finding::of(self.0.iter().fold(Choice::from(0), |same, digest| same | digest.ct_eq(&presented)))
    }
}

/// How far a signed time may be from our clock, both ways.
struct Window(Span);

impl Window {
    /// The window that the Standard Webhooks libraries use.
    const DEFAULT: Span = Span::from_secs(300);

    fn new(configured: Option<Span>) -> Self {
        Self(configured.unwrap_or(Self::DEFAULT))
    }

    /// `text` is a number of seconds since 1970.
    fn check(&self, text: &[u8], now: Timestamp) -> Finding {
        let seconds = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
        let Some(seconds) = seconds else { return Finding::Garbled };
        if now.as_second().abs_diff(seconds) <= self.0.get().as_secs() { Finding::Right } else { Finding::Stale }
    }
}

/// The standard alphabet, with or without padding.
const PERMISSIVE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[cfg(test)]
mod tests;
