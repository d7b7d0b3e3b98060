//! What each level of the sandbox promises, and several ways around each promise, none of which leads anywhere. The table is
//! printed, and stands in PLUGINS.md.

mod table;

use std::fmt::Write as _;

use libc::{EACCES, ENOSYS, EPERM};
use serde_json::json;

use super::exec::wayward;
use super::sandbox::Prober;
use super::supervisor::Running;
use super::*;
use crate::plugin::launch::Level;
use crate::target::{Answer, TargetError};
use table::{IN_MEMORY, MEMORY_MIB, OF_LIBRARIES, Outside, Promise, Way, port, promises, syscalls};

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the table is what was tried")]
async fn no_way_leads_around_what_a_level_promises() {
    println!("{}", try_all(&program(), Level::Basic).await);
}

/// What a level promises holds by itself, and not by what a higher one refuses as well.
#[tokio::test]
async fn on_a_kernel_without_landlock_the_level_below_it_holds_too() {
    let program = without_landlock();
    let table = try_all(&program, Level::Syscalls).await;
    assert!(
        table.lines().any(|row| row.starts_with("| `files`") && row.ends_with("| not on this kernel |")),
        "{table}"
    );
    let outside = Outside::new();
    for file in [IN_MEMORY, "/dev/zero"] {
        let prober = Prober::start_as(program.clone(), outside.settings()).await;
        must_end(&prober, &format!("hog-file {file}")).await;
        prober.stop().await;
    }
    std::fs::remove_file(IN_MEMORY).expect("there, as files are the next level's");
}

/// On a kernel that seems to lack `landlock_create_ruleset`.
fn without_landlock() -> Program {
    let this = std::env::current_exe().expect("known").display().to_string();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/without.py");
    Program::new("/usr/bin/python3", [script, "444", this.leak(), CHILD, "--exact"])
}

/// Tries all ways around what this level and those above it promise; says how many there were.
async fn try_all(program: &Program, from: Level) -> String {
    let outside = Outside::new();
    let mut table = String::from("| level | what it promises | ways around it that were tried |\n|---|---|---|\n");
    for Promise { level, text, ways } in promises(&outside).into_iter().filter(|promise| promise.level >= from) {
        // What uses up memory would be in the way of what comes next.
        let prober = Prober::start_as(program.clone(), outside.settings()).await;
        if prober.level < level {
            let _ = writeln!(table, "| `{}` | {text} | not on this kernel |", level.as_str());
        } else {
            for way in &ways {
                try_way(program, &outside, &prober, text, way).await;
            }
            let _ = writeln!(table, "| `{}` | {text} | {} |", level.as_str(), ways.len());
        }
        prober.stop().await;
    }
    for name in ["secret", "read", "mine/a"] {
        let file = std::fs::metadata(outside.path(name)).expect("still there");
        assert_eq!((file.len(), file.permissions().mode() & 0o444), (1, 0o444), "{name} is as it was");
    }
    table
}

async fn try_way(program: &Program, outside: &Outside, prober: &Prober, text: &str, way: &Way) {
    let fresh = || Prober::start_as(program.clone(), outside.settings());
    match way {
        Way::Refused(what) => {
            let errno = prober.errno(what).await;
            assert!([EPERM, EACCES, ENOSYS].contains(&errno), "{text}: {what}: errno {errno}");
        }
        Way::AtMost(what, most) => {
            let fresh = fresh().await;
            let came = fresh.errno(what).await;
            assert!(came <= *most, "{text}: {what}: {came}");
            fresh.stop().await;
        }
        Way::Ended(what) => {
            let fresh = fresh().await;
            must_end(&fresh, what).await;
            fresh.stop().await;
        }
    }
}

/// Its process is ended for the memory that it has, and that is said.
async fn must_end(prober: &Prober, what: &str) {
    said_why(what, &prober.erase(what).await);
}

fn said_why(what: &str, ended: &Result<Answer, TargetError>) {
    let Err(TargetError::Retryable(why)) = ended else { panic!("{what}: {ended:?}") };
    let said = format!("`limits.memory_mib` is {MEMORY_MIB}");
    assert!(why.contains("its memory came to ") && why.contains(&said), "{what}: {why}");
}

#[test]
fn what_is_promised_stands_in_the_documentation() {
    let documented = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/PLUGINS.md")).expect("there");
    for Promise { level, text, .. } in promises(&Outside::new()) {
        let row = format!("| `{}` | {text} |", level.as_str());
        assert!(documented.contains(&row), "not in PLUGINS.md: {row}");
    }
}

/// A program is held to the same, but for what a program is allowed: children, and signals to them.
#[tokio::test]
async fn a_program_finds_no_way_around_either() {
    let outside = Outside::new();
    let running = Running::with(wayward(json!({ "ports": [port(&outside.open)] })), None).await;
    for Promise { text, ways, .. } in syscalls(&outside) {
        if text == OF_LIBRARIES {
            continue;
        }
        for way in ways {
            // The others are a library's to speak.
            if let Way::Refused(what) = way
                && (what.starts_with("sys ") || what.starts_with("socket "))
            {
                let errno = running.number(&what).await;
                assert!([EPERM, EACCES, ENOSYS].contains(&errno), "{text}: {what}: errno {errno}");
            }
        }
    }
    assert_eq!(running.number("children").await, 0, "it may start others, and speak with them");
    running.stop().await;
}

/// All that it has started counts, whoever its parent is; what several share counts once.
#[tokio::test]
async fn a_programs_memory_is_limited_together_with_that_of_what_it_starts() {
    let limits = json!({ "limits": { "memory_mib": MEMORY_MIB } });
    for what in ["hog-sealed", "hog-tables", "hog-spread"] {
        let running = Running::with(wayward(limits.clone()), None).await;
        said_why(what, &running.erase(what).await);
        running.stop().await;
    }
    let running = Running::with(wayward(limits), None).await;
    assert_eq!(running.number("share").await, 4);
    running.stop().await;
}

/// What a plugin's runtime does every day must go on: an allow-list that forbids it is wrong.
#[tokio::test]
async fn what_plugins_live_by_is_allowed() {
    let outside = Outside::new();
    let prober = Prober::start(outside.settings()).await;
    let open = port(&outside.open);
    let mine = outside.path("mine/b");
    let everyday = [
        format!("connect {open}"),
        format!("socket {} {} 0", libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK),
        format!("socket {} {} 17", libc::AF_INET6, libc::SOCK_DGRAM),
        format!("socket {} {} 0", libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC),
        "thread".into(),
        "affinity 0".into(),
        "own-signal".into(),
        "read /etc/hosts".into(),
        "read /proc/self/status".into(),
        "write /dev/null".into(),
        format!("write {mine}"),
        format!("read {mine}"),
        format!("rewrite {mine}"),
        format!("list {}", outside.path("mine")),
        format!("own-attributes {mine}"),
        format!("exchange {mine}"),
        format!("unlink {mine}"),
    ];
    for what in everyday {
        assert_eq!(prober.errno(&what).await, 0, "{what}");
    }
    prober.stop().await;
}

#[tokio::test]
async fn a_socket_in_the_file_system_is_reached_where_the_operator_names_it() {
    let outside = Outside::new();
    let local = outside.path("socket");
    let prober = Prober::start(json!({ "writes": [local] })).await;
    assert_eq!(prober.errno(&format!("local {local}")).await, 0);
    prober.stop().await;
}

#[tokio::test]
async fn a_plugin_without_a_port_has_no_network_at_all() {
    let outside = Outside::new();
    let prober = Prober::start(json!({})).await;
    for family in [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK] {
        for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM] {
            assert_eq!(prober.errno(&format!("socket {family} {kind} 0")).await, EPERM);
        }
    }
    assert_eq!(prober.errno(&format!("connect {}", port(&outside.open))).await, EPERM);
    prober.stop().await;
}
