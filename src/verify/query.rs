//! A secret in the URL's query.

use percent_encoding::percent_decode_str;

use super::compare::Digests;
use super::finding::Finding;
use super::request::Request;
use super::setting::{Setting, SourceError};
use super::settings::QuerySettings;
use super::signature::SIGNATURES_MAX;
use crate::keys::ReadSecret;

pub(super) struct Query {
    parameter: String,
    digests: Digests,
}

impl Query {
    pub(super) fn new(
        settings: &QuerySettings,
        setting: &Setting<'_>,
        read: ReadSecret<'_>,
    ) -> Result<Self, SourceError> {
        if settings.parameter.is_empty() {
            return Err(setting.at("parameter").wrong("is empty"));
        }
        let digest = |secret: &crate::keys::Secret| Ok(Digests::digest(secret.expose().as_bytes()));
        let digests = Digests(setting.at("secrets").secrets(&settings.secrets, read, digest)?);
        Ok(Self { parameter: settings.parameter.clone(), digests })
    }

    /// A `+` stands for itself, as RFC 3986 has it: secrets in base64 are pasted into URLs as they are.
    pub(super) fn check(&self, request: &Request<'_>) -> Finding {
        let pairs = request.query.unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let named = pairs.filter(|(name, _)| percent_decode_str(name).eq(self.parameter.bytes()));
        let found = named
            .take(SIGNATURES_MAX)
            .map(|(_, value)| self.digests.check(&percent_decode_str(value).collect::<Vec<u8>>()));
        found.max().unwrap_or(Finding::Absent)
    }
}
