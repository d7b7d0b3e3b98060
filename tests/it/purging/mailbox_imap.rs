//! mailbox-cleanup in the real sandbox, on a mailbox of a real Dovecot.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;
use test_servers::dovecot::{Dovecot, Message, PASSWORD};

use crate::harness::quietus;

const USER: &str = "office";

struct Mail {
    server: Dovecot,
    folder: TempDir,
}

impl Mail {
    /// Two messages of Ann's in each of two folders, and one of somebody whose address ends like hers.
    fn start() -> Self {
        let (server, folder) = (Dovecot::start(), TempDir::new().expect("a folder"));
        let mail = |from: &str| Message::new(format!("From: {from}\nTo: office@x.cz\nSubject: x\n\nHello.\n"));
        for name in ["INBOX", "Trash"] {
            server.deliver(USER, name, ["Ann <ann@x.cz>", "ANN@x.cz", "joann@x.cz"].map(mail));
        }
        std::fs::write(folder.path().join("password"), PASSWORD).expect("written");
        Self { server, folder }
    }

    /// `quietus plugin …` on the library beside the program.
    fn run(&self, arguments: &[&str]) -> Output {
        let program: PathBuf = quietus().get_program().into();
        let library = program.parent().unwrap_or(Path::new(".")).join("libmailbox_cleanup.so");
        // The sandbox lets the plugin read this one.
        let ca = self.folder.path().join("ca.pem");
        std::fs::copy(self.server.certificate(), &ca).expect("copied");
        let imap = json!({
            "url": format!("imaps://localhost:{}", self.server.tls_port()), "ca_file": ca, "user": USER,
            "password": "password",
        });
        let config = json!({ "accounts": [{ "name": "office", "imap": imap }] }).to_string();
        let mut command = quietus();
        command.arg("plugin").arg(arguments[0]).arg(library).args(&arguments[1..]);
        command.args(["--config", &config, "--secret", "password=password", "--email", "ann@x.cz"]);
        command.current_dir(self.folder.path()).output().expect("quietus runs")
    }

    #[track_caller]
    fn answer(&self, method: &str) -> (String, Value) {
        let output = self.run(&["run", "--method", method, "--json"]);
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
        (told["outcome"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned(), told["counts"].clone())
    }

    fn left(&self) -> usize {
        ["INBOX", "Trash"].map(|name| self.server.messages(USER, name).len()).into_iter().sum()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[test]
fn mailbox_cleanup_passes_the_kit_on_a_real_mail_server() {
    let tested = Mail::start().run(&["test", "--calls", "50"]);
    assert!(tested.status.success(), "{}", said(&tested));
    for check in ["erase-answers", "erase-again", "verify-after-erase", "dry-run-repeats", "hostile-answered"] {
        assert!(
            said(&tested).lines().any(|line| line.starts_with('✓') && line.contains(check)),
            "{check}: {}",
            said(&tested)
        );
    }
}

#[test]
fn mailbox_cleanup_erases_on_a_real_mail_server_what_its_dry_run_has_shown() {
    let mail = Mail::start();
    let all = json!({ "messages": 4 });
    assert_eq!(mail.answer("dry-run"), ("residual".to_owned(), all.clone()));
    assert_eq!(mail.left(), 6, "a dry run erases nothing");
    assert_eq!(mail.answer("erase"), ("erased".to_owned(), all));
    assert_eq!(mail.answer("verify").0, "absent");
    assert_eq!(mail.left(), 2);
}
