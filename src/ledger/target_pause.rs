//! Targets that nobody calls, because a person has said so: the same in both backends.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::row::Row;
use super::{LedgerError, broken};
use crate::audit::Actor;
use crate::hold::CaseReference;
use crate::subject::TargetName;

/// Why a target is paused, as a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PauseReason {
    /// Its system is being worked on.
    Maintenance,
    /// Something has happened there.
    Incident,
    /// What is done there is being looked at first.
    Review,
}

impl PauseReason {
    pub(crate) const ALL: [Self; 3] = [Self::Maintenance, Self::Incident, Self::Review];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::Incident => "incident",
            Self::Review => "review",
        }
    }
}

/// A pause as it is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewPause {
    /// As it is called.
    pub(crate) target: TargetName,
    pub(crate) reason: PauseReason,
    pub(crate) case: Option<CaseReference>,
    /// When it ends by itself.
    pub(crate) until: Option<Timestamp>,
}

/// A pause in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TargetPause {
    pub(crate) pause: NewPause,
    pub(crate) since: Timestamp,
    pub(crate) by: Actor,
}

/// The columns of [`pause`].
pub(super) const PAUSE: &str = "target, reason, reference, until, since, actor";

pub(super) fn pause(row: &impl Row) -> Result<TargetPause, LedgerError> {
    let missing = || broken("a pause lacks a column");
    let case = row.text(2)?.map(str::parse).transpose().map_err(|_| broken("a pause's case is no reference"))?;
    Ok(TargetPause {
        pause: NewPause {
            target: TargetName(row.text(0)?.ok_or_else(missing)?.into()),
            reason: row.word(1)?,
            case,
            until: row.maybe_time(3)?,
        },
        since: row.time(4)?,
        by: Actor::named(row.text(5)?.ok_or_else(missing)?.to_owned()),
    })
}
