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

use search::{Counterexample, explore};
use state::{Model, Rules, Setup, Target};

/// A target that may be asked again and again.
const REPEATABLE: Target = Target { name: "crm", once: false, finds: false };

/// One that must not be asked twice.
const ONCE: Target = Target { name: "letters", once: true, finds: false };

/// One that says first what it knows the person by.
const FINDS: Target = Target { name: "crm", once: false, finds: true };

#[track_caller]
fn holds(targets: &[Target], orders: u8) {
    let setup = Setup { targets: targets.to_vec(), orders, rules: Rules::default() };
    match explore(&mut Model::new(setup)) {
        // Far fewer would mean that the model does not do what it should.
        Ok(states) => assert!(states > 1_000, "{states} states"),
        Err(found) => panic!("{found}"),
    }
}

#[track_caller]
fn breaks(target: Target, rules: Rules, property: &str) {
    let found = explore(&mut Model::new(Setup { targets: vec![target], orders: 1, rules }));
    let Err(Counterexample { violated, trace, .. }) = found else { panic!("nothing was found without this rule") };
    assert!(violated.contains(property), "{violated}: {trace:#?}");
}

#[test]
fn a_target_that_may_be_asked_again_is_erased_at_and_the_receipt_is_true() {
    holds(&[REPEATABLE], 1);
}

#[test]
fn a_target_that_must_not_be_asked_twice_is_asked_once_for_each_order() {
    holds(&[ONCE], 1);
}

#[test]
fn two_targets_end_with_one_receipt() {
    holds(&[REPEATABLE, ONCE], 0);
}

#[test]
fn nobody_is_asked_to_erase_before_one_has_said_what_it_knows() {
    holds(&[FINDS, ONCE], 0);
}

#[test]
fn without_the_fence_a_late_end_lets_two_calls_run_at_once() {
    breaks(REPEATABLE, Rules { fence: false, ..Rules::default() }, "two destructive calls");
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
