//! Plugins that do not end what they began.

use super::compiled::Compiled;
use super::trial::{Fate, Hostile, Trial, User};

#[test]
fn a_call_that_never_ends_is_killed_with_its_process_and_parked_alone() {
    for user in User::all() {
        let compiled = Compiled::new();
        let late = Fate::Poisons("no answer within 1 s; the plugin's process was killed");
        let library = |does| Hostile::library(does, &compiled.library(), late);
        let program = |does| Hostile::program(does, &compiled.script(), late);
        // The last three say half of something first.
        let hostile = vec![
            library("loop"),
            library("ignore"),
            library("stop"),
            program("loop"),
            program("stop"),
            program("leave"),
            library("half"),
            program("half a frame"),
            program("half a header"),
        ];
        let trial = Trial::start_as(user, hostile);
        trial.harm_and_check();
        trial.finish();
        assert!(compiled.programs().is_empty(), "what a program left behind is gone");
    }
}

#[test]
fn a_plugin_that_is_never_configured_keeps_nobody_waiting_and_not_the_shutdown() {
    let compiled = Compiled::new();
    let starting = Fate::Retries("the plugin is ");
    // More than fits into the socket's buffer, so that the server cannot even say it.
    let much = format!("config = {{ much = \"{}\" }}", "x".repeat(700_000));
    let hostile = vec![
        Hostile::library("hang in create", &compiled.library(), starting),
        Hostile::program("reads no configuration", &compiled.script(), starting).with(&much),
    ];
    let trial = Trial::start(hostile);
    trial.harm_and_check();
    trial.finish();
}
