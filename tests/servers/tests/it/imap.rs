//! Courier and Cyrus keep what is put in, and offer UIDPLUS at one of their ports.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use test_servers::courier::Courier;
use test_servers::cyrus::Cyrus;
use test_servers::imap::Client;

#[test]
fn they_keep_what_is_delivered() {
    let (courier, cyrus) = (Courier::start(), Cyrus::start());
    for mut client in [courier.client("ann"), cyrus.client("ann")] {
        client.deliver("INBOX.a]b (c)", &["Subject: one\n\nx\n", "Subject: two\n\nx\n"]);
        client.deliver("INBOX", &["Subject: three\n\nx\n"]);
        assert_eq!(client.messages("INBOX.a]b (c)"), ["Subject: one\n\nx\n", "Subject: two\n\nx\n"]);
        assert_eq!(client.messages("INBOX"), ["Subject: three\n\nx\n"]);
    }
    for (port, offers) in [
        (courier.port(), true),
        (courier.port_without_uidplus(), false),
        (cyrus.port(), true),
        (cyrus.port_without_uidplus(), false),
    ] {
        let mut client = Client::log_in(port, "bob");
        assert_eq!(client.line_of("CAPABILITY").contains(" UIDPLUS"), offers, "{port}");
    }
    let stream = TcpStream::connect(("127.0.0.1", cyrus.port())).expect("it listens");
    write!(&stream, "a LOGIN ann wrong\r\n").expect("it reads");
    assert!(BufReader::new(stream).lines().nth(1).expect("a line").expect("text").starts_with("a NO"));
}
