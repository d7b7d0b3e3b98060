//! One run of the plan's steps for one request: values enter the templates, answers are read, and what they say is
//! gathered in [`Found`].

mod answer;
mod health;
mod made_up;
mod path;
mod request;

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::http::{self, Client, Failure};
use quietus_plugin::{Call, ErrorClass, PluginError, Progress, Request, Writes, mark};
use serde_json::Value;

use crate::outcome::{Found, Unproved};
use crate::plan::{Plan, Planned, PlannedPaging};
use crate::template::Values;
use answer::{Page, Verdict, verdict};
pub(crate) use health::health;
use request::{Turn, outgoing};

/// Requests that one step may need for one person's values.
const COMBINATIONS_MAX: usize = 1000;

pub(crate) struct Run<'a> {
    plan: &'a Plan,
    client: &'a Client,
    request: &'a Request,
    call: &'a Call<'a>,
    lists: BTreeMap<String, Vec<Value>>,
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
            lists: BTreeMap::new(),
            found: Found::default(),
            met_nothing: None,
            filtering: BTreeSet::new(),
        }
    }

    /// Runs all erasing steps. A request that fails for good does not keep the others from being made.
    pub(crate) fn erase(&mut self, progress: &mut Progress, writes: Writes<'_>) -> Result<(), PluginError> {
        let mut failed = None;
        for step in &self.plan.erase {
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
                if !erases {
                    self.found.there(step, found);
                }
            } else {
                self.foresee(step)?;
            }
        }
        Ok(())
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
            let values: BTreeSet<&str> = self.request.values(kind).filter(|value| !value.trim().is_empty()).collect();
            let mut combinations = Vec::new();
            for known in &kinds {
                for value in &values {
                    let mut known: BTreeMap<&'s str, &'s str> = known.clone();
                    known.insert(kind.as_str(), value);
                    combinations.push(known);
                }
            }
            kinds = combinations;
            if kinds.len() > COMBINATIONS_MAX {
                return Err(in_step(step, PluginError::permanent("too many combinations of identifiers")));
            }
        }
        let Some(list) = &step.for_each else {
            return Ok(kinds.into_iter().map(|kinds| Turn { kinds, item: None }).collect());
        };
        let mut turns = Vec::new();
        for item in self.list(list) {
            turns.extend(kinds.iter().map(|kinds| Turn { kinds: kinds.clone(), item: Some(item.clone()) }));
        }
        Ok(turns)
    }

    /// Looks, fills the step's lists, and returns how many were found that were not known yet.
    fn look_with(&mut self, step: &'a Planned) -> Result<u64, PluginError> {
        let mut found = 0;
        for turn in self.turns(step)? {
            self.pages(step, &turn, &mut found).map_err(|error| in_step(step, error))?;
        }
        if found > 0 {
            self.found.matched(step);
        }
        Ok(found)
    }

    /// All pages of one search; adds to `found`.
    fn pages(&mut self, step: &'a Planned, turn: &Turn<'_>, found: &mut u64) -> Result<(), PluginError> {
        let mut request = outgoing(step, &self.values(turn))?;
        if let Some(PlannedPaging::Offset { .. }) = &step.paging {
            request.at_offset(step, 0);
        }
        let mut read = 0;
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
                *found += 1;
                return Ok(());
            }
            let page = Page::read(step, &answer, &self.values(turn))?;
            if page.results > 0 {
                self.check_filter(step)?;
            }
            self.found.hidden(step, page.hidden);
            *found += self.keep(page.lists, page.matching);
            self.check_narrow(step, *found)?;
            read += page.results;
            if !request.turn_page(step, &page.document, page.results, read, self.client)? {
                return Ok(());
            }
        }
        let text =
            format!("there are more than {} pages (`pages_max`), and nothing after it was done", step.pages_max());
        Err(PluginError::permanent(text))
    }

    /// Before a search is believed, it must find nothing for somebody who does not exist: one that passes over what it is asked
    /// for would give everybody. What is looked up by an id from an answer has no such somebody.
    fn check_filter(&mut self, step: &'a Planned) -> Result<(), PluginError> {
        let is_due = step.results.trusts_search && made_up::is_possible(step) && self.filtering.insert(&step.name);
        if is_due && !made_up::look(step, self.client, self.call)? {
            let text = "the search refuses the value of somebody who does not exist, so that nobody sees whether it looks at what it is \
                        asked for: add `match`";
            return Err(PluginError::permanent(text));
        }
        Ok(())
    }

    /// Adds to the lists what is not in them yet; returns how many that were.
    fn keep(&mut self, lists: Vec<(String, Vec<Value>)>, matching: u64) -> u64 {
        if lists.is_empty() {
            return matching;
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
            new = new.max((list.len() - before) as u64);
        }
        new
    }

    /// More than one person can have is a search that matched too much.
    fn check_narrow(&self, step: &Planned, found: u64) -> Result<(), PluginError> {
        let longest = step.results.extract.iter().map(|(list, _)| self.list(list).len()).max().unwrap_or_default();
        if found <= self.plan.items_max as u64 && longest <= self.plan.items_max {
            return Ok(());
        }
        let most = self.plan.items_max;
        let text = format!("more than {most} results (`items_max`) for one person, and nothing after it was done");
        Err(PluginError::permanent(text))
    }

    /// Makes all requests of a step that erases; the first error that is for good is told after the last of them.
    fn erase_with(
        &mut self,
        step: &'a Planned,
        progress: &mut Progress,
        writes: Writes<'_>,
    ) -> Result<(), PluginError> {
        let list = self.at_once(step).map(<[Value]>::to_vec);
        if list.as_ref().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        let mut failed = None;
        for turn in self.turns(step)? {
            self.call.check()?;
            let request = outgoing(step, &self.values(&turn)).map(|draft| draft.to_write(writes));
            match request.and_then(|request| self.write(step, &request, list.as_deref(), progress)) {
                Ok(()) => {}
                Err(error) if error.class == ErrorClass::Permanent => failed = failed.or(Some(error)),
                Err(error) => return Err(in_step(step, error)),
            }
        }
        failed.map_or(Ok(()), |error| Err(in_step(step, error)))
    }

    fn write(
        &mut self,
        step: &'a Planned,
        request: &http::Request,
        list: Option<&[Value]>,
        progress: &mut Progress,
    ) -> Result<(), PluginError> {
        let marks = marks(request, list);
        progress.begin(self.call, &step.count, &marks)?;
        let mut answer = self.exchange(step, request, &marks, progress)?;
        if matches!(verdict(step, &answer), Ok(Verdict::Absent)) {
            progress.not_begun(&step.count, &marks);
            if !step.is_searched_for && self.control()? {
                // What is stored says so already.
                progress.announce(&step.count, &marks);
                answer = self.exchange(step, request, &marks, progress)?;
            }
        }
        self.found.answered(step);
        self.found.wrote(step);
        let verdict = verdict(step, &answer);
        if matches!(verdict, Ok(Verdict::Absent)) {
            progress.not_begun(&step.count, &marks);
        }
        match verdict {
            Ok(Verdict::Ok) => progress.done(&step.count, &marks),
            // Gone already: by an earlier attempt that was not answered, or by somebody else since it was found.
            Ok(Verdict::Absent) if step.is_searched_for => self.met_nothing = Some(step),
            // What an earlier attempt has erased is not there, of course.
            Ok(Verdict::Absent) if marks.iter().all(|mark| progress.is_done(&step.count, *mark)) => {}
            Ok(Verdict::Absent) if self.plan.health.is_none() => self.found.unproved(step, Unproved::Uncontrolled),
            // Nobody has seen it there, so that it is gone now is no erasure; nor is it known that there was none.
            Ok(Verdict::Absent) if marks.iter().any(|mark| progress.is_unsure(&step.count, *mark)) => {
                self.found.unproved(step, Unproved::Unanswered);
            }
            Ok(Verdict::Absent) => {}
            Ok(Verdict::Retained) => {
                progress.refused(&step.count, &marks);
                self.found.retained(step, answer.status());
            }
            Err(error) => {
                match answer.unsure() {
                    true => progress.unsure(&step.count, &marks),
                    false => progress.not_begun(&step.count, &marks),
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn exchange(
        &self,
        step: &Planned,
        request: &http::Request,
        marks: &[u64],
        progress: &mut Progress,
    ) -> Result<http::Response, PluginError> {
        self.client.exchange(request, self.call).map_err(|Failure { error, unsure }| {
            match unsure {
                true => progress.unsure(&step.count, marks),
                false => progress.not_begun(&step.count, marks),
            }
            error
        })
    }

    /// What a step would erase, without erasing it.
    fn foresee(&mut self, step: &'a Planned) -> Result<(), PluginError> {
        let turns = self.turns(step)?.len() as u64;
        let how_many = match self.at_once(step) {
            Some(list) if turns > 0 => list.len() as u64,
            Some(_) => 0,
            None => turns,
        };
        if how_many == 0 {
            return Ok(());
        }
        self.found.wrote(step);
        if step.whole_lists().is_empty() && step.for_each.is_none() {
            self.found.blind(step);
        } else {
            self.found.there(step, how_many);
        }
        Ok(())
    }

    /// The longest of the lists that the body carries, where it does; an empty one when one of them is empty.
    fn at_once(&self, step: &Planned) -> Option<&[Value]> {
        let lists: Vec<&[Value]> = step.whole_lists().into_iter().map(|list| self.list(list)).collect();
        let empty = lists.iter().find(|list| list.is_empty());
        empty.or_else(|| lists.iter().max_by_key(|list| list.len())).copied()
    }

    fn values<'v>(&'v self, turn: &'v Turn<'_>) -> Values<'v> {
        Values {
            kinds: turn.kinds.clone(),
            region: self.request.region,
            item: turn.item.as_ref(),
            lists: &self.lists,
            idempotency_key: &self.request.idempotency_key,
            erasure: &self.request.erasure,
        }
    }
}

fn in_step(step: &Planned, error: PluginError) -> PluginError {
    PluginError { message: format!("step `{}`: {}", step.name, error.message), ..error }
}

/// Marks of what a request erases: one for each item that it carries in a list, so that a list that is shorter the next
/// time counts no item twice; otherwise one for the request.
fn marks(request: &http::Request, list: Option<&[Value]>) -> Vec<u64> {
    let method = request.method();
    let target = request.target();
    let of = |what: &[u8]| mark([method.as_str().as_bytes(), target.as_bytes(), what]);
    match list {
        Some(items) => items.iter().map(|item| of(item.to_string().as_bytes())).collect(),
        None => vec![of(request.body().unwrap_or_default())],
    }
}
