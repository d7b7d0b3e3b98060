//! One run of the plan's steps for one request: values enter the templates, answers are read, and what they say is
//! gathered in [`Found`].

mod answer;
mod request;

use std::collections::BTreeMap;

use quietus_plugin::{Call, PluginError, Request};
use serde_json::Value;

use crate::client::Client;
use crate::plan::{Plan, Planned, PlannedPaging};
use crate::template::{Values, scalar};
use answer::{Page, Verdict, verdict};
use request::{Turn, outgoing};

/// Requests that one step may need for one person's values.
const COMBINATIONS_MAX: usize = 1000;

/// What a run has found so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Requests that were answered.
    pub(crate) asked: u64,
    /// What was erased.
    pub(crate) erased: BTreeMap<String, u64>,
    /// What is there: found by looking, or, in a dry run, what the erasing steps would erase.
    pub(crate) there: BTreeMap<String, u64>,
    /// Steps that erase without a list, so that a dry run cannot tell what they would do.
    pub(crate) blind: Vec<String>,
    /// A step that was told that the system keeps the data.
    pub(crate) retained: Option<String>,
}

pub(crate) struct Run<'a> {
    plan: &'a Plan,
    client: &'a Client,
    request: &'a Request,
    call: &'a Call<'a>,
    lists: BTreeMap<String, Vec<Value>>,
    pub(crate) found: Found,
    /// A search that had more pages than it may.
    incomplete: Option<String>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(plan: &'a Plan, client: &'a Client, request: &'a Request, call: &'a Call<'a>) -> Self {
        let (lists, found) = (BTreeMap::new(), Found::default());
        Self { plan, client, request, call, lists, found, incomplete: None }
    }

    /// Runs all steps. A request that fails for good does not keep the others from being made.
    pub(crate) fn erase(&mut self, steps: &[Planned]) -> Result<(), PluginError> {
        let mut failed = None;
        for step in steps.iter().filter(|step| self.wanted(step)).collect::<Vec<_>>() {
            if step.reads {
                self.look_with(step)?;
            } else {
                self.erase_with(step, &mut failed)?;
            }
        }
        if let Some(step) = self.incomplete.take() {
            let text = format!("step `{step}`: there are more pages than `pages_max`");
            let progressed = !self.found.erased.is_empty();
            return Err(if progressed { PluginError::retryable(text) } else { PluginError::permanent(text) });
        }
        failed.map_or(Ok(()), Err)
    }

    /// Runs the steps that look, and counts what the others would do. Changes nothing.
    pub(crate) fn look(&mut self, steps: &[Planned]) -> Result<(), PluginError> {
        let erases = steps.iter().any(|step| !step.reads);
        for step in steps.iter().filter(|step| self.wanted(step)).collect::<Vec<_>>() {
            if step.reads {
                let found = self.look_with(step)?;
                if !erases {
                    *self.found.there.entry(step.count.clone()).or_default() += found;
                }
            } else {
                self.foresee(step)?;
            }
        }
        match self.incomplete.take() {
            Some(step) if self.found.there.values().all(|count| *count == 0) => {
                Err(PluginError::permanent(format!("step `{step}`: there are more pages than `pages_max`")))
            }
            _ => Ok(()),
        }
    }

    fn wanted(&self, step: &Planned) -> bool {
        step.when.as_ref().is_none_or(|list| !self.list(list).is_empty())
    }

    fn list(&self, name: &str) -> &[Value] {
        self.lists.get(name).map_or(&[], Vec::as_slice)
    }

    /// The turns of a step: each item with each combination of identifier values. None when it lacks an identifier or
    /// its list is empty.
    fn turns<'s>(&self, step: &'s Planned) -> Result<Vec<Turn<'s>>, PluginError>
    where
        'a: 's,
    {
        let mut kinds = vec![BTreeMap::new()];
        for kind in &step.kinds {
            let values: Vec<&str> = self.request.values(kind).collect();
            let with = |known: &BTreeMap<&'s str, &'s str>, value: &'s str| {
                let mut known = known.clone();
                known.insert(kind.as_str(), value);
                known
            };
            kinds = kinds.iter().flat_map(|known| values.iter().map(|value| with(known, value))).collect();
            if kinds.len() > COMBINATIONS_MAX {
                return Err(in_step(step, PluginError::permanent("too many combinations of identifiers")));
            }
        }
        let Some(list) = &step.for_each else {
            return Ok(kinds.into_iter().map(|kinds| Turn { kinds, item: None }).collect());
        };
        let with_item = |item: &Value| {
            let item = item.clone();
            kinds.iter().map(move |kinds| Turn { kinds: kinds.clone(), item: Some(item.clone()) }).collect::<Vec<_>>()
        };
        Ok(self.list(list).iter().flat_map(with_item).collect())
    }

    /// Looks, fills the step's lists, and returns how many were found that were not known yet.
    fn look_with(&mut self, step: &Planned) -> Result<u64, PluginError> {
        let mut found = 0;
        for turn in self.turns(step)? {
            found += self.pages(step, &turn).map_err(|error| in_step(step, error))?;
        }
        Ok(found)
    }

    /// All pages of one search.
    fn pages(&mut self, step: &Planned, turn: &Turn<'_>) -> Result<u64, PluginError> {
        let mut request = outgoing(step, &self.values(turn), self.client)?;
        if let Some(PlannedPaging::Offset { .. }) = &step.paging {
            request.at_offset(step, 0);
        }
        let (mut found, mut read) = (0, 0);
        for pages in 1.. {
            self.call.check()?;
            let answer = self.client.send(&request.to_send()?, self.call)?;
            self.found.asked += 1;
            match verdict(step, &answer)? {
                Verdict::Ok => {}
                Verdict::Absent => return Ok(found),
                // It is there, and must stay there.
                Verdict::Retained => return Ok(found + 1),
            }
            if !step.results.looks() && step.paging.is_none() {
                return Ok(found + 1);
            }
            let page = Page::read(step, &answer, &self.values(turn))?;
            found += self.keep(page.lists, page.matching)?;
            read += page.results;
            if !request.turn_page(step, &page.document, page.results, read, self.client)? {
                return Ok(found);
            }
            if pages >= step.pages_max() {
                self.incomplete = Some(step.name.clone());
                return Ok(found);
            }
        }
        Ok(found)
    }

    /// Adds to the lists what is not in them yet; returns how many that were.
    fn keep(&mut self, lists: Vec<(String, Vec<Value>)>, matching: u64) -> Result<u64, PluginError> {
        if lists.is_empty() {
            return Ok(matching);
        }
        let mut new = 0;
        for (name, values) in lists {
            let list = self.lists.entry(name).or_default();
            let before = list.len();
            for value in values {
                if !list.contains(&value) {
                    list.push(value);
                }
            }
            if list.len() > self.plan.items_max {
                let text = format!("more than {} results (`items_max`) for one person: too broad", self.plan.items_max);
                return Err(PluginError::permanent(text));
            }
            new = new.max((list.len() - before) as u64);
        }
        Ok(new)
    }

    fn erase_with(&mut self, step: &Planned, failed: &mut Option<PluginError>) -> Result<(), PluginError> {
        let at_once = step.whole_list().map(|list| self.list(list).len() as u64);
        if at_once == Some(0) {
            return Ok(());
        }
        for turn in self.turns(step)? {
            self.call.check()?;
            let request = outgoing(step, &self.values(&turn), self.client).and_then(|request| request.to_send());
            let answer = request.and_then(|request| self.client.send(&request, self.call));
            let verdict = answer.and_then(|answer| {
                self.found.asked += 1;
                verdict(step, &answer)
            });
            match verdict {
                Ok(Verdict::Ok) => *self.found.erased.entry(step.count.clone()).or_default() += at_once.unwrap_or(1),
                Ok(Verdict::Absent) => {}
                Ok(Verdict::Retained) => self.found.retained = Some(step.name.clone()),
                Err(error) if error.class == quietus_plugin::ErrorClass::Permanent => {
                    failed.get_or_insert(in_step(step, error));
                }
                Err(error) => return Err(in_step(step, error)),
            }
        }
        Ok(())
    }

    /// What a step would erase, without erasing it.
    fn foresee(&mut self, step: &Planned) -> Result<(), PluginError> {
        let turns = self.turns(step)?.len() as u64;
        match step.whole_list().map(|list| self.list(list).len() as u64) {
            Some(at_once) => *self.found.there.entry(step.count.clone()).or_default() += at_once,
            None if step.for_each.is_some() => *self.found.there.entry(step.count.clone()).or_default() += turns,
            None if turns > 0 => self.found.blind.push(step.name.clone()),
            None => {}
        }
        Ok(())
    }

    fn values<'v>(&'v self, turn: &'v Turn<'_>) -> Values<'v> {
        Values {
            kinds: turn.kinds.clone(),
            item: turn.item.as_ref(),
            lists: &self.lists,
            idempotency_key: &self.request.idempotency_key,
            erasure: &self.request.erasure,
        }
    }
}

/// Runs the health step.
pub(crate) fn health(step: &Planned, client: &Client, call: &Call) -> Result<(), PluginError> {
    let lists = BTreeMap::new();
    let values = Values { kinds: BTreeMap::new(), item: None, lists: &lists, idempotency_key: "", erasure: "" };
    let answer = outgoing(step, &values, client).and_then(|request| client.send(&request.to_send()?, call));
    match answer.and_then(|answer| verdict(step, &answer)).map_err(|error| in_step(step, error))? {
        Verdict::Ok => Ok(()),
        Verdict::Absent | Verdict::Retained => {
            Err(PluginError::needs_operator("the health step's address is not there"))
        }
    }
}

fn in_step(step: &Planned, error: PluginError) -> PluginError {
    PluginError { message: format!("step `{}`: {}", step.name, error.message), ..error }
}

/// A value that can identify something: not empty, not a structure.
fn identifying(value: &Value) -> bool {
    scalar(value).is_some_and(|text| !text.is_empty())
}
