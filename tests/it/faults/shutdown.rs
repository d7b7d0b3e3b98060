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
fn what_is_in_flight_is_finished_and_what_comes_late_is_sent_away() {
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
                    match wire.answer() {
                        Some(answer) if answer.status == 204 => {}
                        last => break last,
                    }
                }
            })
        })
        .collect();
    wait_for("the first of them", || (deployment.events() == 1).then_some(()));
    server.signal("TERM");
    let mut sent_away = 0;
    for busy in busy {
        // Between two requests the connection may just end.
        let Some(last) = busy.join().expect("no panic") else { continue };
        assert_eq!(last.status, 503, "not 404, after which nobody comes back");
        assert!(last.head.contains("retry-after: ") && last.head.contains("connection: close"), "{}", last.head);
        sent_away += 1;
    }
    assert!(sent_away > 0, "nobody came late");

    in_flight.send(&ended);
    assert_eq!(in_flight.answer().expect("an answer").status, 204);
    let (status, _) = server.wait();
    assert!(status.success(), "{status}");
    assert_eq!(deployment.events(), 2);
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
