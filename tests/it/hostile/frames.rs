//! Answers that are none, and a protocol that is spoken wrongly.

use super::compiled::Compiled;
use super::trial::{Fate, Hostile, Trial};

#[test]
fn an_answer_of_a_library_that_is_none_fails_its_call_and_no_other() {
    let compiled = Compiled::new();
    let library = |does, fate| Hostile::library(does, &compiled.library(), fate);
    let none = Fate::Parks("the plugin's answer is not one");
    let hostile = vec![
        library("twice", Fate::Erases),
        library("unknown", Fate::Erases),
        library("late", Fate::Parks("the plugin gave no answer")),
        library("nothing", Fate::Parks("the plugin gave no answer")),
        library("huge", Fate::Parks("the plugin's answer is too large")).with("call_max = \"60s\""),
        library("garbage", none),
        library("deep", none),
        library("deep whole", none),
        library("not utf-8", none),
        // Half an emoji costs a character, and nothing else.
        library("surrogate", Fate::Retains("\u{fffd}")),
        library("nul", none),
        library("null", none),
        library("escaped nul", Fate::Retains("a b [31m")),
    ];
    let trial = Trial::start(hostile);
    trial.harm_and_check();
    for (name, count) in [("twice", "first"), ("unknown", "known")] {
        let step = trial.outcome(trial.evil(name), name);
        assert_eq!(
            step["counts"].as_object().map(|counts| counts.keys().cloned().collect()),
            Some(vec![count.to_owned()])
        );
    }
    trial.finish();
}

#[test]
fn a_library_that_writes_into_or_closes_the_line_of_its_host_is_lost() {
    let compiled = Compiled::new();
    let library = |does, how| Hostile::library(does, &compiled.library(), Fate::Poisons(how));
    let trial = Trial::start(vec![library("scribble", "broke the protocol"), library("close", "its process ended")]);
    trial.harm_and_check();
    trial.finish();
}

#[test]
fn a_program_that_breaks_the_protocol_is_lost_and_what_it_says_to_nobody_is_ignored() {
    let compiled = Compiled::new();
    let broken = |does| Hostile::program(does, &compiled.script(), Fate::Poisons("it broke the protocol"));
    let hostile = vec![
        broken("zero length"),
        broken("four gigabytes"),
        broken("sixty-four megabytes").with("call_max = \"60s\""),
        broken("not JSON"),
        broken("no object"),
        broken("not UTF-8"),
        broken("deep"),
        broken("deep in a result"),
        broken("NUL"),
        Hostile::program("surrogate", &compiled.script(), Fate::Retains("\u{fffd}")),
        broken("second hello"),
        broken("ready again"),
        Hostile::program("deep in what is unknown", &compiled.script(), Fate::Erases),
        Hostile::program("two answers", &compiled.script(), Fate::Erases),
        Hostile::program("unknown call", &compiled.script(), Fate::Erases),
    ];
    let trial = Trial::start(hostile);
    trial.harm_and_check();
    trial.finish();
}
