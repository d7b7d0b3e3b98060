//! The plugin or the server is killed between two acts: the next call goes on from what was stored.

use quietus_plugin::{Request, ResumeValue};

use super::mail::{anns, left, look_alikes, mail};
use super::*;

#[test]
fn all_that_was_erased_is_counted_wherever_it_was_cut_off() {
    // Before the first folder, between two, after the last one, and not at all.
    for stored in 0..=4 {
        let user = &format!("killed-{stored}");
        for folder in ["a", "b", "c"] {
            SERVER.deliver(user, folder, anns().into_iter().chain(look_alikes()));
        }
        let host = host(imap(&SERVER, user)).stores_at_most(stored);
        assert_eq!(host.erase(ANN).is_err(), stored < 4, "{stored}");
        let there: usize = ["a", "b", "c"].into_iter().map(|folder| left(&SERVER, user, folder)).sum();
        assert_eq!(there, 54 - 10 * stored.min(3) as usize, "{stored}");
        let host = host.restarted().expect("configured").stores_at_most(9);
        assert_eq!(host.erase(ANN), erased(30), "{stored}");
        assert_eq!(host.verify(ANN), Ok(Answer::absent()));
        let other = Request { idempotency_key: "k-2".into(), ..ANN.into() };
        assert_eq!(host.erase(other), Ok(Answer::absent()));
    }
}

#[test]
fn a_call_that_looks_for_more_looks_everywhere_again() {
    let user = "killed-more";
    for folder in ["a", "b"] {
        SERVER.deliver(user, folder, anns().into_iter().chain([mail("From: bea@x.cz")]));
    }
    let host = host(imap(&SERVER, user)).stores_at_most(1);
    assert!(host.erase(ANN).is_err(), "killed after the first folder");
    let host = host.restarted().expect("configured").stores_at_most(9);
    // Another system has told of a further address meanwhile.
    assert_eq!(host.erase([("email", "ann@x.cz"), ("email", "bea@x.cz")]), erased(22));
}

#[test]
fn a_value_of_another_version_is_as_none() {
    let user = "killed-foreign";
    SERVER.deliver(user, "INBOX", anns());
    let resume = Some(ResumeValue::new(*b"\x01\x00\x01"));
    assert_eq!(host(imap(&SERVER, user)).erase(Request { resume, ..ANN.into() }), erased(10));
}

#[test]
fn a_dry_run_stores_nothing_and_a_look_that_ends_leaves_nothing() {
    let user = "killed-looks";
    SERVER.deliver(user, "INBOX", anns());
    let host = host(imap(&SERVER, user)).stores_at_most(0);
    assert_eq!(host.dry_run(ANN), residual(10));
    assert_eq!(host.verify(ANN), residual(10));
    assert_eq!(host.stored("k-test"), None);
}
