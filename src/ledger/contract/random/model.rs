//! The ledger as the pure functions and the ports say it is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::task::{Piece, Task};
use crate::erasure::confirmation::{Link, LinkProof};
use crate::erasure::life::{Begun, Life, Waiting};
use crate::erasure::{Erasure, ErasureId, ErasureState, Findings, ReachedSession, Selection, Step, Subject, Verdict};
use crate::hold::{HeldBy, NewHold};
use crate::ledger::StoredRequest;
use crate::subject::{Fingerprinted, SessionKey, TargetName};

#[derive(Default)]
pub(super) struct Model {
    pub(super) erasures: BTreeMap<ErasureId, Modelled>,
    pub(super) sessions: BTreeMap<SessionKey, Session>,
    /// Sessions of which an event is decided on after which they were not read.
    pub(super) unread: BTreeSet<SessionKey>,
    /// Sessions whose records are gone, and whether they were erased.
    pub(super) tombstones: BTreeMap<SessionKey, bool>,
    pub(super) work: BTreeMap<Piece, Task>,
    /// Targets that a person has to set going, as they are called.
    pub(super) stopped: BTreeSet<TargetName>,
    pub(super) foreign_sessions: u64,
    /// All that were ever issued.
    pub(super) receipts: u64,
    /// How many of them are in archives: the oldest, whose numbers are no greater.
    pub(super) archived: u64,
    /// Targets that a person has paused, as they are called.
    pub(super) paused: BTreeSet<TargetName>,
    /// Those in force, in the order in which they were added.
    pub(super) holds: Vec<NewHold>,
    /// Requests of persons, in the order in which they were entered.
    pub(super) requests: Vec<Kept>,
    /// The erasures after which something was found again, as somebody saw last.
    pub(super) residual: BTreeSet<ErasureId>,
    /// Links that confirm, in the order in which they were wanted.
    pub(super) links: Vec<Link>,
    /// Under which tokens mails with links were taken to be sent, the oldest first.
    pub(super) mails: Vec<LinkProof>,
    /// Claims up to now: each has a number of its own.
    pub(super) claims: u64,
}

/// A person's request, and which person it is of.
pub(super) struct Kept {
    pub(super) person: u8,
    pub(super) stored: StoredRequest,
}

/// It cannot be so: an error, and nothing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// An erasure.
pub(super) struct Modelled {
    pub(super) subject: Subject,
    pub(super) selection: Selection,
    pub(super) created: Timestamp,
    /// As it was when it began or ended, once it has.
    pub(super) waiting: Waiting,
    pub(super) state: ErasureState,
    pub(super) began: Option<Began>,
    pub(super) ended: Option<Timestamp>,
    pub(super) verdict: Option<Verdict>,
    /// The number of its receipt.
    pub(super) receipt: Option<u64>,
    /// How many capsules the requests added.
    pub(super) capsules: usize,
    /// The holds by which it was kept.
    pub(super) holds: Vec<HeldBy>,
    /// By which it is found, and a hold on a person finds it.
    pub(super) fingerprints: Vec<Fingerprinted>,
}

/// What an erasure has from its beginning on.
pub(super) struct Began {
    pub(super) at: Timestamp,
    /// By the target's name.
    pub(super) steps: Vec<Step>,
    pub(super) reaches: BTreeSet<ReachedSession>,
    /// What was resolved, and what targets found.
    pub(super) capsules: usize,
}

/// A session's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Session {
    pub(super) version: i64,
    pub(super) settle_at: Option<Timestamp>,
    /// At mluvii; what was read stays read.
    pub(super) read: bool,
    pub(super) erased: bool,
}

impl Model {
    pub(super) fn version(&self, session: &SessionKey) -> i64 {
        self.sessions.get(session).map_or(0, |session| session.version)
    }

    /// When the session of a session's erasure is looked at for settling.
    pub(super) fn settle_at(&self, subject: &Subject) -> Option<Timestamp> {
        let Subject::Session(session) = subject else { return None };
        self.sessions.get(session)?.settle_at
    }

    /// The erasure as an order meets it; `None` where there is none that is not over.
    pub(super) fn life(&self, id: ErasureId) -> Option<Life> {
        let erasure = self.erasures.get(&id).filter(|erasure| erasure.ended.is_none())?;
        Some(match &erasure.began {
            None => Life::Waiting(erasure.waiting.clone()),
            Some(began) => Life::Begun(Begun(began.steps.clone())),
        })
    }

    /// What is shown of an erasure.
    pub(super) fn shown(&self, id: ErasureId, now: Timestamp) -> Erasure {
        let erasure = &self.erasures[&id];
        let waiting = &erasure.waiting;
        Erasure {
            id,
            subject: erasure.subject.clone(),
            rules: waiting.rules.clone(),
            rejected: waiting.rejected.clone(),
            state: erasure.state,
            created: erasure.created,
            due: waiting.due,
            begun: erasure.began.as_ref().map(|began| began.at),
            ended: erasure.ended,
            approved: waiting.approved,
            confirmation: self.confirmation(waiting),
            sessions: erasure.began.as_ref().map_or(0, |began| began.reaches.len() as u32),
            findings: erasure.began.as_ref().map(|_| Findings::default()),
            verdict: erasure.verdict,
            holds: erasure.holds.clone(),
            held: self.is_on_hold(id, now),
            steps: self.steps_shown(id, erasure),
            demands: if erasure.ended.is_none() { waiting.demands.clone() } else { Vec::new() },
        }
    }

    fn steps_shown(&self, id: ErasureId, erasure: &Modelled) -> Vec<Step> {
        let Some(began) = &erasure.began else {
            let planned = |target: &TargetName| Step::planned(target.clone(), erasure.subject.installation());
            return erasure.waiting.targets.iter().map(planned).collect();
        };
        // Why a call is made again is shown where the target itself has given no reason.
        let repeated = |step: &Step| self.work.get(&Piece::step(id, step)).and_then(|task| task.reason.clone());
        // How far a call is is for the next one only.
        let shown = |step: &Step| Step { reason: step.reason.clone().or(repeated(step)), resume: None, ..step.clone() };
        began.steps.iter().map(shown).collect()
    }
}
