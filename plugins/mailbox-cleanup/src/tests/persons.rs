//! Whom a call is about: protected addresses, several addresses, identifiers that strangers typed.

use quietus_plugin::identity::is_masked;

use super::mail::{anns, left, look_alikes, mail};
use super::*;
use test_servers::dovecot::Message;

#[test]
fn a_protected_address_is_never_searched_for_and_never_absent() {
    let user = "protected";
    SERVER.deliver(user, "INBOX", anns());
    let protect = json!({ "protect": ["Ann@x.cz", "@ourcompany.cz"] });
    let host = host_with(imap(&SERVER, user), protect);
    let nobody = Answer::retained("all addresses are on the protect list, and were not searched for");
    for ask in [[("email", "ann@X.cz"), ("email", "boss@ourcompany.cz")], [("email", "x@OurCompany.cz"); 2]] {
        assert_eq!(host.erase(ask), Ok(nobody.clone()));
        assert_eq!(host.verify(ask), Ok(nobody.clone()));
        assert_eq!(host.dry_run(ask), Ok(nobody.clone()));
    }
    let answer = host.erase([("email", "ann@x.cz"), ("email", "form@y.cz")]).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Retained, 1));
    assert_eq!(left(&SERVER, user, "INBOX"), 9);
}

#[test]
fn all_addresses_of_a_person_are_searched_for() {
    let user = "several";
    let mails = ["ann@x.cz", "ann@y.cz", "ann@příklad.cz", "ann@xn--pklad-zsa96e.cz", "řehoř@x.cz", "other@z.cz"];
    SERVER.deliver(user, "INBOX", mails.map(|address| mail(&format!("From: <{address}>"))));
    let host = host(imap(&SERVER, user));
    let ask = [("email", "ann@x.cz"), ("email", "ANN@y.cz"), ("email", "Ann@Příklad.cz"), ("email", "Řehoř@x.cz")];
    assert_eq!(host.dry_run(ask), residual(5));
    assert_eq!(host.erase(ask), erased(5));
    assert_eq!(left(&SERVER, user, "INBOX"), 1);
}

#[test]
fn an_address_is_found_with_quotes_that_nobody_typed() {
    let user = "quoted";
    let mails = ["\"ann..b.\"@x.cz", "ann..b.@x.cz", "\"ann..b\"@x.cz"];
    SERVER.deliver(user, "INBOX", mails.map(|address| mail(&format!("From: Ann <{address}>"))));
    let host = host(imap(&SERVER, user));
    assert_eq!(host.erase([("email", "ann..b.@x.cz")]), erased(2));
    assert_eq!(left(&SERVER, user, "INBOX"), 1);
}

/// What strangers type, and whether a message can carry it as an address.
fn hostile() -> Vec<(String, bool)> {
    let carried = [
        "%@x.cz",
        "*@x.cz",
        "a*b@x.cz",
        "o'hara@x.cz",
        "{a}@x.cz",
        "a|b@x.cz",
        "\"a b\"@x.cz",
        "\"a\\\"b\"@x.cz",
        "\"a\\\\\"@x.cz",
        "a=b&c@x.cz",
        "\u{5d0}\u{5d1}@x.cz",
        "a\u{301}nn@x.cz",
        "${x}@x.cz",
        "#!/@x.cz",
        "~a`@x.cz",
    ];
    let refused = [
        "",
        " ",
        "@",
        "ann",
        "ann@",
        "@x.cz",
        "ann@x.cz\r\nA1 LOGOUT",
        "ann@x.cz\n",
        "ann@x.cz\0",
        "\"ann@x.cz",
        "(ann)@x.cz",
        "ann@x.cz OR ALL",
        "ann@x.cz\" ALL",
        "<ann@x.cz>",
        "a@x.cz, b@x.cz",
        "{3}\r\nann@x.cz",
        "*",
        "%",
        "ann@*",
        "NIL",
        "ann\u{202e}@x.cz\u{7}",
        "\\Deleted@x.cz",
        "' OR 1=1 --",
        "*)(uid=*",
        "../../etc/passwd",
    ];
    let long = [format!("{}@x.cz", "a".repeat(10_000)), "a".repeat(10_000)];
    let all = carried.iter().map(|text| ((*text).to_owned(), true));
    let is_read = |text: &str| ["ann@x.cz\n", "<ann@x.cz>", "a@x.cz, b@x.cz"].contains(&text);
    let none = refused.iter().map(|text| ((*text).to_owned(), is_read(text)));
    all.chain(none).chain(long.map(|text| (text, false))).collect()
}

#[test]
fn what_strangers_type_neither_breaks_out_nor_means_more_than_itself() {
    let user = "hostile";
    SERVER.deliver(user, "INBOX", look_alikes());
    let host = host(imap(&SERVER, user));
    for (typed, is_address) in hostile().into_iter().filter(|(typed, _)| typed != "ann@x.cz\n") {
        let expected = if is_address { Outcome::Absent } else { Outcome::Unverifiable };
        assert_eq!(outcome(host.erase([("email", typed.as_str())])), expected, "{typed:?}");
        assert_eq!(outcome(host.verify([("email", typed.as_str())])), expected, "{typed:?}");
    }
    assert_eq!(left(&SERVER, user, "INBOX"), look_alikes().len());
}

#[test]
fn what_strangers_type_finds_exactly_itself() {
    let user = "hostile-found";
    let is_one = |typed: &str| !typed.contains(['<', ',']);
    for (typed, _) in hostile().into_iter().filter(|(typed, is_address)| *is_address && is_one(typed)) {
        let others = look_alikes().len();
        SERVER.deliver(
            user,
            "x",
            look_alikes().into_iter().chain([mail(&format!("From: Someone <{}>", typed.trim()))]),
        );
        let host = host(imap(&SERVER, user));
        if is_masked(&typed) {
            // Everybody who is shown so would be the same as who types it.
            assert_eq!(outcome(host.dry_run([("email", typed.as_str())])), Outcome::Unverifiable, "{typed:?}");
            assert_eq!(outcome(host.erase([("email", typed.as_str())])), Outcome::Unverifiable, "{typed:?}");
            assert_eq!(left(&SERVER, user, "x"), others + 1);
        } else {
            assert_eq!(host.dry_run([("email", typed.as_str())]), residual(1), "{typed:?}");
            assert_eq!(host.erase([("email", typed.as_str())]), erased(1), "{typed:?}");
            assert_eq!(left(&SERVER, user, "x"), others);
        }
        SERVER.replace(user, "x", []);
    }
}

#[test]
fn the_text_counts_only_where_that_is_asked_for() {
    let user = "texts";
    let text = |text: &str| Message::new(format!("From: eve@y.cz\nSubject: x\n{text}"));
    let hers = || {
        [
            text("\nWrite to ANN@x.cz.\n"),
            text("Content-Type: text/html\n\n<a href=\"mailto:ann@x.cz\">Ann</a>\n"),
            text("Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8\n\nPGFubkB4LmN6Pg==\n"),
            text(
                "Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=utf-8\n\nann=40x.c=\nz\n",
            ),
            text("Content-Type: message/rfc822\n\nFrom: ann@x.cz\nSubject: y\n\nHello.\n"),
        ]
    };
    let others = || [text("\njoann@x.cz, ann@x.czech.com\n"), text("\nann@x.cz.com\n"), text("\nnothing\n")];
    SERVER.deliver(user, "INBOX", hers().into_iter().chain(others()).chain(anns()));
    assert_eq!(host(imap(&SERVER, user)).dry_run(ANN), residual(10));
    let host = host_with(imap(&SERVER, user), json!({ "look_at_body": true }));
    assert_eq!(host.dry_run(ANN), residual(15));
    assert_eq!(host.erase(ANN), erased(15));
    assert_eq!(host.verify(ANN), Ok(Answer::absent()));
    assert_eq!(left(&SERVER, user, "INBOX"), others().len());
}

#[test]
fn a_text_that_is_too_large_to_look_at_is_not_nobodys() {
    let user = "large-texts";
    let large = format!("From: eve@y.cz\nSubject: x\n\n{}\njoann@x.cz\n", "x\n".repeat(50_000));
    SERVER.deliver(user, "INBOX", [Message::new(large)].into_iter().chain(anns()));
    let bounded = with(imap(&SERVER, user), json!({ "body_bytes_max": 10_000, "folders": ["INBOX"] }));
    let bounded = host_with(bounded, json!({ "look_at_body": true }));
    for error in [bounded.erase(ANN), bounded.erase(ANN), bounded.verify(ANN)] {
        let told = "account `office`: folder `INBOX`: 1 messages are larger than `body_bytes_max` to be looked into";
        let error = error.expect_err("too large");
        assert_eq!((error.class, error.message.starts_with(told)), (ErrorClass::Permanent, true), "{}", error.message);
    }
    assert_eq!(left(&SERVER, user, "INBOX"), 1, "all others are done");
    let host = host_with(imap(&SERVER, user), json!({ "look_at_body": true }));
    assert_eq!(host.verify(ANN), Ok(Answer::absent()));
}

#[test]
fn a_large_text_is_looked_at_as_a_whole() {
    let user = "largest-text";
    let large =
        |last: &str| Message::new(format!("From: eve@y.cz\nSubject: x\n\n{}{last}\n", "0123456\n".repeat(2 << 20)));
    SERVER.deliver(user, "INBOX", [large("joann@x.cz"), large("ann@x.cz")]);
    let host = host_with(imap(&SERVER, user), json!({ "look_at_body": true }));
    assert_eq!(host.erase(ANN), erased(1));
    assert_eq!(left(&SERVER, user, "INBOX"), 1);
}

#[test]
fn only_what_the_person_sent_goes_where_that_is_asked_for() {
    let user = "senders";
    SERVER.deliver(user, "INBOX", anns());
    let host = host_with(imap(&SERVER, user), json!({ "only_from": true }));
    assert_eq!(host.erase(ANN), erased(5));
    assert_eq!(host.verify(ANN), Ok(Answer::absent()));
    assert_eq!(left(&SERVER, user, "INBOX"), 5);
}

#[test]
fn too_many_messages_are_left_to_a_person() {
    let user = "too-many";
    SERVER.deliver(user, "a", anns());
    SERVER.deliver(user, "b", anns());
    let host = host_with(imap(&SERVER, user), json!({ "messages_max": 19 }));
    let error = host.erase(ANN).expect_err("too many");
    let told = "account `office`: 20 messages are more than `messages_max`, and none was erased";
    assert_eq!((error.class, error.message.as_str()), (ErrorClass::Permanent, told));
    assert_eq!(left(&SERVER, user, "a") + left(&SERVER, user, "b"), 20);
    assert_eq!(host.dry_run(ANN), residual(20));
}
