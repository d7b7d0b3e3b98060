//! One run of the plan's steps for one request: values enter the templates, answers are read, and what they say is
//! gathered in [`Found`].

mod answer;
mod health;
mod lists;
mod look;
mod made_up;
mod path;
mod request;
mod write;

use std::collections::BTreeSet;

use quietus_plugin::http::Client;
use quietus_plugin::{Call, ErrorClass, PluginError, Progress, Request, Writes};

use crate::outcome::Found;
use crate::plan::{Plan, Planned};
use crate::stored::Stored;
use crate::template::Values;
pub(crate) use health::health;
use lists::{Kinds, Lists};
use request::Turn;

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
    /// Searches that have been shown to look at what they are asked for.
    filtering: BTreeSet<&'a str>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(plan: &'a Plan, client: &'a Client, request: &'a Request, call: &'a Call<'a>) -> Self {
        Self {
            plan,
            client,
            request,
            call,
            lists: Lists::default(),
            stored: Stored::default(),
            only_stored: BTreeSet::new(),
            found: Found::of(plan),
            met_nothing: None,
            filtering: BTreeSet::new(),
        }
    }

    /// Runs all erasing steps. A request that fails for good does not keep the others from being made.
    pub(crate) fn erase(&mut self, progress: &mut Progress<Stored>, writes: Writes<'_>) -> Result<(), PluginError> {
        self.stored = progress.own.clone();
        let mut failed = None;
        for step in &self.plan.erase {
            self.recall(step);
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
        failed.map_or(Ok(()), Err)?;
        if let Some(step) = self.met_nothing {
            self.look_again(step)?;
        }
        // What was lost and is not there now was done, unless "not there" proves nothing.
        if !self.found.is_unproved() {
            progress.settle();
        }
        Ok(())
    }

    /// Before what a list names is deleted, what an earlier attempt has stored of it is added.
    fn recall(&mut self, step: &Planned) {
        if step.reads {
            return;
        }
        let stored = step.for_each.as_ref().and_then(|list| Some((list, self.stored.0.remove(list)?)));
        let Some((list, items)) = stored else { return };
        for item in items {
            if self.lists.add(list, vec![item.clone()], &Kinds::new()) > 0 {
                self.only_stored.insert((list.clone(), item.to_string()));
            }
        }
    }

    /// Whether the search has not found the item, and an earlier attempt had.
    fn is_only_stored(&self, step: &Planned, turn: &Turn<'_>) -> bool {
        let item = step.for_each.as_ref().zip(turn.item.as_ref());
        item.is_some_and(|(list, item)| self.only_stored.contains(&(list.clone(), item.to_string())))
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
        Ok(())
    }

    fn wanted(&self, step: &Planned) -> bool {
        step.when.as_ref().is_none_or(|list| !self.lists.get(list).is_empty())
    }

    /// The turns of a step: each item with each combination of identifier values that it goes with. None when it lacks an
    /// identifier or its list is empty.
    fn turns(&self, step: &'a Planned) -> Result<Vec<Turn<'a>>, PluginError> {
        let kinds = self.combinations(step)?;
        let Some(list) = &step.for_each else {
            return Ok(kinds.into_iter().map(|kinds| Turn { kinds, item: None }).collect());
        };
        let mut turns = Vec::new();
        for item in self.lists.get(list) {
            let fitting = kinds.iter().filter(|kinds| self.lists.go_together(list, item, kinds));
            turns.extend(fitting.map(|kinds| Turn { kinds: kinds.clone(), item: Some(item.clone()) }));
        }
        Ok(turns)
    }

    /// Each value of each kind of identifier that the step needs, with each of the others.
    fn combinations(&self, step: &'a Planned) -> Result<Vec<Kinds<'a>>, PluginError> {
        let mut kinds = vec![Kinds::new()];
        for kind in &step.kinds {
            let values: BTreeSet<&str> = self.request.values(kind).filter(|value| !value.trim().is_empty()).collect();
            let mut combinations = Vec::new();
            for known in &kinds {
                for value in &values {
                    let mut known = known.clone();
                    known.insert(kind.as_str(), value);
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
            kinds: turn.kinds.clone(),
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
