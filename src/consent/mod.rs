//! What is kept of a session, and nothing more: the consent record. It has no field for names, addresses, texts, IPs or
//! URLs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{Channel, SessionSource};
use crate::keys::Digest;
use crate::subject::{GuestId, SessionKey, SourceName, TenantId};

/// Whether the person consented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ConsentState {
    Given,
    /// mluvii knows the session and holds no consent for it.
    Absent,
    Refused,
    Withdrawn,
    /// Nothing is known: not read yet, not found, or not understood. Never a reason to act by itself.
    #[default]
    Unknown,
}

impl ConsentState {
    pub(crate) const ALL: [Self; 5] = [Self::Given, Self::Absent, Self::Refused, Self::Withdrawn, Self::Unknown];
}

/// Why the consent of a session stayed unknown although there was time to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnknownCause {
    /// mluvii answered 404 for as long as `settling.patience`.
    NotFound,
    /// mluvii's replies could not be understood for as long as `settling.patience`: a missing key, an error document.
    NotUnderstood,
}

impl UnknownCause {
    pub(crate) const ALL: [Self; 2] = [Self::NotFound, Self::NotUnderstood];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotUnderstood => "not_understood",
        }
    }
}

impl ConsentState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Unknown => "unknown",
        }
    }
}

/// What was said about consent, where and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) state: ConsentState,
    /// The version of the consent text (`guest.gdprVersion`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// `session` when the look-up told, otherwise the form's origin, such as `entry_form` or `hero_card`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form_id: Option<i64>,
    /// When it was given or taken back, by mluvii's clock or the form's; never when we looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// Why it is unknown, where looking did not help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<UnknownCause>,
}

impl Consent {
    /// The origin of a state that the look-up told.
    pub(crate) const SHOWN_BY_SESSION: &str = "session";

    /// The origin of a state that a rule set without a form.
    pub(crate) const SAID_BY_RULE: &str = "rule";

    /// Whether it is what mluvii shows of the session, or nothing was said at all; what a form or a rule said stands above that.
    pub(crate) fn is_shown_by_session(&self) -> bool {
        self.origin.as_deref().is_none_or(|origin| origin == Self::SHOWN_BY_SESSION)
    }
}

/// The consent record of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConsentRecord {
    #[serde(flatten)]
    pub(crate) session: SessionKey,
    /// The source of the first delivery about it.
    pub(crate) source: Option<SourceName>,
    pub(crate) tenant: Option<TenantId>,
    /// mluvii's id of the guest; gone once the session is erased.
    pub(crate) guest: Option<GuestId>,
    /// The digest of the guest's id ([`crate::subject::Fingerprinter::guest`]); it stays.
    pub(crate) guest_digest: Option<Digest>,
    pub(crate) channel: Option<Channel>,
    pub(crate) session_source: Option<SessionSource>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// An event told of its end, so that rules at the session's end were asked about it. A look-up may show an end of which none did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) end_told: bool,
    /// When it settled for the first time since its end, by our clock; `None` before that, and again once it is continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) settled: Option<Timestamp>,
    /// Its end was found by a comparison with mluvii: nobody had told us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) reconciled: bool,
    pub(crate) consent: Consent,
}

impl ConsentRecord {
    /// The record of an erased session: the digest of the guest's id stays, the id itself does not.
    pub(crate) fn without_guest(self) -> Self {
        Self { guest: None, ..self }
    }

    /// The record of a session of which nothing is known yet.
    pub(crate) fn new(session: SessionKey) -> Self {
        Self {
            session,
            source: None,
            tenant: None,
            guest: None,
            guest_digest: None,
            channel: None,
            session_source: None,
            started: None,
            ended: None,
            end_told: false,
            settled: None,
            reconciled: false,
            consent: Consent::default(),
        }
    }
}
