//! The server is killed while its plugins are busy, and no process of theirs outlives it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::compiled::Compiled;
use super::processes::{all, of_group, signal, stat};
use super::trial::{Fate, Hostile, Trial, User};
use crate::harness::wait_for;

/// The longest that anything of a plugin may outlive the server.
const OUTLIVES_MAX: Duration = Duration::from_secs(1);

#[test]
fn nothing_of_a_plugin_outlives_a_server_that_is_killed_and_the_next_one_loses_nothing() {
    for user in User::all() {
        let compiled = Compiled::new();
        let long = "call_max = \"60s\"";
        let library = |does| Hostile::library(does, &compiled.library(), Fate::Erases).with(long);
        let program = |does| Hostile::program(does, &compiled.script(), Fate::Erases).with(long);
        let hostile = vec![
            library("good"),
            library("loop"),
            library("ignore"),
            library("stop"),
            library("stay in handlers"),
            library("threads and ignore"),
            Hostile::library("hang in create", &compiled.library(), Fate::Erases),
            program("loop"),
            program("leave"),
            program("stop"),
            program("deaf"),
            program("hold guard"),
            program("good").named("stopped"),
        ];
        let mut trial = Trial::start_as(user, hostile);
        for number in 0..trial.plugins() {
            trial.person(number, "evil", 2);
        }
        let busy = [
            "loop",
            "ignore",
            "stop",
            "stay-in-handlers",
            "threads-and-ignore",
            "exec-loop",
            "exec-leave",
            "exec-stop",
            "exec-deaf",
            "exec-hold-guard",
        ];
        wait_for("the plugins to be busy", || busy.iter().all(|name| trial.plugin(name)["calls"] == 1).then_some(()));
        wait_for("what a program started", || (compiled.programs().len() >= 9).then_some(()));
        wait_for("those that stop themselves", || {
            let stopped = all().into_iter().filter(|id| stat(*id).is_some_and(|(state, _, _)| state == 'T'));
            let groups: BTreeSet<u32> = stopped.filter_map(|id| Some(stat(id)?.2)).collect();
            ["stop", "exec-stop"].iter().all(|name| groups.contains(&trial.up(name))).then_some(())
        });
        // And one that is stopped from outside, guard and all.
        let stopped = trial.up("stopped");
        signal(&format!("-{stopped}"), "STOP");
        let groups: Vec<u32> = trial.server.children().iter().map(|id| id.parse().expect("an id")).collect();
        assert!(groups.len() > trial.plugins(), "one of each, and the well-behaved one: {groups:?}");

        let killed = Instant::now();
        trial.kill_server();
        wait_for("everything of theirs to end", || {
            (groups.iter().all(|group| of_group(*group).is_empty()) && compiled.programs().is_empty()).then_some(())
        });
        let outlived = killed.elapsed();
        assert!(outlived < OUTLIVES_MAX, "{outlived:?}");

        trial.start_again();
        trial.up("good");
        trial.server.leaves_work("its plugins hang again");
        trial.finish();
        assert!(compiled.programs().is_empty());
    }
}
