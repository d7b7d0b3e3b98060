//! What cannot be read is neither the person's nor nobody's: it needs a person, and everything else is done.

use super::script::{FOLDERS, Fetch, List, Manner, PLAIN, Script, numbers};
use super::*;

/// What keeps the folder `Work` from being looked through, for good.
fn unreadable() -> Vec<(&'static str, Manner)> {
    vec![
        ("cannot be opened", Manner { refuse: |name, text| on_work(name, text, "EXAMINE", "NO no"), ..PLAIN }),
        ("(NOPERM)", Manner { refuse: |name, text| on_work(name, text, "EXAMINE", "NO [NOPERM] no"), ..PLAIN }),
        ("not understand", Manner { refuse: |name, text| on_work(name, text, "EXAMINE", "BAD what"), ..PLAIN }),
        ("is not there", Manner { refuse: |name, text| on_work(name, text, "EXAMINE", "NO [NONEXISTENT] x"), ..PLAIN }),
        (
            "no UIDVALIDITY",
            Manner {
                open: |name, count| {
                    format!("* {count} EXISTS\r\n* OK [UIDVALIDITY {}] x\r\n", u32::from(name != "Work"))
                },
                ..PLAIN
            },
        ),
        (
            "cannot be read",
            Manner {
                search: |name, _, uids| {
                    format!("* SEARCH{}{}\r\n", numbers(uids), if name == "Work" { " x" } else { "" })
                },
                ..PLAIN
            },
        ),
        (
            "cannot be read",
            Manner {
                search: |name, text, uids| match name == "Work" && text.contains("FROM") {
                    true => "* \u{1}EARCH 1\r\n".into(),
                    false => (PLAIN.search)("", "", uids),
                },
                ..PLAIN
            },
        ),
        ("does not search", Manner { refuse: |name, text| on_work(name, text, "UID SEARCH UID", "NO no"), ..PLAIN }),
    ]
}

fn on_work(name: &str, text: &str, command: &str, answer: &'static str) -> Option<&'static str> {
    (name == "Work" && text.starts_with(command)).then_some(answer)
}

#[test]
fn a_folder_that_cannot_be_read_needs_a_person_and_the_others_are_done() {
    for (why, manner) in unreadable() {
        let server = Script::start(manner, &FOLDERS);
        let host = host(server.imap());
        let told = |answer: Answer| {
            assert_eq!(answer.not_looked_at.len(), 1, "{why}");
            let text = answer.not_looked_at.concat();
            assert!(text.starts_with("account `office`: folder 2 of ") && text.contains(why), "{why}: {text}");
            (answer.outcome, answer.counts.get("messages").copied())
        };
        assert_eq!(told(host.dry_run(ANN).expect(why)), (Outcome::Residual, Some(2)), "{why}");
        assert_eq!(told(host.erase(ANN).expect(why)), (Outcome::Unverifiable, Some(2)), "{why}");
        assert_eq!(told(host.verify(ANN).expect(why)), (Outcome::Unverifiable, None), "{why}");
        assert_eq!((server.left(b"INBOX"), server.left(b"Work").len()), (vec!["From: joann@x.cz".to_owned()], 1));
    }
}

#[test]
fn a_folder_that_cannot_be_read_now_is_tried_again() {
    let later = Manner { refuse: |name, text| on_work(name, text, "EXAMINE", "NO [UNAVAILABLE] later"), ..PLAIN };
    let server = Script::start(later, &FOLDERS);
    assert_eq!(class(host(server.imap()).erase(ANN)), ErrorClass::Retryable);
    assert_eq!(server.left(b"INBOX"), ["From: joann@x.cz"]);
}

/// What keeps the folder `Work` from being looked through now, and may pass: (the manner, what is told of it).
fn passing() -> Vec<(&'static str, Manner)> {
    let searches: fn(&str, &str, &[u32]) -> String = |name, text, uids| match name == "Work" && text.ends_with("ALL") {
        true => "* SEARCH\r\n".into(),
        false => (PLAIN.search)(name, text, uids),
    };
    let silent: fn(&str, &str, &[u32]) -> String = |name, text, uids| match name == "Work" && text.ends_with("ALL") {
        true => String::new(),
        false => (PLAIN.search)(name, text, uids),
    };
    let open: fn(&str, usize) -> String = |name, count| match name {
        "Work" => "* OK [UIDVALIDITY 7] x\r\n".into(),
        _ => (PLAIN.open)(name, count),
    };
    vec![
        ("(SERVERBUG)", Manner { refuse: |name, text| on_work(name, text, "EXAMINE", "NO [SERVERBUG] x"), ..PLAIN }),
        ("(INUSE)", Manner { refuse: |name, text| on_work(name, text, "EXAMINE", "NO [INUSE] x"), ..PLAIN }),
        ("how many messages", Manner { open, ..PLAIN }),
        ("does not list them", Manner { search: searches, ..PLAIN }),
        ("does not say what its search", Manner { search: silent, ..PLAIN }),
        ("does not search", Manner { refuse: |name, text| on_work(name, text, "UID SEARCH ALL", "NO no"), ..PLAIN }),
        ("does not s", Manner { refuse: |name, text| on_work(name, text, "UID FETCH", "NO no"), ..PLAIN }),
        ("does not s", Manner { refuse: |name, text| on_work(name, text, "UID FETCH", "OK no"), ..PLAIN }),
    ]
}

#[test]
fn what_never_passes_in_one_folder_needs_a_person_after_some_attempts() {
    for (why, manner) in passing() {
        let server = Script::start(manner, &FOLDERS);
        let host = host(server.imap());
        let first = host.erase(ANN).expect_err(why);
        assert_eq!(first.class, ErrorClass::Retryable, "{why}: {first}");
        assert!(first.message.contains(why) && first.message.contains("folder 2 of 3"), "{why}: {first}");
        assert_eq!(server.left(b"INBOX"), ["From: joann@x.cz"], "{why}: the others are done");
        let answer = (0..3).find_map(|_| host.erase(ANN).ok()).unwrap_or_else(|| panic!("{why}: without an end"));
        assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 2), "{why}");
        assert!(answer.not_looked_at.concat().contains("folder 2 of 3: "), "{why}: {:?}", answer.not_looked_at);
    }
}

/// RFC 5530 has LIMIT for one operation, too: only when a second folder says so, the server does.
#[test]
fn one_folder_that_asks_to_wait_stops_no_other() {
    let limited = Manner { refuse: |name, text| on_work(name, text, "EXAMINE", "NO [LIMIT] x"), ..PLAIN };
    let server = Script::start(limited, &FOLDERS);
    let host = host(server.imap());
    assert_eq!(class(host.erase(ANN)), ErrorClass::RateLimited);
    assert_eq!(server.left(b"INBOX"), ["From: joann@x.cz"]);
    let answer = (0..3).find_map(|_| host.erase(ANN).ok()).expect("not without an end");
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 2));
}

#[test]
fn a_connection_that_one_folder_ends_is_made_anew_for_the_others() {
    for ended in ["", "* BYE"] {
        let manner = match ended {
            "" => Manner { refuse: |name, text| on_work(name, text, "EXAMINE", ""), ..PLAIN },
            _ => Manner {
                open: |name, count| match name {
                    "Work" => "* BYE gone\r\n".into(),
                    _ => (PLAIN.open)(name, count),
                },
                ..PLAIN
            },
        };
        let server = Script::start(manner, &FOLDERS);
        let answer = host(server.imap()).erase(ANN).expect("an answer");
        assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 2), "{ended}: {answer:?}");
        assert!(answer.not_looked_at.concat().contains("folder 2 of 3: "), "{ended}: {:?}", answer.not_looked_at);
        assert_eq!(server.left(b"INBOX"), ["From: joann@x.cz"], "{ended}");
    }
}

/// Another attempt may do it, and gives marks back that were taken away: not even twice is for good.
#[test]
fn a_connection_that_is_lost_while_a_folder_is_emptied_is_tried_in_three_attempts() {
    let lost = Manner { refuse: |name, text| on_work(name, text, "UID STORE", ""), ..PLAIN };
    let server = Script::start(lost, &FOLDERS);
    let host = host(server.imap());
    for _ in 0..2 {
        let error = host.erase(ANN).expect_err("lost");
        assert_eq!((error.class, error.message.contains("folder 2 of 3")), (ErrorClass::Retryable, true), "{error}");
        assert_eq!(server.left(b"INBOX"), ["From: joann@x.cz"], "the others are done");
    }
    let answer = host.erase(ANN).expect("an answer");
    let counts = (answer.counts["messages"], answer.counts["messages left"]);
    assert_eq!((answer.outcome, counts), (Outcome::Residual, (2, 1)), "{answer:?}");
}

/// A server that has no index of headers, or one that is behind, answers each such search with nothing.
#[test]
fn a_search_that_never_finds_anything_is_not_believed() {
    let blind: fn(&str, &str, &[u32]) -> String =
        |name, text, uids| if text.contains("FROM") { "* SEARCH\r\n".into() } else { (PLAIN.search)(name, text, uids) };
    for folders in [&FOLDERS[..], &[(&b"INBOX"[..], &["From: bob@y.cz", "From: ann@x.cz"][..])]] {
        let server = Script::start(Manner { search: blind, ..PLAIN }, folders);
        let host = host(server.imap());
        for _ in 0..4 {
            for answer in [host.erase(ANN), host.verify(ANN), host.dry_run(ANN)] {
                let told = answer.as_ref().map(|answer| answer.outcome);
                assert!(!matches!(told, Ok(Outcome::Absent | Outcome::Erased)), "{answer:?}");
            }
        }
    }
    // One that finds what is there is believed that there is nothing else.
    let server = Script::start(PLAIN, &[(&b"INBOX"[..], &["From: bob@y.cz"][..])]);
    assert_eq!(host(server.imap()).verify(ANN), Ok(Answer::absent()));
}

#[test]
fn a_folder_that_is_left_out_may_be_the_one_whose_name_cannot_be_read() {
    let list: List = |name| match name {
        b"Work" => b"* LIST () \"/\" \"Work\r\n".to_vec(),
        name => (PLAIN.list)(name),
    };
    let server = Script::start(Manner { list, ..PLAIN }, &FOLDERS);
    let host = host(with(server.imap(), json!({ "exclude": ["Work"] })));
    let answer = host.erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 2), "{answer:?}");
    assert_eq!(server.left(b"Work"), ["From: ann@x.cz"]);
}

#[test]
fn a_folder_whose_name_cannot_be_read_is_never_absent() {
    let list: List = |name| match name {
        b"Work" => b"* LIST () \"/\" \"Work\r\n".to_vec(),
        name => (PLAIN.list)(name),
    };
    let server = Script::start(Manner { list, ..PLAIN }, &FOLDERS);
    let answer = host(server.imap()).erase(ANN).expect("an answer");
    let told = "account `office`: 1 folders have names that cannot be read, and were not looked through";
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 2));
    assert_eq!(answer.not_looked_at, [told]);
    let only = host(with(server.imap(), json!({ "folders": ["INBOX"] })));
    assert_eq!(only.verify(ANN), Ok(Answer::absent()), "it is not one of those that are searched");
}

#[test]
fn what_a_server_does_not_list_at_all_is_never_absent() {
    let silent = Manner { search: |_, _, _| String::new(), ..PLAIN };
    let unlisted = Manner { list: |_| Vec::new(), ..PLAIN };
    for manner in [silent, unlisted] {
        let server = Script::start(manner, &FOLDERS[..2]);
        assert_eq!(class(host(server.imap()).erase(ANN)), ErrorClass::Retryable);
        assert_eq!(class(host(server.imap()).verify(ANN)), ErrorClass::Retryable);
    }
}

#[test]
fn messages_of_which_a_search_says_nothing_are_gone_only_when_they_are_not_shown_either() {
    let server = Script::start(
        Manner {
            // Silent about which of some messages are there; and it does not expunge.
            search: |_, text, uids| match text.contains("FROM") || text.contains("ALL") {
                true => (PLAIN.search)("", "", uids),
                false => String::new(),
            },
            refuse: |_, text| text.starts_with("UID EXPUNGE").then_some("OK done"),
            ..PLAIN
        },
        &FOLDERS,
    );
    let answer = host(server.imap()).erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["messages left"]), (Outcome::Residual, 3));
    assert!(answer.reason.is_some_and(|reason| reason.contains("still there")));
}

// Answers that tell of a message twice: <https://github.com/MailCore/mailcore2/issues/1025>; that end where they may not:
// <https://github.com/paperless-ngx/paperless-ngx/issues/13412>.
#[test]
fn a_message_that_does_not_show_whose_it_is_needs_a_person_and_the_others_are_done() {
    let fetches: [(&str, Fetch); 15] = [
        ("never", |_, _| String::new()),
        ("two numbers", |uid, headers| {
            format!("* {uid} FETCH (UID {uid} UID 9 BODY[HEADER] {{{}}}\r\n{headers})\r\n", headers.len())
        }),
        ("two numbers, one of which is odd", |uid, headers| {
            format!("* {uid} FETCH (UID {uid} UID {uid} BODY[HEADER] {{{}}}\r\n{headers} )\r\n", headers.len())
        }),
        ("two texts", |uid, _| {
            format!("* {uid} FETCH (UID {uid} BODY[HEADER] \"From: eve@y.cz\" BODY[HEADER] \"From: joann@x.cz\")\r\n")
        }),
        ("two answers that are not alike", |uid, _| {
            let of = |from: &str| format!("* {uid} FETCH (UID {uid} BODY[HEADER] \"From: {from}\")\r\n");
            of("joann@x.cz") + &of("eve@y.cz")
        }),
        ("no blank after quotes", |uid, _| format!("* {uid} FETCH (BODY[HEADER] \"From: joann@x.cz\"UID {uid})\r\n")),
        ("an empty literal", |uid, _| format!("* {uid} FETCH (UID {uid} BODY[HEADER] {{0}}\r\n)\r\n")),
        ("NIL", |uid, _| format!("* {uid} FETCH (UID {uid} BODY[HEADER] NIL )\r\n")),
        ("empty quotes", |uid, _| format!("* {uid} FETCH (UID {uid} BODY[HEADER] \"\")\r\n")),
        ("nothing of it", |uid, _| format!("* {uid} FETCH (UID {uid})\r\n")),
        ("an answer that cannot be read", |uid, _| format!("* {uid} FETCH (UID {uid} BODY[HEADER] (x\r\n")),
        ("a number that cannot be read", |uid, _| format!("* {uid} FETCH (UID x BODY[HEADER] NIL)\r\n")),
        ("an empty header", |uid, _| format!("* {uid} FETCH (UID {uid} BODY[HEADER] {{7}}\r\nFrom:\r\n)\r\n")),
        ("headers that do not show why it was found", |uid, _| {
            format!("* {uid} FETCH (UID {uid} BODY[HEADER] {{18}}\r\nFrom: eve@y.cz\r\n\r\n)\r\n")
        }),
        ("a masked header", |uid, _| {
            format!("* {uid} FETCH (UID {uid} BODY[HEADER] {{27}}\r\nFrom: eve@y.cz\r\nTo: ***\r\n\r\n)\r\n")
        }),
    ];
    for (name, hidden) in fetches {
        // Only the second message is hidden, whose UID no other test's message has.
        static HIDDEN: std::sync::Mutex<Option<Fetch>> = std::sync::Mutex::new(None);
        *HIDDEN.lock().expect("a lock") = Some(hidden);
        let fetch: Fetch = |uid, headers| match *HIDDEN.lock().expect("a lock") {
            Some(hidden) if uid == 2 => hidden(uid, headers),
            _ => (PLAIN.fetch)(uid, headers),
        };
        let server = Script::start(Manner { fetch, ..PLAIN }, &FOLDERS);
        let host = host(server.imap());
        for (answer, messages) in [(host.erase(ANN), Some(3)), (host.verify(ANN), None)] {
            let answer = answer.expect(name);
            let told = "account `office`: 1 messages were found that do not show whose they are, and stay";
            assert_eq!(
                (answer.outcome, answer.counts.get("messages").copied()),
                (Outcome::Unverifiable, messages),
                "{name}"
            );
            assert_eq!(answer.not_looked_at, [told], "{name}");
        }
        assert_eq!(server.left(b"INBOX"), ["From: joann@x.cz"], "{name}");
    }
}

#[test]
fn a_folder_that_cannot_be_emptied_needs_a_person_and_the_others_are_done() {
    for (why, refuse) in [
        (
            "mark messages as deleted (NOPERM)",
            (|name, text| on_work(name, text, "UID STORE", "NO [NOPERM] no")) as fn(&str, &str) -> _,
        ),
        ("does not understand", |name, text| on_work(name, text, "UID STORE", "BAD what")),
        ("does not expunge messages", |name, text| on_work(name, text, "UID EXPUNGE", "NO no")),
        ("cannot be opened (NOPERM)", |name, text| on_work(name, text, "SELECT", "NO [NOPERM] no")),
        ("still there, although", |name, text| on_work(name, text, "UID EXPUNGE", "OK done")),
    ] {
        let server = Script::start(Manner { refuse, ..PLAIN }, &FOLDERS);
        let host = host(server.imap());
        let answer = host.erase(ANN).expect(why);
        assert_eq!(
            (answer.outcome, answer.counts["messages"], answer.counts["messages left"]),
            (Outcome::Residual, 2, 1)
        );
        let reason = answer.reason.expect(why);
        assert!(reason.starts_with("account `office`: folder 2 of 3: ") && reason.contains(why), "{why}: {reason}");
        assert_eq!((server.left(b"INBOX"), server.left(b"Work").len()), (vec!["From: joann@x.cz".to_owned()], 1));
        assert_eq!(host.verify(ANN), residual(1), "{why}");
    }
}

// As iCloud is silent (<https://github.com/home-assistant/core/issues/132042>), on a server that has no UIDPLUS beside.
#[test]
fn a_server_without_uidplus_that_says_nothing_where_nothing_matches_erases_what_is_hers_alone() {
    type Search = fn(&str, &str, &[u32]) -> String;
    let silent: [(&str, Search); 3] = [
        (
            "where nothing matches",
            |_, _, uids| if uids.is_empty() { String::new() } else { (PLAIN.search)("", "", uids) },
        ),
        (
            "to DELETED",
            |_, text, uids| if text.contains(" DELETED") { String::new() } else { (PLAIN.search)("", "", uids) },
        ),
        (
            "to NOT",
            |_, text, uids| if text.contains(" NOT UID") { String::new() } else { (PLAIN.search)("", "", uids) },
        ),
    ];
    for (to, search) in silent {
        for is_marked in [false, true] {
            let server = Script::start(Manner { search, capabilities: "", ..PLAIN }, &FOLDERS);
            if is_marked {
                server.mark(b"INBOX", 2);
            }
            let answer = host(server.imap()).erase(ANN);
            let marked = if is_marked { vec![2] } else { Vec::new() };
            assert_eq!((server.marked(b"INBOX"), server.left(b"Work").len()), (marked, 0), "silent {to}");
            match to {
                // Others' messages are there, and nobody says which of them are marked.
                "to NOT" => assert_eq!((class(answer), server.left(b"INBOX").len()), (ErrorClass::Retryable, 3)),
                _ => assert_eq!((answer, server.left(b"INBOX").len()), (erased(3), 1), "silent {to}"),
            }
        }
    }
}

#[test]
fn a_server_that_is_silent_to_a_search_alone_hides_nobody() {
    for silent_to in ["FROM", "NOT "] {
        // It lists all messages, and names none of those that were asked for; or none at all.
        let search: fn(&str, &str, &[u32]) -> String = match silent_to {
            "FROM" => |_, text, uids| match text.contains("FROM") {
                true => String::new(),
                false => (PLAIN.search)("", "", uids),
            },
            _ => |_, text, uids| match text.contains("FROM") && !text.contains("NOT ") {
                true => String::new(),
                false => (PLAIN.search)("", "", uids),
            },
        };
        let others: (&[u8], &[&str]) = (b"Others", &["From: eve@y.cz"]);
        let server = Script::start(Manner { search, ..PLAIN }, &[FOLDERS[0], FOLDERS[1], others]);
        let answer = host(server.imap()).erase(ANN).expect(silent_to);
        assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Erased, 3), "{silent_to}");
        assert_eq!(server.left(b"INBOX"), ["From: joann@x.cz"], "{silent_to}");
    }
}

#[test]
fn nothing_is_copied_out_of_a_folder_from_which_it_could_not_be_taken() {
    let open: fn(&str, usize) -> String = |name, count| {
        let flags = if name == "Work" { "* OK [PERMANENTFLAGS (\\Seen)] x\r\n" } else { "" };
        format!("{flags}{}", (PLAIN.open)(name, count))
    };
    for capabilities in ["", " UIDPLUS", " MOVE"] {
        let folders = [FOLDERS[0], FOLDERS[1], (&b"Kos"[..], &[][..])];
        let server = Script::start(Manner { open, capabilities, ..PLAIN }, &folders);
        let host = host(with(server.imap(), json!({ "move_to": "Kos" })));
        let answer = (0..3).map(|_| host.erase(ANN).expect("an answer")).last().expect("three");
        let moved = if capabilities == " MOVE" { 3 } else { 2 };
        assert_eq!(server.left(b"Kos").len(), moved, "however often it is tried:{capabilities}");
        match moved {
            2 => {
                assert_eq!((answer.outcome, server.left(b"Work").len()), (Outcome::Residual, 1));
                let reason = answer.reason.expect("why");
                assert!(reason.contains("folder 2 of 2: ") && reason.contains("none was copied"), "{reason}");
            }
            _ => assert_eq!(answer.outcome, Outcome::Retained),
        }
    }
}
