//! Servers that lack something, and accounts that lack rights.

use super::mail::{anns, left, look_alikes, mail, texts};
use super::proxy::{Act, Proxy, plain};
use super::*;

/// A server that says it can less than it can.
fn without(capabilities: &str) -> Dovecot {
    let rest = "IMAP4rev1 SASL-IR LITERAL+ UIDPLUS MOVE SPECIAL-USE UNSELECT CHILDREN";
    let rest: Vec<_> = rest.split(' ').filter(|word| !capabilities.contains(word)).collect();
    Dovecot::start_with(&format!("protocol imap {{\n  imap_capability = {}\n}}\n", rest.join(" ")))
}

#[test]
fn without_uidplus_what_others_have_marked_survives_and_stays_marked() {
    let server = without("UIDPLUS");
    let user = "ann";
    let marked: Vec<_> = look_alikes().into_iter().map(|message| message.marked()).collect();
    server.deliver(user, "INBOX", marked.iter().cloned().chain(anns()));
    assert_eq!(host(imap(&server, user)).erase(ANN), erased(10));
    let mut marked = marked;
    marked.sort();
    assert_eq!(texts(&server, user, "INBOX"), marked);
}

#[test]
fn without_uidplus_a_lost_connection_and_a_kill_take_no_mark_away() {
    let server = without("UIDPLUS");
    for (n, word) in ["-FLAGS", "+FLAGS", " EXPUNGE"].into_iter().enumerate() {
        for act in [Act::CutBefore, Act::CutAfter] {
            let user = &format!("ann-{n}-{}", act == Act::CutAfter);
            let marked: Vec<_> = look_alikes().into_iter().map(|message| message.marked()).collect();
            server.deliver(user, "INBOX", marked.iter().cloned().chain(anns()));
            let mut cut = false;
            let proxy = Proxy::start(&server, move |line| {
                let now = !cut && line.contains(word);
                cut |= now;
                if now { act } else { Act::Pass }
            });
            // What comes last is not stored, as if it were killed where the connection is cut.
            let host = host(proxy.imap(user)).stores_at_most(2);
            assert_eq!(class(host.erase(ANN)), ErrorClass::Retryable, "{word}");
            let host = host.restarted().expect("configured").stores_at_most(9);
            assert_eq!(host.erase(ANN), erased(10), "{word}");
            let mut marked = marked;
            marked.sort();
            assert_eq!(texts(&server, user, "INBOX"), marked, "{word}");
        }
    }
}

#[test]
fn messages_are_moved_where_that_is_asked_for_and_are_then_retained() {
    for server in [&Dovecot::start(), &without("MOVE"), &without("MOVE UIDPLUS")] {
        server.deliver(
            "ann",
            "INBOX",
            anns().into_iter().chain(look_alikes()).chain([mail("From: eve@y.cz").marked()]),
        );
        server.deliver("ann", "Ko&AWE-", look_alikes());
        let host = host(with(imap(server, "ann"), json!({ "move_to": "Koš" })));
        assert_eq!(host.dry_run(ANN), residual(10));
        let answer = host.erase(ANN).expect("an answer");
        let told = "account `office`: messages are moved to the folder `Koš`, and stay there";
        assert_eq!((answer.outcome, answer.reason.as_deref()), (Outcome::Retained, Some(told)));
        assert_eq!(answer.counts, [("kept messages".to_owned(), 10)].into());
        assert_eq!(left(server, "ann", "INBOX"), look_alikes().len() + 1);
        assert_eq!(left(server, "ann", "Ko&AWE-"), look_alikes().len() + 10);
        assert_eq!(outcome(host.verify(ANN)), Outcome::Retained);
        server.replace("ann", "Ko&AWE-", []);
        assert_eq!(host.verify(ANN), Ok(Answer::absent()));
    }
    let lost = host(with(imap(&SERVER, "no-such-folder"), json!({ "move_to": "Koš" })));
    assert_eq!(class(lost.erase(ANN)), ErrorClass::NeedsOperator);
    assert_eq!(lost.health().expect_err("not there").class, ErrorClass::NeedsOperator);
}

#[test]
fn a_read_only_folder_is_retained_and_a_missing_right_is_the_operators() {
    let server = Dovecot::start_with(
        "mail_plugins = acl\nprotocol imap {\n  mail_plugins = acl imap_acl\n}\nplugin {\n  acl = vfile\n}\n",
    );
    for folder in ["read-only", "no-mark", "no-expunge", "hidden", "free"] {
        server.deliver("ann", folder, anns());
    }
    server.restrict("ann", "read-only", "lr");
    let only = |folders: &[&str]| host(with(imap(&server, "ann"), json!({ "folders": folders })));
    let would_go = only(&["read-only", "free"]).dry_run(ANN);
    assert_eq!(would_go, Ok(Answer::residual().count("messages", 10).count("kept messages", 10)));
    let answer = only(&["read-only", "free"]).erase(ANN).expect("an answer");
    let reason = answer.reason.expect("why");
    assert!(reason.starts_with("account `office`: folder ") && reason.ends_with(" of 2 is read-only"), "{reason}");
    assert_eq!(answer.outcome, Outcome::Retained);
    assert_eq!((answer.counts["messages"], answer.counts["kept messages"]), (10, 10));
    assert_eq!(outcome(only(&["read-only"]).verify(ANN)), Outcome::Retained);

    server.restrict("ann", "no-mark", "lrwsie");
    server.restrict("ann", "no-expunge", "lrwsit");
    for folder in ["no-mark", "no-expunge"] {
        let answer = only(&[folder]).erase(ANN).expect("an answer");
        assert_eq!((answer.outcome, answer.counts["messages left"]), (Outcome::Residual, 10), "{answer:?}");
        let reason = answer.reason.expect("why");
        assert!(reason.starts_with("account `office`: folder 1 of 1: "), "{reason}");
        assert_eq!(left(&server, "ann", folder), 10);
    }
    server.restrict("ann", "hidden", "l");
    let error = only(&["hidden"]).erase(ANN).expect_err("it cannot be read");
    assert_eq!(error.class, ErrorClass::NeedsOperator, "{}", error.message);

    let told = |folders: &[&str]| only(folders).health().err().map(|error| (error.class, error.message));
    let lacks = |why: &str| {
        let text =
            format!("account `office`: the account may not erase in any of its 1 folders that were tried: {why}");
        Some((ErrorClass::NeedsOperator, text))
    };
    assert_eq!(told(&["read-only"]), lacks("it is read-only (of RFC 4314's rights, it lacks `t`, `e` and more)"));
    assert_eq!(told(&["no-mark"]), lacks("messages cannot be marked as deleted (it lacks the right `t` of RFC 4314)"));
    assert_eq!(told(&["no-mark", "free"]), None, "one folder is that folder's matter");
    let target = host(with(imap(&server, "ann"), json!({ "folders": ["free"], "move_to": "read-only" }))).health();
    let error = target.expect_err("nothing can be moved there");
    assert!(error.message.contains("`move_to` is read-only (it lacks the right `i` of RFC 4314)"), "{error}");
}

#[test]
fn the_way_is_encrypted_or_nothing_is_said() {
    let user = "ways";
    SERVER.deliver(user, "INBOX", anns());
    let starttls =
        |more| with(with(imap(&SERVER, user), json!({ "url": format!("imap://localhost:{}", SERVER.port()) })), more);
    for account in [imap(&SERVER, user), starttls(json!({})), plain(SERVER.port(), user)] {
        assert_eq!(host(account.clone()).health(), Ok(()));
        assert_eq!(host(account).verify(ANN), residual(10));
    }
    let untrusted = with(imap(&SERVER, user), json!({ "ca_file": null }));
    for account in [untrusted.clone(), with(untrusted, json!({ "url": format!("imap://localhost:{}", SERVER.port()) }))]
    {
        let error = host(account).verify(ANN).expect_err("not trusted");
        assert_eq!((error.class, error.message.contains("(see `ca_file`)")), (ErrorClass::NeedsOperator, true));
    }
    let server = Dovecot::start_with("ssl = no\n");
    let mut said = Vec::new();
    let (told, heard) = std::sync::mpsc::channel();
    let proxy = Proxy::start(&server, move |line| {
        told.send(line.to_owned()).expect("the test listens");
        Act::Pass
    });
    let refused = host(with(proxy.imap(user), json!({ "starttls": true }))).verify(ANN).expect_err("no STARTTLS");
    assert_eq!(refused.class, ErrorClass::NeedsOperator, "{}", refused.message);
    said.extend(heard.try_iter());
    assert_eq!(said, ["q1 STARTTLS\r\n"]);
}

#[test]
fn a_wrong_password_is_the_operators() {
    let account = with(imap(&SERVER, "wrong"), json!({ "password": "wrong" }));
    for refused in [host(account.clone()).erase(ANN).map(drop), host(account).health()] {
        let error = refused.expect_err("refused");
        let told =
            "account `office`: the server does not accept the user and the password or token (AUTHENTICATIONFAILED)";
        assert_eq!((error.class, error.message.as_str()), (ErrorClass::NeedsOperator, told));
    }
}

#[test]
fn a_server_that_is_away_is_tried_again() {
    let server = Dovecot::start();
    server.deliver("ann", "INBOX", anns());
    let host = host(plain(server.port(), "ann"));
    server.stop();
    assert_eq!(class(host.erase(ANN)), ErrorClass::Retryable);
    server.start_again();
    assert_eq!(host.erase(ANN), erased(10));
}
