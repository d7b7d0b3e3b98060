//! What is read is JSON on standard output, and nothing else, where `--json` asks for it.

use std::collections::BTreeSet;

use super::lists::{full, leaves};
use super::*;

/// What writes something else there, whatever `--json` says, and what.
const OTHERWISE: [(&str, &str); 4] = [
    ("completions", "a script for a shell"),
    ("consent export", "what --format names, which is CSV without it"),
    ("letters", "a letter as HTML; JSON with --out"),
    ("receipts certificate", "a certificate as HTML; JSON with --out"),
];

/// What says something only where a server, another system, a plugin, a session or a receipt is there: tests with those read its JSON.
const ELSEWHERE: [&str; 9] = [
    "alerts list",
    "explain",
    "mluvii probe",
    "plugin describe",
    "plugin list",
    "plugin run",
    "plugin test",
    "receipts show",
    "tasks show",
];

/// What changes something, or goes on until it is stopped.
const ORDERS: [&str; 60] = [
    "alerts test",
    "attention acknowledge",
    "attention mute",
    "attention unmute",
    "clock accept",
    "consent withdraw",
    "demo",
    "erase-again",
    "erase-again cancel",
    "erasures approve",
    "erasures begin",
    "erasures cancel",
    "erasures reject",
    "erasures retry",
    "erasures stop",
    "holds add",
    "holds lift",
    "keys new",
    "keys rotate",
    "ledger accept",
    "ledger backup",
    "ledger copy",
    "ledger reopen",
    "migrate",
    "plugin new",
    "plugin reload",
    "quarantine drop",
    "quarantine replay",
    "receipts acknowledge",
    "reconcile",
    "reconcile cancel",
    "reconcile confirm",
    "reload",
    "requests approve",
    "requests close",
    "requests extend",
    "requests new",
    "requests plan",
    "requests reject",
    "requests run",
    "requests verify",
    "requests withdraw",
    "rules confirm",
    "rules reject",
    "serve",
    "standin",
    "targets pause",
    "targets resume",
    "tasks done",
    "tasks link",
    "tokens issue",
    "tokens revoke",
    "users add",
    "users change",
    "users disable",
    "users enable",
    "users password",
    "users sign-out",
    "webhook register",
    "webhook unregister",
];

/// Each command that reads, with what is read of the ledger that [`full`] makes.
fn reads(home: &Home) -> Vec<(&'static str, Vec<String>)> {
    let path = |name: &str| home.path(name).display().to_string();
    let (receipts, audit, backup) = (path("receipts.jsonl"), path("audit.jsonl"), path("backup.db"));
    for (made, file) in [("receipts", &receipts), ("audit", &audit)] {
        assert_eq!(home.run(&[made, "export", "--out", file]).0, 0);
    }
    assert_eq!(home.run(&["ledger", "backup", "--to", &backup]).0, 0);
    let first = |list: &[&str]| {
        let id = &home.json(list)[0]["id"];
        id.as_str().map_or_else(|| id.to_string(), str::to_owned)
    };
    let (erasure, hold, delivery) =
        (first(&["erasures", "list"]), first(&["holds", "list"]), first(&["quarantine", "list"]));
    let who = format!("@{}", path("who"));
    let letter = path("letter");
    let [receipts, audit, backup] = [&receipts, &audit, &backup].map(String::as_str);
    let [erasure, hold, delivery, who, letter] = [&erasure, &hold, &delivery, &who, &letter].map(String::as_str);
    let all: Vec<(&str, Vec<&str>)> = vec![
        ("attention list", vec![]),
        ("audit archive", vec!["--dry-run"]),
        ("audit export", vec![]),
        ("audit list", vec![]),
        ("audit verify", vec![audit]),
        ("check", vec![]),
        ("clock show", vec![]),
        ("config schema", vec![]),
        ("config show", vec![]),
        ("consent show", vec!["--email", who]),
        ("erase", vec!["--dry-run", "--email", who]),
        ("erase-again status", vec![]),
        ("erasures list", vec![]),
        ("erasures show", vec![erasure]),
        ("holds list", vec!["--all"]),
        ("holds show", vec![hold]),
        ("ledger check", vec![]),
        ("ledger restore", vec!["--from", backup]),
        ("plugin recipe", vec![]),
        ("plugin recipe", vec!["ecomail"]),
        ("quarantine list", vec![]),
        ("quarantine show", vec![delivery]),
        ("receipts archive", vec!["--dry-run"]),
        ("receipts export", vec![]),
        ("receipts find", vec!["--email", who]),
        ("receipts list", vec![]),
        ("receipts verify", vec![receipts]),
        ("reconcile status", vec![]),
        ("requests find", vec!["--file", letter]),
        ("requests list", vec!["--all"]),
        ("requests show", vec!["R-1"]),
        ("rules test", vec![]),
        ("rules try", vec![]),
        ("status", vec![]),
        ("targets list", vec![]),
        ("tasks list", vec![]),
        ("tokens list", vec![]),
        ("users list", vec![]),
        ("users show", vec!["ann"]),
        ("webhook status", vec![]),
    ];
    all.into_iter().map(|(name, more)| (name, more.into_iter().map(str::to_owned).collect())).collect()
}

/// What a command writes with `--json`, but for its remarks, which stand on standard error.
fn answer(home: &Home, name: &str, more: &[String]) -> (u8, String) {
    let arguments = name.split(' ').chain(more.iter().map(String::as_str)).chain(["--json"]);
    let (code, said) = home.run(&arguments.collect::<Vec<_>>());
    let answer = said.lines().filter(|line| !line.starts_with("note: "));
    (code, answer.collect::<Vec<_>>().join("\n"))
}

fn values(text: &str) -> Result<Vec<serde_json::Value>, serde_json::Error> {
    serde_json::Deserializer::from_str(text).into_iter().collect()
}

#[test]
fn what_is_read_is_json_and_nothing_else() {
    let home = full();
    for (name, more) in reads(&home) {
        let (code, text) = answer(&home, name, &more);
        assert!([0, 1, 8].contains(&code), "{name} {more:?} answers nothing, {code}: {text}");
        let values = values(&text).unwrap_or_else(|error| panic!("{name} {more:?}: {error}: {text}"));
        // An export is a value a line.
        let is_one = values.len() == 1 || (name == "audit export" && !values.is_empty());
        assert!(is_one, "{name} {more:?}: {} values: {text}", values.len());
    }
}

#[test]
fn what_writes_something_else_whatever_json_says_is_named() {
    let home = full();
    let tried = [
        ("completions", vec!["bash"]),
        ("consent export", vec![]),
        ("letters", vec!["acknowledgement", "--lang", "cs"]),
    ];
    for (name, more) in tried {
        let more: Vec<_> = more.into_iter().map(str::to_owned).collect();
        let (code, text) = answer(&home, name, &more);
        assert!(OTHERWISE.iter().any(|(otherwise, _)| *otherwise == name));
        assert!(code == 0 && !text.is_empty(), "{name}: {code}: {text}");
        assert!(values(&text).is_err(), "{name} writes JSON by now: it is no exception any more: {text}");
    }
}

#[test]
fn every_command_is_read_or_named() {
    let mut found = Vec::new();
    leaves(&Cli::command(), &["quietus".to_owned()], &mut found);
    let all: BTreeSet<_> = found.iter().filter(|path| path.len() > 1).map(|path| path[1..].join(" ")).collect();
    let read: BTreeSet<_> = reads(&full()).into_iter().map(|(name, _)| name).collect();
    let others = OTHERWISE.iter().map(|(name, _)| *name).chain(ELSEWHERE).chain(ORDERS);
    let mut named = BTreeSet::new();
    for name in others.chain(read) {
        assert!(named.insert(name.to_owned()), "{name} is named twice");
    }
    let new: Vec<_> = all.difference(&named).collect();
    assert!(new.is_empty(), "read here with --json, or named with why not: {new:?}");
    let gone: Vec<_> = named.difference(&all).collect();
    assert!(gone.is_empty(), "there are none any more: {gone:?}");
}

#[test]
fn what_is_written_elsewhere_is_told_in_json() {
    let home = Home::new();
    let file = home.path("recipe.toml").display().to_string();
    let told = home.json(&["plugin", "recipe", "ecomail", "--to", &file]);
    assert_eq!((&told["name"], &told["file"]), (&"ecomail".into(), &"HOME/recipe.toml".into()));
    assert_eq!(home.json(&["erasures", "list"]), serde_json::json!([]));
    let ledger = format!("sqlite:{}", home.path("quietus.db").display());
    assert_eq!(home.json(&["ledger", "reopen", &ledger])["was_retired"], false);
}
