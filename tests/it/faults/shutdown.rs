//! SIGTERM: what is in flight is finished, what is under way is finished or given back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::harness::{Away, Deployment, ERASE, PASSWORD, Server, StandIn, Wire, receipts, session_ended, wait_for};

fn head(length: usize) -> String {
    let authorization = STANDARD.encode(format!("mluvii:{PASSWORD}"));
    format!(
        "POST /webhooks/acme HTTP/1.1\r\nHost: quietus\r\nAuthorization: Basic {authorization}\r\nContent-Length: {length}\r\n"
    )
}

#[test]
fn what_is_in_flight_is_finished_and_whoever_keeps_a_connection_is_answered_once_more() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    let ended = session_ended(1).to_string();
    let mut in_flight = Wire::connect(server.address);
    in_flight.send(&format!("{}Expect: 100-continue\r\n\r\n", head(ended.len())));
    assert_eq!(in_flight.answer().expect("an answer").status, 100);

    // Connections that deliver without a pause, until they are told to stop.
    let body = session_ended(2).to_string();
    let request = format!("{}\r\n{body}", head(body.len()));
    let busy: Vec<_> = (0..4)
        .map(|_| {
            let (address, request) = (server.address, request.clone());
            std::thread::spawn(move || {
                let mut wire = Wire::connect(address);
                loop {
                    wire.send(&request);
                    let answer = wire.answer()?;
                    assert_eq!(answer.status, 204, "{}", answer.head);
                    if answer.head.contains("connection: close") {
                        wire.end();
                        return Some(());
                    }
                }
            })
        })
        .collect();
    wait_for("the first of them", || (deployment.events() == 1).then_some(()));
    server.signal("TERM");
    let told = busy.into_iter().filter_map(|busy| busy.join().expect("no panic"));
    assert!(told.count() > 0, "nobody was told to go elsewhere");

    in_flight.send(&ended);
    assert_eq!(in_flight.answer().expect("an answer").status, 204);
    let (status, _) = server.wait();
    assert!(status.success(), "{status}");
    assert_eq!(deployment.events(), 2);
}

#[test]
fn deliveries_are_taken_while_a_call_ends_and_a_second_signal_stops_at_once() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    // No call ends by itself while this test runs, and no drain.
    let settings = [("SERVER__DRAIN_MAX", "10m"), ("MLUVII__CALL_MAX", "10m")];
    let server = Server::start_with(&deployment, &settings);
    standin.begin(1, "guest1@example.com", None);
    standin.fault(&json!({ "kind": "timeout", "path": "/Sessions/1", "times": 1 }));
    assert_eq!(server.deliver_end(1), 204);
    wait_for("the call that hangs", || {
        let met = standin.get(&standin.mluvii, "/standin/faults");
        met.as_array().is_some_and(|faults| faults.iter().all(|fault| fault["times"] == 0)).then_some(())
    });
    assert_eq!(server.ready(), 200);
    server.leaves_work("its call hangs");
    server.signal("TERM");
    wait_for("a balancer to be told", || (server.ready() == 503).then_some(()));
    for id in 2..=20 {
        assert_eq!(server.deliver_end(id), 204);
    }
    assert_eq!(server.healthy(), 200);
    server.signal("INT");
    let (status, log) = server.wait();
    assert_eq!(status.code(), Some(7), "{log:#?}");
    assert!(log.iter().any(|line| line.contains("a second signal stopped quietus at once")), "{log:#?}");
    assert_eq!(deployment.events(), 20);
}

#[test]
fn a_request_that_never_ends_is_cut_off_at_the_end_of_the_drain() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start_with(&deployment, &[("SERVER__DRAIN_MAX", "300ms")]);
    server.leaves_work("its mluvii is away");
    let mut endless = Wire::connect(server.address);
    endless.send(&format!("{}Expect: 100-continue\r\n\r\n", head(100)));
    assert_eq!(endless.answer().expect("an answer").status, 100);
    let (status, log) = server.stop();
    assert!(status.success(), "{status}");
    assert!(log.iter().any(|line| line.contains("connections were cut")), "{log:#?}");
    endless.end();
}

#[test]
fn work_under_way_is_given_back_and_done_after_the_restart() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let settings = [("SERVER__DRAIN_MAX", "200ms"), ("MLUVII__CALL_MAX", "30s")];
    let server = Server::start_with(&deployment, &settings);
    for id in 1..=6 {
        standin.begin(id, &format!("guest{id}@example.com"), None);
    }
    // The calls of each stage hang: of one that is looked up, of one that is being erased, and of one that is asked about
    // again, with a list.
    standin.fault(&json!({ "kind": "timeout", "path": "/Sessions/1", "times": 1 }));
    standin.fault(&json!({ "kind": "timeout", "path": "/Sessions/2/anonymous", "times": 1 }));
    standin.fault(&json!({ "kind": "timeout", "path": "/api/v1/Sessions", "exact": true, "times": 1 }));
    for id in 1..=3 {
        assert_eq!(server.deliver_end(id), 204);
    }
    wait_for("the calls that hang", || {
        let met = standin.get(&standin.mluvii, "/standin/faults");
        met.as_array().is_some_and(|faults| faults.iter().all(|fault| fault["times"] == 0)).then_some(())
    });
    for id in 4..=6 {
        assert_eq!(server.deliver_end(id), 204);
    }
    server.leaves_work("its calls hang");
    let (status, log) = server.stop();
    assert!(status.success(), "{status}: {log:#?}");

    // A claim that was not given back would be due at the end of its lease.
    let now = jiff::Timestamp::now().as_millisecond();
    assert_eq!(deployment.count(&format!("SELECT count(*) FROM task WHERE due > {now}")), 0);
    let _server = Server::start_with(&deployment, &settings);
    receipts(&deployment, 6);
    for id in 1..=6 {
        assert!(!standin.holds(&format!("guest{id}@example.com")));
    }
}
