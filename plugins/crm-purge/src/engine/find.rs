//! Finding the records that are the person's, each once and not too many of them, and those that nobody but a person can
//! judge.

use quietus_plugin::{Call, ErrorClass, PluginError};
use serde_json::Value;

use super::judge::{Person, Unclear, Whose};
use super::left::Left;
use super::list::{Listed, PAGES_MAX, add, not_here, record_of};
use super::search::{Record, Search, id_at};
use super::setup::{Asked, Engine};
use super::wanted::Wanted;
use crate::vendor::Holds;

/// To follow a number.
pub(crate) const REFUSED: &str = "records that an id leads to are refused, so that nobody has looked at them, and stay";

/// What a look at one record by its id has shown.
pub(super) enum Seen {
    There(Record),
    /// It is not there.
    Gone,
    /// It is deleted, and can still be restored.
    Recycled(Record),
    /// It is there, and holds nothing of anybody.
    Empty(Record),
    /// It is there, and does not show whether it holds anybody.
    Hidden(Record),
}

impl Seen {
    /// Whether it is as gone as this vendor's way to erase makes it.
    pub(super) fn is_nobodys(&self) -> bool {
        matches!(self, Self::Gone | Self::Recycled(_) | Self::Empty(_))
    }
}

/// A look, and what of a person the record shows, where the vendor can tell.
pub(super) struct Look {
    pub(super) seen: Seen,
    pub(super) shown: Vec<&'static str>,
}

/// What belongs to a person.
pub(super) struct Belongings {
    pub(super) records: Vec<Record>,
    /// Why some of it may not be listed.
    pub(super) refused: Option<PluginError>,
}

/// Records that a search found.
#[derive(Default)]
pub(super) struct People {
    pub(super) theirs: Vec<Record>,
    pub(super) unclear: Unclear,
    /// Those that an id leads to, and that are deleted already.
    pub(super) recycled: Vec<Record>,
    /// Those that this erasure has anonymized, that no search finds, and that still show something.
    pub(super) left: Left,
}

impl Engine {
    /// The person's records. More than a person can have are an error, and nothing was changed.
    pub(super) fn people(&self, asked: &Asked, call: &Call<'_>) -> Result<People, PluginError> {
        self.learn(call)?;
        let mut people = People::default();
        for wanted in &asked.wanted {
            for search in self.vendor.find(wanted, &self.related) {
                self.judged(&search, wanted, &asked.person, &mut people, call)?;
            }
        }
        self.look_at_anonymized(asked, &mut people, call)?;
        for wanted in &asked.wanted {
            let Wanted::Id(id) = wanted else { continue };
            let record = self.vendor.person(id.clone());
            let Some(look) = self.look_unless_refused(&record, &mut people.unclear, call)? else { continue };
            match look.seen {
                Seen::There(person) => self.add_person(&mut people, person),
                // Its name may be a person's, unless this erasure has seen to that for sure.
                Seen::Empty(person) if !asked.anonymized.contains(&person) => self.add_person(&mut people, person),
                Seen::Hidden(person) => people.unclear.add(Whose::Hidden, person),
                Seen::Recycled(person) => add(&mut people.recycled, vec![person]),
                Seen::Gone | Seen::Empty(_) => {}
            }
        }
        people.unclear.without(&people.theirs);
        self.check_few(people.theirs.len(), self.matches_max, "matches_max")?;
        Ok(people)
    }

    /// What belongs to these people and goes, too.
    pub(super) fn belongings(&self, people: &[Record], call: &Call<'_>) -> Result<Vec<Record>, PluginError> {
        let mut all = Vec::new();
        for person in people {
            let Belongings { records, refused } = self.belongings_of(person, call)?;
            refused.map_or(Ok(()), Err)?;
            add(&mut all, records);
            self.check_few(all.len(), self.related_max, "related_max")?;
        }
        Ok(all)
    }

    /// What belongs to one of them, as far as it may be listed.
    pub(super) fn belongings_of(&self, person: &Record, call: &Call<'_>) -> Result<Belongings, PluginError> {
        let mut all = Belongings { records: Vec::new(), refused: None };
        for search in self.vendor.belongings(person, &self.related) {
            match self.listed(&search, call)? {
                Listed::All(more) => add(&mut all.records, more),
                // The person went meanwhile, and all that is linked with them.
                Listed::NotHere if self.read(person, call)?.is_nobodys() => {}
                Listed::NotHere => return Err(not_here()),
                Listed::Refused(error) => _ = all.refused.get_or_insert(error),
            }
            self.check_few(all.records.len(), self.related_max, "related_max")?;
        }
        Ok(all)
    }

    /// What was deleted and can still be restored, beside what was seen of that.
    pub(super) fn recycled(&self, seen: Vec<Record>, asked: &Asked, call: &Call<'_>) -> Result<People, PluginError> {
        let mut people = People { theirs: seen, ..People::default() };
        for wanted in &asked.wanted {
            for search in self.vendor.bin(wanted, &self.related) {
                self.judged(&search, wanted, &asked.person, &mut people, call)?;
            }
        }
        people.unclear.without(&people.theirs);
        Ok(people)
    }

    /// What this erasure has anonymized, and still holds something. Where a search finds it as the person's, it is erased as
    /// any other; else it is not known to be theirs any more.
    fn look_at_anonymized(&self, asked: &Asked, people: &mut People, call: &Call<'_>) -> Result<(), PluginError> {
        for record in &asked.stays {
            let Some(look) = self.look_unless_refused(record, &mut people.unclear, call)? else { continue };
            match look.seen {
                Seen::There(person) if !people.theirs.contains(&person) => people.left.add(person, look.shown),
                Seen::Hidden(person) => people.unclear.add(Whose::Hidden, person),
                _ => {}
            }
        }
        Ok(())
    }

    /// Looks at one record by its id. `None` where that is refused, as it is shared with nobody, or archived: that is this record's matter, and
    /// the others are erased.
    pub(super) fn look_unless_refused(
        &self,
        record: &Record,
        unclear: &mut Unclear,
        call: &Call<'_>,
    ) -> Result<Option<Look>, PluginError> {
        match self.look(record, call) {
            Err(error) if error.class == ErrorClass::Permanent => {
                unclear.keep(REFUSED, record.clone());
                Ok(None)
            }
            look => look.map(Some),
        }
    }

    /// Reads one record by its id.
    pub(super) fn read(&self, record: &Record, call: &Call<'_>) -> Result<Seen, PluginError> {
        self.look(record, call).map(|look| look.seen)
    }

    /// Reads one record by its id, and what of a person it shows.
    pub(super) fn look(&self, record: &Record, call: &Call<'_>) -> Result<Look, PluginError> {
        let mut answer = self.ask(&self.vendor.look(record), call)?;
        if answer.gone() {
            // A gateway may answer so to everything, and may have begun or ended in between.
            self.control(call)?;
            answer = self.ask(&self.vendor.look(record), call)?;
        }
        if answer.gone() {
            return Ok(Look { seen: Seen::Gone, shown: Vec::new() });
        }
        let document = self.document(&answer)?;
        let found = document.pointer(self.vendor.looked_at()).filter(|found| found.is_object());
        let found = found.ok_or_else(|| PluginError::retryable("the answer has no record"))?;
        let id = id_at(found, record.object.id).ok_or_else(|| PluginError::retryable("a record has no id"))?;
        if !self.vendor.same_id(&id, &record.id) {
            // Two records were merged into one, in which there may be two persons.
            return Ok(Look { seen: Seen::Hidden(record.clone()), shown: Vec::new() });
        }
        let record = Record { object: record.object, id };
        let shown = self.vendor.shows(record.object, found);
        let seen = match self.vendor.holds(record.object, found, self.erasure) {
            Holds::Somebody => Seen::There(record),
            Holds::Nobody => Seen::Empty(record),
            Holds::Recycled => Seen::Recycled(record),
            Holds::Within(whole) if whole != record => return self.look(&whole, call),
            Holds::Within(_) | Holds::Unknown => Seen::Hidden(record),
        };
        Ok(Look { seen, shown })
    }

    /// Asks for something that is always there: only where that is answered as it should, a 404 says anything.
    pub(super) fn control(&self, call: &Call<'_>) -> Result<(), PluginError> {
        let answer = self.ask(&self.vendor.health(), call)?;
        if answer.gone() {
            let text = "the vendor's address answers 404 to what is always there: nothing can be said by its answers";
            return Err(PluginError::retryable(text));
        }
        self.document(&answer).map(drop)
    }

    /// One search for people, judged.
    fn judged(
        &self,
        search: &Search,
        wanted: &Wanted,
        person: &Person,
        people: &mut People,
        call: &Call<'_>,
    ) -> Result<(), PluginError> {
        let mut add_judged = |item: &Value| {
            let whose = self.scope.rules.whose(search, wanted, person, item);
            if whose == Whose::SomebodyElses {
                return Ok(());
            }
            let record = record_of(search, item)?;
            // The id goes into the path of a deletion: one of another form could address something else.
            if !self.vendor.is_id(&record.id) {
                return Err(PluginError::retryable("a record in the answer has an id of no known form"));
            }
            match whose {
                Whose::Theirs => self.add_person(people, record),
                _ => people.unclear.add(whose, record),
            }
            Ok(())
        };
        match self.pages(search, PAGES_MAX, &mut add_judged, call)? {
            Listed::All(()) => Ok(()),
            Listed::NotHere => Err(not_here()),
            Listed::Refused(error) => Err(error),
        }
    }

    /// A record that is the person's, unless one of its kind is nobody's but a person's to erase.
    fn add_person(&self, people: &mut People, record: Record) {
        match self.vendor.needs_person(record.object, &self.related) {
            Some(why) => people.unclear.keep(why, record),
            None => add(&mut people.theirs, vec![record]),
        }
    }

    pub(super) fn check_few(&self, found: usize, most: usize, key: &str) -> Result<(), PluginError> {
        if found <= most {
            return Ok(());
        }
        let text = format!("{found} records are found for one person, more than {most} (`{key}`); nothing was erased");
        Err(PluginError::permanent(text))
    }
}
