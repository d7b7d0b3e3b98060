//! What the model's holds keep.

use std::time::Duration;

use jiff::Timestamp;

use super::model::Model;
use super::task::{Piece, is_in_force};
use crate::erasure::life::{NOT_REPORTED, after};
use crate::erasure::{ErasureId, Sent, Stage, Step, Subject};
use crate::hold::{HeldBy, HoldId, HoldOn, NewHold};
use crate::ledger::{HoldAdded, holding};

/// How often what waits for a hold looks whether it is there.
const LOOK_AGAIN: Duration = Duration::from_secs(3_600);

impl Model {
    pub(super) fn held_by_order(&mut self, hold: NewHold) -> HoldAdded {
        let is_called = |id: ErasureId, step: &Step| {
            let task = self.work.get(&Piece::step(id, step));
            let late = step.reason.as_ref().is_some_and(|reason| reason.starts_with(NOT_REPORTED));
            let accepted = late || step.report_by().is_some() || step.sent == Some(Sent::Unanswered);
            step.stage() == Some(Stage::Erase) && (accepted || task.is_some_and(|task| task.holder.is_some()))
        };
        let erases = |id: &ErasureId| {
            let began = self.erasures[id].began.as_ref();
            began.is_some_and(|began| began.steps.iter().any(|step| is_called(*id, step)))
        };
        let under_way = self.erasures.keys().filter(|id| erases(id) && self.keeps(&hold, **id)).copied().collect();
        self.holds.push(hold);
        HoldAdded { under_way }
    }

    pub(super) fn lifted(&mut self, id: HoldId, now: Timestamp) -> bool {
        self.no_longer_in_force(now);
        let before = self.holds.len();
        self.holds.retain(|hold| hold.id != id);
        if self.holds.len() == before {
            return false;
        }
        for task in self.work.values_mut() {
            let waits_for = task.held_by.len();
            task.held_by.retain(|hold| hold.id != id);
            if task.held_by.len() < waits_for {
                task.due = now;
            }
        }
        true
    }

    /// What has ended by itself is forgotten here: what waited for it is due by then, and looks.
    pub(super) fn no_longer_in_force(&mut self, now: Timestamp) {
        self.holds.retain(|hold| is_in_force(hold, now));
    }

    /// The holds that keep an erasure.
    pub(super) fn kept_by(&self, id: ErasureId, now: Timestamp) -> Vec<HeldBy> {
        self.keeping(id, now).iter().map(NewHold::named).collect()
    }

    fn keeping(&self, id: ErasureId, now: Timestamp) -> Vec<NewHold> {
        let holds = self.holds.iter().filter(|hold| is_in_force(hold, now) && self.keeps(hold, id));
        holds.cloned().collect()
    }

    fn keeps(&self, hold: &NewHold, id: ErasureId) -> bool {
        let Some(erasure) = self.erasures.get(&id) else { return false };
        match &hold.on {
            HoldOn::Rule(rule) => erasure.waiting.rules.contains(rule),
            HoldOn::Session(session) => {
                let is_it = matches!(&erasure.subject, Subject::Session(key) if key.session == *session);
                let mut reaches = erasure.began.iter().flat_map(|began| &began.reaches);
                is_it || reaches.any(|reached| reached.key.session == *session)
            }
            HoldOn::Guest(held) => {
                matches!(&erasure.subject, Subject::Guest { digest, .. } if digest == held)
            }
            HoldOn::Person(held) => holding::may_be(held, &erasure.fingerprints),
        }
    }

    /// Has what is due wait where a hold keeps it; returns the rest.
    pub(super) fn keep_waiting(&mut self, due: Vec<(Timestamp, Piece)>, now: Timestamp) -> Vec<(Timestamp, Piece)> {
        let mut rest = Vec::new();
        for (since, piece) in due {
            let kept_by = self.destroyed_by(&piece).map(|id| (id, self.keeping(id, now)));
            let Some((id, kept_by)) = kept_by.filter(|(_, kept_by)| !kept_by.is_empty()) else {
                rest.push((since, piece));
                continue;
            };
            let task = self.work.get_mut(&piece).expect("it is due");
            let ends = kept_by.iter().filter_map(|hold| hold.until);
            task.due = ends.fold(after(now, LOOK_AGAIN), Timestamp::min);
            task.holder = None;
            task.reason = None;
            let named: Vec<_> = kept_by.iter().map(NewHold::named).collect();
            task.held_by = kept_by;
            self.note_holds(id, &named);
        }
        rest
    }

    pub(super) fn note_holds(&mut self, id: ErasureId, kept_by: &[HeldBy]) {
        let erasure = self.erasure(id);
        if let Some(all) = holding::noted(&erasure.holds, kept_by) {
            erasure.holds = all;
        }
    }

    /// The erasure of work that begins it, or has a target erase.
    pub(super) fn destroyed_by(&self, piece: &Piece) -> Option<ErasureId> {
        let Piece::Erasure(id, queue) = piece else { return None };
        if queue.starts_with("resolve:") {
            return Some(*id);
        }
        let began = self.erasures[id].began.as_ref()?;
        let step = began.steps.iter().find(|step| Piece::step(*id, step) == *piece)?;
        let asks = step.report().is_none() && step.report_by().is_none() && step.sent.is_none() && !step.stopped;
        (step.stage() == Some(Stage::Erase) && asks).then_some(*id)
    }

    /// Whether an erasure waits for a hold.
    pub(super) fn is_on_hold(&self, id: ErasureId, now: Timestamp) -> bool {
        let is_its = |piece: &Piece| matches!(piece, Piece::Erasure(of, _) if *of == id);
        self.work.iter().any(|(piece, task)| is_its(piece) && task.is_on_hold(now))
    }

    /// When the next hold ends by itself.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.holds.iter().filter_map(|hold| hold.until).min()
    }
}
