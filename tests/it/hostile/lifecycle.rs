//! Plugins that die, hang or are stopped at the seams of their life: at the end, from outside, again and again.

use super::compiled::Compiled;
use super::processes::{all, signal, stat};
use super::trial::{Fate, Hostile, Trial, User};
use crate::harness::{PATIENCE, memory_kib, wait_for, wait_within};

/// How often a plugin is started anew while nothing may grow: enough to see what grows by one each time. `QUIETUS_RESTARTS`
/// makes it more, and then its memory says something, too.
fn restarts() -> u64 {
    std::env::var("QUIETUS_RESTARTS").map_or(24, |text| text.parse().expect("a number"))
}

/// What a server may grow by meanwhile; an allocator keeps some.
const GROWTH_KIB_MAX: u64 = 16 << 10;

#[test]
fn a_plugin_that_dies_or_hangs_in_destroy_keeps_no_shutdown_from_ending() {
    let compiled = Compiled::new();
    let library = |does| Hostile::library(does, &compiled.library(), Fate::Erases);
    let trial = Trial::start(vec![library("crash in destroy"), library("hang in destroy")]);
    trial.harm_and_check();
    trial.finish();
}

#[test]
fn a_plugin_that_is_stopped_from_outside_is_killed_at_the_next_call_and_started_again() {
    for user in User::all() {
        let compiled = Compiled::new();
        let trial = Trial::start_as(
            user,
            vec![
                Hostile::library("good", &compiled.library(), Fate::Erases),
                Hostile::program("good", &compiled.script(), Fate::Erases),
            ],
        );
        for (number, name) in ["good", "exec-good"].into_iter().enumerate() {
            let stopped = trial.up(name);
            signal(&format!("-{stopped}"), "STOP");
            let session = trial.person(number, "good", 1);
            assert_eq!(trial.outcome(session, name)["outcome"], "erased", "it was called again in another process");
            assert_ne!(trial.up(name), stopped);
            assert_eq!(stat(stopped), None, "the stopped one is gone, and waited for");
        }
        trial.finish();
    }
}

#[test]
fn a_plugin_that_crashes_again_and_again_rests_until_it_is_reloaded() {
    let compiled = Compiled::new();
    let trial = Trial::start(vec![
        Hostile::library("abort", &compiled.library(), Fate::Erases),
        Hostile::library("good", &compiled.library(), Fate::Erases),
    ]);
    for _ in 0..4 {
        let running = trial.up("abort");
        signal(&running.to_string(), "KILL");
        wait_for("its end to be seen", || (trial.process("abort") != Some(running)).then_some(()));
    }
    // The last one is a person's call; it did not cause the others.
    let evil = trial.person(0, "evil", 2);
    wait_for("its open breaker", || {
        let state = trial.plugin("abort")["state"].clone();
        state["detail"].as_str()?.contains("the circuit breaker is open for 5 minutes after 5 crashes").then_some(())
    });
    let good = trial.person(0, "good", 3);
    assert_eq!(trial.outcome(trial.person(1, "good", 1), "good")["outcome"], "erased", "others go on");
    assert_eq!(trial.plugin("abort")["restarts"], 4, "it is left alone");

    let reloaded = trial.deployment.run(&["plugin", "reload", "abort"]);
    assert!(reloaded.status.success(), "{reloaded:?}");
    assert_eq!(trial.outcome(good, "abort")["outcome"], "erased", "what waited goes on");
    let parked = trial.outcome(evil, "abort");
    assert!(parked["reason"].as_str().is_some_and(|why| why.contains("3 times")), "{parked}");
    trial.finish();
}

#[test]
fn nothing_grows_over_many_restarts() {
    for user in User::all() {
        let compiled = Compiled::new();
        let trial = Trial::start_as(
            user,
            vec![
                Hostile::library("good", &compiled.library(), Fate::Erases),
                Hostile::program("good", &compiled.script(), Fate::Erases),
            ],
        );
        let server = trial.server.id();
        let reload = |name| {
            let reloaded = trial.deployment.run(&["plugin", "reload", name]);
            assert!(reloaded.status.success(), "{reloaded:?}");
        };
        // A death, and a new life asked for, which ends the count of deaths.
        let round = |name: &'static str| {
            let dead = trial.up(name);
            signal(&dead.to_string(), "KILL");
            wait_for("its end to be seen", || stat(dead).is_none().then_some(()));
            reload(name);
        };
        let rounds = |count| (0..count).for_each(|n| round(if n % 4 == 3 { "exec-good" } else { "good" }));
        let now = || Census::of(server);
        let both = 2;
        rounds(8);
        let before = wait_for("all to be up", || Some(now()).filter(|now| now.children == both + 1));
        rounds(restarts());
        // Connections come and go, so it is enough that it is so at one time.
        let mut last = before;
        let settled = wait_within(PATIENCE, || {
            last = now();
            last.is_no_more_than(&before).then_some(())
        });
        assert!(settled.is_some(), "{before:?}, and then {last:?}");
        assert!(last.memory_kib <= before.memory_kib + GROWTH_KIB_MAX, "{before:?}, {last:?}");
        let session = trial.person(0, "good", 1);
        assert_eq!(trial.outcome(session, "good")["outcome"], "erased");
        trial.finish();
        assert!(compiled.programs().is_empty());
    }
}

/// What a server has.
#[derive(Clone, Copy, Debug)]
struct Census {
    descriptors: usize,
    threads: usize,
    children: usize,
    zombies: usize,
    memory_kib: u64,
}

impl Census {
    fn is_no_more_than(&self, before: &Self) -> bool {
        // Connections are opened when they are needed, of which the ledger's readers take three descriptors each.
        let spare = 15;
        (self.zombies, self.children) == (0, before.children)
            && self.threads <= before.threads + spare
            && self.descriptors <= before.descriptors + spare
    }

    #[track_caller]
    fn of(server: u32) -> Self {
        let count = |what: &str| std::fs::read_dir(format!("/proc/{server}/{what}")).expect("it runs").count();
        let children: Vec<char> = all()
            .into_iter()
            .filter_map(|id| stat(id).filter(|(_, parent, _)| *parent == server))
            .map(|(state, ..)| state)
            .collect();
        Self {
            descriptors: count("fd"),
            threads: count("task"),
            zombies: children.iter().filter(|state| **state == 'Z').count(),
            children: children.len(),
            memory_kib: memory_kib(server, "VmRSS"),
        }
    }
}
