//! Requests that are too large, too slow or too many.

use std::process::Command;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::harness::{Away, Deployment, PASSWORD, Server, Wire, session_ended, wait_for};

fn server(settings: &[(&str, &str)]) -> (Away, Deployment, Server) {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start_with(&deployment, settings);
    server.leaves_work("its mluvii is away");
    (mluvii, deployment, server)
}

/// The head of a delivery to the source `acme`, except its end.
pub(super) fn head(more: &str) -> String {
    let authorization = STANDARD.encode(format!("mluvii:{PASSWORD}"));
    format!("POST /webhooks/acme HTTP/1.1\r\nHost: quietus\r\nAuthorization: Basic {authorization}\r\n{more}")
}

fn chunk(content: &str) -> String {
    format!("{:x}\r\n{content}\r\n", content.len())
}

#[test]
fn a_body_that_is_too_large_is_refused_however_it_is_sent() {
    let (_mluvii, deployment, server) = server(&[("SERVER__BODY_BYTES_MAX", "1000")]);
    let large = "x".repeat(1001);
    let status = |request: String| {
        let mut wire = Wire::connect(server.address);
        wire.send(&request);
        wire.answer().expect("an answer").status
    };
    let announced = |body: &str| format!("{}Content-Length: {}\r\n\r\n{body}", head(""), body.len());
    let chunked = |chunks: &[&str]| {
        let chunks: String = chunks.iter().map(|content| chunk(content)).collect();
        format!("{}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n", head(""))
    };
    assert_eq!(status(announced(&large)), 413);
    assert_eq!(status(chunked(&[&large])), 413);
    assert_eq!(status(chunked(&[&large[..501], &large[..500]])), 413);
    // Megabytes of it, in chunks, from a stranger, whose body matters to nobody.
    let flood = "x".repeat(64 << 10);
    assert_eq!(status(chunked(&[flood.as_str(); 64]).replace("Authorization", "X")), 401);
    assert_eq!(deployment.events(), 0);

    let ended = session_ended(1).to_string();
    assert_eq!(status(announced(&ended)), 204);
    assert_eq!(status(chunked(&[&ended[..50], &ended[50..]])), 204);
    assert_eq!(deployment.events(), 1, "the same body, in one piece and in two");
    // Each may have been an event that somebody counts on.
    wait_for("it to be said", || {
        let found = deployment.json(&["attention", "list"]);
        let refused = found.as_array()?.iter().find(|found| found["code"] == "deliveries_refused")?;
        (refused["parameters"]["count"].as_u64() >= Some(1)).then_some(())
    });
    let metrics = server.metrics();
    assert!(metrics.contains("source=\"acme\",reason=\"too_large\"} 3\n"), "{metrics}");
}

#[test]
fn a_body_that_trickles_is_cut_off() {
    let (_mluvii, deployment, server) = server(&[("SERVER__BODY_READ_MAX", "100ms")]);
    let mut slow = Wire::connect(server.address);
    slow.send(&head("Content-Length: 300\r\n\r\n{\"eventType\""));
    let answer = slow.answer().expect("an answer");
    assert_eq!(answer.status, 408);
    slow.end();
    assert_eq!(deployment.events(), 0);
    assert_eq!(server.deliver_end(1), 204);
}

#[test]
fn a_body_that_ends_early_is_no_event() {
    let (_mluvii, deployment, server) = server(&[]);
    let mut broken = Wire::connect(server.address);
    let ended = session_ended(1).to_string();
    broken.send(&format!("{}Transfer-Encoding: chunked\r\n\r\n{}zz\r\n", head(""), chunk(&ended)));
    assert_eq!(broken.answer().map(|answer| answer.status), Some(400));
    assert_eq!(deployment.events(), 0, "the whole event was there, but nobody said that it was");
}

#[test]
fn headers_that_trickle_end_the_connection() {
    let (_mluvii, _installation, server) = server(&[("SERVER__HEADER_READ_MAX", "100ms")]);
    let mut slow = Wire::connect(server.address);
    slow.send(&head(""));
    let mut idle = Wire::connect(server.address);
    slow.end();
    idle.end();
    assert_eq!(server.deliver_end(1), 204);
}

#[test]
fn headers_that_are_too_large_are_refused() {
    let (_mluvii, _installation, server) = server(&[]);
    let mut wire = Wire::connect(server.address);
    wire.send(&head(&format!("X-Large: {}\r\n\r\n", "x".repeat(70 << 10))));
    assert_eq!(wire.answer().map(|answer| answer.status), Some(431));
    assert_eq!(server.deliver_end(1), 204);
}

#[test]
fn too_many_at_once_are_asked_to_come_back() {
    let (_mluvii, deployment, server) = server(&[("SERVER__REQUESTS_MAX", "1"), ("SERVER__RECORD_MAX", "1m")]);
    // Whoever is first waits for the ledger, and has the one place.
    let ledger = deployment.ledger();
    ledger.execute_batch("BEGIN IMMEDIATE").expect("it is ours");
    let deliver = |session| {
        let ended = session_ended(session).to_string();
        let mut wire = Wire::connect(server.address);
        wire.send(&head(&format!("Content-Length: {}\r\n\r\n{ended}", ended.len())));
        wire.answer().expect("an answer")
    };
    let answers: Vec<_> = thread::scope(|scope| {
        let both = [1, 2].map(|session| scope.spawn(move || deliver(session)));
        wait_for("one to be refused", || both.iter().any(|one| one.is_finished()).then_some(()));
        ledger.execute_batch("ROLLBACK").expect("it is free");
        both.into_iter().map(|one| one.join().expect("no panic")).collect()
    });
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 503]);
    let refused = answers.iter().find(|answer| answer.status == 503).expect("one was");
    assert!(refused.head.contains("retry-after: "), "{}", refused.head);
    assert_eq!(server.deliver_end(3), 204);
    assert_eq!(deployment.events(), 2);
    assert!(server.metrics().contains("result=\"overloaded\"} 1\n"));
}

/// A server to which the system lets so many files be open: without asking, or at all.
fn with_files(limit: &str) -> (Away, Deployment, Server) {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit {limit}; exec \"$@\""), "sh"]);
    let server = Server::start_through(shell, &deployment, &[]);
    server.leaves_work("its mluvii is away");
    (mluvii, deployment, server)
}

#[test]
fn as_many_files_may_be_open_as_the_connections_need() {
    let (_mluvii, _deployment, server) = with_files("-Sn 256");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.id())).expect("it runs");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
    let [soft, hard] = [3, 4].map(|at| line.split_whitespace().nth(at));
    assert!(soft.is_some() && soft == hard, "{line}");
}

#[test]
fn a_number_of_connections_that_does_not_fit_is_refused() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let config = deployment.configuration();
    let serve = |files: &str, connections: u32| {
        let said = format!("[server]\nconnections_max = {connections}\n");
        deployment.write("quietus.toml", &config.replacen("[server]\n", &said, 1));
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit {files}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_quietus"), "--config"]);
        shell.arg(deployment.path("quietus.toml")).arg("serve").output().expect("a shell")
    };
    // The default's number, too, where somebody says it.
    for (connections, files, fits) in [(300, "-n 512", 128), (4_096, "-n 1024", 256)] {
        let refused = serve(files, connections);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(3), "{said}");
        let why = format!("connections_max = {connections} needs");
        assert!(said.contains(&why) && said.contains(&format!("at most {fits} connections")), "{said}");
    }
}

#[test]
fn connections_leave_files_for_everything_else() {
    let (_mluvii, deployment, server) = with_files("-n 512");
    assert!(server.log().iter().any(|line| line.contains("may not open more files")));
    assert_eq!(server.deliver_end(1), 204);
    // Idle ones on which nobody has authenticated would be closed for others.
    let known = |session: i64| {
        let ended = session_ended(100 + session).to_string();
        let mut wire = Wire::connect(server.address);
        wire.send(&head(&format!("Content-Length: {}\r\n\r\n{ended}", ended.len())));
        assert_eq!(wire.answer().expect("an answer").status, 204);
        wire
    };
    let idle: Vec<_> = (0..128).map(known).collect();
    // So long, and it is idle.
    std::thread::sleep(std::time::Duration::from_secs(1));
    for session in 2..=20 {
        assert_eq!(server.deliver_end(session), 204, "what is idle makes way");
    }
    assert_eq!((server.healthy(), server.ready()), (200, 200), "the ledger can be opened, too");
    assert!(deployment.run(&["plugin", "list"]).status.success(), "commands are answered");
    drop(idle);
    assert_eq!(server.deliver_end(21), 204);
}

#[test]
fn what_is_no_proper_request_is_taken_or_refused_on_purpose() {
    let (_mluvii, deployment, server) = server(&[]);
    let ended = session_ended(1).to_string();
    let status = |request: &str| {
        let mut wire = Wire::connect(server.address);
        wire.send(request);
        wire.answer().map(|answer| answer.status)
    };
    let whole = format!("{}Content-Length: {}\r\n\r\n{ended}", head(""), ended.len());
    let host = "Host: quietus\r\n";
    let without = whole.replace(host, "");
    assert_eq!(status(&without), Some(400), "HTTP/1.1 names its host");
    assert_eq!(status(&whole.replace(host, "Host: quietus\r\nHost: other\r\n")), Some(400));
    assert_eq!(status(&whole.replace("Host:", "Host :")), Some(400), "a name ends where its colon is");
    // By what it says, nothing is decided: whatever stands in front may change it.
    for form in ["", "localhost:8080", "[::1]:8080", "a, b", "user@quietus", "qu\u{ef}etus", "https://other.example/"] {
        assert_eq!(status(&whole.replace("Host: quietus", &format!("Host: {form}"))), Some(204), "{form:?}");
    }
    let absolute = whole.replace("POST /", "POST http://other.example/");
    assert_eq!(status(&absolute), Some(204), "a host in the first line is no matter either");
    let folded = whole.replace("Host: quietus", "Host: quietus\r\n other");
    assert_eq!(status(&folded), Some(400), "a header is one line");
    let both = whole.replace("Content-Length", "Transfer-Encoding: chunked\r\nContent-Length");
    assert_eq!(status(&both), Some(400), "two lengths are what is smuggled with");
    assert_eq!(status(&without.replace("HTTP/1.1", "HTTP/1.0")), Some(204), "HTTP/1.0 knows no host");
    assert_eq!(status(&whole.replace("\r\n", "\n")), Some(204), "a line may end with LF alone");
    assert_eq!(deployment.events(), 1, "the same delivery");
}
