//! Steps that erase: requests are made, stored before and after, and their answers believed or not.

use quietus_plugin::http::{self, Failure};
use quietus_plugin::{ErrorClass, PluginError, Progress, Writes, mark};
use serde_json::Value;

use super::answer::{Verdict, verdict};
use super::request::{Turn, outgoing};
use super::{Run, in_step};
use crate::outcome::Unproved;
use crate::plan::Planned;
use crate::stored::Stored;

impl<'a> Run<'a> {
    /// Makes all requests of a step that erases; the first error that is for good is told after the last of them.
    pub(super) fn erase_with(
        &mut self,
        step: &'a Planned,
        progress: &mut Progress<Stored>,
        writes: Writes<'_>,
    ) -> Result<(), PluginError> {
        let list = self.at_once(step).map(<[Value]>::to_vec);
        if list.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        self.store_lists(progress).map_err(|error| in_step(step, error))?;
        let mut failed = None;
        for turn in self.turns(step)? {
            self.call.check()?;
            if self.completes_nothing(step, &turn) {
                continue;
            }
            let request = outgoing(step, &self.values(&turn)).map(|draft| draft.to_write(writes));
            match request.and_then(|request| self.write(step, &turn, &request, list.as_deref(), progress)) {
                Ok(()) => {}
                Err(error) if error.class == ErrorClass::Permanent => {
                    self.was_refused(step, &turn);
                    failed = failed.or(Some(error));
                }
                Err(error) => return Err(in_step(step, error)),
            }
        }
        failed.map_or(Ok(()), |error| Err(in_step(step, error)))
    }

    /// What no search will show once it is deleted is part of what is stored before the first deletion, beside what an earlier
    /// attempt has stored: that was deleted once, and this one's search no longer shows it.
    fn store_lists(&self, progress: &mut Progress<Stored>) -> Result<(), PluginError> {
        let mut stored = progress.own.clone();
        for list in self.plan.stored_lists() {
            stored.add(list, self.lists.get(list));
        }
        stored.check()?;
        progress.own = stored;
        Ok(())
    }

    fn write(
        &mut self,
        step: &'a Planned,
        turn: &Turn<'_>,
        request: &http::Request,
        list: Option<&[Value]>,
        progress: &mut Progress<Stored>,
    ) -> Result<(), PluginError> {
        let marks = marks(request, list);
        if self.is_only_stored(step, turn) {
            // An earlier attempt was told that it is deleted, and the search agrees. Where it was not answered, the second step
            // tells; deleted again, it could be somebody else's by now, whom nobody has judged.
            let is_done = marks.iter().all(|mark| progress.is_done(&step.count, *mark));
            if is_done || step.completes.is_none() {
                self.found.answered(step);
                return Ok(());
            }
        }
        progress.begin(self.call, &step.count, &marks)?;
        let mut answer = self.exchange(step, request, &marks, progress)?;
        if matches!(verdict(step, &answer), Ok(Verdict::Absent)) {
            progress.not_begun(&step.count, &marks);
            let is_searched_for = step.is_searched_for && step.completes.is_none();
            if !is_searched_for && self.control()? {
                // What is stored says so already.
                progress.announce(&step.count, &marks);
                answer = self.exchange(step, request, &marks, progress)?;
            }
        }
        self.found.answered(step);
        self.found.wrote(step);
        match verdict(step, &answer) {
            Ok(Verdict::Ok) => progress.done(&step.count, &marks),
            Ok(Verdict::Absent) => {
                progress.not_begun(&step.count, &marks);
                self.was_absent(step, turn, &marks, progress)?;
            }
            Ok(Verdict::Retained) => {
                progress.refused(&step.count, &marks);
                self.was_refused(step, turn);
                self.found.retained(step, answer.status());
            }
            Err(error) => {
                match answer.unsure() {
                    true => progress.unsure(&step.count, &marks),
                    false => progress.not_begun(&step.count, &marks),
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn was_refused(&mut self, step: &'a Planned, turn: &Turn<'_>) {
        if let Some(item) = &turn.item {
            self.refused.insert((&step.name, item.to_string()));
        }
    }

    /// What a deletion that was answered 404 means, after its control.
    fn was_absent(
        &mut self,
        step: &'a Planned,
        turn: &Turn<'_>,
        marks: &[u64],
        progress: &Progress<Stored>,
    ) -> Result<(), PluginError> {
        let is_done = |count: &str, marks: &[u64]| marks.iter().all(|mark| progress.is_done(count, *mark));
        let is_unsure = || marks.iter().any(|mark| progress.is_unsure(&step.count, *mark));
        // What an earlier attempt has erased is not there, of course.
        if is_done(&step.count, marks) {
            return Ok(());
        }
        if let Some(first) = self.plan.completed_by(step) {
            // Where the search found it no more, the first step was begun, and not made again: nobody knows that it was done.
            let is_begun = self.is_only_stored(step, turn)
                || self.marks_of(first, turn).is_some_and(|marks| is_done(&first.count, &marks));
            // Nobody but this plugin knew of it, and it has asked for nothing yet: the system does not show it yet.
            return match !is_unsure() && is_begun {
                true => Err(PluginError::retryable(format!(
                    "what step `{}` has deleted is answered not to be there, so that nobody knows whether it is deleted for good",
                    first.name
                ))),
                false => Ok(()),
            };
        }
        if step.is_searched_for {
            // Gone already: by an earlier attempt that was not answered, or by somebody else since it was found.
            self.met_nothing = Some(step);
        } else if self.plan.health.is_none() {
            self.found.unproved(step, Unproved::Uncontrolled);
        } else if is_unsure() {
            // Nobody has seen it there, so that it is gone now is no erasure; nor is it known that there was none.
            self.found.unproved(step, Unproved::Unanswered);
        }
        Ok(())
    }

    /// The marks of another step's request for the same item; `None` where it needs identifiers that this turn has not.
    pub(super) fn marks_of(&self, other: &Planned, turn: &Turn<'_>) -> Option<Vec<u64>> {
        let draft = outgoing(other, &self.values(turn)).ok()?;
        // Only looked at, never sent.
        Some(marks(&draft.to_read(), None))
    }

    fn exchange(
        &self,
        step: &Planned,
        request: &http::Request,
        marks: &[u64],
        progress: &mut Progress<Stored>,
    ) -> Result<http::Response, PluginError> {
        self.client.exchange(request, self.call).map_err(|Failure { error, unsure }| {
            match unsure {
                true => progress.unsure(&step.count, marks),
                false => progress.not_begun(&step.count, marks),
            }
            error
        })
    }

    /// What a step would erase, without erasing it.
    pub(super) fn foresee(&mut self, step: &'a Planned) -> Result<(), PluginError> {
        let turns = self.turns(step)?.len() as u64;
        let how_many = match self.at_once(step) {
            Some(list) if turns > 0 => list.len() as u64,
            Some(_) => 0,
            None => turns,
        };
        if how_many == 0 {
            return Ok(());
        }
        self.found.wrote(step);
        if step.whole_lists().is_empty() && step.for_each.is_none() {
            self.found.blind(step);
        } else {
            self.found.there(step, how_many);
        }
        Ok(())
    }

    /// The longest of the lists that the body carries, where it does; an empty one when one of them is empty.
    fn at_once(&self, step: &Planned) -> Option<&[Value]> {
        let lists: Vec<&[Value]> = step.whole_lists().into_iter().map(|list| self.lists.get(list)).collect();
        let empty = lists.iter().find(|list| list.is_empty());
        empty.or_else(|| lists.iter().max_by_key(|list| list.len())).copied()
    }
}

/// Marks of what a request erases: one for each item that it carries in a list, so that a list that is shorter the next
/// time counts no item twice; otherwise one for the request.
pub(super) fn marks(request: &http::Request, list: Option<&[Value]>) -> Vec<u64> {
    let method = request.method();
    let target = request.target();
    let of = |what: &[u8]| mark([method.as_str().as_bytes(), target.as_bytes(), what]);
    match list {
        Some(items) => items.iter().map(|item| of(item.to_string().as_bytes())).collect(),
        None => vec![of(request.body().unwrap_or_default())],
    }
}
