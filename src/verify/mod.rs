//! Who sent this? A request's parts, a source's settings and the time enter; only here a [`Verified`] is made. Knows
//! no server: headers are a borrowed `http::HeaderMap`, the rest is bytes. Secrets are compared as digests of a fixed
//! size, all of them in every case, so that neither content nor number nor length shows in the time it takes.

mod basic;
mod compare;
mod finding;
mod network;
mod query;
mod request;
mod setting;
mod settings;
mod signature;
mod source;
mod standard;
mod written;

pub(crate) use finding::Refused;
pub(crate) use network::Network;
pub(crate) use request::{Request, only};
pub(crate) use setting::SourceError;
pub(crate) use settings::{AuthSettings, SourceSettings, WebhookMode};
pub(crate) use source::Source;
pub(crate) use standard::StandardWebhooksKey;
pub(crate) use written::Written;

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::keys::{NotOpened, SealKey, Sealed, SealedAs};
use crate::subject::SourceName;

/// Proves who sent a request.
pub(crate) fn verify<'a>(source: &Source, request: &Request<'a>, now: Timestamp) -> Result<Verified<'a>, Refused> {
    if !source.admits(request.client) {
        return Err(Refused::NetworkNotAllowed);
    }
    let verified = Verified { body: request.body, written: Written::of(request.headers) };
    source.check(request, now).refusal().map_or(Ok(verified), Err)
}

/// What a request proves without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Who sent it: what is presented covers no body.
    Known,
    /// Only once its body is there.
    Later,
}

/// Whether a request may still be proved once its body is there, or is already: strangers need not be waited for. `head` is the
/// request without its body.
pub(crate) fn expect(source: &Source, head: &Request<'_>, now: Timestamp) -> Result<Expected, Refused> {
    if !source.admits(head.client) {
        return Err(Refused::NetworkNotAllowed);
    }
    let Some(finding) = source.expect(head, now) else { return Ok(Expected::Later) };
    finding.refusal().map_or(Ok(Expected::Known), Err)
}

/// A body whose sender is known. Only [`verify`] makes one, or [`Reopened`] brings back what it made.
pub(crate) struct Verified<'a> {
    body: &'a [u8],
    written: Written<'a>,
}

impl<'a> Verified<'a> {
    pub(crate) fn body(&self) -> &'a [u8] {
        self.body
    }

    /// How it is written, by its sender's words.
    pub(crate) fn written(&self) -> Written<'a> {
        self.written
    }

    #[cfg(test)]
    pub(crate) fn made(body: &'a [u8], written: Written<'a>) -> Self {
        Self { body, written }
    }

    /// Seals the body for quarantine; [`Reopened::open`] opens it.
    pub(crate) fn seal(&self, source: &SourceName, key: &SealKey) -> Sealed {
        key.seal(&in_quarantine(source), &Zeroizing::new([self.written.lines().as_bytes(), self.body].concat()))
    }
}

/// What the body of a source is sealed as.
fn in_quarantine(source: &SourceName) -> SealedAs {
    SealedAs::new("quarantine", &[source.0.as_bytes()])
}

/// The same under the key that seals now.
pub(crate) fn resealed(source: &SourceName, sealed: &Sealed, key: &SealKey) -> Result<Sealed, NotOpened> {
    let sealed_as = in_quarantine(source);
    Ok(key.seal(&sealed_as, &key.open(&sealed_as, sealed)?))
}

/// A body that was verified when it came, out of quarantine again.
/// How it is written stands before it.
pub(crate) struct Reopened(Zeroizing<Vec<u8>>);

impl Reopened {
    pub(crate) fn open(source: &SourceName, sealed: &Sealed, key: &SealKey) -> Result<Self, NotOpened> {
        let content = key.open(&in_quarantine(source), sealed)?;
        if Written::split(&content).is_none() { Err(NotOpened::Broken) } else { Ok(Self(content)) }
    }

    pub(crate) fn verified(&self) -> Verified<'_> {
        let (written, body) = Written::split(&self.0).expect("was looked at when it was opened");
        Verified { body, written }
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
