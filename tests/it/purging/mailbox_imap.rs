//! mailbox-cleanup in the real sandbox, on a mailbox of a real Dovecot.

use serde_json::json;
use tempfile::NamedTempFile;
use test_servers::dovecot::{Dovecot, Message, PASSWORD};

use super::bench::Bench;

const USER: &str = "office";

struct Mail {
    server: Dovecot,
    /// Its certificate, where a plugin in its sandbox can read it.
    ca: NamedTempFile,
}

impl Mail {
    /// Two messages of Ann's in each of two folders, and one of somebody whose address ends like hers.
    fn start() -> Self {
        let (server, ca) = (Dovecot::start(), NamedTempFile::new().expect("a temporary file"));
        std::fs::copy(server.certificate(), ca.path()).expect("copied");
        let mail = |from: &str| Message::new(format!("From: {from}\nTo: office@x.cz\nSubject: x\n\nHello.\n"));
        for name in ["INBOX", "Trash"] {
            server.deliver(USER, name, ["Ann <ann@x.cz>", "ANN@x.cz", "joann@x.cz"].map(mail));
        }
        Self { server, ca }
    }

    fn bench(&self) -> Bench {
        let imap = json!({
            "url": format!("imaps://localhost:{}", self.server.tls_port()), "ca_file": self.ca.path(), "user": USER,
            "password": "password",
        });
        let config = json!({ "accounts": [{ "name": "office", "imap": imap }] });
        Bench::new("libmailbox_cleanup.so", config, &[("password", PASSWORD)], &["--email", "ann@x.cz"])
    }

    fn left(&self) -> usize {
        ["INBOX", "Trash"].map(|name| self.server.messages(USER, name).len()).into_iter().sum()
    }
}

#[test]
fn mailbox_cleanup_passes_the_kit_on_a_real_mail_server() {
    Mail::start().bench().passes_the_kit();
}

#[test]
fn mailbox_cleanup_erases_on_a_real_mail_server_what_its_dry_run_has_shown() {
    let mail = Mail::start();
    mail.bench().answer("dry-run");
    assert_eq!(mail.left(), 6, "a dry run erases nothing");
    mail.bench().erases_what_it_has_shown(&json!({ "messages": 4 }));
    assert_eq!(mail.left(), 2);
}
