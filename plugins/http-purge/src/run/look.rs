//! Steps that look: pages are read, results judged, and lists filled.

use std::collections::BTreeMap;

use quietus_plugin::{ErrorClass, PluginError};

use super::answer::{Page, Verdict, refuses_one, verdict};
use super::fit::Fits;
use super::request::{Turn, outgoing};
use super::{Run, in_step, made_up, whole};
use crate::plan::{Planned, PlannedPaging};

/// What one search came to.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// Results that are the person's and were not known yet.
    found: u64,
    /// All results, of whomever.
    read: u64,
    /// The same, before `items` chooses some.
    listed: u64,
    fits: Fits,
    /// The status with which this item alone was refused.
    refused: Option<u16>,
    /// There is nothing in this item's place.
    is_gone: bool,
    /// There is more than was read, by the system's own word.
    is_cut: bool,
}

impl Tally {
    /// Results that nobody but a person can judge.
    fn hidden(&self, step: &Planned) -> u64 {
        // What was found by something that it does not show: each result of a search, or all that is shown of one candidate. Where
        // nobody was asked for, nothing says that a result has the value.
        let unexplained = match (step.judges_candidates, step.asks_for_value) {
            (true, _) => u64::from(self.fits.explain_nothing() && (self.fits.unexplained > 0 || !step.lookup)),
            (false, true) => self.fits.unexplained,
            (false, false) => 0,
        };
        self.fits.hidden + self.fits.lost + unexplained
    }
}

impl<'a> Run<'a> {
    /// Looks, fills the step's lists, and returns how many were found that were not known yet. What a later step is to judge is
    /// not found yet.
    pub(super) fn look_with(&mut self, step: &'a Planned) -> Result<u64, PluginError> {
        let mut found = 0;
        let mut by_value: BTreeMap<_, (u64, u64, u64)> = BTreeMap::new();
        for turn in self.turns(step)? {
            // Where no list tells what is new, another spelling of the value has found the same.
            let (same, hidden, open) = by_value.get(&turn.value()).copied().unwrap_or_default();
            let before = found - same;
            let mut tally = Tally { found: before, ..Tally::default() };
            if let Err(error) = self.pages(step, &turn, &mut tally).map_err(|error| in_step(step, error)) {
                if !tally.is_gone || error.class != ErrorClass::Retryable {
                    return Err(error);
                }
                // It may have gone since it was found, or a gateway says so: it is asked for again, when the others are done.
                self.left.get_or_insert(error);
                continue;
            }
            if let (Some(list), Some(item), true) = (&step.for_each, &turn.item, step.judges_candidates) {
                self.judged.insert((list.clone(), item.to_string()));
            }
            if let Some(status) = tally.refused {
                self.found.refused(step, status);
                continue;
            }
            if tally.is_cut {
                self.found.cut(step);
            }
            found = tally.found.max(found);
            self.found.hidden(step, tally.hidden(step).saturating_sub(hidden));
            self.found.lost(step, tally.fits.lost);
            self.found.needs_person(step, tally.fits.needs_person.saturating_sub(open));
            let same = if step.results.extract.is_empty() { found - before } else { 0 };
            by_value.insert(turn.value(), (same, tally.hidden(step).max(hidden), tally.fits.needs_person.max(open)));
        }
        if step.results.judged_later {
            return Ok(0);
        }
        if found > 0 {
            self.found.matched(step);
        }
        Ok(found)
    }

    /// All pages of one search; adds to the tally.
    fn pages(&mut self, step: &'a Planned, turn: &Turn<'a>, tally: &mut Tally) -> Result<(), PluginError> {
        let mut request = outgoing(step, &self.values(turn))?;
        if let Some(PlannedPaging::Offset { .. }) = &step.paging {
            request.at_offset(step, 0);
        }
        for _ in 0..step.pages_max() {
            self.call.check()?;
            let mut answer = self.client.exchange(&request.to_read(), self.call)?;
            if turn.item.is_some() && refuses_one(step, &answer) {
                // Where even what is always there is refused, it is no matter of this one.
                self.control()?;
                self.found.answered(step);
                tally.refused = Some(answer.status());
                return Ok(());
            }
            tally.is_gone = turn.item.is_some() && answer.gone();
            // Believed only when it is answered twice, with what is always there in between: a gateway says so to
            // everything.
            if verdict(step, &answer)? == Verdict::Absent && self.control()? {
                answer = self.client.exchange(&request.to_read(), self.call)?;
            }
            self.found.answered(step);
            match verdict(step, &answer)? {
                Verdict::Ok => {}
                Verdict::Absent => return Ok(()),
                Verdict::Retained => {
                    self.found.retained(step, answer.status());
                    return Ok(());
                }
            }
            if !step.reads_body() {
                tally.found += 1;
                return Ok(());
            }
            let page = Page::read(step, &answer, &self.values(turn))?;
            self.check_filter(step, turn, page.results)?;
            tally.fits.join(page.fits);
            tally.found += self.keep(page.lists, page.fits.theirs, turn);
            self.check_narrow(step, tally.found)?;
            tally.read += page.results;
            tally.listed += whole::listed(step, &page.document);
            if !request.turn_page(step, &page.document, page.results, tally.read, self.client)? {
                match whole::lacks(step, &answer, &page.document, tally.listed) {
                    Some(lacks) if step.must_be_whole => return Err(lacks.error()),
                    lacks => tally.is_cut = lacks.is_some(),
                }
                return Ok(());
            }
        }
        let text =
            format!("there are more than {} pages (`pages_max`), and nothing after it was done", step.pages_max());
        Err(PluginError::permanent(text))
    }

    /// Before a search is believed, it must find nothing for somebody, or below something, that does not exist: one that passes
    /// over what it is asked for would give everybody. Where it lists what belongs to an `{{item}}`, the control comes before an
    /// empty list is believed, too.
    fn check_filter(&mut self, step: &'a Planned, turn: &Turn<'_>, results: u64) -> Result<(), PluginError> {
        let is_listed = step.for_each.is_some();
        let is_possible = made_up::is_possible(step) || is_listed;
        let is_believed = step.results.trusts_search && (results > 0 || is_listed);
        if !is_believed || !is_possible || !self.filtering.insert(&step.name) {
            return Ok(());
        }
        // An item that is not there is refused in many ways; only a list of something shows that it is not looked at.
        if made_up::look(step, turn.item.as_ref(), self.client, self.call)? || is_listed {
            return Ok(());
        }
        let text = "the search refuses the value of somebody who does not exist, so that nobody sees whether it looks at what it is \
                    asked for: add `match`";
        Err(PluginError::permanent(text))
    }

    /// Adds to the lists what is not in them yet; returns how many that were.
    fn keep(&mut self, lists: Vec<(String, Vec<serde_json::Value>)>, matching: u64, turn: &Turn<'a>) -> u64 {
        if lists.is_empty() {
            return matching;
        }
        let new = lists.into_iter().map(|(name, values)| self.lists.add(&name, values, &turn.kinds));
        new.max().unwrap_or_default()
    }

    /// More than one person can have is a search that matched too much.
    fn check_narrow(&self, step: &Planned, found: u64) -> Result<(), PluginError> {
        let longest = step.results.extract.iter().map(|(list, _)| self.lists.get(list).len()).max().unwrap_or_default();
        if found <= self.plan.items_max as u64 && longest <= self.plan.items_max {
            return Ok(());
        }
        let most = self.plan.items_max;
        let text = format!("more than {most} results (`items_max`) for one person, and nothing after it was done");
        Err(PluginError::permanent(text))
    }
}
