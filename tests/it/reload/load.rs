//! Two hundred reloads while deliveries come, with every second configuration broken.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use super::{metric, text};
use crate::harness::{Deployment, Server, StandIn, http, memory_kib, runtime, send_begin, send_end, sender, wait_for};

const RELOADS: usize = 200;

/// Who delivers at once.
const SENDERS: usize = 2;

/// How many more files and threads there may be: the runtime keeps some threads for what blocks.
const FEW: usize = 20;

/// How much more memory may be in use afterwards: what the allocator keeps.
const GROWTH_KIB_MAX: u64 = 48 << 10;

/// Two rules of one number, which decide alike: whoever sees a session decided by one of them alone, or by two numbers, has seen half a
/// configuration.
fn rules(number: usize) -> String {
    let rule = |name: &str| {
        format!(
            "\n[[rule]]\nname = \"{name} {number}\"\non = \"session-settled\"\nwhen = \"consent.state == 'absent'\"\n\
             erase = \"session\"\nafter = \"365d\"\ntargets = [\"mluvii\"]\n"
        )
    };
    format!("{}{}", rule("first"), rule("second"))
}

/// One that changes rules and bounds, or one that would, and is wrong.
fn nth(number: usize, good: &str) -> String {
    let whole = format!("{good}{}", rules(number))
        .replace("drain_max", &format!("requests_max = {}\ndrain_max", 1_000 + number));
    match number % 8 {
        1 => format!("{whole}[nonsense]\n"),
        // The second rule only.
        3 => match whole.rsplit_once("consent.state") {
            Some((first, rest)) => format!("{first}consent.statt{rest}"),
            None => unreachable!("a rule asks for it"),
        },
        5 => whole.replace("file = \"webhook.secret\"", "file = \"none.secret\""),
        7 => format!("{whole}[[rule\n"),
        _ => whole,
    }
}

/// What the process has: open files, threads, and the processes of its plugins.
struct Held {
    files: usize,
    threads: usize,
    children: Vec<String>,
    memory_kib: u64,
}

impl Held {
    fn by(server: &Server) -> Self {
        let count = |what: &str| std::fs::read_dir(format!("/proc/{}/{what}", server.id())).expect("it runs").count();
        let memory_kib = memory_kib(server.id(), "VmRSS");
        Self { files: count("fd"), threads: count("task"), children: server.children(), memory_kib }
    }
}

#[test]
fn two_hundred_reloads_under_load_lose_no_request_and_apply_no_rule_by_half() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, "[settling]\nlimit = \"0s\"\npause = \"0s\"\n");
    let good = deployment.configuration();
    deployment.write("quietus.toml", &nth(0, &good));
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", "info")]);
    let (is_over, last) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    let runtime = runtime();
    let mut sending = Vec::new();
    for _ in 0..SENDERS {
        let (is_over, last, mluvii, address) = (is_over.clone(), last.clone(), standin.mluvii.clone(), server.address);
        sending.push(runtime.spawn(async move {
            let client = sender();
            while !is_over.load(Ordering::Relaxed) {
                let id = last.fetch_add(1, Ordering::Relaxed) + 1;
                send_begin(&client, &mluvii, id).await;
                assert_eq!(send_end(&client, address, id).await, Some(204), "session {id}");
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        }));
    }
    wait_for("the first deliveries", || (last.load(Ordering::Relaxed) > 20).then_some(()));
    wait_for("the plugin", || (server.ready() == 200).then_some(()));
    let before = Held::by(&server);
    let socket = deployment.path("quietus.sock");
    let control = reqwest::Client::builder().unix_socket(socket).pool_max_idle_per_host(0).tls_certs_only([]).build();
    let control = control.expect("a client");

    for number in 1..=RELOADS {
        deployment.write("quietus.toml", &nth(number, &good));
        let is_broken = number % 2 == 1;
        // To start a process each time would be most of what this test does.
        if number % 25 < 2 {
            let output = deployment.run(&["reload"]);
            let expected = if is_broken { Some(3) } else { Some(0) };
            assert_eq!(output.status.code(), expected, "{number}: {}", text(&output));
        } else {
            let (status, said) = http(control.post("http://quietus/reload"));
            assert_eq!(status, if is_broken { 409 } else { 200 }, "{number}: {said}");
        }
    }

    is_over.store(true, Ordering::Relaxed);
    for sender in sending {
        runtime.block_on(sender).expect("each was answered 204");
    }
    let sessions = usize::try_from(last.load(Ordering::Relaxed)).expect("a number");
    deployment.settled(sessions);
    every_session_is_decided_by_one_configuration(&deployment, sessions);
    let outcomes = ["applied", "wrong", "not_now", "unchanged", "needs_restart"];
    let counted = outcomes.map(|outcome| metric(&server, &format!("quietus_reloads_total{{outcome=\"{outcome}\"}}")));
    assert_eq!(counted, [100.0, 100.0, 0.0, 0.0, 0.0]);
    nothing_is_left(&server, &before);
}

/// By two rules of one number, of a configuration that was right.
fn every_session_is_decided_by_one_configuration(deployment: &Deployment, sessions: usize) {
    let ledger = deployment.ledger();
    let mut statement = ledger.prepare("SELECT subject, rules FROM erasure").expect("a statement");
    let mut rules = BTreeMap::<String, Vec<String>>::new();
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).expect("rows");
    for row in rows {
        let (subject, names) = row.expect("a row");
        let names: Vec<String> = serde_json::from_str(&names).expect("a list");
        rules.entry(subject).or_default().extend(names);
    }
    assert_eq!(rules.len(), sessions);
    for (subject, mut names) in rules {
        names.sort();
        let number: usize = names[0].strip_prefix("first ").and_then(|rest| rest.parse().ok()).expect("a number");
        assert_eq!(names, [format!("first {number}"), format!("second {number}")], "{subject}");
        assert_eq!(number % 2, 0, "{subject}: it was broken");
    }
}

/// Threads that have read files end after a while, and connections that nobody uses.
fn nothing_is_left(server: &Server, before: &Held) {
    let mut now = Held::by(server);
    let ended = crate::harness::wait_within(crate::harness::PATIENCE, || {
        now = Held::by(server);
        let few = now.files <= before.files + FEW && now.threads <= before.threads + FEW;
        (few && now.children == before.children).then_some(())
    });
    let Held { files, threads, children, memory_kib } = now;
    assert_eq!(children, before.children, "the plugin goes on running, and none is left");
    assert!(ended.is_some(), "{files} files and {threads} threads, and {} and {} before", before.files, before.threads);
    assert!(memory_kib < before.memory_kib + GROWTH_KIB_MAX, "{memory_kib} KiB, and {} before", before.memory_kib);
}
