//! A source, checked and ready to verify: its secrets are read, digested and gone.

use std::net::IpAddr;

use jiff::Timestamp;

use super::basic::Basic;
use super::finding::Finding;
use super::network::Network;
use super::query::Query;
use super::request::Request;
use super::setting::{Setting, SourceError};
use super::settings::{AuthSettings, SourceSettings};
use super::signature::Signature;
use super::standard::Standard;
use crate::keys::ReadSecret;
use crate::subject::{InstallationName, SourceName, TenantId};

/// The longest name of a source, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// One configured sender of webhooks.
pub(crate) struct Source {
    name: SourceName,
    installation: InstallationName,
    tenants: Vec<TenantId>,
    allow: Vec<Network>,
    schemes: Vec<Scheme>,
}

impl Source {
    /// Checks the settings and reads the secrets.
    pub(crate) fn new(settings: &SourceSettings, read: ReadSecret<'_>) -> Result<Self, SourceError> {
        let root = Setting { source: &settings.name, key: String::new() };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=NAME_BYTES_MAX).contains(&settings.name.len()) || !settings.name.bytes().all(plain) {
            return Err(root.at("name").wrong("must be 1 to 64 of a-z, A-Z, 0-9, `-` and `_`"));
        }
        if settings.auth.is_empty() {
            return Err(root.at("auth").wrong("must list at least one way to authenticate"));
        }
        let schemes = settings.auth.iter().enumerate();
        let schemes = schemes.map(|(i, auth)| Scheme::new(auth, &root.at(&format!("auth.{}", i + 1)), read));
        Ok(Self {
            name: SourceName(settings.name.as_str().into()),
            installation: settings.mluvii.clone().unwrap_or_else(InstallationName::unnamed),
            tenants: settings.tenants.clone(),
            allow: settings.allow.clone(),
            schemes: schemes.collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn name(&self) -> &SourceName {
        &self.name
    }

    /// The mluvii installation that sends.
    pub(crate) fn installation(&self) -> &InstallationName {
        &self.installation
    }

    /// The tenants whose events are taken; all when empty.
    pub(crate) fn tenants(&self) -> &[TenantId] {
        &self.tenants
    }

    pub(super) fn admits(&self, client: Option<IpAddr>) -> bool {
        self.allow.is_empty() || client.is_some_and(|client| self.allow.iter().any(|net| net.contains(client)))
    }

    /// Tries every scheme, whatever the others found.
    pub(super) fn check(&self, request: &Request<'_>, now: Timestamp) -> Finding {
        self.schemes.iter().map(|scheme| scheme.check(request, now)).max().unwrap_or(Finding::Absent)
    }

    /// What every scheme finds without the body; `None` when one of them needs it.
    pub(super) fn expect(&self, head: &Request<'_>, now: Timestamp) -> Option<Finding> {
        let mut findings = self.schemes.iter().map(|scheme| scheme.expect(head, now));
        findings.try_fold(Finding::Absent, |most, one| Some(most.max(one?)))
    }
}

enum Scheme {
    Basic(Basic),
    Signature(Signature),
    Standard(Standard),
    Query(Query),
}

impl Scheme {
    fn new(auth: &AuthSettings, at: &Setting<'_>, read: ReadSecret<'_>) -> Result<Self, SourceError> {
        Ok(match auth {
            AuthSettings::Basic(settings) => Self::Basic(Basic::new(settings, &at.at("basic"), read)?),
            AuthSettings::Hmac(settings) => Self::Signature(Signature::new(settings, &at.at("hmac"), read)?),
            AuthSettings::StandardWebhooks(settings) => {
                Self::Standard(Standard::new(settings, &at.at("standard_webhooks"), read)?)
            }
            AuthSettings::Query(settings) => Self::Query(Query::new(settings, &at.at("query"), read)?),
        })
    }

    fn check(&self, request: &Request<'_>, now: Timestamp) -> Finding {
        match self {
            Self::Basic(basic) => basic.check(request),
            Self::Signature(signature) => signature.check(request, now),
            Self::Standard(standard) => standard.check(request, now),
            Self::Query(query) => query.check(request),
        }
    }

    /// A signature without its body can only be found missing or garbled.
    fn expect(&self, head: &Request<'_>, now: Timestamp) -> Option<Finding> {
        match (self, self.check(head, now)) {
            (Self::Basic(_) | Self::Query(_), finding) => Some(finding),
            (_, finding @ (Finding::Absent | Finding::Garbled)) => Some(finding),
            (_, Finding::Wrong | Finding::Stale | Finding::Right) => None,
        }
    }
}
