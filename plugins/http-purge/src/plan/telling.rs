//! What the steps of `find` may tell other systems, and what not.

use std::collections::BTreeSet;

use super::results::Holder;
use super::returns::NOT_TOLD;
use super::step::Planned;
use crate::template::Name;

/// Checks the steps of `find` beside what is checked of all steps.
pub(super) fn check(steps: &[Planned]) -> Result<(), String> {
    for step in steps {
        is_sure(step).map_err(|why| format!("find step `{}`: {why}", step.name))?;
    }
    match !steps.is_empty() && steps.iter().all(|step| step.returns.is_none()) {
        true => Err("find: no step has `returns`, so that nobody would ever be told anything".to_owned()),
        false => Ok(()),
    }
}

/// Refuses steps elsewhere that would tell something.
pub(super) fn check_nothing_told(steps: &[Planned], which: &str) -> Result<(), String> {
    match steps.iter().find(|step| step.returns.is_some()) {
        Some(step) => Err(format!("{which} step `{}`: {NOT_TOLD}", step.name)),
        None => Ok(()),
    }
}

/// Whether what a step takes is surely the person's. Others erase by it, and their receipts cannot say that it was only believed.
fn is_sure(step: &Planned) -> Result<(), String> {
    if step.returns.is_some() && !step.personal {
        return Err("nothing in it depends on an identifier, so that it would tell the same of everybody".to_owned());
    }
    if step.results.source().is_some_and(|source| matches!(source.holder, Holder::Anywhere)) {
        return Err("`..` leads to whatever there is, so that nobody sees whether the answer has the list at all: name the list, as in \
                    `$.results[*]`"
            .to_owned());
    }
    if step.returns.is_some() && step.results.judged_later {
        return Err(
            "`returns` with `match = \"later\"`: nobody has judged these results yet; put it into the step that does"
                .to_owned(),
        );
    }
    // What belongs to what was found of the person.
    let is_listed = step.is_searched_for && step.for_each.is_some();
    if step.results.trusts_search && !is_listed {
        return Err("`match = \"trust_search\"` believes a search, of which the other systems' receipts would not say anything: add \
                    `match` with `path` and `equals`"
            .to_owned());
    }
    let Some(matches) = &step.results.matches else { return Ok(()) };
    // A candidate is nobody's by its own id.
    let names_item = matches.equals.names().any(|name| *name == Name::Item);
    if is_listed && names_item && !step.judges_candidates {
        return Ok(());
    }
    let kinds = matches.equals.names().filter_map(|name| match name {
        Name::Kind(kind) => Some(kind.as_str()),
        _ => None,
    });
    let kinds: BTreeSet<&str> = kinds.collect();
    let is_enough = kinds.iter().any(|kind| !["phone", "name"].contains(kind));
    match is_enough || !step.personal {
        true => Ok(()),
        false => Err("by `{{phone}}` or `{{name}}` alone, other systems would be told of somebody else who shares it: `equals` needs \
                      another identifier, such as `{{email}}`"
            .to_owned()),
    }
}
