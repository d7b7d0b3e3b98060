//! `quietus demo`, as a newcomer runs it.

use crate::harness::{Process, client, http, quietus, signal, wait_for};

#[test]
fn the_demo_ends_with_a_proof() {
    let output = quietus().arg("demo").stdin(std::process::Stdio::null()).output().expect("quietus runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(!said.contains('✗'), "{said}");
    let parts = [
        "waits for approval",
        "approved",
        "everything that was due is erased",
        "Dana Malá: still there, as agreed",
        "incomplete",
        "nobody in them",
        "3 receipts: signatures and chain verified",
    ];
    for part in parts {
        assert!(said.contains(part), "{part}: {said}");
    }
}

/// A terminal that is closed ends it as Ctrl-C does, and a service manager too.
#[test]
fn the_demo_that_is_kept_can_be_tried_and_ended() {
    for ending in ["INT", "HUP"] {
        kept_and_ended(ending);
    }
}

fn kept_and_ended(ending: &str) {
    let mut command = quietus();
    command.args(["demo", "--keep"]);
    let mut demo = Process::spawn(command);
    let url = demo.told("what to try", |line| {
        line.strip_prefix("  curl http://")
            .filter(|rest| rest.ends_with("/readyz"))
            .map(|rest| format!("http://{rest}"))
    });
    let (status, body) = http(client().get(url));
    assert_eq!((status, body.contains("\"crm\":\"up\"")), (200, true), "{body}");
    let server = server_of(&demo);
    demo.signal(ending);
    assert!(demo.end().success(), "{ending}: {:#?}", demo.lines());
    assert!(!serves(&server), "{ending}: its server outlived it");
}

/// However early it is ended, its server does not go on without it.
#[test]
fn a_demo_that_is_cut_off_takes_its_server_with_it() {
    for ending in ["INT", "TERM", "HUP"] {
        let mut command = quietus();
        command.arg("demo");
        let mut demo = Process::spawn(command);
        let server = server_of(&demo);
        demo.signal(ending);
        assert_eq!(demo.end().code(), Some(1), "{ending}: {:#?}", demo.lines());
        wait_for("its server to end", || (!serves(&server)).then_some(()));
    }
}

fn server_of(demo: &Process) -> String {
    wait_for("its server to start", || demo.children().into_iter().find(serves))
}

/// Whether a process is a server.
fn serves(process: &String) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/cmdline")).is_ok_and(|line| line.contains("\0serve\0"))
}

#[test]
fn the_demo_says_what_it_waits_for_and_goes_on() {
    let mut command = quietus();
    command.arg("demo");
    let mut demo = Process::spawn(command);
    let server = server_of(&demo);
    signal(&server, "STOP");
    // Whether it listened already or not.
    demo.told("what it waits for", |line| {
        (line.contains("does not listen yet") || line.contains("nothing new for")).then_some(())
    });
    signal(&server, "CONT");
    assert!(demo.end().success(), "{:#?}", demo.lines());
}
