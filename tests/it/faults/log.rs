//! What is logged: a log that nobody reads stops nothing, and what is usual takes one line.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::Value;

use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, runtime, send_begin, send_end, sender, wait_for};

/// How many lines of its log a server has dropped.
fn dropped(server: &Server) -> u64 {
    let metrics = server.metrics();
    let line = metrics.lines().find_map(|line| line.strip_prefix("quietus_log_dropped_lines_total "));
    line.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("the metric is missing: {metrics}"))
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    const SESSIONS: i64 = 200;
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    // At the level `trace`, so that it fills its pipe, and then what may wait for it.
    let server = Server::start(&deployment);
    assert_eq!(dropped(&server), 0);
    server.stop_reading_its_log();
    let (client, runtime) = (sender(), runtime());
    let deliver = |ids: RangeInclusive<i64>| {
        runtime.block_on(async {
            for id in ids {
                assert_eq!(send_end(&client, server.address, id).await, Some(204), "{id}");
            }
        });
    };
    runtime.block_on(async {
        for id in 1..=SESSIONS {
            send_begin(&client, &standin.mluvii, id).await;
        }
    });
    deliver(1..=SESSIONS);
    wait_for("the erasures", || (deployment.count("SELECT count(*) FROM receipt") == SESSIONS).then_some(()));
    let mut further = SESSIONS;
    let mut deliver_until_more_are_dropped = |than| {
        wait_for("lines to be dropped", || {
            deliver(further + 1..=further + 100);
            further += 100;
            (dropped(&server) > than).then_some(())
        });
    };
    deliver_until_more_are_dropped(0);
    server.moved("quietus_log_dropped_lines_total");
    assert_eq!((server.healthy(), server.ready()), (200, 200));

    server.read_its_log_again();
    wait_for("what was dropped to be told", || {
        server
            .log()
            .iter()
            .any(|line| {
                let line: Value = serde_json::from_str(line).expect("a line is whole, and JSON");
                let told = line["fields"]["message"]
                    .as_str()
                    .is_some_and(|text| text.contains("lines of the log were dropped"));
                told && line["fields"]["lines"].as_u64().is_some_and(|lines| lines > 0)
            })
            .then_some(())
    });

    server.stop_reading_its_log();
    deliver_until_more_are_dropped(dropped(&server));
    server.leaves_work("mluvii does not show the further sessions");
    server.signal("TERM");
    let (status, _) = server.wait();
    assert!(status.success(), "{status}");
}

#[test]
fn a_session_and_its_erasure_are_one_line_each() {
    const SESSIONS: usize = 5;
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, &[("LOG__LEVEL", "info")]);
    for id in 1..=SESSIONS as i64 {
        standin.begin(id, &format!("guest{id}@example.com"), None);
        assert_eq!(server.deliver_end(id), 204);
    }
    receipts(&deployment, SESSIONS);
    let (_, log) = server.stop();
    let mut told = BTreeMap::<String, Vec<&str>>::new();
    for line in &log {
        let parsed: Value = serde_json::from_str(line).expect("a line is JSON");
        told.entry(parsed["fields"]["message"].as_str().expect("a text").to_owned()).or_default().push(line);
    }
    told.retain(|_, lines| lines.len() >= SESSIONS);
    let counts: Vec<_> = told.iter().map(|(text, lines)| (text.as_str(), lines.len())).collect();
    assert_eq!(counts, [("decided to erase", SESSIONS), ("wrote the receipt", SESSIONS)]);
    let longest = told.values().flatten().map(|line| line.len()).max();
    assert!(longest < Some(300), "{told:#?}");
}
