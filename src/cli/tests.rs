mod documents;
mod json;
mod lists;
mod orders;
mod tables;
mod users;

use std::path::{Path, PathBuf};

use clap::CommandFactory as _;
use insta::assert_snapshot;
use tempfile::TempDir;

use super::*;

use crate::config::Config;
use crate::erasure::{ErasureId, NewErasure, Selection, Subject};
use crate::key_files::{Keys, SealStore};
use crate::keys::KeyKind;
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Admin as _, Intake as _, ProcessInfo, Quarantined, Queue as _};
use crate::operations::seals::Seals;
use crate::subject::{InstallationName, SessionId, SessionKey, SourceName, TargetName};
use crate::verify::{Verified, Written};

const CONFIG: &str = r#"
[mluvii]
base_url = "http://127.0.0.1:9"
client_id = { file = "id" }
client_secret = { file = "secret" }
[person]
region = "CZ"
[[source]]
name = "acme"
auth = [{ basic = { user = "mluvii", password = { file = "webhook.secret" } } }]
"#;

/// A deployment in a folder of its own, and its command line.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().expect("a temporary folder"));
        home.write("quietus.toml", CONFIG);
        for secret in ["id", "secret", "webhook.secret"] {
            home.write(secret, "hunter2-hunter2\n");
        }
        Keys::create(&home.path("keys")).expect("made");
        SqliteLedger::open(&home.path("quietus.db")).expect("made");
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("is written");
    }

    fn parsed(&self, arguments: &[&str]) -> Cli {
        let config = self.path("quietus.toml").display().to_string();
        let all = ["quietus", "--config", &config].into_iter().chain(arguments.iter().copied());
        Cli::try_parse_from(all).unwrap_or_else(|error| panic!("{error}"))
    }

    /// What a command writes on a terminal of 80 columns.
    fn on_terminal(&self, arguments: &[&str]) -> String {
        let Cli { global, command } = self.parsed(arguments);
        let (mut out, captured) = Out::captured_on_terminal();
        assert_eq!(run(command, &global, &mut out).expect("runs"), Exit::Done);
        captured.text()
    }

    /// Runs a command; its exit code and what it wrote, with paths and ids made equal.
    fn run(&self, arguments: &[&str]) -> (u8, String) {
        let Cli { global, command } = self.parsed(arguments);
        let (mut out, captured) = Out::captured(global.json);
        let code = match run(command, &global, &mut out) {
            Ok(Exit::Done) => 0,
            Ok(Exit::No) => 1,
            Ok(Exit::Nothing) => 8,
            Ok(Exit::Differs) => 9,
            Err(failure) => {
                let code = failure.code();
                show_failure(failure, &mut out);
                code
            }
        };
        (code, captured.text().replace(&self.0.path().display().to_string(), "HOME"))
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let (_, text) = self.run(&[arguments, &["--json"]].concat());
        let answer = text.lines().find(|line| line.starts_with(['{', '['])).unwrap_or_default();
        serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Puts a body into quarantine, as the server does.
    /// A server that was heard of just now, as far as the ledger knows.
    fn server_works(&self) {
        let ledger = SqliteLedger::open(&self.path("quietus.db")).expect("opens");
        let process = ProcessInfo { version: "1.2.3".into(), place: "web-1/4711".into(), targets: Vec::new() };
        wait(async {
            ledger.register(&process).await.expect("is entered");
            ledger.shutdown().await;
            Ok(Exit::Done)
        })
        .expect("is written");
    }

    fn quarantine(&self, body: &str) {
        let keys = Keys::load(&self.path("keys")).expect("load");
        let digest = keys.index.body(body.as_bytes());
        let source = SourceName("acme".into());
        let ledger = SqliteLedger::open(&self.path("quietus.db")).expect("opens");
        wait(async {
            let store = SealStore::folder(self.path("quietus.seals"));
            let seal = Seals { ledger: &*ledger, keys: &keys, store: &store }.open().await.expect("seals");
            let sealed = Verified::made(body.as_bytes(), Written::default()).seal(&source, &seal);
            let item = Quarantined { source, digest, reason: "not JSON".into(), sealed };
            ledger.quarantine(item).await.expect("is put there");
            ledger.shutdown().await;
            Ok(Exit::Done)
        })
        .expect("is written");
    }
}

#[test]
fn the_arguments_are_sound() {
    Cli::command().debug_assert();
}

#[test]
fn a_person_is_asked_for_once_and_named_nowhere() {
    let home = Home::new();
    home.write("who", "Ann@Example.com\n");
    let who = format!("@{}", home.path("who").display());
    let (code, said) = home.run(&["erase", "--email", &who]);
    assert_eq!(code, 0, "{said}");
    // The same person, spelled otherwise, written out.
    let (code, noted) = home.run(&["erase", "--email", "ann@example.com"]);
    assert_eq!(code, 0);
    assert!(noted.contains("other users of this machine can see arguments"), "{noted}");
    assert!(!said.contains("see arguments"), "{said}");

    let list = home.json(&["erasures", "list"]);
    let [erasure] = list.as_array().expect("a list").as_slice() else { panic!("one erasure: {list}") };
    assert_eq!(erasure["state"], "scheduled");
    let id = erasure["id"].as_str().expect("an id");
    assert!(said.contains(id), "{said}");
    assert!(
        said.contains("not reached: any session for certain") && said.contains("mluvii itself is not searched"),
        "{said}"
    );
    assert!(noted.contains(&format!("{id}: joined to an erasure that was there")), "{noted}");
    let (_, shown) = home.run(&["erasures", "show", id]);
    assert!(!format!("{said}{noted}{list}{shown}").to_lowercase().contains("ann"));
}

#[test]
fn a_session_that_was_never_read_is_no_success_before_it_began() {
    let home = Home::new();
    let (code, said) = home.run(&["erase", "--session", "acme/7777"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("mluvii/7777") && said.contains("quietus has never read it there"), "{said}");
    let asked = home.json(&["erase", "--session", "mluvii/7777"]);
    assert_eq!((&asked["merged"], &asked["targets"]), (&true.into(), &serde_json::json!(["mluvii"])));
    assert_eq!(asked["reach"]["sessions"][0]["certainty"], "certain");
}

/// Two companies, each with a source.
const COMPANIES: &str = r#"
[[mluvii]]
name = "acme"
base_url = "http://127.0.0.1:9"
client_id = { file = "id" }
client_secret = { file = "secret" }
[[mluvii]]
name = "globex"
base_url = "http://127.0.0.1:9/globex"
client_id = { file = "id" }
client_secret = { file = "secret" }
[[source]]
name = "hooks"
mluvii = "globex"
auth = [{ basic = { user = "mluvii", password = { file = "webhook.secret" } } }]
"#;

#[test]
fn with_several_companies_each_request_names_its_own() {
    let home = Home::new();
    home.write("quietus.toml", COMPANIES);
    let (code, said) = home.run(&["erase", "--email", "a@x.cz"]);
    assert_eq!(code, 2);
    assert!(said.contains("name it with --mluvii (acme, globex)"), "{said}");
    assert_eq!(home.run(&["erase", "--email", "a@x.cz", "--mluvii", "acme"]).0, 0);
    let (code, said) = home.run(&["erase", "--email", "a@x.cz", "--mluvii", "acme", "--include", "hooks/3"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("the session globex/3 is not of the installation `acme`"), "{said}");
    // The source's name stands for the company whose deliveries it takes.
    assert_eq!(home.run(&["erase", "--session", "hooks/7"]).0, 0);
    assert_eq!(home.run(&["erase", "--guest", "globex/g-1"]).0, 0);
    let (_, list) = home.run(&["erasures", "list"]);
    assert!(
        list.contains("session:globex/7") && list.contains("guest:globex/") && list.contains("person:acme/"),
        "{list}"
    );
    assert!(!list.contains("g-1"), "{list}");
    let (code, said) = home.run(&["check"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("✓ mluvii/acme, its secrets") && said.contains("✓ mluvii/globex, its secrets"), "{said}");
}

#[test]
fn a_national_phone_number_needs_a_region() {
    let home = Home::new();
    home.write("quietus.toml", &CONFIG.replace("[person]\nregion = \"CZ\"\n", ""));
    let (code, said) = home.run(&["erase", "--phone", "777 123 456"]);
    assert_eq!(code, 2);
    assert!(said.contains("write it as +420…, or set person.region"), "{said}");
    assert_eq!(home.run(&["erase", "--phone", "+420 777 123 456"]).0, 0);
}

/// An erasure that waits for approval.
fn requested(home: &Home) -> String {
    let key = SessionKey { installation: InstallationName::unnamed(), session: SessionId(7) };
    let erasure = NewErasure {
        id: ErasureId::generate(jiff::Timestamp::now()),
        subject: Subject::Session(key),
        rule: "the person".into(),
        version: None,
        targets: vec![TargetName::mluvii()],
        due: jiff::Timestamp::now(),
        approve: true,
        approved: None,
        confirm: None,
        origin: None,
        selection: Selection::default(),
        capsule: None,
        fingerprints: Vec::new(),
    };
    let ledger = SqliteLedger::open(&home.path("quietus.db")).expect("opens");
    let id = wait(async {
        let id = ledger.request(erasure, &crate::audit::Actor::cli("test")).await.expect("is asked for");
        ledger.shutdown().await;
        Ok(id)
    });
    id.expect("is asked for").to_string()
}

#[test]
fn what_waits_for_approval_is_approved_or_rejected_once() {
    let home = Home::new();
    let first = requested(&home);
    let (code, said) = home.run(&["status"]);
    assert_eq!(code, 1);
    assert!(said.contains("✗ 1 erasure waits for a person's approval"), "{said}");
    // One that needs none neither joins it nor waits for it.
    let asked = home.json(&["erase", "--session", "mluvii/7"]);
    assert_eq!((&asked["merged"], &asked["state"]), (&false.into(), &"scheduled".into()));
    assert_eq!(home.json(&["erasures", "list", "--state", "requested"]).as_array().map(Vec::len), Some(1));
    // It is shown, and nothing is approved without a word of what was seen.
    let (code, said) = home.run(&["erasures", "approve", &first]);
    let version = home.json(&["erasures", "show", &first])["to_approve"]["version"].as_str().expect("one").to_owned();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("demanded  by the person at mluvii, from "), "{said}");
    assert!(said.ends_with(&format!("to approve what is shown here, add:\n  --version {version}\n")), "{said}");
    assert_eq!(home.json(&["erasures", "approve", &first])["to_approve"]["version"], version.as_str());
    let (code, said) = home.run(&["erasures", "approve", &first, "--version", "0123456789abcdef"]);
    assert!(code == 1 && said.contains("something else is demanded of it now than was shown"), "{said}");
    assert_eq!(home.json(&["erasures", "show", &first])["state"], "requested");
    let approved = (0, "approved; it begins when its time has come\n".into());
    assert_eq!(home.run(&["erasures", "approve", &first, "--version", &version]), approved);
    assert_eq!(home.json(&["erasures", "show", &first])["state"], "scheduled");
    let (code, said) = home.run(&["erasures", "approve", &first, "--yes"]);
    assert!(code == 1 && said.contains("it does not wait for approval"), "{said}");
    assert_eq!(home.run(&["erasures", "reject", &first]).0, 1, "it does not wait any more");

    let second = requested(&home);
    assert_eq!(home.run(&["erasures", "reject", &second]), (0, "rejected; nothing is erased\n".into()));
    assert_eq!(home.json(&["erasures", "show", &second])["state"], "cancelled");
    let third = requested(&home);
    let (code, said) = home.run(&["erasures", "approve", &third, "--yes"]);
    assert!(code == 0 && said.contains("demanded  by the person") && said.ends_with("its time has come\n"), "{said}");
}

#[test]
fn an_erasure_can_be_called_off_once() {
    let home = Home::new();
    let asked = home.json(&["erase", "--session", "acme/7", "--after", "2d"]);
    let id = asked["id"].as_str().expect("an id");
    let (_, list) = home.run(&["erasures", "list", "--state", "scheduled"]);
    assert!(list.contains("session:mluvii/7"), "{list}");
    assert_eq!(home.run(&["erasures", "cancel", id]), (0, "cancelled\n".into()));
    assert_eq!(home.run(&["erasures", "cancel", id]).0, 1);
    assert_eq!(home.json(&["erasures", "show", id])["state"], "cancelled");
    let (code, said) = home.run(&["erasures", "show", "e-00000000000000000000000000000000"]);
    assert_eq!((code, said.as_str()), (1, "error: there is no erasure e-00000000000000000000000000000000\n"));
}

#[test]
fn what_an_erasure_cannot_be_about_is_a_usage_error() {
    let home = Home::new();
    assert_snapshot!(home.run(&["erase", "--session", "other/7"]).1, @"error: there is no mluvii installation `other`, nor a source; there are: mluvii");
    assert_snapshot!(home.run(&["erase", "--session", "acme/x"]).1, @"error: a session is written as `installation/id`, such as `acme/4711`");
    assert_snapshot!(home.run(&["erase", "--session", "acme/7", "--targets", "crm"]).1, @"error: there is no target `crm`; there are: mluvii");
    assert_snapshot!(home.run(&["erase", "--phone", "n/a"]).1, @"error: nobody can be found by the phone: it is empty after normalization");
    assert_eq!(home.run(&["erase", "--guest", "acme/"]).0, 2);
    assert!(Cli::try_parse_from(["quietus", "erase"]).is_err());
    assert!(Cli::try_parse_from(["quietus", "erase", "--session", "acme/7", "--email", "a@b"]).is_err());
    assert!(Cli::try_parse_from(["quietus", "erase", "--other", "customer"]).is_err());
    assert!(Cli::try_parse_from(["quietus", "erase", "--other", "guest_id=1"]).is_err());
    assert!(Cli::try_parse_from(["quietus", "erase", "--session", "acme/7", "--include", "acme/8"]).is_err());
    let both = ["erase", "--email", "a@b.cz", "--include", "acme/8", "--exclude", "mluvii/8"];
    assert_snapshot!(home.run(&both).1.lines().last().unwrap_or_default(), @"error: the session mluvii/8 is to be included and excluded");
}

#[test]
fn a_dry_run_of_a_person_shows_kinds_and_changes_nothing() {
    let home = Home::new();
    let seen = home.json(&["erase", "--dry-run", "--name", "Ann", "--other", "customer=A-17"]);
    assert_eq!(seen["identifiers"], serde_json::json!({ "customer": 1, "name": 1 }));
    assert_eq!(home.json(&["erasures", "list"]), serde_json::json!([]));
}

#[test]
fn status_asks_for_a_person_only_when_one_is_needed() {
    let home = Home::new();
    let (code, said) = home.run(&["status"]);
    assert_eq!(code, 1);
    assert_snapshot!(said, @"
    sessions    0 known, 0 settling
    events      0 waiting, 0 quarantined
    erasures    0 requested, 0 scheduled, 0 erasing, 0 verifying, 0 parked, 0 done, 0 cancelled
    due now     0
    receipts    0
    kept for    events 30d, sessions 400d, consents 1460d, tombstones 3650d, erasures 400d, fingerprints 1095d, consent_fingerprints 1095d, requests 1095d, holds 1095d
    processes   none
    ✗ no server works on this ledger, so that nothing is received or erased: quietus serve
    ");
    home.server_works();
    let (code, said) = home.run(&["status"]);
    assert!(code == 0 && said.ends_with("✓ nothing needs a person\n"), "{said}");
    home.quarantine("name=Ann");
    let (code, said) = home.run(&["status"]);
    assert_eq!(code, 1);
    assert!(
        said.ends_with("✗ 1 delivery could not be read, or the ledger refused it: quietus quarantine list\n"),
        "{said}"
    );
}

#[test]
fn what_stays_unreadable_stays_in_quarantine() {
    let home = Home::new();
    home.quarantine("name=Ann");
    let id = home.json(&["quarantine", "list"])[0]["id"].to_string();
    let (_, shown) = home.run(&["quarantine", "show", &id]);
    assert!(shown.contains("not JSON: 8 bytes") && !shown.contains("Ann"), "{shown}");
    assert!(home.run(&["quarantine", "show", &id, "--reveal"]).1.contains("name=Ann"));
    assert_eq!(home.run(&["quarantine", "replay", &id]).0, 1);
    assert_eq!(home.run(&["quarantine", "drop", &id]).0, 0);
    assert_eq!(home.run(&["quarantine", "drop", &id]), (1, "there is no such delivery\n".into()));
}

#[test]
fn what_can_be_read_is_replayed_as_an_event() {
    let home = Home::new();
    home.quarantine(
        r#"{"eventType":"SessionEnded","data":{"id":7,"tenantId":62,"ended":"2024-05-02T16:05:24+02:00"}}"#,
    );
    let id = home.json(&["quarantine", "list"])[0]["id"].to_string();
    assert_eq!(home.run(&["quarantine", "replay", &id]), (0, "recorded, and taken out of quarantine\n".into()));
    assert_eq!(home.json(&["quarantine", "list"]), serde_json::json!([]));
    assert_eq!(home.json(&["status"])["events_waiting"], 1);
}

#[test]
fn an_export_without_receipts_is_written_and_verified() {
    let home = Home::new();
    let file = home.path("receipts.jsonl").display().to_string();
    assert_eq!(
        home.run(&["receipts", "export", "--out", &file]),
        (0, "wrote 0 receipts into HOME/receipts.jsonl: 0 complete, 0 retained, 0 incomplete\n".into())
    );
    let key = format!("@{}", home.path("keys/receipt.pub").display());
    assert_eq!(
        home.run(&["receipts", "verify", &file, "--public-key", &key]),
        (8, "! nothing to verify: there are no receipts in the file\n".into())
    );
    assert_eq!(home.run(&["receipts", "show", "1"]).0, 1);
    assert_eq!(home.run(&["receipts", "verify", "/nowhere"]).0, 5);
}

#[test]
fn other_keys_than_the_ledgers_are_refused() {
    let home = Home::new();
    assert_eq!(home.run(&["erase", "--session", "acme/7"]).0, 0);
    std::fs::rename(home.path("keys"), home.path("old")).expect("moved");
    let (code, said) = home.run(&["erase", "--session", "acme/8"]);
    assert_eq!(code, 3, "{said}");
    Keys::create(&home.path("keys")).expect("made");
    let noted = Keys::load(&home.path("old")).expect("load").ids();
    let refused = || {
        let found = Keys::read(&home.path("keys")).expect("load").ids();
        let (code, mut said) = home.run(&["erase", "--session", "acme/8"]);
        assert_eq!(code, 3, "{said}");
        for kind in KeyKind::ALL {
            said = said.replace(noted.of(kind).as_str(), "NOTED").replace(found.of(kind).as_str(), "FOUND");
        }
        said
    };
    assert_snapshot!(refused(), @"error: the index key in HOME/keys is FOUND, and the ledger belongs to NOTED: nobody in it could be found; restore the keys from your backup, or copy them from where they were rotated");
    let restore =
        |name: &str| std::fs::copy(home.path("old").join(name), home.path("keys").join(name)).expect("copied");
    restore("index.key");
    assert_snapshot!(refused(), @"error: the seal key in HOME/keys is FOUND, and the ledger belongs to NOTED: nothing that is sealed in it could be opened; restore the keys from your backup, or copy them from where they were rotated");
    restore("seal.key");
    assert_snapshot!(refused(), @"error: the receipt key in HOME/keys is FOUND, and the ledger belongs to NOTED: receipts would be signed with a key that nobody expects; restore the keys from your backup, or copy them from where they were rotated");
    restore("receipt.key");
    restore("receipt.pub");
    assert_eq!(home.run(&["erase", "--session", "acme/8"]).0, 0);
}

#[test]
fn a_rotation_that_the_ledger_was_not_told_of_is_finished_by_the_same_command() {
    let home = Home::new();
    assert_eq!(home.run(&["erase", "--session", "acme/7"]).0, 0);
    let keys = || Keys::load(&home.path("keys")).expect("load").ids().receipt;
    let old = keys();
    // As far as it comes before the ledger is told.
    Keys::rotate_receipt(&home.path("keys"), &old).expect("rotated");
    let new = keys();
    let (code, said) = home.run(&["erase", "--session", "acme/8"]);
    assert_eq!(code, 3);
    let said = said.replace(old.as_str(), "OLD").replace(new.as_str(), "NEW");
    assert_snapshot!(said, @"error: the receipt key in HOME/keys is NEW, which replaced OLD, and the ledger was not told: run `quietus keys rotate receipt` again, which finishes it");
    let rotated = home.json(&["keys", "rotate", "receipt"]);
    assert_eq!((rotated["from"].as_str(), rotated["to"].as_str()), (Some(old.as_str()), Some(new.as_str())));
    assert_eq!(keys(), new);
    assert_eq!(home.run(&["erase", "--session", "acme/8"]).0, 0);
}

#[test]
fn a_ledger_is_not_made_by_looking_for_it() {
    let home = Home::new();
    std::fs::remove_file(home.path("quietus.db")).expect("removed");
    let (code, said) = home.run(&["status"]);
    assert_eq!(code, 4);
    assert_snapshot!(said, @"error: there is no ledger at HOME/quietus.db yet; a server makes it at its first start");
    assert!(!home.path("quietus.db").exists());
}

#[test]
fn check_names_what_is_right_and_what_is_wrong() {
    let home = Home::new();
    let (code, said) = home.run(&["check"]);
    assert_eq!(code, 0);
    assert_snapshot!(said, @"
    ✓ configuration HOME/quietus.toml
    ✓ keys HOME/keys
    ✓ mluvii, its secrets and requests
    ✓ source acme, its secrets
    ✓ rules, 0 of them
    ");
    home.write("webhook.secret", "hunter2\n");
    let (code, said) = home.run(&["check"]);
    assert_eq!(code, 1);
    assert!(said.contains("`auth.1.basic.password.1` cannot be read: it has fewer than 8 characters"), "{said}");
    std::fs::remove_file(home.path("webhook.secret")).expect("removed");
    std::fs::remove_file(home.path("keys/seal.key")).expect("removed");
    let (code, said) = home.run(&["check"]);
    assert_eq!(code, 1);
    assert_snapshot!(said, @"
    ✓ configuration HOME/quietus.toml
    ✗ keys HOME/keys: there is no key file HOME/keys/seal.key. A new deployment makes its keys with `quietus keys new`. If this deployment had keys, restore them from your backup instead: with another index key nobody who is already in the ledger can be found again, and with another seal key nothing that was sealed can be opened
    ✓ mluvii, its secrets and requests
    ✗ source acme, its secrets: source `acme`: `auth.1.basic.password.1` cannot be read: the secret in file HOME/webhook.secret: No such file or directory (os error 2)
    ✓ rules, 0 of them
    ");
    home.write("quietus.toml", "[servre]\n");
    assert_eq!(home.run(&["check"]).0, 1);
    assert_eq!(home.json(&["check"])[0]["what"], "configuration HOME/quietus.toml");
}

#[test]
fn check_names_what_leads_nowhere_and_what_is_doubtful() {
    let home = Home::new();
    let rule = "[[rule]]\nname = \"r\"\non = \"session-settled\"\nwhen = \"session.channel == 'Hologram'\"\n\
                erase = \"session\"\ntargets = [\"mluvii\"]\n[mluvii.params]\nplate = \"car\"\n";
    home.write("quietus.toml", &format!("{CONFIG}{rule}"));
    let (code, said) = home.run(&["check"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("quietus.toml, line 14: rule.1.when: `Hologram` is none of the words that are known"),
        "{said}"
    );
    assert!(said.contains("quietus.toml, line 18: mluvii.params.plate: nobody takes the kind `car`"), "{said}");
    home.write("quietus.toml", &format!("{CONFIG}{}", rule.replace("car", "name")));
    assert_eq!(home.run(&["check"]).0, 0, "a doubt is no failure");
    home.write("quietus.toml", &format!("{CONFIG}{}", rule.replace("Hologram", "chat")));
    let (code, said) = home.run(&["check"]);
    assert_eq!(code, 1);
    assert!(said.contains("rule.1.when: `chat` is never the case; it is written `Chat`"), "{said}");
}

#[test]
fn check_asks_for_the_proxy_that_must_stand_in_front() {
    let proxied = "public_url = \"https://hooks.example.com\"\n";
    let rows = [
        (proxied.to_owned(), true),
        (format!("{proxied}listen = \"127.0.0.1:8080\"\n"), true),
        (format!("{proxied}listen = \"[::1]:8080\"\n"), true),
        (format!("{proxied}listen = \"0.0.0.0:8080\"\n"), false),
        (format!("{proxied}trusted_proxies = [\"127.0.0.1/32\"]\n"), false),
        ("public_url = \"http://localhost:8080\"\n".to_owned(), false),
        (String::new(), false),
    ];
    for (server, asks) in rows {
        let home = Home::new();
        home.write("quietus.toml", &format!("{CONFIG}[server]\n{server}"));
        let (code, said) = home.run(&["check"]);
        assert_eq!((code, said.contains("server.trusted_proxies")), (0, asks), "{server}: {said}");
    }
}

#[test]
fn check_finds_a_plugin_that_cannot_be_started() {
    let home = Home::new();
    let plugin = "[[plugin]]\nname = \"crm\"\nlibrary = \"libnot_there.so\"\n";
    home.write("quietus.toml", &format!("{CONFIG}{plugin}"));
    let (code, said) = home.run(&["check"]);
    assert_eq!(code, 1);
    assert!(said.contains("✗ plugin crm: ") && said.contains("libnot_there.so"), "{said}");
}

#[test]
fn check_tries_mluvii_and_the_ledger_when_asked_to() {
    let home = Home::new();
    let (code, said) = home.run(&["check", "--connect"]);
    assert_eq!(code, 1);
    assert!(said.contains("✗ mluvii at http://127.0.0.1:9"), "{said}");
    assert!(said.contains("✓ ledger HOME/quietus.db"), "{said}");
}

#[test]
fn the_configuration_is_shown_as_toml_that_loads() {
    let home = Home::new();
    let (code, shown) = home.run(&["config", "show"]);
    assert_eq!(code, 0);
    assert!(!shown.contains("hunter2"), "{shown}");
    home.write("again.toml", &shown);
    Config::load(&home.path("again.toml")).expect("loads");
    assert_eq!(home.json(&["config", "schema"])["additionalProperties"], false);
}

#[test]
fn keys_are_made_where_the_configuration_says_and_never_twice() {
    let home = Home::new();
    assert_eq!(home.run(&["keys", "new"]).0, 3);
    let elsewhere = home.path("elsewhere").display().to_string();
    let (code, said) = home.run(&["keys", "new", &elsewhere]);
    assert_eq!(code, 0);
    assert!(said.starts_with("made the keys in HOME/elsewhere\n"), "{said}");
    assert!(Path::new(&elsewhere).join("index.key").exists());
}

#[test]
fn completions_name_the_commands() {
    let (code, script) = Home::new().run(&["completions", "bash"]);
    assert_eq!(code, 0);
    assert!(script.contains("erasures"));
}

#[test]
fn text_from_elsewhere_cannot_steer_the_terminal() {
    let (mut out, captured) = Out::captured(false);
    out.line("a\u{1b}[2Jb").expect("is written");
    out.table(["X"], [["c\u{7}d".to_owned()]]).expect("is written");
    assert!(!captured.text().contains(['\u{1b}', '\u{7}']));
}
