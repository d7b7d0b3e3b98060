//! An HMAC of the body, or of a time and the body, in a header.

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq as _};

use super::compare::{PERMISSIVE, Window};
use super::finding::Finding;
use super::request::{Request, only};
use super::setting::{Setting, SourceError};
use super::settings::{Algorithm, Encoding, HmacSettings, SignedTimestampSettings};
use crate::keys::ReadSecret;

/// A sender signs once for each secret that is in use; more than these are not looked at.
pub(super) const SIGNATURES_MAX: usize = 16;

/// Room for a decoded signature of 64 bytes and what the base64 decoder wants beyond it.
const SIGNATURE_BYTES_MAX: usize = 96;

pub(super) struct Signature {
    header: HeaderName,
    prefix: Vec<u8>,
    encoding: Encoding,
    keys: Vec<Key>,
    timestamp: Option<SignedTimestamp>,
}

impl Signature {
    pub(super) fn new(
        settings: &HmacSettings,
        setting: &Setting<'_>,
        read: ReadSecret<'_>,
    ) -> Result<Self, SourceError> {
        let keys = setting
            .at("secrets")
            .secrets(&settings.secrets, read, |secret| Ok(Key::new(settings.algorithm, secret.expose().as_bytes())))?;
        let timestamp = match &settings.timestamp {
            Some(timestamp) => Some(SignedTimestamp::new(timestamp, &setting.at("timestamp"))?),
            None => None,
        };
        Ok(Self {
            header: header(&settings.header, &setting.at("header"))?,
            prefix: settings.prefix.clone().into_bytes(),
            encoding: settings.encoding,
            keys,
            timestamp,
        })
    }

    pub(super) fn check(&self, request: &Request<'_>, now: Timestamp) -> Finding {
        let all =
            || request.headers.get_all(&self.header).iter().flat_map(|value| self.split(value)).take(SIGNATURES_MAX);
        let mut room = [0; SIGNATURE_BYTES_MAX];
        let mut readable = None;
        for text in all() {
            *readable.get_or_insert(false) |= self.decode(text, &mut room).is_some();
        }
        match readable {
            None => return Finding::Absent,
            Some(false) => return Finding::Garbled,
            Some(true) => {}
        }
        let Some(timestamp) = &self.timestamp else { return self.compare(&[request.body], all) };
        let Some(text) = only(request.headers, &timestamp.header) else { return Finding::Garbled };
        let [before, between, after] = timestamp.around.each_ref().map(String::as_bytes);
        let signed = [before, text.as_bytes(), between, request.body, after];
        // The time after the signature: before it is known to be signed, anybody could have written it.
        self.compare(&signed, all).then(|| timestamp.window.check(text.as_bytes(), now))
    }

    /// Several signatures stand in several headers or, as HTTP allows, in one with commas between them.
    fn split<'v>(&self, value: &'v HeaderValue) -> impl Iterator<Item = &'v [u8]> {
        let is_one = self.prefix.contains(&b',');
        value.as_bytes().split(move |byte| *byte == b',' && !is_one).map(<[u8]>::trim_ascii)
    }

    fn decode<'r>(&self, text: &[u8], room: &'r mut [u8; SIGNATURE_BYTES_MAX]) -> Option<&'r [u8]> {
        let text = text.strip_prefix(self.prefix.as_slice())?.trim_ascii();
        let length = match self.encoding {
            Encoding::Hex => {
                let length = text.len() / 2;
                hex::decode_to_slice(text, room.get_mut(..length)?).ok()?;
                length
            }
            Encoding::Base64 => PERMISSIVE.decode_slice(text, room).ok()?,
        };
        room.get(..length)
    }

    /// What is signed is digested once for each key, however many signatures are presented.
    fn compare<'v, I: Iterator<Item = &'v [u8]>>(&self, signed: &[&[u8]], presented: impl Fn() -> I) -> Finding {
        let mut room = [0; SIGNATURE_BYTES_MAX];
        let same = self.keys.iter().fold(Choice::from(0), |same, key| {
            let tag = key.tag(signed);
            presented().fold(same, |same, text| match self.decode(text, &mut room) {
                Some(presented) => same | tag.is(presented),
                None => same,
            })
        });
        Finding::of(same)
    }
}

/// What is signed: these texts around the timestamp and the body.
struct SignedTimestamp {
    header: HeaderName,
    window: Window,
    around: [String; 3],
}

impl SignedTimestamp {
    fn new(settings: &SignedTimestampSettings, setting: &Setting<'_>) -> Result<Self, SourceError> {
        let signed = settings.signed.as_deref().unwrap_or("{timestamp}.{body}");
        let parts = signed.split_once("{timestamp}");
        let parts =
            parts.and_then(|(before, rest)| rest.split_once("{body}").map(|(between, after)| [before, between, after]));
        let Some(around) = parts else {
            return Err(setting.at("signed").wrong("must contain `{timestamp}` and, after it, `{body}`"));
        };
        Ok(Self {
            header: header(&settings.header, &setting.at("header"))?,
            window: Window::new(settings.window),
            around: around.map(str::to_owned),
        })
    }
}

/// An HMAC that has taken its key and waits for a message.
pub(super) enum Key {
    Sha256(Hmac<Sha256>),
    Sha512(Box<Hmac<Sha512>>),
}

impl Key {
    pub(super) fn new(algorithm: Algorithm, secret: &[u8]) -> Self {
        let why = "HMAC takes a key of any length";
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Hmac::new_from_slice(secret).expect(why)),
            Algorithm::Sha512 => Self::Sha512(Box::new(Hmac::new_from_slice(secret).expect(why))),
        }
    }

    pub(super) fn tag(&self, message: &[&[u8]]) -> Tag {
        match self {
            Self::Sha256(key) => Tag::Sha256(tag(key.clone(), message)),
            Self::Sha512(key) => Tag::Sha512(tag(Hmac::clone(key), message)),
        }
    }
}

/// The HMAC of a message.
pub(super) enum Tag {
    Sha256(hmac::digest::Output<Hmac<Sha256>>),
    Sha512(hmac::digest::Output<Hmac<Sha512>>),
}

impl Tag {
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(tag) => tag,
            Self::Sha512(tag) => tag,
        }
    }

    /// Whether it is what is presented; no part of it takes longer for being nearly right.
    pub(super) fn is(&self, presented: &[u8]) -> Choice {
        match self {
            Self::Sha256(tag) => tag.ct_eq(presented),
            Self::Sha512(tag) => tag.ct_eq(presented),
        }
    }
}

fn tag<M: Mac>(mut mac: M, message: &[&[u8]]) -> hmac::digest::Output<M> {
    message.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes()
}

fn header(name: &str, setting: &Setting<'_>) -> Result<HeaderName, SourceError> {
    name.parse().map_err(|_| setting.wrong(format!("`{name}` is not a name of a header")))
}
