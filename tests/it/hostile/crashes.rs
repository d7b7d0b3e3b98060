//! Plugins that die during a call.

use super::compiled::Compiled;
use super::trial::{Fate, Hostile, Trial, User};

/// Who looks at a process's memory from time to time needs some, on a busy machine more than a call usually has here.
const WATCHED: &str = "call_max = \"30s\"\nlimits = { memory_mib = 128 }";

#[test]
fn a_call_that_kills_its_plugin_is_parked_alone_however_it_does_it() {
    for user in User::all() {
        let compiled = Compiled::new();
        let library = |does, how| Hostile::library(does, &compiled.library(), Fate::Poisons(how));
        let hostile = vec![
            library("segv", "signal 11"),
            library("abort", "signal 6"),
            library("exit", "exit code 0"),
            library("overflow", "signal 6"),
            library("eat", "signal 11").with("limits = { memory_mib = 128 }"),
            library("eat and seal", "`limits.memory_mib` is 128").with(WATCHED),
            library("kill group", "signal 9"),
            Hostile::program("exit", &compiled.script(), Fate::Poisons("exit code 0")),
            Hostile::program("abort", &compiled.script(), Fate::Poisons("signal 6")),
            Hostile::program("eat in several", &compiled.script(), Fate::Poisons("`limits.memory_mib` is 128"))
                .with(WATCHED),
            Hostile::program("kill group", &compiled.script(), Fate::Poisons("signal 9")),
            Hostile::program("close", &compiled.script(), Fate::Poisons("no answer within 1 s")),
        ];
        let trial = Trial::start_as(user, hostile);
        trial.harm_and_check();
        trial.finish();
    }
}

#[test]
fn a_plugin_that_panics_keeps_its_process_unless_the_panic_leaves_it() {
    let mut hostile = vec![
        // The SDK catches it: a failed call like others, given up after as many attempts.
        Hostile::library("panic", "libpanicking.so".as_ref(), Fate::Parks("the plugin panicked")),
        Hostile::library("unwind", "libpanicking.so".as_ref(), Fate::Poisons("signal")),
    ];
    hostile.push(Hostile::library("panic in create", "libpanicking.so".as_ref(), Fate::Fails("panicked")));
    let trial = Trial::start(hostile);
    trial.harm_and_check();
    trial.finish();
}
