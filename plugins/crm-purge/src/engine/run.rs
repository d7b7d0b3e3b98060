//! One attempt of an erasure: what belongs to a person goes first, as it is found by the person's record; then the record;
//! then what the vendor keeps of the record beyond it.

use std::time::Duration;

use quietus_plugin::http::Failure;
use quietus_plugin::{Call, ErrorClass, PluginError, Progress, Writes};

use super::answer::{End, Erased, Found};
use super::ask::Written;
use super::find::{Belongings, Seen};
use super::judge::{Unclear, Whose};
use super::left::Left;
use super::list::add;
use super::owed::Owed;
use super::plan::{Plan, Planned, unlisted};
use super::search::Record;
use super::setup::{Asked, Engine};

/// From here on, nobody would know for a long time that the vendor erased nothing: it is looked at once, too.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);
/// With less time than this, no further deletion is begun.
const TIME_MIN: Duration = Duration::from_secs(2);

/// As many as can be stored, an id of 36 letters each.
const OWED_MAX: usize = 800;
/// To follow a number.
pub(crate) const TRACE_STAYS: &str =
    "records are gone, and what the vendor's audit log holds of their deletion cannot be erased";

/// What is told of each record that goes at once.
type Act = fn(&mut Progress<Owed>, &str, &[u64]);

pub(super) struct Run<'a> {
    engine: &'a Engine,
    writes: Writes<'a>,
    call: &'a Call<'a>,
    end: Erased,
    /// The first error that is for good; the other records are erased all the same.
    failed: Option<PluginError>,
    /// What the vendor has refused to erase, or must keep.
    kept: Vec<Record>,
}

impl<'a> Run<'a> {
    pub(super) fn new(engine: &'a Engine, writes: Writes<'a>, call: &'a Call<'a>) -> Self {
        Self { engine, writes, call, end: Erased::default(), failed: None, kept: Vec::new() }
    }

    pub(super) fn erase(mut self, asked: &Asked, progress: &mut Progress<Owed>) -> Result<End, PluginError> {
        let engine = self.engine;
        let found = engine.people(asked, self.call)?;
        let (mut unclear, mut left) = (found.unclear, found.left);
        let unblocked = engine.unblocked(found.theirs, self.call)?;
        let blocked = unblocked.error();
        let plan = self.plan(unblocked.people)?;
        let mut owed = self.owed(&plan, progress)?;
        self.erase_belongings(&plan, progress)?;
        self.erase_people(&plan, progress)?;
        self.erase_traces_again(&mut owed, &mut unclear, progress)?;
        left.without(&plan.people());
        if let Some(error) = self.failed.take().or(blocked).or_else(|| left.error()) {
            return Err(error);
        }
        progress.settle();
        // For weeks, or ever, nobody looks again: `retained` is an end.
        if engine.verify_after >= LONG || self.end.retained.is_some() {
            let is_done = |person: &&Record| progress.is_done(person.object.count, person.mark());
            self.left(plan.people().iter().filter(is_done), &mut unclear)?;
        }
        // Only where nothing was erased: what this erasure has deleted is in the bin itself, and would be told as
        // somebody else's deletion.
        if plan.0.is_empty() && progress.counts().is_empty() {
            let recycled = engine.recycled(found.recycled, asked, self.call)?;
            self.end.recycled = recycled.theirs.len();
            unclear.join(recycled.unclear);
        }
        Ok(End { erased: self.end, unclear })
    }

    fn plan(&mut self, people: Vec<Record>) -> Result<Plan, PluginError> {
        let (engine, call) = (self.engine, self.call);
        let mut plan = Plan::default();
        for record in people {
            let Belongings { records, refused } = engine.belongings_of(&record, call)?;
            let is_whole = refused.is_none();
            self.failed = self.failed.take().or_else(|| refused.map(|error| unlisted(&record, error)));
            plan.0.push(Planned { record, belongings: records, carried: Vec::new(), traces: Vec::new(), is_whole });
            engine.check_few(plan.belongings().len(), engine.related_max, "related_max")?;
        }
        let belongings = plan.belongings();
        for planned in &mut plan.0 {
            // One that stays takes nothing with it.
            if planned.is_whole {
                planned.carried = engine.carried(&planned.record, &belongings, call)?;
            }
            planned.traces = engine.traces(std::slice::from_ref(&planned.record));
            for record in planned.belongings.iter().chain(&planned.carried) {
                add(&mut planned.traces, engine.traces(std::slice::from_ref(record)));
            }
        }
        Ok(plan)
    }

    /// The traces that are still to be erased once the records are gone: stored before the first record goes by which they
    /// would be found.
    fn owed(&self, plan: &Plan, progress: &mut Progress<Owed>) -> Result<Vec<Record>, PluginError> {
        let mut owed = progress.own.traces(|path, id| self.engine.vendor.trace(path, id));
        add(&mut owed, plan.traces());
        if owed.len() > OWED_MAX {
            let text = format!(
                "{} records go, more than {OWED_MAX} whose histories can be erased in one erasure; nothing was erased",
                owed.len()
            );
            return Err(PluginError::permanent(text));
        }
        progress.own.owe(&owed);
        Ok(owed)
    }

    /// What belongs to the people, and before all the traces of everything that goes.
    fn erase_belongings(&mut self, plan: &Plan, progress: &mut Progress<Owed>) -> Result<(), PluginError> {
        let traces = plan.traces();
        let is_new = |trace: &&Record| !progress.is_done(trace.object.count, trace.mark());
        let first: Vec<Record> = traces.iter().filter(is_new).cloned().chain(plan.belongings()).collect();
        let all = first.len() + plan.0.len() + traces.len();
        for (done, record) in first.iter().enumerate() {
            self.check_time(done, all)?;
            self.erase_one(record, &[], progress)?;
        }
        Ok(())
    }

    /// Those of whom nothing is left: what is left of the others would never be found again without their records.
    fn erase_people(&mut self, plan: &Plan, progress: &mut Progress<Owed>) -> Result<(), PluginError> {
        let (stay, go): (Vec<_>, Vec<_>) = plan.0.iter().partition(|planned| planned.stays(&self.kept));
        if !stay.is_empty()
            && let Some(why) = &mut self.end.retained
        {
            why.push_str("; the person stays, too, as they would not be found again without");
        }
        // Before the people go, by whose records alone this can be listed.
        self.check_unlisted(&go, progress)?;
        for (done, planned) in go.iter().enumerate() {
            self.check_time(done, go.len() + plan.traces().len())?;
            self.erase_person(&planned.record, &planned.carried, progress)?;
        }
        Ok(())
    }

    /// Traces once more: the deletion of the record itself may have left one.
    fn erase_traces_again(
        &mut self,
        owed: &mut Vec<Record>,
        unclear: &mut Unclear,
        progress: &mut Progress<Owed>,
    ) -> Result<(), PluginError> {
        if self.failed.is_some() {
            return Ok(());
        }
        let all = owed.len();
        // These stay stored: the next attempt has to say so, too.
        let mut left = Vec::new();
        while let Some(trace) = owed.last() {
            self.check_time(all - owed.len(), all)?;
            let is_gone = self.erase_one(trace, &[], progress)?;
            if self.failed.is_some() {
                break;
            }
            if is_gone && self.stays(trace)? {
                unclear.keep(TRACE_STAYS, trace.clone());
                left.push(trace.clone());
            }
            owed.pop();
            progress.own.owe(&[left.as_slice(), owed.as_slice()].concat());
        }
        Ok(())
    }

    /// Whether something is left, or may be, of a trace that the vendor does not erase once its record is gone.
    fn stays(&self, trace: &Record) -> Result<bool, PluginError> {
        let Some(search) = self.engine.vendor.trace_left(trace) else { return Ok(false) };
        match self.engine.records(&search, self.call) {
            Ok(found) => Ok(found.is_none_or(|found| !found.is_empty())),
            // It may not be looked at.
            Err(error) if error.class == ErrorClass::Permanent => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Erases a person's record, and with it what the vendor deletes with it. One that is not there although it was found must
    /// not be read either.
    fn erase_person(
        &mut self,
        person: &Record,
        carried: &[Record],
        progress: &mut Progress<Owed>,
    ) -> Result<(), PluginError> {
        let stays = self.engine.vendor.stays(self.engine.erasure);
        if stays {
            // Stored with the beginning: without its values, nothing finds it any more.
            progress.own.stay(person);
        }
        let erased = self.erase_one(person, carried, progress);
        let (count, mark) = (person.object.count, person.mark());
        if stays && !progress.is_done(count, mark) && !progress.is_unsure(count, mark) {
            // Refused, it is as it was: by the next attempt, it may be somebody else's.
            progress.own.stay_not(person);
        }
        if erased? && !self.engine.read(person, self.call)?.is_nobodys() {
            let text = "the vendor says that a record is not there when it is to be erased, and still shows it";
            return Err(PluginError::retryable(text));
        }
        Ok(())
    }

    /// What was erased must not be listed any more, whatever the vendor has said.
    fn check_unlisted(&self, people: &[&Planned], progress: &mut Progress<Owed>) -> Result<(), PluginError> {
        let erased: Vec<_> = people.iter().flat_map(|planned| &planned.belongings).collect();
        if erased.is_empty() {
            return Ok(());
        }
        let people: Vec<_> = people.iter().map(|planned| planned.record.clone()).collect();
        let mut left = self.engine.belongings(&people, self.call)?;
        left.retain(|record| erased.contains(&record));
        for record in &left {
            progress.undone(record.object.count, &[record.mark()]);
        }
        left.first().map_or(Ok(()), |record| {
            let count = record.object.count;
            let text = format!("the vendor says that the {count} are erased, and still lists some; the person stays");
            Err(PluginError::retryable(text))
        })
    }

    /// Whether it was gone before. What is carried goes with it, and counts as it does.
    fn erase_one(
        &mut self,
        record: &Record,
        carried: &[Record],
        progress: &mut Progress<Owed>,
    ) -> Result<bool, PluginError> {
        let engine = self.engine;
        let count = record.object.count;
        let each = |progress: &mut Progress<Owed>, act: Act| {
            let all = [record].into_iter().chain(carried);
            all.for_each(|record| act(progress, record.object.count, &[record.mark()]));
        };
        let request = engine.vendor.erase(record, engine.erasure, self.writes);
        each(progress, Progress::announce);
        progress.store(self.call)?;
        match engine.write(&request, self.call) {
            Ok(Written::Done) => each(progress, Progress::done),
            // Gone already: by an earlier attempt that was not answered, or by somebody else since it was found. A gateway
            // that answers 404 to everything says so, too.
            Ok(Written::Gone) => {
                // Before the control, which may fail: left unsure, the record would count as erased.
                each(progress, Progress::not_begun);
                engine.control(self.call)?;
                return Ok(true);
            }
            Ok(Written::Retained(status)) => {
                each(progress, Progress::refused);
                self.kept.push(record.clone());
                self.end.retained.get_or_insert_with(|| {
                    format!("deleting some of the {count} was answered {status}: the vendor must keep them")
                });
            }
            Err(Failure { error, unsure }) => {
                each(progress, if unsure { Progress::unsure } else { Progress::not_begun });
                if error.class != ErrorClass::Permanent {
                    return Err(error);
                }
                self.kept.push(record.clone());
                let message = format!("some of the {count} cannot be erased: {}", error.message);
                self.failed.get_or_insert(PluginError { message, ..error });
            }
        }
        Ok(false)
    }

    fn check_time(&self, done: usize, all: usize) -> Result<(), PluginError> {
        if self.call.remaining().is_none_or(|left| left >= TIME_MIN) {
            return Ok(());
        }
        let text = format!("the call's time is over after {done} of {all} deletions; the next attempt goes on");
        Err(PluginError::retryable(text))
    }

    /// What the vendor said to have erased, and can still be read.
    fn left<'r>(&mut self, people: impl Iterator<Item = &'r Record>, unclear: &mut Unclear) -> Result<(), PluginError> {
        let stays = self.engine.vendor.stays(self.engine.erasure);
        let (mut left, mut shown) = (Vec::new(), Left::default());
        for person in people {
            let Some(look) = self.engine.look_unless_refused(person, unclear, self.call)? else { continue };
            match look.seen {
                Seen::There(person) if stays => shown.add(person, look.shown),
                Seen::There(person) => left.push(person),
                Seen::Hidden(person) => unclear.add(Whose::Hidden, person),
                Seen::Gone | Seen::Recycled(_) | Seen::Empty(_) => {}
            }
        }
        self.end.left = Found::of(&left);
        shown.error().map_or(Ok(()), Err)
    }
}
