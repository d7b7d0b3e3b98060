//! One run of the plan's steps for one request: values enter the templates, answers are read, and what they say is
//! gathered in [`Found`].

mod answer;
mod find;
mod fit;
mod health;
mod lists;
mod look;
mod made_up;
mod path;
mod request;
mod spelled;
mod whole;
mod write;

use std::collections::BTreeSet;

use quietus_plugin::http::Client;
use quietus_plugin::{Call, ErrorClass, PluginError, Progress, Request, Writes};
use serde_json::Value;

use crate::outcome::Found;
use crate::plan::{Plan, Planned};
use crate::stored::Stored;
use crate::template::Values;
pub(crate) use health::health;
use lists::Lists;
use request::{Turn, outgoing};
use spelled::{Kinds, spelled, unusable};

/// Requests that one step may need for one person's values.
const COMBINATIONS_MAX: usize = 1000;

pub(crate) struct Run<'a> {
    plan: &'a Plan,
    client: &'a Client,
    request: &'a Request,
    call: &'a Call<'a>,
    lists: Lists<'a>,
    /// Items that an earlier attempt has stored.
    stored: Stored,
    /// Those of them that the search finds no more, by list and item.
    only_stored: BTreeSet<(String, String)>,
    pub(crate) found: Found<'a>,
    /// A step that deletes what a search has found was answered that it is not there.
    met_nothing: Option<&'a Planned>,
    /// What was left to a later step, and a turn of one has judged, by list and item.
    judged: BTreeSet<(String, String)>,
    /// Searches that have been shown to look at what they are asked for.
    filtering: BTreeSet<&'a str>,
    /// What a step was refused to delete in this run, by step and item.
    refused: BTreeSet<(&'a str, String)>,
    /// The first error of a look at one item of several, told when all that is possible without it is done.
    left: Option<PluginError>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(plan: &'a Plan, client: &'a Client, request: &'a Request, call: &'a Call<'a>) -> Self {
        let kinds = plan.erase.iter().chain(&plan.verify).flat_map(|step| &step.kinds).map(String::as_str).collect();
        Self {
            plan,
            client,
            request,
            call,
            lists: Lists::default(),
            stored: Stored::default(),
            only_stored: BTreeSet::new(),
            judged: BTreeSet::new(),
            found: Found::of(plan, unusable(&kinds, request)),
            met_nothing: None,
            filtering: BTreeSet::new(),
            refused: BTreeSet::new(),
            left: None,
        }
    }

    /// Runs all erasing steps. A request that fails for good does not keep the others from being made.
    pub(crate) fn erase(&mut self, progress: &mut Progress<Stored>, writes: Writes<'_>) -> Result<(), PluginError> {
        self.stored = progress.own.clone();
        let mut failed = None;
        for step in &self.plan.erase {
            self.recall(step, progress)?;
            if !self.wanted(step) {
                continue;
            }
            if step.reads {
                self.look_with(step)?;
            } else if let Err(error) = self.erase_with(step, progress, writes) {
                match error.class {
                    ErrorClass::Permanent => failed = failed.or(Some(error)),
                    _ => return Err(error),
                }
            }
        }
        failed.or(self.left.take()).map_or(Ok(()), Err)?;
        self.leave_unjudged(&self.plan.erase);
        if let Some(step) = self.met_nothing {
            self.look_again(step)?;
        }
        // What was lost and is not there now was done, unless "not there" proves nothing, or something was not looked at.
        if !self.found.is_unproved() && !self.found.leaves_any() {
            progress.settle();
        }
        Ok(())
    }

    /// Before what a list names is deleted, what an earlier attempt has deleted of it, or may have, is added. What was refused is
    /// not: it may be somebody else's by now, and only the search judges it.
    fn recall(&mut self, step: &Planned, progress: &Progress<Stored>) -> Result<(), PluginError> {
        if step.reads {
            return Ok(());
        }
        let stored = step.for_each.as_ref().and_then(|list| Some((list, self.stored.0.remove(list)?)));
        let Some((list, items)) = stored else { return Ok(()) };
        for item in items {
            if self.lists.get(list).contains(&item) {
                continue;
            }
            for kinds in self.begun(list, &item, progress)? {
                self.lists.add(list, vec![item.clone()], &kinds);
                self.only_stored.insert((list.clone(), item.to_string()));
            }
        }
        Ok(())
    }

    /// By which identifiers an earlier attempt has deleted the item in the first of two steps, or may have.
    fn begun(&self, list: &str, item: &Value, progress: &Progress<Stored>) -> Result<Vec<Kinds<'a>>, PluginError> {
        let plan: &'a Plan = self.plan;
        let mut begun = Vec::new();
        for first in plan.firsts(list) {
            for kinds in self.combinations(first)? {
                let turn = Turn { kinds, item: Some(item.clone()) };
                let marks = self.marks_of(first, &turn).unwrap_or_default();
                let is_begun =
                    |mark: &u64| progress.is_done(&first.count, *mark) || progress.is_unsure(&first.count, *mark);
                if marks.iter().any(is_begun) {
                    begun.push(turn.kinds);
                }
            }
        }
        Ok(begun)
    }

    /// Whether the search has not found the item, and an earlier attempt had.
    fn is_only_stored(&self, step: &Planned, turn: &Turn<'_>) -> bool {
        let item = step.for_each.as_ref().zip(turn.item.as_ref());
        item.is_some_and(|(list, item)| self.only_stored.contains(&(list.clone(), item.to_string())))
    }

    /// Whether this step would complete a deletion that was refused in this run, and so was not made: the item is kept on purpose, or as
    /// it is not this person's to delete.
    fn completes_nothing(&self, step: &Planned, turn: &Turn<'_>) -> bool {
        let first = self.plan.completed_by(step).zip(turn.item.as_ref());
        first.is_some_and(|(first, item)| self.refused.contains(&(first.name.as_str(), item.to_string())))
    }

    /// A 404 to a deletion may be a gateway's, who says so to everything: the search must answer, and find it no more.
    fn look_again(&self, step: &Planned) -> Result<(), PluginError> {
        let mut again = Run::new(self.plan, self.client, self.request, self.call);
        again.look(&self.plan.erase)?;
        if again.found.any_there() && self.found.retains_nothing() {
            let text = "what it deletes was answered to be not there, and the search still finds something";
            return Err(in_step(step, PluginError::retryable(text)));
        }
        Ok(())
    }

    /// Asks for something that is always there, where the operator has said what (`health`).
    fn control(&self) -> Result<bool, PluginError> {
        let Some(step) = &self.plan.health else { return Ok(false) };
        health::control(step, self.client, self.call)?;
        Ok(true)
    }

    /// Runs the steps that look, and counts what the others would do. Changes nothing.
    pub(crate) fn look(&mut self, steps: &'a [Planned]) -> Result<(), PluginError> {
        let erases = steps.iter().any(|step| !step.reads);
        for step in steps {
            if !self.wanted(step) {
                continue;
            }
            if step.reads {
                let found = self.look_with(step)?;
                // Where steps erase, these say what would go; counted here, too, it would be there twice.
                if !erases && !step.results.judged_later {
                    self.found.there(step, found);
                }
            } else {
                self.foresee(step)?;
            }
        }
        self.leave_unjudged(steps);
        self.left.take().map_or(Ok(()), Err)
    }

    /// What was left to a later step, and no turn of one has judged, stays, whosever it is: the step was skipped.
    fn leave_unjudged(&mut self, steps: &'a [Planned]) {
        let is_judging =
            |list: &&String| steps.iter().any(|later| later.reads && later.for_each.as_ref() == Some(*list));
        for step in steps.iter().filter(|step| step.results.judged_later) {
            let is_left = |list: &String, item: &Value| !self.judged.contains(&(list.clone(), item.to_string()));
            let lists = step.results.extract.iter().map(|(list, _)| list).filter(is_judging);
            let left = lists.map(|list| self.lists.get(list).iter().filter(|item| is_left(list, item)).count());
            let most = left.max().unwrap_or_default();
            self.found.hidden(step, most as u64);
        }
    }

    fn wanted(&self, step: &Planned) -> bool {
        step.when.as_ref().is_none_or(|list| !self.lists.get(list).is_empty())
    }

    /// The turns of a step: each item with each combination of identifier values that it goes with. None when it lacks an
    /// identifier or its list is empty.
    fn turns(&self, step: &'a Planned) -> Result<Vec<Turn<'a>>, PluginError> {
        let kinds = self.combinations(step)?;
        let Some(list) = &step.for_each else {
            return Ok(self.distinct(step, kinds.into_iter().map(|kinds| Turn { kinds, item: None }).collect()));
        };
        let mut turns = Vec::new();
        for item in self.lists.get(list) {
            let fitting = kinds.iter().filter(|kinds| self.lists.go_together(list, item, kinds));
            turns.extend(fitting.map(|kinds| Turn { kinds: kinds.clone(), item: Some(item.clone()) }));
        }
        Ok(self.distinct(step, turns))
    }

    /// Each request once: the spellings of a value may come to the same one, as by a hash. What was found is erased by one spelling
    /// of each value, if it was found by one then by that.
    fn distinct(&self, step: &Planned, turns: Vec<Turn<'a>>) -> Vec<Turn<'a>> {
        let is_once = step.is_searched_for && !step.reads;
        let mut known = BTreeSet::new();
        let is_new = |turn: &Turn<'a>| {
            let values = self.values(turn);
            let request = match is_once {
                true => None,
                // What cannot be asked for is told when it is.
                false => match outgoing(step, &values) {
                    Ok(draft) => Some(write::marks(&draft.to_read(), None)),
                    Err(_) => return true,
                },
            };
            let expected = step.results.matches.as_ref().and_then(|matches| matches.expected(&values).ok());
            known.insert((turn.value(), request, expected))
        };
        turns.into_iter().filter(is_new).collect()
    }

    /// Each spelling of each value of each kind of identifier that the step needs, with each of the others.
    fn combinations(&self, step: &'a Planned) -> Result<Vec<Kinds<'a>>, PluginError> {
        let mut kinds = vec![Kinds::new()];
        let is_judged = step.is_searched_for || step.results.matches.is_some() || step.results.judged_later;
        for kind in &step.kinds {
            let mut values = spelled(kind, self.request);
            values.retain(|value| value.is_exact || is_judged);
            let mut combinations = Vec::new();
            for known in &kinds {
                for value in &values {
                    let mut known = known.clone();
                    known.insert(kind.as_str(), value.clone());
                    combinations.push(known);
                }
            }
            kinds = combinations;
            if kinds.len() > COMBINATIONS_MAX {
                return Err(in_step(step, PluginError::permanent("too many combinations of identifiers")));
            }
        }
        Ok(kinds)
    }

    fn values<'v>(&'v self, turn: &'v Turn<'_>) -> Values<'v> {
        Values {
            kinds: turn.kinds.iter().map(|(kind, value)| (*kind, value.text.as_str())).collect(),
            region: self.request.region,
            item: turn.item.as_ref(),
            lists: &self.lists.values,
            idempotency_key: &self.request.idempotency_key,
            erasure: &self.request.erasure,
        }
    }
}

fn in_step(step: &Planned, error: PluginError) -> PluginError {
    PluginError { message: format!("step `{}`: {}", step.name, error.message), ..error }
}
