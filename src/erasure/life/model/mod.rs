//! The life of an erasure, checked exhaustively for small bounds: every order in which two processes, their clocks, a ledger
//! whose answers get lost, targets and a person can act. What a step becomes is said by the transitions of [`super`] alone; the
//! model adds what surrounds them: leases, fences, crashes between any two writes, and what is true at the targets.
//!
//! A model that finds nothing proves nothing, so each rule can be left out, and then a counterexample is expected.

mod action;
mod ledger;
mod property;
mod search;
mod state;
mod step;

use search::explore;
use state::{Model, Rules, Setup, Target};

/// A target that may be asked again and again.
const REPEATABLE: Target = Target { name: "crm", once: false, finds: false };

/// One that must not be asked twice.
const ONCE: Target = Target { name: "letters", once: true, finds: false };

/// One that says first what it knows the person by.
const FINDS: Target = Target { name: "crm", once: false, finds: true };

/// Another one beside it.
const OTHER: Target = Target { name: "erp", ..REPEATABLE };

/// One target, with all that can go wrong.
fn one(target: Target, rules: Rules) -> Setup {
    Setup { targets: vec![target], orders: 1, attempts_max: 2, rules }
}

/// Two targets, whose states multiply: a call that fails needs a person at once, and none acts.
fn two(one: Target, other: Target) -> Setup {
    Setup { targets: vec![one, other], orders: 0, attempts_max: 1, rules: Rules::default() }
}

#[track_caller]
fn holds(setup: Setup) {
    match explore(&mut Model::new(setup)) {
        // Far fewer would mean that the model does not do what it should.
        Ok(states) => assert!(states > 1_000, "{states} states"),
        Err(found) => panic!("{found}"),
    }
}

#[track_caller]
fn breaks(target: Target, rules: Rules, property: &str) {
    let found = explore(&mut Model::new(one(target, rules)));
    let Err(found) = found else { panic!("nothing was found without this rule") };
    assert!(found.violated.contains(property), "{found}");
}

#[test]
fn a_target_that_may_be_asked_again_is_erased_at_and_the_receipt_is_true() {
    holds(one(REPEATABLE, Rules::default()));
}

#[test]
fn a_target_that_must_not_be_asked_twice_is_asked_once_for_each_order() {
    holds(one(ONCE, Rules::default()));
}

#[test]
fn two_targets_end_with_one_receipt() {
    holds(two(REPEATABLE, ONCE));
}

#[test]
fn two_targets_that_a_person_stops_end_with_one_receipt() {
    holds(Setup { orders: 1, ..two(OTHER, FINDS) });
}

#[test]
fn nobody_is_asked_to_erase_before_one_has_said_what_it_knows() {
    holds(two(FINDS, ONCE));
}

#[test]
fn without_the_fence_an_end_counts_once_more_when_somebody_else_has_the_work() {
    breaks(REPEATABLE, Rules { fence: false, ..Rules::default() }, "counted twice");
}

#[test]
fn with_the_fence_alone_an_end_that_is_written_again_counts_twice() {
    breaks(REPEATABLE, Rules { held: false, ..Rules::default() }, "counted twice");
}

#[test]
fn without_the_mark_a_target_is_asked_twice() {
    breaks(ONCE, Rules { mark: false, ..Rules::default() }, "asked twice");
}

#[test]
fn a_clock_that_loses_what_is_left_of_a_lease_lets_two_calls_run_at_once() {
    let drift_max = Rules::default().drift_max + 1;
    breaks(REPEATABLE, Rules { drift_max, ..Rules::default() }, "two destructive calls");
}
