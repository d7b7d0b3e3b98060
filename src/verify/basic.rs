//! HTTP Basic authentication, RFC 7617.

use base64::Engine as _;
use http::header::AUTHORIZATION;
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
        let Some(value) = request.headers.get(AUTHORIZATION) else { return Finding::Absent };
        let value = value.as_bytes().trim_ascii();
        let Some((scheme, token)) = value.split_at_checked("basic ".len()) else { return Finding::Garbled };
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return Finding::Absent;
        }
        let Ok(pair) = PERMISSIVE.decode(token.trim_ascii()).map(Zeroizing::new) else { return Finding::Garbled };
        self.0.check(&pair)
    }
}
