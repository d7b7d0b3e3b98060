//! A rolling upgrade: the version before and the present one on one database, under load.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::calls::Calls;
use super::load::Load;
use super::verdict;
use crate::harness::{ERASE, Fleet, StandIn};

/// More than the upgrade takes, however slow the machine is; those that are begun by its end count.
const EVENTS_MAX: i64 = 10_000;
const PER_SECOND: u32 = 40;

/// Deliveries between two moments of the upgrade.
const BETWEEN: u64 = 60;

/// The program as it was a commit ago, which `tests/run` builds where there was one.
#[expect(clippy::print_stderr, reason = "what was not tried is said")]
fn previous() -> PathBuf {
    std::env::var_os("QUIETUS_TEST_PREVIOUS").map(PathBuf::from).unwrap_or_else(|| {
        eprintln!("no QUIETUS_TEST_PREVIOUS, which tests/run sets: the present program stands in for the one before");
        present()
    })
}

fn present() -> PathBuf {
    env!("CARGO_BIN_EXE_quietus").into()
}

/// Why the present ledger is not one that the commit before could have made, where that commit's successor declares it
/// (a trailer `Ledger-break:`).
fn declared_break() -> Option<String> {
    std::env::var("QUIETUS_TEST_DECLARED_BREAK").ok().filter(|why| !why.is_empty())
}

/// Its number, as its processes say it.
fn version(program: &PathBuf) -> String {
    let output = Command::new(program).arg("--version").output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    text.trim().rsplit(' ').next().expect("a version").to_owned()
}

#[test]
#[expect(clippy::print_stderr, reason = "what was not tried is said")]
fn a_fleet_is_upgraded_one_by_one_under_load() {
    if let Some(why) = declared_break() {
        eprintln!("declared break: {why}");
        return;
    }
    let (old, new) = (previous(), present());
    let standin = StandIn::start();
    let settings = [("LOG__LEVEL", "info"), ("MLUVII__CONCURRENCY_MAX", "12")];
    let mut fleet = Fleet::start_as(&old, &standin, ERASE, 2, &settings);
    let mut load = Load::start(&standin, &fleet, EVENTS_MAX, PER_SECOND);
    load.wait_for_further(BETWEEN);

    // The schema first; the servers of the version before go on working on it.
    fleet.deployment.migrate(&new);
    load.wait_for_further(BETWEEN);
    for member in 0..fleet.members.len() {
        let place = &mut fleet.members[member];
        let stopped = place.server.take().expect("it runs");
        stopped.leaves_work("the other one goes on with it");
        let (status, log) = stopped.stop();
        assert!(status.success(), "{status}: {log:#?}");
        place.program.clone_from(&new);
        load.wait_for_further(BETWEEN);
        fleet.start_member(member);
        load.moved(&fleet, member);
        load.wait_for_further(BETWEEN);

        let versions = (0..fleet.members.len()).map(|other| {
            let process: Value = fleet.process(other).expect("each one is on the list");
            process["version"].as_str().expect("a version").to_owned()
        });
        let expected = (0..fleet.members.len()).map(|other| version(if other <= member { &new } else { &old }));
        assert_eq!(versions.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        assert_eq!(fleet.processes().len(), fleet.members.len(), "a process that stopped is off the list");
    }
    assert!(!load.is_over(), "there was a load all the while");

    load.stop();
    let acknowledged = load.end();
    let events = i64::try_from(acknowledged.len()).expect("a small number");
    assert_eq!(acknowledged, (1..=events).collect());
    fleet.wait_for_receipts(events);
    fleet.stop();
    let mut calls = Calls::default();
    calls.fetch(&standin);
    verdict::all_is_done_once(&fleet, &standin, &calls.writes(), &acknowledged);
}
