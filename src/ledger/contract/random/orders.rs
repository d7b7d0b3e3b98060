//! How the model's erasures change before they begin, and by what people order.

use jiff::Timestamp;

use super::model::{Model, Modelled};
use super::task::{Piece, Task};
use crate::erasure::life::Life;
use crate::erasure::life::{Cancelled, NoTargets, Resolving, Retried, Waiting};
use crate::erasure::{Confirm, ErasureId, NewErasure, Step, Subject};
use crate::ledger::{Confirmed, QueueName, Stopped, holding};
use crate::subject::SessionKey;

impl Model {
    pub(super) fn requested(&mut self, new: &NewErasure, now: Timestamp) -> Result<ErasureId, NoTargets> {
        let settle_at = self.settle_at(&new.subject);
        let (fresh, resolving) = Waiting::new(new, settle_at)?;
        let id = match self.mergeable(&fresh.merge_key) {
            None => {
                self.insert(new, fresh, now);
                self.resolving(new.id, resolving);
                new.id
            }
            Some(waiting) => {
                let id = waiting.id;
                if let Some((waiting, resolving)) = waiting.merged(new, settle_at) {
                    self.update(waiting, resolving);
                }
                id
            }
        };
        let erasure = self.erasure(id);
        erasure.capsules += usize::from(new.capsule.is_some());
        for one in &new.fingerprints {
            if !erasure.fingerprints.contains(one) {
                erasure.fingerprints.push(one.clone());
            }
        }
        if let Some(Confirm::Email { address }) = new.confirm {
            self.want_link(id, address, now);
        }
        Ok(id)
    }

    fn insert(&mut self, new: &NewErasure, waiting: Waiting, now: Timestamp) {
        let erasure = Modelled {
            subject: new.subject.clone(),
            selection: new.selection.clone(),
            created: now,
            state: waiting.state,
            waiting,
            began: None,
            ended: None,
            verdict: None,
            receipt: None,
            capsules: 0,
            holds: Vec::new(),
            fingerprints: Vec::new(),
        };
        self.erasures.insert(new.id, erasure);
    }

    fn mergeable(&self, merge_key: &str) -> Option<Waiting> {
        self.waiting(|erasure| erasure.waiting.merge_key == merge_key).pop()
    }

    /// Those that have not begun.
    fn waiting(&self, which: impl Fn(&Modelled) -> bool) -> Vec<Waiting> {
        let waits = |erasure: &&Modelled| erasure.began.is_none() && erasure.ended.is_none() && which(erasure);
        self.erasures.values().filter(waits).map(|erasure| erasure.waiting.clone()).collect()
    }

    fn update(&mut self, waiting: Waiting, resolving: Resolving) {
        let id = waiting.id;
        let erasure = self.erasure(id);
        erasure.state = waiting.state;
        erasure.waiting = waiting;
        self.resolving(id, resolving);
    }

    fn resolving(&mut self, id: ErasureId, resolving: Resolving) {
        let queue = QueueName::Resolve(self.erasures[&id].subject.installation().clone());
        let piece = Piece::in_queue(id, &queue);
        match resolving {
            Resolving::Kept => {}
            Resolving::Added(due) => {
                let before = self.work.insert(piece, Task::new(&queue, due));
                assert!(before.is_none(), "it waited for its approval and had work");
            }
            Resolving::Due(due) => {
                let before = self.work.insert(piece, Task::new(&queue, due));
                assert!(before.is_some(), "it was scheduled and had no work");
            }
        }
    }

    pub(super) fn erasure(&mut self, id: ErasureId) -> &mut Modelled {
        self.erasures.get_mut(&id).expect("it is known")
    }

    /// The session's own erasures move with its settling.
    pub(super) fn settling_moved(&mut self, session: &SessionKey, settle_at: Option<Timestamp>, now: Timestamp) {
        for waiting in self.waiting_of(session) {
            if let Some((waiting, resolving)) = waiting.settling_moved(settle_at, now) {
                self.update(waiting, resolving);
            }
        }
    }

    pub(super) fn rules_no_longer(&mut self, session: &SessionKey, rules: &[String], now: Timestamp) {
        for waiting in self.waiting_of(session) {
            let id = waiting.id;
            let cancelled = waiting.rules_no_longer(rules);
            self.ends_by(id, cancelled, now);
        }
    }

    fn waiting_of(&self, session: &SessionKey) -> Vec<Waiting> {
        let subject = Subject::Session(session.clone());
        self.waiting(|erasure| erasure.subject == subject)
    }

    pub(super) fn approved(&mut self, id: ErasureId, now: Timestamp) -> bool {
        let Some(erasure) = self.erasures.get(&id) else { return false };
        let (waiting, settle_at) = (erasure.waiting.clone(), self.settle_at(&erasure.subject));
        if erasure.began.is_some() || erasure.ended.is_some() {
            return false;
        }
        let Some((waiting, resolving)) = waiting.approved(settle_at, now) else { return false };
        self.update(waiting, resolving);
        true
    }

    /// Somebody has used a link of it.
    pub(super) fn confirmed(&mut self, id: ErasureId, link_is_valid: bool, now: Timestamp) -> Confirmed {
        let Some(erasure) = self.erasures.get(&id) else { return Confirmed::NotValid };
        let was_confirmed = erasure.waiting.confirmed.is_some();
        let settle_at = self.settle_at(&erasure.subject);
        let confirmed = match self.life(id) {
            Some(Life::Waiting(waiting)) if link_is_valid => waiting.confirmed(settle_at, now),
            _ => None,
        };
        match confirmed {
            Some((waiting, resolving)) => {
                self.update(waiting, resolving);
                Confirmed::Done(id)
            }
            None if was_confirmed => Confirmed::Already,
            None => Confirmed::NotValid,
        }
    }

    pub(super) fn retried(&mut self, id: ErasureId, now: Timestamp) -> bool {
        let of_it = |piece: &Piece, _: &Task| matches!(piece, Piece::Erasure(of, _) if *of == id);
        let going = self.set_going(of_it, now) > 0;
        match self.life(id).and_then(|life| life.retried(now)) {
            None => going,
            Some(Retried::Due(waiting, resolving)) => {
                self.update(waiting, resolving);
                true
            }
            Some(Retried::Steps { change, targets }) => {
                let goes_on = change.is_some();
                if let Some(change) = change {
                    self.write(id, change, None, now);
                }
                let opened = targets.iter().filter(|called| self.stopped.remove(*called)).count();
                going || goes_on || opened > 0
            }
        }
    }

    pub(super) fn rejected(&mut self, id: ErasureId, now: Timestamp) -> bool {
        let rejected = self.life(id).and_then(|life| life.rejected());
        self.ends_by(id, rejected, now)
    }

    pub(super) fn cancelled(&mut self, id: ErasureId, now: Timestamp) -> bool {
        let cancelled = self.life(id).and_then(|life| life.cancelled());
        self.ends_by(id, cancelled, now)
    }

    pub(super) fn stopped_by_order(&mut self, id: ErasureId, now: Timestamp) -> Stopped {
        let is_held = |step: &Step| self.work.get(&Piece::step(id, step)).is_some_and(|task| task.holder.is_some());
        let kept_by = self.kept_by(id, now);
        let why = holding::why(&kept_by);
        let ordered = self.life(id).and_then(|life| life.stopped(is_held, why.as_deref(), now));
        let stopped = Stopped::of(ordered.as_ref());
        if let Some(Cancelled::WithReceipt(_)) = &ordered {
            self.note_holds(id, &kept_by);
        }
        self.ends_by(id, ordered, now);
        stopped
    }

    fn ends_by(&mut self, id: ErasureId, cancelled: Option<Cancelled>, now: Timestamp) -> bool {
        match cancelled {
            None => false,
            Some(Cancelled::AtOnce { state }) => {
                self.work.retain(|piece, _| !matches!(piece, Piece::Erasure(of, _) if *of == id));
                let erasure = self.erasure(id);
                erasure.state = state;
                erasure.ended = Some(now);
                self.erasure_ended(id, None, now);
                true
            }
            Some(Cancelled::WithReceipt(change)) => {
                self.write(id, change, None, now);
                true
            }
        }
    }
}
