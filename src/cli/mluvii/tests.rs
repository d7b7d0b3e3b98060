use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;

use clap::Parser as _;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;
use crate::cli::Cli;
use crate::keys::Secret;
use crate::standin::{CallParam, NewConversation, StandIn, StandInSettings};

/// A stand-in that serves from a thread of its own, and a configuration that leads to it.
struct Company {
    standin: StandIn,
    home: TempDir,
    _shutdown: DropGuard,
}

impl Company {
    fn new(name: &str) -> Self {
        let standin = StandIn::new(StandInSettings::new("the-client", Secret::new("the-secret")));
        let shutdown = CancellationToken::new();
        let (url, served) = mpsc::channel();
        let thread = (standin.clone(), shutdown.clone());
        std::thread::spawn(move || {
            let (standin, shutdown) = thread;
            wait(async {
                let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
                let served = standin.serve(listener, shutdown.clone())?;
                url.send(served.url.clone()).map_err(anyhow::Error::from)?;
                served.stopped().await;
                Ok(())
            })
            .expect("it serves");
        });
        let home = tempfile::tempdir().expect("a temporary folder");
        let url = served.recv().expect("an address");
        let config = format!(
            "[[mluvii]]\nname = \"{name}\"\nbase_url = \"{url}\"\nclient_id = {{ file = \"id\" }}\n\
             client_secret = {{ file = \"secret\" }}\n\n[[mluvii]]\nname = \"other\"\nbase_url = \"http://127.0.0.1:9\"\n\
             client_id = {{ file = \"id\" }}\nclient_secret = {{ file = \"secret\" }}\n\n[[source]]\nname = \"s\"\n\
             mluvii = \"{name}\"\nauth = [{{ basic = {{ user = \"mluvii\", password = {{ file = \"secret\" }} }} }}]\n"
        );
        for (file, text) in [("quietus.toml", &*config), ("id", "the-client"), ("secret", "the-secret")] {
            std::fs::write(home.path().join(file), text).expect("is written");
        }
        Self { standin, home, _shutdown: shutdown.drop_guard() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> (Result<Exit, Failure>, String) {
        let config = self.path("quietus.toml").display().to_string();
        let all = ["quietus", "--config", &config, "mluvii", "probe"].into_iter().chain(arguments.iter().copied());
        let Cli { global, command } = Cli::try_parse_from(all).unwrap_or_else(|error| panic!("{error}"));
        let (mut out, captured) = Out::captured(global.json);
        (crate::cli::run(command, &global, &mut out), captured.text())
    }
}

#[test]
fn a_probe_says_what_it_found_and_the_settings_that_follow() {
    let company = Company::new("acme");
    for (id, guest) in [(101, "g-ann"), (102, "g-bob"), (103, "g-eve")] {
        company.standin.begin(NewConversation {
            id: Some(id),
            guest: Some(guest.into()),
            call_params: vec![CallParam {
                name: "oo1_guest_email".into(),
                value: format!("{guest}@x.cz"),
                ..CallParam::default()
            }],
            ..NewConversation::default()
        });
    }
    company.standin.anonymize(103).expect("it is there");
    let report = company.path("report.txt").display().to_string();
    let (end, shown) = company.run(&["--mluvii", "acme", "--session", "103", "--out", &report]);
    assert!(matches!(end, Ok(Exit::Done)), "{end:?}: {shown}");
    assert!(shown.contains("✓ Anonymized.Null: 1 sessions are anonymized, 2 are not"), "{shown}");
    assert!(shown.contains("nulls = \"explicit\"") && shown.contains("/guest/callParams/*"), "{shown}");
    let report = std::fs::read_to_string(report).expect("it was written");
    assert!(report.contains("ok       SessionId: an impossible id gives an empty list"), "{report}");
    let (_, json) = company.run(&["--mluvii", "acme", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["settings"]["nulls"], "\"explicit\"");
    for text in [&shown, &report, &json.to_string()] {
        assert!(!text.contains("g-ann") && !text.contains("@x.cz") && !text.contains("192.0.2"), "{text}");
    }
    let writes = company.standin.calls().into_iter().filter(|call| call.path.contains("/api/"));
    assert!(writes.into_iter().all(|call| matches!(&*call.method, "GET" | "OPTIONS")));
}

#[test]
fn of_several_installations_one_is_named() {
    let company = Company::new("acme");
    let (end, _) = company.run(&[]);
    assert!(matches!(&end, Err(Failure::Usage(text)) if text.contains("--mluvii: acme, other")), "{end:?}");
    let (end, _) = company.run(&["--mluvii", "acmé"]);
    assert!(matches!(&end, Err(Failure::Usage(text)) if text.contains("there are: acme, other")), "{end:?}");
    let (end, _) = company.run(&["--mluvii", "other"]);
    assert!(matches!(&end, Err(Failure::Other(error)) if format!("{error:#}").contains("no connection")), "{end:?}");
}

#[test]
fn a_new_installation_is_no_failure() {
    let company = Company::new("acme");
    let (end, shown) = company.run(&["--mluvii", "acme"]);
    assert!(matches!(end, Ok(Exit::Done)) && shown.contains("mluvii lists no session yet"), "{end:?}: {shown}");
    assert!(shown.contains("? nulls: no session could be read"), "{shown}");
}
