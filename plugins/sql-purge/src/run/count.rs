//! How many rows of the person's each statement is about: a request and a session enter, rows and the values that have any
//! leave.

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::{Call, PluginError};

use crate::database::{Session, Sight};
use crate::outcome::{Met, Table};
use crate::person::Person;
use crate::plan::{Erasing, Plan, Retaining};
use crate::statement::{Aimed, Checked};
use crate::told;

/// What is seen of each statement's tables.
pub(super) type Sights = BTreeMap<String, Sight>;

/// A statement, aimed at each combination of the person's values.
pub(super) struct Turn<'r, S> {
    pub(super) own: &'r S,
    checked: &'r Checked,
    pub(super) aims: Vec<Aimed<'r>>,
    /// Kinds of which some value was compared with nothing, as it fits nowhere.
    unfit: BTreeSet<&'r str>,
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
    pub(super) aims: Vec<&'t Aimed<'t>>,
    pub(super) rows: u64,
}

impl<'r> Turns<'r> {
    pub(super) fn of(plan: &'r Plan, person: &'r Person) -> Result<Self, PluginError> {
        let has = person.kinds();
        let mut erase = Vec::new();
        for own in &plan.erase {
            erase.extend(Turn::of(own, &own.checked, person)?);
        }
        let mut retain = Vec::new();
        for own in &plan.retain {
            retain.extend(Turn::of(own, &own.checked, person)?);
        }
        let by_phone_alone = erase.iter().any(|turn| turn.checked.goes_by_phone_alone() && has.contains("phone"));
        let unusable = person.unusable;
        Ok(Self { asked: !erase.is_empty(), by_phone_alone, unusable, erase, retain, sights: Sights::new() })
    }

    pub(super) fn seen_by(self, sights: Sights) -> Self {
        Self { sights, ..self }
    }

    /// Tells what is looked at by a statement, for the receipt: nothing of what no value was compared with.
    fn tell<S>(&self, name: &str, turn: &Turn<'_, S>, met: &mut Met) {
        let kinds: BTreeSet<&str> = turn.aims.iter().flat_map(|aim| aim.values.kinds()).collect();
        if !kinds.is_empty() {
            met.limits.extend(self.sights.get(name).into_iter().flat_map(|sight| sight.limits.iter().cloned()));
            met.places.push(told::rows(name, &turn.checked.table.to_string(), &turn.checked.others(), &kinds));
        }
        if !turn.unfit.is_empty() {
            met.places.push(told::unfit(name, &turn.checked.table.to_string(), &turn.unfit));
        }
    }

    fn table(&self, own: &Erasing) -> Table {
        let sight = self.sights.get(&own.name).cloned().unwrap_or_default();
        let name = own.checked.table.to_string();
        Table { name, count: own.count.clone(), has_history: sight.has_history, triggers: sight.triggers }
    }

    /// Without comparisons with what cannot hold the value: no row is the person's by them.
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
    /// Nothing when the statement cannot be about the person.
    pub(super) fn of(own: &'r S, checked: &'r Checked, person: &'r Person) -> Result<Option<Self>, PluginError> {
        let kinds = checked.kinds_for(&person.kinds());
        if kinds.is_empty() {
            return Ok(None);
        }
        let none = BTreeSet::new();
        let aims = person.values(&kinds)?.iter().filter_map(|values| checked.aimed(values, &none)).collect();
        Ok(Some(Self { own, checked, aims, unfit: BTreeSet::new() }))
    }

    /// Each comparison for itself: what one column cannot hold, another may.
    pub(super) async fn keep_possible(&mut self, name: &str, session: &mut Session) -> Result<(), PluginError> {
        let checked = self.checked;
        let mut possible = BTreeSet::new();
        for aim in std::mem::take(&mut self.aims) {
            let impossible = session.impossible(&checked.counting(&[&aim])).await;
            let impossible = impossible.map_err(|e| e.in_statement(name))?;
            self.unfit.extend(impossible.iter().filter_map(|place| checked.kind_at(*place)));
            possible.extend(checked.aimed(&aim.values, &impossible));
        }
        self.aims = possible.into_iter().collect();
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
    for turn in &turns.retain {
        call.check()?;
        let own = turn.own;
        turns.tell(&own.name, turn, &mut counted.met);
        let kept = match turn.aims.as_slice() {
            [] => 0,
            aims => rows(session, &own.name, turn.checked, &aims.iter().collect::<Vec<_>>()).await?,
        };
        if kept > 0 {
            counted.met.kept.push(format!("{} ({kept} rows, `{}`)", own.reason, own.name));
        }
    }
    for turn in &turns.erase {
        let own = turn.own;
        turns.tell(&own.name, turn, &mut counted.met);
        counted.met.tables.push(turns.table(own));
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
        let own = self.own;
        let mut found = Found { erasing: own, aims: Vec::new(), rows: 0 };
        for aim in &self.aims {
            call.check()?;
            let rows = rows(session, &own.name, self.checked, &[aim]).await?;
            if rows > 0 {
                found.aims.push(aim);
                found.rows += rows;
            }
        }
        if found.aims.len() > 1 {
            // A row may be of several of the person's values.
            found.rows = rows(session, &own.name, self.checked, &found.aims).await?;
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
    checked: &Checked,
    aims: &[&Aimed<'_>],
) -> Result<u64, PluginError> {
    let counted = session.count(&checked.counting(aims)).await;
    counted.map_err(|e| e.in_statement_with(name, &checked.rights_to_count()))
}
