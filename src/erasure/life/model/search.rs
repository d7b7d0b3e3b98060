//! Visits every state that can be reached, the nearest first, so that what is found has the shortest way to it.

use std::collections::HashMap;
use std::fmt;

use super::action::Action;
use super::state::{Model, State};
use crate::erasure::life::Begun;

/// More states mean that something in a state grows without a bound.
const STATES_MAX: usize = 4_000_000;

/// A way to what must not be.
#[derive(Debug)]
pub(super) struct Counterexample {
    pub(super) violated: &'static str,
    trace: Vec<Action>,
    state: State,
    steps: Option<Begun>,
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, after:", self.violated)?;
        for (number, action) in self.trace.iter().enumerate() {
            writeln!(f, "{:3}. {action:?}", number + 1)?;
        }
        writeln!(f, "{:#?}\n{:#?}", self.state, self.steps)
    }
}

/// A state that was reached, and from where it was reached first.
struct Reached {
    state: State,
    from: Option<(usize, Action)>,
}

/// Returns how many states there are, or what they break.
pub(super) fn explore(model: &mut Model) -> Result<usize, Box<Counterexample>> {
    let first = model.first();
    let mut reached = vec![Reached { state: first, from: None }];
    let mut numbers = HashMap::from([(first.key(), 0)]);
    let mut ways = Vec::new();
    let mut number = 0;
    while number < reached.len() {
        let before = reached[number].state;
        for action in model.actions(&before) {
            let after = model.next(before, action);
            let next = *numbers.entry(after.key()).or_insert(reached.len());
            if next == reached.len() {
                reached.push(Reached { state: after, from: Some((number, action)) });
            }
            if let Some(violated) = model.violated(&before, &after) {
                let mut trace = trace(&reached, number);
                trace.push(action);
                return Err(found(model, violated, trace, after));
            }
            ways.push((number, next));
        }
        number += 1;
        assert!(reached.len() <= STATES_MAX, "there are too many states: {:#?}", reached[number].state);
    }
    match stuck(model, &reached, &ways) {
        Some(stuck) => {
            let trace = trace(&reached, stuck);
            Err(found(model, "nothing leads to an end from here", trace, reached[stuck].state))
        }
        None => Ok(reached.len()),
    }
}

fn found(model: &Model, violated: &'static str, trace: Vec<Action>, state: State) -> Box<Counterexample> {
    Box::new(Counterexample { violated, trace, state, steps: model.steps(&state).cloned() })
}

/// What has led to a state.
fn trace(reached: &[Reached], mut number: usize) -> Vec<Action> {
    let mut trace = Vec::new();
    while let Some((from, action)) = reached[number].from {
        trace.push(action);
        number = from;
    }
    trace.reverse();
    trace
}

/// The nearest state from which no way leads to an end.
fn stuck(model: &Model, reached: &[Reached], ways: &[(usize, usize)]) -> Option<usize> {
    let mut before = vec![Vec::new(); reached.len()];
    for (from, to) in ways {
        before[*to].push(*from);
    }
    let mut leads: Vec<bool> = reached.iter().map(|reached| model.is_end(&reached.state)).collect();
    let mut next: Vec<usize> = (0..reached.len()).filter(|number| leads[*number]).collect();
    while let Some(to) = next.pop() {
        for from in &before[to] {
            if !std::mem::replace(&mut leads[*from], true) {
                next.push(*from);
            }
        }
    }
    leads.iter().position(|leads| !leads)
}
