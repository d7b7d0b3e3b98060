//! How the model's sessions change.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::model::{Model, Modelled, Refused, Session};
use super::task::{Held, Piece, Task};
use crate::erasure::Subject;
use crate::hold::HoldOn;
use crate::ledger::{Decision, Finished, QueueName, SessionChange};
use crate::subject::SessionKey;

impl Model {
    pub(super) fn decided(&mut self, held: &Held, decision: &Decision, now: Timestamp) -> Result<Finished, Refused> {
        let session = decision.session.record.session.clone();
        let version = self.version(&session);
        let Some(task) = self.held(held) else { return Ok(Finished::LeaseLost) };
        if decision.session.read_version != version {
            task.due = now;
            task.holder = None;
            return Ok(Finished::Stale);
        }
        // All of it is written, or nothing.
        if decision.erasures.iter().any(|erasure| erasure.targets.is_empty()) {
            return Err(Refused);
        }
        if let Piece::Event(_) = held.piece {
            self.work.remove(&held.piece);
        }
        let before = self.sessions.get(&session).and_then(|session| session.settle_at);
        let settle_at = if decision.foreign { None } else { decision.session.settle_at };
        if decision.foreign {
            self.sessions.remove(&session);
            self.unread.remove(&session);
            self.foreign_sessions += 1;
        } else {
            self.change(&decision.session);
            if decision.session.read_at.is_some() {
                self.unread.remove(&session);
            } else if let Piece::Event(_) = held.piece {
                self.unread.insert(session.clone());
            }
        }
        self.settles(&decision.session, settle_at);
        if before != settle_at {
            self.settling_moved(&session, settle_at, now);
        }
        self.rules_no_longer(&session, &decision.rules_no_longer, now);
        for erasure in &decision.erasures {
            self.requested(erasure, now).expect("they have targets");
        }
        Ok(Finished::Done)
    }

    fn change(&mut self, change: &SessionChange) {
        let was_erased = self.tombstones.remove(&change.record.session).unwrap_or_default();
        let before = self.sessions.get(&change.record.session);
        let was = |what: fn(&Session) -> bool| before.is_some_and(what);
        let session = Session {
            version: change.read_version + 1,
            settle_at: change.settle_at,
            read: change.read_at.is_some() || was(|before| before.read),
            erased: was_erased || was(|before| before.erased),
        };
        self.sessions.insert(change.record.session.clone(), session);
    }

    /// A session has one look for settling; whoever is at it loses it.
    fn settles(&mut self, change: &SessionChange, settle_at: Option<Timestamp>) {
        let session = &change.record.session;
        let piece = Piece::Settling(session.clone());
        match settle_at {
            None => self.work.remove(&piece),
            Some(at) => {
                let queue = QueueName::Settle(session.installation.clone());
                self.work.insert(piece, Task::new(&queue, at))
            }
        };
    }

    /// Whether a session has not been read since an event of it and is still to be looked at; a look that needs a person keeps nobody
    /// waiting.
    pub(super) fn some_are_unread(&self) -> bool {
        self.unread.iter().any(|key| {
            let look = self.work.get(&Piece::Settling(key.clone()));
            !self.sessions[key].erased && look.is_some_and(|look| !look.parked)
        })
    }

    /// One change of each, however many erasures reached it.
    pub(super) fn sessions_erased(&mut self, erased: &BTreeSet<SessionKey>) {
        for key in erased {
            if let Some(session) = self.sessions.get_mut(key) {
                session.erased = true;
                session.version += 1;
            }
            if let Some(erased) = self.tombstones.get_mut(key) {
                *erased = true;
            }
        }
    }

    /// What waits for nothing, and that no erasure reaches or may reach and no hold keeps, is gone; so are requests that have ended.
    pub(super) fn expired(&mut self) {
        let open: Vec<_> = self.erasures.values().filter(|erasure| erasure.ended.is_none()).collect();
        let is_open = |key: &SessionKey| {
            open.iter().any(|erasure| match &erasure.began {
                None => erasure.subject == Subject::Session(key.clone()),
                Some(began) => began.reaches.iter().any(|reached| reached.key == *key),
            })
        };
        let is_over = |session: &Session| session.settle_at.is_none() && (session.read || session.erased);
        let holds = &self.holds;
        let is_held = |key: &SessionKey| holds.iter().any(|hold| hold.on == HoldOn::Session(key.session));
        let gone = self.sessions.extract_if(.., |key, session| is_over(session) && !is_open(key) && !is_held(key));
        self.tombstones.extend(gone.map(|(key, session)| (key, session.erased)));
        self.unread.retain(|key| self.sessions.contains_key(key));
        self.requests.retain(|kept| kept.stored.request.end.is_none());
        // What has no receipt here, and ended before the oldest that is.
        let archived = self.archived;
        let has_receipt = |erasure: &Modelled| erasure.receipt.is_some_and(|number| number > archived);
        let oldest = self.erasures.values().filter(|one| has_receipt(one)).filter_map(|erasure| erasure.ended).min();
        let ended_before = |ended| oldest.is_none_or(|oldest| ended < oldest);
        self.erasures.retain(|_, erasure| has_receipt(erasure) || !erasure.ended.is_some_and(ended_before));
        let erasures = &self.erasures;
        self.residual.retain(|id| erasures.contains_key(id));
    }
}
