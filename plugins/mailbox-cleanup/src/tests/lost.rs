//! Connections that are lost, folders that are numbered anew, time that runs out: the next attempt goes on.

use std::time::Duration;

use super::mail::{anns, left, look_alikes, mail};
use super::proxy::{Act, Proxy};
use super::*;

/// A host whose connection is cut where the client first says this.
fn cut_at(user: &str, word: &'static str, act: Act) -> Host {
    SERVER.deliver(user, "INBOX", anns().into_iter().chain(look_alikes()));
    let mut cut = false;
    let proxy = Proxy::start(&SERVER, move |line| {
        let now = !cut && line.contains(word);
        cut |= now;
        if now { act } else { Act::Pass }
    });
    host(proxy.imap(user))
}

#[test]
fn a_lost_connection_is_made_anew_and_what_was_erased_is_counted_once() {
    let words = ["AUTHENTICATE", "LIST", "EXAMINE", "UID SEARCH", "UID FETCH", "SELECT", "UID STORE", "UID EXPUNGE"];
    for (n, word) in words.into_iter().enumerate() {
        for act in [Act::CutBefore, Act::CutAfter] {
            let user = format!("lost-{n}-{}", act == Act::CutAfter);
            let host = cut_at(&user, word, act);
            // Before it is in a folder, it is the next attempt that does it.
            if ["AUTHENTICATE", "LIST"].contains(&word) {
                let lost = host.erase(ANN).expect_err(word);
                assert_eq!(lost.class, ErrorClass::Retryable, "{word}: {}", lost.message);
            }
            assert_eq!(host.erase(ANN), erased(10), "{word}");
            assert_eq!(host.erase(ANN), erased(10), "{word}: the answer was lost, too");
            assert_eq!(left(&SERVER, &user, "INBOX"), look_alikes().len(), "{word}");
        }
    }
}

#[test]
fn a_folder_that_is_numbered_anew_is_looked_through_anew() {
    let user = "renumbered";
    // Numbers 1 to 10 are Ann's, and then somebody else's.
    SERVER.deliver(user, "x", anns());
    let mut opened = false;
    let proxy = Proxy::start(&SERVER, move |line| {
        if !opened && line.contains("SELECT x") {
            opened = true;
            let theirs = (0..20).map(|n| mail(&format!("From: eve{n}@y.cz\nTo: bob@y.cz")));
            SERVER.replace(user, "x", theirs.chain([mail("From: ann@x.cz")]));
        }
        Act::Pass
    });
    assert_eq!(host(proxy.imap(user)).erase(ANN), erased(1));
    assert_eq!(left(&SERVER, user, "x"), 20);
}

#[test]
fn what_is_met_again_under_a_new_number_counts_once() {
    let user = "renumbered-in-between";
    SERVER.deliver(user, "x", anns());
    let mut cut = false;
    let proxy = Proxy::start(&SERVER, move |line| {
        let now = !cut && line.contains("UID EXPUNGE");
        cut |= now;
        if now {
            SERVER.renumber(user, "x");
        }
        if now { Act::CutBefore } else { Act::Pass }
    });
    assert_eq!(host(proxy.imap(user)).erase(ANN), erased(10));
}

#[test]
fn a_folder_in_which_the_server_is_silent_keeps_no_other_from_being_done() {
    let user = "slow";
    for folder in ["a", "b", "c"] {
        SERVER.deliver(user, folder, anns());
    }
    let mut opened = 0;
    let mut slow = true;
    let proxy = Proxy::start(&SERVER, move |line| {
        opened += usize::from(line.contains("SELECT "));
        if opened == 2 && std::mem::take(&mut slow) { Act::Swallow } else { Act::Pass }
    });
    let imap = with(proxy.imap(user), json!({ "timeout": "5s" }));
    let host = host(imap);
    let late = host.erase(ANN).expect_err("the server is slow");
    let told = "account `office`: folder 2 of 6: the server did not answer in time (20 messages are erased so far)";
    assert_eq!((late.class, late.message.as_str()), (ErrorClass::Retryable, told));
    assert_eq!(host.erase(ANN), erased(30));
}

#[test]
fn no_time_and_a_cancelled_call_change_nothing() {
    let user = "cancelled";
    SERVER.deliver(user, "INBOX", anns());
    let host = |imap| host(imap);
    let account = imap(&SERVER, user);
    assert_eq!(class(host(account.clone()).call_max(Duration::ZERO).erase(ANN)), ErrorClass::Cancelled);
    let brief = host(account.clone()).erase_in_a_moment(ANN);
    assert!(brief.message.contains("the call's time is over"), "{}", brief.message);
    for questions in 0..12 {
        assert_eq!(class(host(account.clone()).cancel_after(questions).erase(ANN)), ErrorClass::Cancelled);
    }
    assert_eq!(left(&SERVER, user, "INBOX"), anns().len());
    assert_eq!(host(account).erase(ANN), erased(10));
}
