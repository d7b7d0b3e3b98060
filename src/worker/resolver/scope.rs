//! What is asked of a resolver, and what it finds.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::erasure::life::Finds;
use crate::erasure::{Capsule, ErasureId, Findings, ReachedSession, Selection, Subject};
use crate::keys::{Digest, IndexKey, NotOpened, SealKey};
use crate::ledger::{LedgerError, Resolution, ShownSession};
use crate::mluvii::MluviiError;
use crate::policy::Certainty;
use crate::subject::{Fingerprinted, SessionKey, TargetName, Whom};

/// What is asked: who is meant, where, and what a person decided about single sessions.
pub(crate) struct Question<'a> {
    pub(crate) subject: &'a Subject,
    pub(crate) whom: Whom,
    pub(crate) selection: &'a Selection,
    pub(crate) targets: &'a [TargetName],
    pub(crate) on_unread: OnUnread,
}

/// What to do about a session that has to be there and cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnUnread {
    /// It may only be early, or mluvii away: it is an error, and all is resolved again later.
    Wait,
    /// It has had its time: it is counted, and the receipt says so ([`Findings::unread`]).
    Count,
    /// The same where nothing is done yet, and somebody is only told what would be: mluvii may be out.
    Tell,
}

/// A session that was found, and why it is or is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) key: SessionKey,
    pub(crate) certainty: Certainty,
    /// Kinds of identifiers and words; free of personal data.
    pub(crate) reason: String,
    /// Whether it goes, by its certainty or by a person's decision.
    pub(crate) goes: bool,
    /// Whether mluvii showed it to us before, or just now.
    pub(crate) read_before: bool,
}

/// What an erasure reaches. Holds personal data in memory.
#[derive(Debug, Default)]
pub(crate) struct ScopeResolution {
    pub(crate) whom: Whom,
    /// Every session that was found, whether it goes or not.
    pub(crate) sessions: BTreeMap<SessionKey, Found>,
    pub(crate) findings: Findings,
    /// How many contacts mluvii's directory has of the person, with or without a session; `None` where it was not searched for them.
    pub(crate) contacts: Option<usize>,
    /// Guest ids, by their digests, that several people use.
    pub(crate) shared_guests: Vec<Digest>,
    pub(crate) fingerprints: Vec<Fingerprinted>,
    /// What mluvii showed of the sessions that go.
    pub(crate) shown: Vec<ShownSession>,
    /// Until when to wait, when one of the sessions that go has not settled.
    pub(crate) unsettled_until: Option<Timestamp>,
}

/// Why an erasure could not be resolved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Mluvii(#[from] MluviiError),
    #[error("a capsule: {0}")]
    Capsule(#[from] NotOpened),
    /// mluvii listed a session and does not show it, or not in a way that is understood: it may be the person's.
    #[error("mluvii lists the session {key} and cannot show it: {why}")]
    Unread { key: SessionKey, why: String },
}

impl ScopeResolution {
    /// The sessions that go.
    pub(crate) fn going(&self) -> Vec<ReachedSession> {
        let going = self.sessions.values().filter(|found| found.goes);
        going.map(|found| ReachedSession { key: found.key.clone(), read_before: found.read_before }).collect()
    }

    /// Seals what the steps need, and notes under which key they begin. Guests travel in the capsule, for a guest's id can be a customer's number.
    pub(in crate::worker) fn seal(self, of: ErasureId, under: &SealKey, index: &IndexKey) -> Resolution {
        Resolution {
            capsule: Capsule::seal(&self.whom, of, under),
            sessions: self.going(),
            findings: self.findings,
            shared_guests: self.shared_guests,
            fingerprints: self.fingerprints,
            shown: self.shown,
            finds: Finds::default(),
            index_key: index.id().clone(),
        }
    }
}
