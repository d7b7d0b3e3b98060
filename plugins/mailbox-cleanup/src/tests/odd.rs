//! Servers whose lines are not what the RFC has: one odd line costs no account, and a name is the same however it is spelt.

use super::script::{FOLDERS, List, Manner, PLAIN, Script, numbers};
use super::*;

/// The lines of real servers.
fn manners() -> Vec<(&'static str, Manner)> {
    vec![
        ("the RFC", PLAIN),
        (
            "iCloud: a search that finds nothing says nothing",
            Manner {
                search: |_, _, uids| if uids.is_empty() { String::new() } else { (PLAIN.search)("", "", uids) },
                ..PLAIN
            },
        ),
        ("blanks in a search", Manner { search: |_, _, uids| format!("* SEARCH {} \r\n", numbers(uids)), ..PLAIN }),
        (
            "a search with MODSEQ",
            Manner { search: |_, _, uids| format!("* SEARCH{} (MODSEQ 917)\r\n", numbers(uids)), ..PLAIN },
        ),
        (
            "flags with a trailing blank, a bracket, quotes and UTF-8",
            Manner {
                open: |_, count| {
                    let flags =
                        "* FLAGS (\\Seen )\r\n* FLAGS (a]b)\r\n* FLAGS (\"My Flag\" a\"b)\r\n* FLAGS (Důležité)\r\n";
                    let permanent =
                        "* OK [PERMANENTFLAGS (\\Seen \\*  )] ok\r\n* OK [PERMANENTFLAGS (a]b é)] Omezené\r\n";
                    format!("{flags}{permanent}{}", (PLAIN.open)("", count))
                },
                ..PLAIN
            },
        ),
        (
            "flags in a message",
            Manner {
                fetch: |uid, headers| {
                    let flags = "* 1 FETCH (FLAGS (\\Seen ))\r\n* 2 FETCH (FLAGS (a]b \"c d\" é))\r\n";
                    let message = format!("UID {uid} BODY[HEADER] {{{}}}\r\n{headers}", headers.len());
                    format!("{flags}* {uid} FETCH (FLAGS (\\Seen \"x y\" Důležité ) {message})\r\n")
                },
                ..PLAIN
            },
        ),
        (
            "a blank before the parenthesis",
            Manner {
                fetch: |uid, headers| {
                    format!(
                        "* {uid} FETCH (UID {uid} BODY[HEADER.FIELDS (FROM TO)] {{{}}}\r\n{headers} )\r\n",
                        headers.len()
                    )
                },
                ..PLAIN
            },
        ),
        (
            "folders with a trailing blank",
            Manner { list: |name| [b"* LIST (\\HasNoChildren ) \"/\" \"", name, b"\" \r\n"].concat(), ..PLAIN },
        ),
        ("folders without a delimiter", Manner { list: |name| [b"* LIST () \"\" ", name, b"\r\n"].concat(), ..PLAIN }),
        (
            "a backslash that is not escaped",
            Manner { list: |name| [b"* LIST () \"\\\" \"", name, b"\"\r\n"].concat(), ..PLAIN },
        ),
        (
            "UIDVALIDITY 0 of a folder without messages",
            Manner {
                open: |_, count| {
                    format!("* {count} EXISTS\r\n* OK [UIDVALIDITY {}] x\r\n", if count == 0 { 0 } else { 7 })
                },
                ..PLAIN
            },
        ),
        (
            "no UIDVALIDITY of a folder without messages",
            Manner {
                open: |_, count| if count == 0 { "* 0 EXISTS\r\n".into() } else { (PLAIN.open)("", count) },
                ..PLAIN
            },
        ),
        (
            "UIDVALIDITY beyond 32 bits",
            Manner { open: |_, count| format!("* {count} EXISTS\r\n* OK [UIDVALIDITY 12345678901] x\r\n"), ..PLAIN },
        ),
        (
            "UIDVALIDITY beyond 64 bits, and a blank after it",
            Manner {
                open: |_, count| format!("* {count} EXISTS \r\n* OK [UIDVALIDITY 123456789012345678901234 ] x\r\n"),
                ..PLAIN
            },
        ),
        (
            "texts in the server's language",
            Manner {
                open: |_, count| {
                    format!("* OK Schránka otevřena\r\n* {count} EXISTS\r\n* OK [UIDVALIDITY 7] Platné\r\n")
                },
                ..PLAIN
            },
        ),
        (
            "answers of extensions",
            Manner {
                open: |_, count| format!("* X-STATE \u{1}é (\r\n* STATUS \"é\" (x)\r\n{}", (PLAIN.open)("", count)),
                search: |_, _, uids| format!("* X-SPEED (\"\r\n{}", (PLAIN.search)("", "", uids)),
                ..PLAIN
            },
        ),
    ]
}

#[test]
fn one_odd_line_costs_no_account() {
    for (name, manner) in manners() {
        let server = Script::start(manner, &FOLDERS);
        let host = host(server.imap());
        assert_eq!(host.dry_run(ANN), residual(3), "{name}");
        assert_eq!(host.erase(ANN), erased(3), "{name}");
        assert_eq!(server.left(b"INBOX"), ["From: joann@x.cz"], "{name}");
        assert_eq!(host.verify(ANN), Ok(Answer::absent()), "{name}");
    }
}

#[test]
fn folders_are_looked_through_whatever_they_are_called() {
    let names: [&[u8]; 9] =
        ["Koš".as_bytes(), b"Ko\xb9", b"a \"b\" c", b"Sent Items", b"a]b", b"100%", b"&", b"Ko&AWE-", b"(x)"];
    let raw: List = |name| [b"* LIST () \"/\" ", name, b"\r\n"].concat();
    let literal: List = |name| [format!("* LIST () \"/\" {{{}}}\r\n", name.len()).as_bytes(), name, b"\r\n"].concat();
    for (how, list) in [("in quotes", PLAIN.list), ("as it is", raw), ("as a literal", literal)] {
        for name in names {
            let server = Script::start(Manner { list, ..PLAIN }, &[FOLDERS[0], (name, &["From: ann@x.cz"])]);
            let shown = String::from_utf8_lossy(name);
            assert_eq!(host(server.imap()).erase(ANN), erased(3), "{shown} {how}");
            assert_eq!(server.left(name).len(), 0, "{shown} {how}");
        }
    }
}

#[test]
fn a_folder_is_the_same_however_its_name_is_spelt() {
    let lists: [(&str, List); 3] = [
        ("in quotes", PLAIN.list),
        ("as an atom", |name| [b"* LIST () \".\" ", name, b"\r\n"].concat()),
        ("as a literal", |name| [format!("* LIST () \".\" {{{}}}\r\n", name.len()).as_bytes(), name, b"\r\n"].concat()),
    ];
    let names: [(&str, &[u8]); 6] = [
        ("INBOX.Ko", b"INBOX.Ko"),
        ("Koš", b"Ko&AWE-"),
        ("Koš", "Koš".as_bytes()),
        ("Koš", "Kos\u{30c}".as_bytes()),
        ("Sent Items", b"Sent Items"),
        ("inBox", b"Inbox"),
    ];
    for (how, list) in lists {
        for (move_to, name) in names {
            for capabilities in [" UIDPLUS", " UIDPLUS MOVE", ""] {
                let work: (&[u8], &[&str]) = (b"Work", &["From: ann@x.cz", "From: joann@x.cz", "To: ann@x.cz"]);
                let server =
                    Script::start(Manner { list, capabilities, ..PLAIN }, &[work, (name, &["From: eve@y.cz"])]);
                let answer = host(with(server.imap(), json!({ "move_to": move_to }))).erase(ANN);
                let answer = answer.unwrap_or_else(|error| panic!("{move_to} {how}: {error}"));
                assert_eq!((answer.outcome, answer.counts["kept messages"]), (Outcome::Retained, 2), "{move_to} {how}");
                assert_eq!((server.left(b"Work").len(), server.left(name).len()), (1, 3), "{move_to} {how}");
            }
        }
    }
}

// Folders whose names are composed otherwise come from macOS: <https://github.com/imdinu/apple-mail-mcp/issues/120>.
#[test]
fn folders_whose_names_are_alike_are_all_looked_through() {
    let raw: List = |name| [b"* LIST () \"/\" ", name, b"\r\n"].concat();
    let hers: &[&str] = &["From: ann@x.cz"];
    for list in [PLAIN.list, raw] {
        let names: [(&[u8], &[&str]); 3] =
            [("Ko\u{161}".as_bytes(), hers), ("Kos\u{30c}".as_bytes(), hers), (b"Ko&AWE-", hers)];
        let server = Script::start(Manner { list, ..PLAIN }, &names);
        assert_eq!(host(server.imap()).erase(ANN), erased(3));
        let server = Script::start(Manner { list, ..PLAIN }, &names);
        let error = host(with(server.imap(), json!({ "move_to": "Ko\u{161}" }))).health().expect_err("which?");
        assert!(error.class == ErrorClass::NeedsOperator && error.message.contains("differ only in how"), "{error}");
    }
    // Whether a blank at the end is the name's own, nobody can tell.
    let blank: [(&[u8], &[&str]); 2] = [(b"a", hers), (b"a ", hers)];
    let answer = host(Script::start(Manner { list: raw, ..PLAIN }, &blank).imap()).erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["messages"]), (Outcome::Unverifiable, 1));
    let server = Script::start(PLAIN, &blank);
    assert_eq!(host(server.imap()).erase(ANN), erased(2), "in quotes, it is");
}

#[test]
fn courier_moves_messages_to_a_folder_that_it_names_in_quotes() {
    // Courier-IMAP 5.0.13 (Debian 12), word by word.
    let courier = Manner {
        list: |name| match name {
            b"INBOX" => b"* LIST (\\Unmarked \\HasChildren) \".\" \"INBOX\"\r\n".to_vec(),
            name => [b"* LIST (\\HasNoChildren) \".\" \"", name, b"\"\r\n"].concat(),
        },
        open: |_, count| {
            let flags = "* FLAGS (\\Draft \\Answered \\Flagged \\Deleted \\Seen \\Recent)\r\n";
            let permanent = "* OK [PERMANENTFLAGS (\\* \\Draft \\Answered \\Flagged \\Deleted \\Seen)] Limited\r\n";
            let rights = "* OK [MYRIGHTS \"acdilrsw\"] ACL\r\n";
            format!("{flags}{permanent}* {count} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 795966660] Ok\r\n{rights}")
        },
        ..PLAIN
    };
    let server = Script::start(courier, &[FOLDERS[0], (b"INBOX.Kos", &[])]);
    let host = host(with(server.imap(), json!({ "move_to": "INBOX.Kos" })));
    assert_eq!(host.health(), Ok(()));
    assert_eq!(outcome(host.erase(ANN)), Outcome::Retained);
    assert_eq!((server.left(b"INBOX"), server.left(b"INBOX.Kos").len()), (vec!["From: joann@x.cz".to_owned()], 2));
}
