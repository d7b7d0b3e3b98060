//! One attempt of an erasure: what belongs to a person goes first, as it is found by the person's record; then the record;
//! then what the vendor keeps of the record beyond it.

use std::time::Duration;

use quietus_plugin::http::Failure;
use quietus_plugin::{Call, ErrorClass, PluginError, Progress, Writes};

use super::answer::{End, Erased, Found};
use super::ask::Written;
use super::find::Seen;
use super::judge::{Unclear, Whose};
use super::owed::Owed;
use super::search::Record;
use super::setup::{Asked, Engine};

/// From here on, nobody would know for a long time that the vendor erased nothing: it is looked at once, too.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);
/// With less time than this, no further deletion is begun.
const TIME_MIN: Duration = Duration::from_secs(2);

pub(super) struct Run<'a> {
    engine: &'a Engine,
    writes: Writes<'a>,
    call: &'a Call<'a>,
    end: Erased,
    /// The first error that is for good; the other records are erased all the same.
    failed: Option<PluginError>,
}

impl<'a> Run<'a> {
    pub(super) fn new(engine: &'a Engine, writes: Writes<'a>, call: &'a Call<'a>) -> Self {
        Self { engine, writes, call, end: Erased::default(), failed: None }
    }

    pub(super) fn erase(mut self, asked: &Asked, progress: &mut Progress<Owed>) -> Result<End, PluginError> {
        let engine = self.engine;
        let found = engine.people(asked, self.call)?;
        let mut unclear = found.unclear;
        let people = found.theirs;
        let belongings = engine.belongings(&people, self.call)?;
        let traces = engine.traces(&people);
        let mut owed = progress.own.traces(|path, id| engine.vendor.trace(path, id));
        owed.extend(traces.iter().filter(|trace| !owed.contains(trace)).cloned().collect::<Vec<_>>());
        // Stored before the first record goes by which they would be found.
        progress.own.owe(&owed);
        let is_new = |trace: &&Record| !progress.is_done(trace.object.count, trace.mark());
        let first: Vec<&Record> = belongings.iter().chain(traces.iter().filter(is_new)).collect();
        let all = first.len() + people.len() + owed.len();
        for (done, record) in first.iter().enumerate() {
            self.check_time(done, all)?;
            self.erase_one(record, progress)?;
        }
        // Without the person, what is left of theirs would never be found again.
        if let Some(error) = self.failed {
            return Err(error);
        }
        if let Some(why) = &mut self.end.retained {
            why.push_str("; the person stays, too, as they would not be found again without");
        } else {
            // Before the people go, by whose records alone this can be listed.
            self.check_unlisted(&belongings, &people, progress)?;
            for (done, person) in people.iter().enumerate() {
                self.check_time(first.len() + done, all)?;
                self.erase_person(person, progress)?;
            }
        }
        // Traces once more: the deletion of the record itself may have left one.
        while let Some(trace) = owed.last() {
            self.check_time(all - owed.len(), all)?;
            self.erase_one(trace, progress)?;
            if self.failed.is_some() {
                break;
            }
            owed.pop();
            progress.own.owe(&owed);
        }
        if let Some(error) = self.failed {
            return Err(error);
        }
        progress.settle();
        // For weeks, or ever, nobody looks again: `retained` is an end.
        if engine.verify_after >= LONG || self.end.retained.is_some() {
            let is_done = |person: &&Record| progress.is_done(person.object.count, person.mark());
            self.left(people.iter().filter(is_done), &mut unclear)?;
        }
        // Only where nothing was erased: what this erasure has deleted is in the bin itself, and would be told as
        // somebody else's deletion.
        if people.is_empty() && progress.counts().is_empty() {
            let recycled = engine.recycled(asked, self.call)?;
            self.end.recycled = recycled.theirs.len();
            unclear.join(recycled.unclear);
        }
        Ok(End { erased: self.end, unclear })
    }

    /// Erases a person's record. One that is not there although it was found must not be read either.
    fn erase_person(&mut self, person: &Record, progress: &mut Progress<Owed>) -> Result<(), PluginError> {
        if self.engine.vendor.stays(self.engine.erasure) {
            // Stored with the beginning: without its values, nothing finds it any more.
            progress.own.stay(person);
        }
        let is_gone = self.erase_one(person, progress)?;
        if is_gone && !matches!(self.engine.read(person, self.call)?, Seen::Gone | Seen::Empty(_)) {
            let text = "the vendor says that a record is not there when it is to be erased, and still shows it";
            return Err(PluginError::retryable(text));
        }
        Ok(())
    }

    /// What was erased must not be listed any more, whatever the vendor has said.
    fn check_unlisted(
        &self,
        erased: &[Record],
        people: &[Record],
        progress: &mut Progress<Owed>,
    ) -> Result<(), PluginError> {
        if erased.is_empty() {
            return Ok(());
        }
        let mut left = self.engine.belongings(people, self.call)?;
        left.retain(|record| erased.contains(record));
        for record in &left {
            progress.undone(record.object.count, &[record.mark()]);
        }
        left.first().map_or(Ok(()), |record| {
            let count = record.object.count;
            let text = format!("the vendor says that the {count} are erased, and still lists some; the person stays");
            Err(PluginError::retryable(text))
        })
    }

    /// Whether it was gone before.
    fn erase_one(&mut self, record: &Record, progress: &mut Progress<Owed>) -> Result<bool, PluginError> {
        let engine = self.engine;
        let count = record.object.count;
        let marks = [record.mark()];
        let request = engine.vendor.erase(record, engine.erasure, self.writes);
        progress.begin(self.call, count, &marks)?;
        match engine.write(&request, self.call) {
            Ok(Written::Done) => progress.done(count, &marks),
            // Gone already: by an earlier attempt that was not answered, or by somebody else since it was found. A gateway
            // that answers 404 to everything says so, too.
            Ok(Written::Gone) => {
                // Before the control, which may fail: left unsure, the record would count as erased.
                progress.not_begun(count, &marks);
                engine.control(self.call)?;
                return Ok(true);
            }
            Ok(Written::Retained(status)) => {
                progress.refused(count, &marks);
                self.end.retained.get_or_insert_with(|| {
                    format!("deleting some of the {count} was answered {status}: the vendor must keep them")
                });
            }
            Err(Failure { error, unsure }) => {
                match unsure {
                    true => progress.unsure(count, &marks),
                    false => progress.not_begun(count, &marks),
                }
                if error.class != ErrorClass::Permanent {
                    return Err(error);
                }
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
        let mut left = Vec::new();
        for person in people {
            let look = self.engine.look(person, self.call)?;
            match look.seen {
                Seen::There(person) => {
                    self.end.shown.extend(look.shown);
                    left.push(person);
                }
                Seen::Hidden(person) => unclear.add(Whose::Hidden, person),
                Seen::Gone | Seen::Empty(_) => {}
            }
        }
        self.end.left = Found::of(&left);
        Ok(())
    }
}
