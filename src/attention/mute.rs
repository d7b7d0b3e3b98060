//! Not wanting to be told of something: until a time, until it changes, or for good. What is muted is still listed.

use jiff::Timestamp;
use serde::Serialize;

use super::{Attention, Code, Severity};
use crate::audit::{Actor, Object};

/// For how long something is muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MuteEnd {
    /// It is acknowledged: it is told again when it is about something else.
    Changed,
    At(Timestamp),
    Never,
}

/// Something that is muted, as it is kept. It ends in any case when what it is about gets more severe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mute {
    pub(crate) code: Code,
    pub(crate) object: Object,
    /// How severe it was then.
    pub(crate) severity: Severity,
    pub(crate) until: Option<Timestamp>,
    /// What it was about, where that alone was acknowledged.
    pub(crate) digest: Option<String>,
    pub(crate) by: Actor,
    /// When, by the ledger's clock.
    pub(crate) at: Timestamp,
}

/// Who has muted something, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Muted {
    pub(crate) by: Actor,
    pub(crate) at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
    /// Only until it changes.
    pub(crate) acknowledged: bool,
}

/// Why something cannot be muted so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CannotMute {
    /// It would be forgotten, and does harm for as long as it is there.
    #[error("is urgent: it can be muted for a time, not for good")]
    ForGood,
    /// It looks alike each time: another one would not be told.
    #[error("cannot be acknowledged, as that would hide what comes later: mute it for a time")]
    UntilItChanges,
}

impl Attention {
    /// Whether it may be muted for so long.
    pub(crate) fn may_be_muted(&self, end: MuteEnd) -> Result<(), CannotMute> {
        match end {
            MuteEnd::Never if self.severity == Severity::Urgent => Err(CannotMute::ForGood),
            MuteEnd::Changed if matches!(self.code, Code::Overdue | Code::ServerAway) => {
                Err(CannotMute::UntilItChanges)
            }
            MuteEnd::Changed | MuteEnd::At(_) | MuteEnd::Never => Ok(()),
        }
    }
}

impl Mute {
    /// Mutes what was shown to the one who orders it: had it changed meanwhile, it would be told again.
    pub(crate) fn of(shown: &Attention, end: MuteEnd, by: &Actor, at: Timestamp) -> Self {
        let until = match end {
            MuteEnd::At(until) => Some(until),
            MuteEnd::Changed | MuteEnd::Never => None,
        };
        Self {
            code: shown.code,
            object: shown.object.clone(),
            severity: shown.severity,
            until,
            digest: (end == MuteEnd::Changed).then(|| shown.digest()),
            by: by.clone(),
            at,
        }
    }

    /// Whether it mutes this, now.
    pub(super) fn holds(&self, found: &Attention, now: Timestamp) -> bool {
        self.code == found.code
            && self.object == found.object
            && found.severity <= self.severity
            && self.until.is_none_or(|until| now < until)
            && self.digest.as_ref().is_none_or(|digest| *digest == found.digest())
    }

    pub(super) fn shown(&self) -> Muted {
        Muted { by: self.by.clone(), at: self.at, until: self.until, acknowledged: self.digest.is_some() }
    }
}
