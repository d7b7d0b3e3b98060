//! A database that cannot be reached for a while.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::harness::{ERASE, Fleet, Server, StandIn, oracle, wait_for};

/// How long a delivery waits for the ledger.
const RECORD_MAX: &str = "500ms";

/// Longer than that by what a busy machine takes, and much shorter than mluvii waits.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);

/// Delivers the end of a session without consent; whether it was taken.
fn end(standin: &StandIn, server: &Server, session: i64) -> bool {
    standin.begin(session, &format!("guest{session}@example.com"), None);
    let asked = Instant::now();
    let (status, retry_after) = server.answer_to_end(session);
    assert!(asked.elapsed() < ANSWERED_WITHIN, "answered after {:?}", asked.elapsed());
    assert_eq!(retry_after.is_some(), status == 503, "it says when to come back");
    assert!(matches!(status, 204 | 503), "{status}");
    status == 204
}

#[test]
fn deliveries_are_refused_while_the_database_is_away_and_taken_again_when_it_is_back() {
    let standin = StandIn::start();
    let settings = [("LOG__LEVEL", "info"), ("SERVER__RECORD_MAX", RECORD_MAX)];
    let mut fleet = Fleet::start(&standin, ERASE, 2, &settings);
    let mut taken = BTreeSet::new();
    for (session, member) in [(1, 0), (2, 1)] {
        assert!(end(&standin, fleet.members[member].server(), session));
        taken.insert(session);
    }

    // One has lost its way to the database; the other has not.
    let [one, other] = &fleet.members[..] else { panic!("two members") };
    one.cut_off();
    assert!(!end(&standin, one.server(), 3));
    assert!(end(&standin, other.server(), 4));
    taken.insert(4);
    wait_for("the one to say that it is not ready", || (one.server().ready() == 503).then_some(()));
    assert_eq!(other.server().ready(), 200);
    assert_eq!(one.server().healthy(), 200, "whether the process lives is another question");

    // Nobody reaches it.
    other.cut_off();
    for (session, member) in [(5, one), (6, other)] {
        assert!(!end(&standin, member.server(), session));
    }
    wait_for("the other to say so, too", || (other.server().ready() == 503).then_some(()));

    // It is back: they find that out by themselves, and what was refused comes again.
    one.proxy.accept();
    other.proxy.accept();
    for (session, member) in [(3, one), (5, one), (6, other)] {
        wait_for("the delivery to be taken", || (member.server().deliver_end(session) == 204).then_some(()));
        taken.insert(session);
    }
    for member in [one, other] {
        wait_for("a server to be ready", || (member.server().ready() == 200).then_some(()));
        assert!(member.server().metrics().contains("result=\"busy\"}"));
    }
    fleet.wait_for_receipts(taken.len() as i64);
    assert_eq!(fleet.database.numbers("SELECT session FROM event"), taken);
    fleet.stop();
    oracle::each_is_erased_once(&fleet.deployment, &taken);
    oracle::the_receipts_verify(&fleet.deployment);
    oracle::nothing_is_left(&standin, &taken);
}
