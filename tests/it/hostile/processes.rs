//! Plugins that multiply: processes, threads, descriptors. And what tests see of processes.

use std::path::Path;

use super::compiled::Compiled;
use super::trial::{Fate, Hostile, Trial, User};
use crate::harness::wait_for;

/// "Not permitted".
const EPERM: i64 = 1;

#[test]
fn a_library_starts_no_process_and_a_program_takes_all_of_its_own_with_it() {
    for user in User::all() {
        let compiled = Compiled::new();
        let library = |does| Hostile::library(does, &compiled.library(), Fate::Erases);
        let hostile = vec![
            library("fork"),
            library("exec"),
            library("threads"),
            library("files"),
            Hostile::program("bomb", &compiled.script(), Fate::Poisons("signal 6")).with("call_max = \"30s\""),
            Hostile::program("kill server", &compiled.script(), Fate::Erases),
            Hostile::program("kill guard", &compiled.script(), Fate::Erases),
        ];
        let trial = Trial::start_as(user, hostile);
        trial.harm_and_check();
        let counted = |name, count: &str| trial.outcome(trial.evil(name), name)["counts"][count].as_i64();
        assert_eq!(counted("fork", "forks"), Some(0));
        assert_eq!(counted("exec", "errno"), Some(EPERM));
        assert!(counted("threads", "threads").is_some_and(|threads| (1..2000).contains(&threads)));
        assert!(counted("files", "files").is_some_and(|files| (1..256).contains(&files)));
        assert_eq!(counted("exec-kill-server", "refused"), Some(2));
        assert_eq!(counted("exec-kill-guard", "refused"), Some(3), "it is outside of the sandbox");
        let alive = ["exec-kill-server", "exec-kill-guard", "exec-bomb"].map(|name| trial.up(name));
        wait_for("the bombs to be gone", || {
            let left = compiled.programs();
            let of_those = left.iter().all(|id| stat(*id).is_some_and(|(_, _, group)| alive.contains(&group)));
            (of_those && left.len() == alive.len()).then_some(())
        });
        trial.finish();
        assert!(compiled.programs().is_empty(), "what a program left behind is gone");
    }
}

/// State, parent and process group of a process that is there.
pub(super) fn stat(process: u32) -> Option<(char, u32, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// All processes of this machine.
pub(super) fn all() -> Vec<u32> {
    let entries = std::fs::read_dir(Path::new("/proc")).expect("Linux");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// The processes of a group that have not ended.
pub(super) fn of_group(group: u32) -> Vec<u32> {
    all().into_iter().filter(|id| stat(*id).is_some_and(|(state, _, of)| of == group && state != 'Z')).collect()
}

/// Sends a signal to a process, or with a minus before its id to a group.
#[track_caller]
pub(super) fn signal(whom: &str, name: &str) {
    let sent = std::process::Command::new("kill").args([&format!("-{name}"), "--", whom]).status();
    assert!(sent.expect("kill runs").success(), "{whom} is there");
}
