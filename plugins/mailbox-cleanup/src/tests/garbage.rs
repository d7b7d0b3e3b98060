//! Servers that speak no IMAP, or a hostile kind of it. Whatever they say, nobody is absent because of it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};

use super::proxy::plain;
use super::*;

/// A server that greets and then answers each line by what `answer` makes of the tag and the command.
fn scripted(greeting: &'static str, answer: fn(&str, &str) -> String) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || converse(stream, greeting, answer));
        }
    });
    with(plain(port, "ann"), json!({ "timeout": "2s" }))
}

fn converse(mut stream: TcpStream, greeting: &str, answer: fn(&str, &str) -> String) {
    let lines = BufReader::new(stream.try_clone().expect("a descriptor")).lines();
    drop(stream.write_all(greeting.as_bytes()));
    for line in lines.map_while(Result::ok) {
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        if stream.write_all(answer(tag, command).as_bytes()).is_err() {
            break;
        }
    }
}

/// A good server with one folder of three messages, all Ann's.
fn good(tag: &str, command: &str) -> String {
    let data = match command.split(' ').next().unwrap_or_default() {
        "CAPABILITY" => "* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS\r\n",
        "LIST" => "* LIST () \"/\" INBOX\r\n",
        "EXAMINE" | "SELECT" => "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n",
        "UID" if command.starts_with("UID SEARCH") => "* SEARCH 1 2 3\r\n",
        "UID" if command.starts_with("UID FETCH") => {
            "* 1 FETCH (UID 1 BODY[HEADER] {18}\r\nFrom: ann@x.cz\r\n\r\n)\r\n* 2 FETCH (UID 2 BODY[HEADER] \
             {18}\r\nFrom: ann@x.cz\r\n\r\n)\r\n* 3 FETCH (UID 3 BODY[HEADER] {18}\r\nFrom: ann@x.cz\r\n\r\n)\r\n"
        }
        _ => "",
    };
    format!("{data}{tag} OK done\r\n")
}

const HELLO: &str = "* OK hello\r\n";

#[track_caller]
fn check(greeting: &'static str, answer: fn(&str, &str) -> String, class: ErrorClass, told: &str) {
    let host = host(scripted(greeting, answer));
    for error in [host.erase(ANN), host.verify(ANN), host.dry_run(ANN)] {
        let error = error.expect_err("an error");
        assert_eq!(error.class, class, "{}", error.message);
        assert!(error.message.contains(told), "{}", error.message);
    }
}

/// What the good server says, except for one command.
macro_rules! but {
    ($word:literal, |$tag:ident| $answer:expr) => {
        |$tag: &str, command: &str| if command.starts_with($word) { $answer } else { good($tag, command) }
    };
}

#[test]
fn a_scripted_server_that_does_nothing_is_residual() {
    let host = host(scripted(HELLO, good));
    assert_eq!(host.dry_run(ANN), residual(3));
    assert_eq!(host.verify(ANN), residual(3));
    let told = "account `office`: folder 1 of 1: 3 messages are still there, although the server says that they are not: may \
                the account delete there?";
    let answer = host.erase(ANN).expect("an answer");
    assert_eq!(
        (answer.outcome, answer.counts["messages left"], answer.reason.as_deref()),
        (Outcome::Residual, 3, Some(told))
    );
}

#[test]
fn garbage_is_an_error_and_never_nobody() {
    use ErrorClass::{NeedsOperator, Retryable};
    check("", good, Retryable, "did not answer in time");
    check("220 smtp.x.cz ESMTP\r\n", good, Retryable, "is not IMAP");
    check("HTTP/1.1 400 Bad Request\r\n\r\n", good, Retryable, "is not IMAP");
    check("* BYE go away\r\n", good, Retryable, "not willing");
    check("* PREAUTH come in\r\n", good, NeedsOperator, "greets");
    check(HELLO, |_, _| "\u{0}\u{1}\u{2}\r\n".into(), Retryable, "is not IMAP");
    check("* NO hello\r\n", good, Retryable, "is not IMAP");
    check("* SEARCH 1\r\n", good, Retryable, "is not IMAP");
    check(HELLO, but!("LIST", |tag| format!("{tag} OK done\r\n")), Retryable, "lists no folder");
    check(HELLO, but!("LIST", |tag| format!("{tag} MAYBE done\r\n")), Retryable, "is not IMAP");
    check(HELLO, but!("LIST", |tag| format!("{tag} BAD what\r\n")), Retryable, "does not understand");
    check(HELLO, but!("CAPABILITY", |tag| format!("{tag} BAD what\r\n")), Retryable, "does not understand");
    check(HELLO, but!("AUTHENTICATE", |tag| format!("{tag} BAD what\r\n")), Retryable, "does not understand");
    check(HELLO, but!("LIST", |_tag| "* BYE overloaded\r\n".into()), Retryable, "ended the conversation");
    let unnumbered = but!("EXAMINE", |tag| format!("* 3 EXISTS\r\n{tag} OK done\r\n"));
    check(HELLO, unnumbered, NeedsOperator, "has no UIDVALIDITY");
    let uncounted = but!("EXAMINE", |tag| format!("* OK [UIDVALIDITY 7] x\r\n{tag} OK done\r\n"));
    check(HELLO, uncounted, Retryable, "how many messages");
    check(HELLO, but!("EXAMINE", |tag| format!("{tag} NO no\r\n")), Retryable, "cannot be opened");
    check(HELLO, but!("EXAMINE", |tag| format!("{tag} NO [NOPERM] no\r\n")), NeedsOperator, "(NOPERM)");
    check(HELLO, but!("UID SEARCH", |tag| format!("{tag} OK done\r\n")), Retryable, "does not say what its search");
    check(HELLO, but!("UID SEARCH", |tag| format!("{tag} NO no\r\n")), Retryable, "does not search");
    let unreadable = but!("UID SEARCH", |tag| format!("* SEARCH 1 -2 x\r\n{tag} OK done\r\n"));
    check(HELLO, unreadable, Retryable, "answers to a search cannot be read");
    check(HELLO, but!("UID FETCH", |tag| format!("{tag} OK done\r\n")), Retryable, "does not show 3 messages");
    check(HELLO, but!("UID FETCH", |_tag| "* 1 FETCH (UID 1 BODY[HEADER] {9}\r\n".into()), Retryable, "in time");
}

/// What stands between answers and is none. An alert over several lines, and notices of proxies, are reported of real servers.
#[test]
fn a_line_that_is_no_answer_is_passed_over() {
    const LINES: [&str; 7] = [
        "\r\n",
        "   \r\n",
        "* OK [ALERT] The mailbox is nearly full,\r\nand nobody can help.\r\n",
        "NOTICE: maintenance tonight\r\n",
        "q99 OK done\r\n",
        "q99 NO [LIMIT] too many\r\n",
        "Wartung heute Nacht: Grüße\r\n",
    ];
    macro_rules! each {
        ($($n:literal)*) => { [$(
            |tag: &str, command: &str| match command.split(' ').next() {
                Some("LIST" | "EXAMINE" | "UID" | "CAPABILITY") => format!("{}{}", LINES[$n], good(tag, command)),
                _ => good(tag, command),
            }
        ),*] };
    }
    let answers: [fn(&str, &str) -> String; 7] = each!(0 1 2 3 4 5 6);
    for (answer, line) in answers.into_iter().zip(LINES) {
        assert_eq!(host(scripted(HELLO, answer)).verify(ANN), residual(3), "{line:?}");
    }
}

/// As the good server, but the first message is somebody else's, and no headers are shown of the others.
fn silent(tag: &str, command: &str) -> String {
    if !command.starts_with("UID FETCH") {
        return good(tag, command);
    }
    let shown = "* 1 FETCH (UID 1 BODY[HEADER] {20}\r\nFrom: joann@x.cz\r\n\r\n)\r\n";
    let empty = "* 2 FETCH (UID 2 BODY[HEADER] {0}\r\n)\r\n* 3 FETCH (UID 3 BODY[HEADER] NIL)\r\n";
    format!("{shown}{empty}{tag} OK done\r\n")
}

#[test]
fn messages_whose_headers_are_not_shown_are_neither_the_persons_nor_somebody_elses() {
    let accounts = scripted(HELLO, silent);
    for more in [json!({}), json!({ "only_from": true }), json!({ "look_at_body": true })] {
        let host = host_with(accounts.clone(), more.clone());
        for answer in [host.erase(ANN), host.verify(ANN), host.dry_run(ANN)] {
            let answer = answer.expect("an answer");
            assert_eq!(answer.outcome, Outcome::Unverifiable, "{more}");
            let told = "account `office`: 2 messages were found that do not show whose they are, and stay";
            assert_eq!(answer.not_looked_at, [told], "{more}");
        }
    }
}

/// As the good server, but with a second folder that cannot be opened now.
fn halfway(tag: &str, command: &str) -> String {
    match command {
        "LIST \"\" *" => format!("* LIST () \"/\" INBOX\r\n* LIST () \"/\" x\r\n{tag} OK done\r\n"),
        "EXAMINE INBOX" => format!("{tag} BAD what\r\n"),
        _ if command.starts_with("EXAMINE") => format!("{tag} NO [UNAVAILABLE] later\r\n"),
        _ => good(tag, command),
    }
}

#[test]
fn a_folder_that_never_opens_keeps_no_other_from_being_tried_again() {
    check(HELLO, halfway, ErrorClass::Retryable, "folder 2 of 2: it cannot be opened (UNAVAILABLE)");
}

/// As the good server, but read-only, with many messages, and with a bound on the length of a command.
fn many(tag: &str, command: &str) -> String {
    if command.len() > 8_000 {
        return format!("{tag} BAD too long\r\n");
    }
    let uids = (1..20_000).step_by(2);
    match command.split(' ').nth(1).unwrap_or_default() {
        "SEARCH" => {
            let found: String = uids.map(|uid| format!(" {uid}")).collect();
            format!("* SEARCH{found}\r\n{tag} OK done\r\n")
        }
        "FETCH" => {
            let wanted = command.split(' ').nth(2).unwrap_or_default().split(',');
            let one = |uid| format!("* 1 FETCH (UID {uid} BODY[HEADER] {{18}}\r\nFrom: ann@x.cz\r\n\r\n)\r\n");
            format!("{}{tag} OK done\r\n", wanted.map(one).collect::<String>())
        }
        _ if command.starts_with("SELECT") => good(tag, command).replace("OK done", "OK [READ-ONLY] done"),
        _ => good(tag, command),
    }
}

#[test]
fn a_server_is_asked_for_many_messages_in_commands_that_it_takes() {
    let answer = host(scripted(HELLO, many)).erase(ANN).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["kept messages"]), (Outcome::Retained, 10_000));
}

#[test]
fn a_server_that_asks_to_wait_is_obeyed() {
    let limited = |answer| {
        let error = host(scripted(HELLO, answer)).erase(ANN).expect_err("limited");
        assert_eq!((error.class, error.retry_after_ms), (ErrorClass::RateLimited, None), "{}", error.message);
    };
    limited(but!("AUTHENTICATE", |tag| format!("{tag} NO [LIMIT] too many connections\r\n")));
    limited(but!("AUTHENTICATE", |tag| format!("{tag} NO [ALERT] Too many simultaneous connections. (Failure)\r\n")));
    let wrong = but!("AUTHENTICATE", |tag| format!("{tag} NO [ALERT] Invalid credentials (Failure)\r\n"));
    assert_eq!(class(host(scripted(HELLO, wrong)).erase(ANN)), ErrorClass::NeedsOperator);
    limited(but!("UID SEARCH", |tag| format!("{tag} NO [THROTTLED] slow down\r\n")));
    let away = host(scripted(HELLO, but!("AUTHENTICATE", |tag| format!("{tag} NO [UNAVAILABLE] later\r\n"))));
    assert_eq!(class(away.erase(ANN)), ErrorClass::Retryable);
}

#[test]
fn an_answer_without_end_fills_no_memory() {
    let endless = |answer: fn(&str, &str) -> String, class: ErrorClass| {
        let error = host(scripted(HELLO, answer)).erase(ANN).expect_err("too long");
        assert_eq!((error.class, error.message.contains("longer than anything")), (class, true), "{error}");
    };
    endless(but!("LIST", |_tag| "x".repeat(80 << 20)), ErrorClass::Permanent);
    let flood = but!("LIST", |_tag| "* LIST () \"/\" a\r\n".repeat(5 << 20));
    endless(flood, ErrorClass::Permanent);
    let literal =
        but!("UID FETCH", |_tag| format!("* 1 FETCH (UID 1 BODY[HEADER] {{4000000000}}\r\n{}", "x".repeat(80 << 20)));
    // One folder's, and there is no other.
    endless(literal, ErrorClass::Retryable);
}

#[test]
fn a_goodbye_that_is_not_answered_changes_nothing() {
    let host = host(scripted(HELLO, but!("LOGOUT", |_tag| String::new())));
    assert_eq!(host.verify(ANN), residual(3));
}

#[test]
fn what_a_server_says_is_not_repeated() {
    let error = host(scripted(HELLO, but!("AUTHENTICATE", |tag| format!("{tag} NO [ANN-AT-HOME x] ann is away\r\n"))));
    let error = error.erase(ANN).expect_err("refused");
    assert!(!error.message.contains("is away"), "{}", error.message);
}
