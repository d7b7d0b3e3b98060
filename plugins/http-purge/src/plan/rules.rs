//! What steps must have in common to say anything together: refused here is what could not be believed.

use super::results::Holder;
use super::step::Planned;

/// Refuses a step that may change something, where all steps only look.
pub(super) fn only_looks(steps: &[Planned], which: &str) -> Result<(), String> {
    match steps.iter().find(|step| !step.reads) {
        None => Ok(()),
        Some(Planned { name, method, .. }) => {
            let help = format!("{which} only looks: GET, HEAD, or `reads = true`");
            Err(format!("{which} step `{name}`: {method} may change something; {help}"))
        }
    }
}

/// Checks the steps of `erase`, `verify` or `find`, of which `health` may be the control.
pub(super) fn check(steps: &[Planned], which: &str, health: Option<&Planned>) -> Result<(), String> {
    for step in steps {
        let checked = needs_control(step, health)
            .and_then(|()| is_lookup(step))
            .and_then(|()| is_judged_later(step, steps))
            .and_then(|()| completes(step, steps));
        checked.map_err(|why| format!("{which} step `{}`: {why}", step.name))?;
    }
    Ok(())
}

/// A status alone says nothing: a gateway answers 404 to everything.
fn needs_control(step: &Planned, health: Option<&Planned>) -> Result<(), String> {
    let why = if step.lookup {
        "looks one record up"
    } else if step.reads && step.personal && !step.reads_body() {
        "looks by the status alone"
    } else if step.completes.is_some() {
        "deletes what no search shows"
    } else {
        return Ok(());
    };
    match health {
        Some(_) => Ok(()),
        None => Err(format!(
            "{why}, and a 404 proves nothing by itself: add `health`, a request that is always answered with success"
        )),
    }
}

fn is_lookup(step: &Planned) -> Result<(), String> {
    let takes_one = step.results.items.as_ref().is_some_and(|items| matches!(items.holder, Holder::Value));
    match step.lookup && !(step.reads && takes_one && step.paging.is_none()) {
        true => {
            Err("`lookup` is for a request that reads one record: set `items` to where that is, such as `$`, and no \
                     `paging`"
                .to_owned())
        }
        false => Ok(()),
    }
}

/// What is nobody's yet must be judged by all that use it.
fn is_judged_later(step: &Planned, steps: &[Planned]) -> Result<(), String> {
    if !step.results.judged_later {
        return Ok(());
    }
    let uses = |later: &&Planned| {
        let lists = later.for_each.as_deref().into_iter().chain(later.whole_lists());
        lists.filter_map(|list| list.split_once('.')).any(|(name, _)| name == step.name)
    };
    // By its own id, a candidate would be whoever's.
    let names_person = |later: &Planned| later.results.matches.as_ref().is_some_and(|matches| matches.names_person);
    let judges = |later: &Planned| later.reads && later.for_each.is_some() && names_person(later);
    let mut users = steps.iter().filter(uses).peekable();
    if users.peek().is_none() {
        return Err(
            "`match = \"later\"`, and no later step judges its results: add one with `for_each` and `match`".to_owned()
        );
    }
    match users.find(|later| !judges(later)) {
        Some(later) => Err(format!(
            "`match = \"later\"`, and step `{}` uses its results without judging them: it must read each (`for_each`) and have a \
             `match` with `path`, and an identifier in `equals`",
            later.name
        )),
        None => Ok(()),
    }
}

fn completes(step: &Planned, steps: &[Planned]) -> Result<(), String> {
    let Some(first) = &step.completes else { return Ok(()) };
    let mut before = steps.iter().take_while(|earlier| earlier.name != step.name);
    let first = before.find(|earlier| earlier.name == *first && !earlier.reads);
    let is_same = |first: &Planned| step.for_each.is_some() && first.for_each == step.for_each;
    match first.is_some_and(is_same) && !step.reads {
        true => Ok(()),
        false => Err("`completes` names an earlier step that deletes, and both need the same `for_each`".to_owned()),
    }
}
