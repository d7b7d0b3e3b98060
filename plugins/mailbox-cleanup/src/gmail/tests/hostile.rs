//! Identifiers, and what a message says of itself, are what strangers wrote.

use quietus_plugin::http::test::Reply;
use quietus_plugin::{ErrorClass, Outcome};

use super::google::refused;
use super::*;

/// Erases by this text in a mailbox with others' messages, none of which may go.
#[track_caller]
fn check(typed: &str, expected: Outcome) {
    let google = Google::with(&["ann@x.cz", "o'hara@x.cz", "b@x.cz", "anybody@y.cz"]);
    let before = google.senders();
    let answer = host(&google, json!({})).erase([("email", typed)]).expect("an answer");
    assert_eq!(answer.outcome, expected, "{typed}");
    assert_eq!(google.senders(), before, "{typed}");
}

#[test]
fn no_text_matches_more_than_itself() {
    let no_addresses = ["ann@x.cz\" OR from:\"b@x.cz", "ann@x.cz\r\nBcc: b@x.cz", "\u{0}@x.cz", "", "*", "in:anywhere"];
    for typed in no_addresses {
        check(typed, Outcome::Unverifiable);
    }
    let long = format!("{}@x.cz", "a".repeat(10_000));
    check(&long, Outcome::Unverifiable);
    let addresses = [
        "*@x.cz",
        "%@x.cz",
        "a*n@x.cz",
        "-from@x.cz",
        "{b}@x.cz",
        "a&maxResults=1#@x.cz",
        "\"b\\\" OR from:\\\"\"@x.cz",
        "\"} from:b {\"@x.cz",
        "../b@x.cz",
        "\u{202e}nna@x.cz",
        "a\u{301}nn@x.cz",
        "\u{430}nn@x.cz",
    ];
    for typed in addresses {
        check(typed, Outcome::Absent);
    }
}

#[test]
fn addresses_with_characters_that_mean_something_are_found() {
    for address in ["o'hara@x.cz", "a+b@x.cz", "a&b=c@x.cz", "%61nn@x.cz", "{b}@x.cz"] {
        let google = Google::with(&["hara@x.cz", "ann@x.cz"]);
        google.add("SENT", &[("From", USER), ("Cc", address)]);
        let answer = host(&google, json!({})).erase([("email", address)]).expect("an answer");
        assert_eq!(answer.counts["messages"], 1, "{address}");
        assert_eq!(google.senders(), ["hara@x.cz", "ann@x.cz"], "{address}");
    }
}

#[test]
fn an_address_that_looks_masked_is_nobodys() {
    for address in ["a*@x.cz", "a#n@x.cz"] {
        let google = Google::with(&["ann@x.cz"]);
        google.add("SENT", &[("From", USER), ("Cc", address)]);
        let answer = host(&google, json!({})).erase([("email", address)]).expect("an answer");
        assert_eq!((answer.outcome, answer.counts.len()), (Outcome::Unverifiable, 0), "{address}");
        assert_eq!(google.senders().len(), 2, "{address}");
    }
}

#[test]
fn a_headers_value_makes_no_header_of_its_own() {
    let google = Google::with(&[]);
    google.add("INBOX", &[("From", "\"ann@x.cz\" <joann@x.cz>\r\nCc: ann@x.cz\r\n\r\nann@x.cz")]);
    google.add("INBOX", &[("From", "joann@x.cz"), ("To: ann@x.cz\r\nX", "ann@x.cz")]);
    let answer = host(&google, json!({})).erase(ANN).expect("an answer");
    assert_eq!(answer.outcome, Outcome::Unverifiable);
    assert!(answer.not_looked_at.concat().contains(": 1 messages"), "the first: {:?}", answer.not_looked_at);
    assert_eq!(google.senders().len(), 2);
}

#[test]
fn a_message_that_was_found_and_shows_no_headers_needs_a_person() {
    let google = Google::with(&["joann@x.cz", "ann@x.cz"]);
    // Found by its sender, which is not given out.
    google.fault("messages/18c00000", Reply::json(200, &json!({ "id": "18c00000" })));
    let answer = host(&google, json!({})).erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 1));
    assert_eq!(answer.not_looked_at.len(), 1);
    assert_eq!(google.senders(), ["joann@x.cz"]);
    google.fault("messages/18c00000", Reply::json(200, &json!({ "id": "18c00000", "payload": { "headers": [] } })));
    assert_eq!(host(&google, json!({})).verify(ANN).expect("an answer").outcome, Outcome::Unverifiable);
}

#[test]
fn ids_from_the_system_are_no_more_trusted_than_people() {
    let google = Google::with(&["ann@x.cz"]);
    google.state().mailboxes.get_mut(USER).expect("a mailbox")[0].id = "../profile".into();
    assert!(host(&google, json!({})).erase(ANN).is_err());
    assert_eq!(google.count("profile") + google.count("batch"), 0);
}

#[test]
fn a_message_whose_headers_cannot_be_read_is_left_to_a_person_and_the_others_go() {
    let odd = json!({ "id": "18c00001", "payload": { "headers": [{ "name": "From", "value": null }] } });
    let others = json!({ "id": "18c00002", "payload": { "headers": [{ "name": "From", "value": "ann@x.cz" }] } });
    let replies: [(&str, &dyn Fn() -> Reply); 6] = [
        ("400", &|| refused(400, "badRequest")),
        ("404", &|| refused(404, "notFound")),
        ("500", &|| refused(500, "backendError")),
        ("HTML", &|| Reply::text(200, "<html>")),
        ("no text", &|| Reply::json(200, &odd)),
        ("another's", &|| Reply::json(200, &others)),
    ];
    for (how, reply) in replies {
        let google = Google::with(&["ann@x.cz"; 3]);
        let host = host(&google, json!({}));
        let hide = |times| (0..times).for_each(|_| google.fault("messages/18c00001?format=metadata", reply()));
        hide(2);
        let answer = host.erase(ANN).expect(how);
        assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 2), "{how}");
        assert_eq!((answer.not_looked_at.len(), google.senders().len()), (1, 1), "{how}: {answer:?}");
        hide(2);
        match (how, host.verify(ANN)) {
            // Alone, it shows nothing of whether others are.
            ("500", alone) => assert_eq!(alone.expect_err(how).class, ErrorClass::Retryable),
            (_, alone) => assert_eq!(alone.expect(how).outcome, Outcome::Unverifiable, "{how}: also when it is alone"),
        }
        hide(1);
        assert_eq!(host.erase(ANN).expect(how).counts["messages"], 3, "{how}: a second look shows it");
    }
}

#[test]
fn a_message_that_was_found_and_shows_only_others_needs_a_person() {
    let eves = json!({ "id": "18c00001", "payload": { "headers": [{ "name": "From", "value": "Eve <eve@y.cz>" }] } });
    let google = Google::with(&["ann@x.cz"; 2]);
    for _ in 0..2 {
        google.fault("messages/18c00001?format=metadata", Reply::json(200, &eves));
    }
    let answer = host(&google, json!({})).erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 1), "{answer:?}");
    assert_eq!(google.senders().len(), 1);
    let told =
        answer.not_looked_at.iter().any(|told| told.contains("1 messages were found that do not show whose they are"));
    assert!(told, "{answer:?}");
}
