//! The fault campaign: whatever can go wrong at mluvii and with the server, drawn by chance round by round, and what must be
//! true in the end, looked at from outside of the process.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::harness::{Deployment, ERASE, Random, Seed, Server, StandIn, oracle, wait_for};

/// Sessions that end in one round; every other one without consent.
const SESSIONS: i64 = 4;

/// How many rounds; `QUIETUS_ROUNDS` makes it more.
fn rounds() -> i64 {
    std::env::var("QUIETUS_ROUNDS").map_or(20, |text| text.parse().expect("a number"))
}

/// So that nobody waits for what goes wrong here for as long as for a real outage.
const SETTINGS: [(&str, &str); 5] = [
    ("MLUVII__CALL_MAX", "1s"),
    ("ERASING__BREAKER_PAUSE", "50ms"),
    ("ERASING__RETRY__PAUSE_MIN", "50ms"),
    ("ERASING__RETRY__PAUSE_MAX", "500ms"),
    ("LOG__LEVEL", "info"),
];

/// Some calls of mluvii's API go wrong in one way.
fn fault(random: &mut Random) -> Value {
    let ways = [
        json!({ "kind": "status", "status": 403 }),
        json!({ "kind": "status", "status": 404 }),
        json!({ "kind": "status", "status": 409 }),
        json!({ "kind": "status", "status": 429, "retry_after_s": 1 }),
        json!({ "kind": "status", "status": 500 }),
        json!({ "kind": "status", "status": 503, "retry_after_s": 0 }),
        json!({ "kind": "401" }),
        json!({ "kind": "redirect" }),
        json!({ "kind": "login_page" }),
        json!({ "kind": "html" }),
        json!({ "kind": "garbage" }),
        json!({ "kind": "error_document" }),
        json!({ "kind": "large" }),
        json!({ "kind": "accepted_but_not_done" }),
        json!({ "kind": "delay", "delay_ms": 200 }),
        json!({ "kind": "timeout", "delay_ms": 1_500 }),
    ];
    let paths = ["/api/v1/Sessions", "/anonymous", "/login/connect/token"];
    let mut fault = chosen(random, &ways);
    fault["path"] = json!(chosen(random, &paths));
    fault["times"] = json!(1 + random.below(4));
    fault
}

/// What befalls the server in a round.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Kill,
    Restart,
    /// It stands still for so long.
    Stop(Duration),
    Nothing,
}

fn fate(random: &mut Random) -> Fate {
    // Longer than a lease, where there is time for it.
    let long = rounds() > 100 && random.below(20) == 0;
    let still = Duration::from_millis(if long { 14_000 } else { random.below(400) });
    chosen(random, &[Fate::Kill, Fate::Kill, Fate::Restart, Fate::Stop(still), Fate::Nothing])
}

fn chosen<T: Clone>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize].clone()
}

fn email(id: i64) -> String {
    format!("guest{id}@example.com")
}

/// No session is asked to be anonymized by two calls at once.
#[track_caller]
fn one_call_at_once(calls: &[Value]) {
    let mut of_path = BTreeMap::<&str, Vec<(&str, Option<&str>)>>::new();
    for call in calls {
        let (path, started) = (call["path"].as_str().expect("a path"), call["started"].as_str().expect("a time"));
        of_path.entry(path).or_default().push((started, call["ended"].as_str()));
    }
    for (path, mut calls) in of_path {
        calls.sort_unstable();
        for pair in calls.windows(2) {
            let ended: Option<jiff::Timestamp> = pair[0].1.map(|time| time.parse().expect("a time"));
            let began: jiff::Timestamp = pair[1].0.parse().expect("a time");
            assert!(ended.is_some_and(|ended| ended <= began), "{path}: {pair:?}");
        }
    }
}

/// Does what a person does to whom the status says that something waits.
fn act(deployment: &Deployment) {
    let parked = deployment.json(&["erasures", "list", "--state", "parked"]);
    for erasure in parked.as_array().expect("a list") {
        deployment.run(&["erasures", "retry", erasure["id"].as_str().expect("an id")]);
    }
    deployment.run(&["erasures", "retry", "--undecided"]);
}

#[test]
fn whatever_goes_wrong_nothing_is_lost_or_done_twice_and_every_receipt_is_true() {
    let seed = Seed::new();
    let mut random = seed.random();
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let mut server = Server::start_with(&deployment, &SETTINGS);
    let (mut without, mut with) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..rounds() {
        for _ in 0..random.below(3) {
            standin.fault(&fault(&mut random));
        }
        for id in (1..=SESSIONS).map(|one| round * SESSIONS + one) {
            let consents = id % 2 == 0;
            standin.begin(id, &email(id), consents.then_some("v1"));
            assert_eq!(server.deliver_end(id), 204);
            if consents {
                with.insert(id)
            } else {
                without.insert(id)
            };
        }
        std::thread::sleep(Duration::from_millis(random.below(300)));
        match fate(&mut random) {
            Fate::Nothing => {}
            Fate::Stop(still) => {
                server.signal("STOP");
                std::thread::sleep(still);
                server.signal("CONT");
            }
            Fate::Kill => {
                server.kill();
                deployment.let_leases_end();
                server = Server::start_with(&deployment, &SETTINGS);
            }
            Fate::Restart => {
                server.leaves_work("the next one goes on with it");
                assert!(server.stop().0.success());
                server = Server::start_with(&deployment, &SETTINGS);
            }
        }
    }
    standin.clear_faults();

    // However many there are and however slow the machine: there must be further ones.
    let mut receipts = 0;
    while receipts < without.len() as i64 {
        receipts = wait_for("further erasures", || {
            act(&deployment);
            Some(deployment.count("SELECT count(*) FROM receipt")).filter(|count| *count > receipts)
        });
    }
    wait_for("nobody to be needed", || deployment.run(&["status"]).status.success().then_some(()));
    assert!(server.stop().0.success());
    let recorded = deployment.count("SELECT count(*) FROM event");
    assert_eq!(recorded, (without.len() + with.len()) as i64, "what was acknowledged is there");
    oracle::each_is_erased_once(&deployment, &without);
    oracle::the_receipts_verify(&deployment);
    oracle::nothing_is_left(&standin, &without);
    one_call_at_once(&standin.calls("/anonymous"));
    for id in with {
        assert!(standin.holds(&email(id)), "conversation {id} has a consent and is gone");
    }
}
