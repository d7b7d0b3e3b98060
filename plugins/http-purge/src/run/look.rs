//! Steps that look: pages are read, results judged, and lists filled.

use std::collections::BTreeMap;

use quietus_plugin::PluginError;

use super::answer::{Page, Verdict, verdict};
use super::request::{Turn, outgoing};
use super::{Run, in_step, made_up};
use crate::plan::{Planned, PlannedPaging};

/// What one search came to.
#[derive(Clone, Copy, Default)]
struct Tally {
    /// Results that are the person's and were not known yet.
    found: u64,
    /// All results, of whomever.
    read: u64,
    /// Results that do not show whose they are.
    hidden: u64,
}

impl<'a> Run<'a> {
    /// Looks, fills the step's lists, and returns how many were found that were not known yet. What a later step is to judge is
    /// not found yet.
    pub(super) fn look_with(&mut self, step: &'a Planned) -> Result<u64, PluginError> {
        let mut found = 0;
        let mut by_value: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        for turn in self.turns(step)? {
            // Where no list tells what is new, another spelling of the value has found the same.
            let (same, hidden) = by_value.get(&turn.value()).copied().unwrap_or_default();
            let before = found - same;
            let mut tally = Tally { found: before, ..Tally::default() };
            self.pages(step, &turn, &mut tally).map_err(|error| in_step(step, error))?;
            found = tally.found.max(found);
            self.found.hidden(step, tally.hidden.saturating_sub(hidden));
            let same = if step.results.extract.is_empty() { found - before } else { 0 };
            by_value.insert(turn.value(), (same, tally.hidden.max(hidden)));
            if let (Some(list), Some(item), true) = (&step.for_each, &turn.item, step.judges_candidates) {
                self.judged.insert((list.clone(), item.to_string()));
            }
            if tally.read == 0 && step.judges_candidates && !step.lookup {
                // The search gave it for a reason that it does not show.
                self.found.hidden(step, 1);
            }
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
            tally.hidden += page.hidden;
            tally.found += self.keep(page.lists, page.matching, turn);
            self.check_narrow(step, tally.found)?;
            tally.read += page.results;
            if !request.turn_page(step, &page.document, page.results, tally.read, self.client)? {
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
