//! A source, checked and ready to verify: its secrets are read, digested and gone.

use std::net::IpAddr;

use jiff::Timestamp;

use super::basic::Basic;
use super::query::Query;
use super::settings::{AuthSettings, Secrets, SourceSettings};
use super::signature::Signature;
use super::standard::Standard;
use super::{Finding, Network, Request};
use crate::keys::{ReadSecret, Secret};
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
        let place = Place { source: &settings.name, key: String::new() };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(1..=NAME_BYTES_MAX).contains(&settings.name.len()) || !settings.name.bytes().all(plain) {
            return Err(place.at("name").wrong("must be 1 to 64 of a-z, A-Z, 0-9, `-` and `_`"));
        }
        if settings.auth.is_empty() {
            return Err(place.at("auth").wrong("must list at least one way to authenticate"));
        }
        let schemes = settings.auth.iter().enumerate();
        let schemes = schemes.map(|(i, auth)| Scheme::new(auth, &place.at(&format!("auth.{}", i + 1)), read));
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

/// Settings of a source that cannot be used; names the key, never a secret.
#[derive(Debug, thiserror::Error)]
#[error("source `{name}`: `{key}` {problem}")]
pub(crate) struct SourceError {
    name: String,
    key: String,
    problem: String,
}

enum Scheme {
    Basic(Basic),
    Signature(Signature),
    Standard(Standard),
    Query(Query),
}

impl Scheme {
    fn new(auth: &AuthSettings, place: &Place<'_>, read: ReadSecret<'_>) -> Result<Self, SourceError> {
        Ok(match auth {
            AuthSettings::Basic(settings) => Self::Basic(Basic::new(settings, &place.at("basic"), read)?),
            AuthSettings::Hmac(settings) => Self::Signature(Signature::new(settings, &place.at("hmac"), read)?),
            AuthSettings::StandardWebhooks(settings) => {
                Self::Standard(Standard::new(settings, &place.at("standard_webhooks"), read)?)
            }
            AuthSettings::Query(settings) => Self::Query(Query::new(settings, &place.at("query"), read)?),
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

/// A key of the configuration, for errors that name it; elements of lists count from 1.
pub(super) struct Place<'a> {
    source: &'a str,
    key: String,
}

impl Place<'_> {
    pub(super) fn at(&self, key: &str) -> Self {
        let dot = if self.key.is_empty() { "" } else { "." };
        Self { source: self.source, key: format!("{}{dot}{key}", self.key) }
    }

    pub(super) fn wrong(&self, problem: impl Into<String>) -> SourceError {
        SourceError { name: self.source.to_owned(), key: self.key.clone(), problem: problem.into() }
    }

    /// Reads secrets and makes something of each; an empty list or an empty secret would let everybody in.
    pub(super) fn secrets<T>(
        &self,
        secrets: &Secrets,
        read: ReadSecret<'_>,
        make: impl Fn(&Secret) -> Result<T, &'static str>,
    ) -> Result<Vec<T>, SourceError> {
        if secrets.0.is_empty() {
            return Err(self.wrong("must list at least one secret"));
        }
        let one = |(i, reference)| {
            let wrong = |problem: String| SourceError { key: format!("{}.{}", self.key, i + 1), ..self.wrong(problem) };
            let secret = read(reference).map_err(|error| wrong(format!("cannot be read: {error}")))?;
            if secret.expose().is_empty() {
                return Err(wrong("is empty".to_owned()));
            }
            make(&secret).map_err(|problem| wrong(problem.to_owned()))
        };
        secrets.0.iter().enumerate().map(one).collect()
    }
}
