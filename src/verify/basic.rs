//! HTTP Basic authentication, RFC 7617.

use base64::Engine as _;
use http::header::AUTHORIZATION;
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::compare::{Digests, PERMISSIVE};
use super::finding::Finding;
use super::request::Request;
use super::setting::{Setting, SourceError};
use super::settings::BasicSettings;
use crate::keys::ReadSecret;

pub(super) struct Basic(Digests);

impl Basic {
    pub(super) fn new(
        settings: &BasicSettings,
        setting: &Setting<'_>,
        read: ReadSecret<'_>,
    ) -> Result<Self, SourceError> {
        // The first `:` ends the user (RFC 7617): with one in it, another user with another password would make the
        // same pair.
        if settings.user.contains(':') {
            return Err(setting.at("user").wrong("must not contain `:`"));
        }
        let digest = |password: &crate::keys::Secret| {
            let pair = Zeroizing::new(format!("{}:{}", settings.user, password.expose()));
            Ok(Digests::digest(pair.as_bytes()))
        };
        setting.at("password").secrets(&settings.password, read, digest).map(|all| Self(Digests(all)))
    }

    pub(super) fn check(&self, request: &Request<'_>) -> Finding {
        let mut values = request.headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Finding::Absent };
        // A proxy in front may have looked at the other one.
        if values.next().is_some() {
            return Finding::Garbled;
        }
        let value = value.as_bytes().trim_ascii();
        let Some((scheme, token)) = value.split_at_checked("basic ".len()) else { return Finding::Garbled };
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return Finding::Absent;
        }
        let Ok(pair) = PERMISSIVE.decode(token.trim_ascii()).map(Zeroizing::new) else { return Finding::Garbled };
        // A callback URL holds a password percent-encoded, and some senders send it as it stands there.
        let decoded = Zeroizing::new(percent_decode(&pair).collect::<Vec<u8>>());
        self.0.check(&pair).max(self.0.check(&decoded))
    }
}
