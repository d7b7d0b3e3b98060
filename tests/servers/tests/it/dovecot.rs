//! The mail server answers, shows what was put in, and leaves nothing behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use test_servers::dovecot::{Dovecot, Message, PASSWORD};

/// Says commands one after the other, and returns what the server says to all of them.
fn say(server: &Dovecot, commands: &[&str]) -> String {
    let stream = TcpStream::connect(("127.0.0.1", server.port())).expect("it listens");
    let (mut lines, mut said) = (BufReader::new(stream.try_clone().expect("a descriptor")).lines(), String::new());
    let login = format!("LOGIN ann \"{PASSWORD}\"");
    for command in [login.as_str()].iter().chain(commands) {
        write!(&stream, "a {command}\r\n").unwrap_or_else(|error| panic!("{error}: {said} {}", server.log()));
        for line in lines.by_ref().map_while(Result::ok) {
            said += &format!("{line}\n");
            if line.starts_with("a ") {
                break;
            }
        }
    }
    assert!(said.contains("a OK"), "{said} {}", server.log());
    said
}

#[test]
fn it_shows_what_is_delivered_and_keeps_it_over_a_stop() {
    let server = Dovecot::start();
    server.deliver("ann", "INBOX", [Message::new("Subject: one\n\nx\n").marked(), Message::new("Subject: two\n\nx\n")]);
    server.deliver("ann", "Ko&AWE-/x", [Message::new("Subject: three\n\nx\n")]);
    for _ in 0..2 {
        let said = say(&server, &["LIST \"\" *", "SELECT INBOX", "SEARCH DELETED", "SELECT Ko&AWE-/x"]);
        assert!(said.contains("\\Trash) \"/\" Trash") && said.contains("* SEARCH 1\n"), "{said}");
        assert!(said.contains("* 2 EXISTS") && said.contains("* 1 EXISTS"), "{said}");
        server.stop();
        server.start_again();
    }
    assert!(TcpStream::connect(("127.0.0.1", server.tls_port())).is_ok());
    let flags: Vec<_> = server.messages("ann", "INBOX").into_iter().map(|message| message.flags).collect();
    assert!(flags.contains(&"T".to_owned()) && flags.contains(&String::new()), "{flags:?}");
}

#[test]
fn a_folder_that_is_numbered_anew_has_another_validity() {
    let server = Dovecot::start();
    server.deliver("ann", "x", [Message::new("Subject: one\n\nx\n")]);
    let validity = || {
        let said = say(&server, &["SELECT x"]);
        said.split_once("UIDVALIDITY ").expect("told").1.split(']').next().map(str::to_owned)
    };
    let before = validity();
    assert_eq!(validity(), before);
    server.renumber("ann", "x");
    assert_ne!(validity(), before);
}

#[test]
fn a_dropped_server_leaves_nothing() {
    let server = Dovecot::start();
    let (folder, port) = (server.folder().to_owned(), server.port());
    assert!(folder.exists());
    drop(server);
    assert!(!folder.exists());
    crate::wait_until("the port to be free", || TcpStream::connect(("127.0.0.1", port)).is_err());
}
