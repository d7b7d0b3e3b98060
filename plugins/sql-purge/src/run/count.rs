//! How many rows of the person's each statement is about: a request and a session enter, rows and the values that have any
//! leave.

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::{Call, PluginError};

use crate::database::{Session, Sight};
use crate::outcome::{History, Met};
use crate::person::{Person, Values};
use crate::plan::{Erasing, Plan, Retaining};
use crate::statement::Aimed;

/// What is seen of each statement's tables.
pub(super) type Sights = BTreeMap<String, Sight>;

/// A statement, aimed at the person, with the person's values.
struct Turn<'r, S> {
    own: &'r S,
    aimed: Aimed<'r>,
    values: Vec<Values<'r>>,
}

/// The statements that can be about the person.
pub(super) struct Turns<'r> {
    erase: Vec<Turn<'r, Erasing>>,
    retain: Vec<Turn<'r, Retaining>>,
    /// Whether any erases: that something is kept says nothing about what is to be erased.
    asked: bool,
    /// Whether rows are the person's by a telephone number alone.
    by_phone_alone: bool,
    /// Identifiers that are none.
    unusable: usize,
    sights: Sights,
}

/// What was counted.
#[derive(Default)]
pub(super) struct Counted<'t> {
    pub(super) met: Met,
    /// Statements that have rows.
    pub(super) found: Vec<Found<'t>>,
}

/// A statement, the values that have rows, and how many.
pub(super) struct Found<'t> {
    pub(super) erasing: &'t Erasing,
    pub(super) aimed: &'t Aimed<'t>,
    pub(super) values: Vec<&'t Values<'t>>,
    pub(super) rows: u64,
}

impl<'r> Turns<'r> {
    pub(super) fn of(plan: &'r Plan, person: &'r Person) -> Result<Self, PluginError> {
        let has = person.kinds();
        let erase = plan.erase.iter().filter_map(|own| Some(Turn::of(own, own.checked.aimed(&has)?, person)));
        let retain = plan.retain.iter().filter_map(|own| Some(Turn::of(own, own.checked.aimed(&has)?, person)));
        let erase = erase.collect::<Result<Vec<_>, _>>()?;
        let by_phone_alone = erase.iter().any(|turn| turn.own.checked.goes_by_phone_alone() && has.contains("phone"));
        Ok(Self {
            asked: !erase.is_empty(),
            by_phone_alone,
            unusable: person.unusable,
            erase,
            retain: retain.collect::<Result<_, _>>()?,
            sights: Sights::new(),
        })
    }

    pub(super) fn seen_by(self, sights: Sights) -> Self {
        Self { sights, ..self }
    }

    /// What is looked at by a statement, for the receipt.
    fn place(&self, name: &str, aimed: &Aimed<'_>) -> String {
        let limits = self.sights.get(name).into_iter().flat_map(|sight| sight.limits.iter().cloned());
        [aimed.place(name)].into_iter().chain(limits).collect::<Vec<_>>().join("; ")
    }

    fn history(&self, own: &Erasing) -> Option<History> {
        let has_one = self.sights.get(&own.name).is_some_and(|sight| sight.has_history);
        has_one.then(|| History { of: own.checked.table.to_string(), count: own.count.clone() })
    }

    /// Without values that no column can hold: nobody has them.
    pub(super) async fn that_can_be_there(mut self, session: &mut Session) -> Result<Self, PluginError> {
        for turn in &mut self.erase {
            turn.keep_possible(&turn.own.name, session).await?;
        }
        for turn in &mut self.retain {
            turn.keep_possible(&turn.own.name, session).await?;
        }
        Ok(self)
    }
}

impl<'r, S> Turn<'r, S> {
    fn of(own: &'r S, aimed: Aimed<'r>, person: &'r Person) -> Result<Self, PluginError> {
        let values = person.values(&aimed.kinds)?;
        Ok(Self { own, aimed, values })
    }

    /// A kind of which no value is possible is one that the person lacks: the statement is about the others.
    async fn keep_possible(&mut self, name: &str, session: &mut Session) -> Result<(), PluginError> {
        let mut impossible = BTreeSet::new();
        for values in &self.values {
            let bound = self.aimed.counting(std::slice::from_ref(&values));
            let kinds = session.impossible(&bound).await.map_err(|e| e.in_statement(name))?;
            impossible.extend(kinds.into_iter().map(|kind| (kind.to_owned(), values.get(kind))));
        }
        let is_possible = |kind: &str, value| !impossible.contains(&(kind.to_owned(), value));
        let has = self.aimed.kinds.iter().filter(|kind| self.values.iter().any(|own| is_possible(kind, own.get(kind))));
        let aimed = self.aimed.checked.aimed(&has.map(String::as_str).collect());
        let kinds = aimed.as_ref().map(|aimed| aimed.kinds.clone()).unwrap_or_default();
        let all = std::mem::take(&mut self.values);
        let possible = all.iter().filter(|own| kinds.iter().all(|kind| is_possible(kind, own.get(kind))));
        let mut possible: Vec<_> = possible.map(|own| own.only(&kinds)).collect();
        possible.sort();
        possible.dedup();
        if let Some(aimed) = aimed {
            self.aimed = aimed;
            self.values = possible;
        }
        Ok(())
    }
}

/// Counts all, and refuses what is more than a statement may erase.
pub(super) async fn count<'t>(
    call: &Call<'_>,
    session: &mut Session,
    turns: &'t Turns<'_>,
) -> Result<Counted<'t>, PluginError> {
    let met =
        Met { asked: turns.asked, by_phone_alone: turns.by_phone_alone, unusable: turns.unusable, ..Met::default() };
    let mut counted = Counted { met, ..Counted::default() };
    for Turn { own, aimed, values } in &turns.retain {
        call.check()?;
        counted.met.places.push(turns.place(&own.name, aimed));
        let kept = match values.as_slice() {
            [] => 0,
            values => rows(session, &own.name, aimed, &values.iter().collect::<Vec<_>>()).await?,
        };
        if kept > 0 {
            counted.met.kept.push(format!("{} ({kept} rows, `{}`)", own.reason, own.name));
        }
    }
    for turn in &turns.erase {
        let own = turn.own;
        counted.met.places.push(turns.place(&own.name, &turn.aimed));
        counted.met.histories.extend(turns.history(own));
        let found = turn.found(call, session).await?;
        if found.rows > 0 {
            *counted.met.there.entry(own.count.clone()).or_default() += found.rows;
            counted.found.push(found);
        }
    }
    Ok(counted)
}

impl Turn<'_, Erasing> {
    /// The values that have rows, and how many these are together.
    async fn found<'t>(&'t self, call: &Call<'_>, session: &mut Session) -> Result<Found<'t>, PluginError> {
        let Self { own, aimed, values } = self;
        let mut found = Found { erasing: own, aimed, values: Vec::new(), rows: 0 };
        for values in values {
            call.check()?;
            let rows = rows(session, &own.name, aimed, &[values]).await?;
            if rows > 0 {
                found.values.push(values);
                found.rows += rows;
            }
        }
        if found.values.len() > 1 {
            // A row may be of several of the person's values.
            found.rows = rows(session, &own.name, aimed, &found.values).await?;
        }
        if found.rows > own.rows_max {
            return Err(PluginError::permanent(format!(
                "statement `{}` would erase {} rows of one person, and `rows_max` allows {}; nothing was erased",
                own.name, found.rows, own.rows_max
            )));
        }
        Ok(found)
    }
}

/// How many rows a statement is about.
pub(super) async fn rows(
    session: &mut Session,
    name: &str,
    aimed: &Aimed<'_>,
    values: &[&Values<'_>],
) -> Result<u64, PluginError> {
    let counted = session.count(&aimed.counting(values)).await;
    counted.map_err(|e| e.in_statement_with(name, &aimed.checked.rights_to_count()))
}
