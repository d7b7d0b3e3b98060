//! What is kept of a session, and nothing more: the consent record. Facts enter, a record leaves; no names, addresses,
//! texts, IPs or URLs have a place in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{Channel, SessionSource};
use crate::subject::{GuestId, SessionKey, TenantId};

/// Whether the person agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ConsentState {
    Given,
    /// mluvii knows the session and holds no consent for it.
    Absent,
    Refused,
    Withdrawn,
    /// Nothing is known yet, or mluvii does not know the session.
    #[default]
    Unknown,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
}

/// The consent record of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConsentRecord {
    #[serde(flatten)]
    pub(crate) session: SessionKey,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) guest: Option<GuestId>,
    pub(crate) channel: Option<Channel>,
    pub(crate) session_source: Option<SessionSource>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    pub(crate) consent: Consent,
}

impl ConsentRecord {
    /// A record of a session of which nothing is known yet.
    pub(crate) fn new(session: SessionKey) -> Self {
        Self {
            session,
            tenant: None,
            guest: None,
            channel: None,
            session_source: None,
            started: None,
            ended: None,
            consent: Consent::default(),
        }
    }
}
