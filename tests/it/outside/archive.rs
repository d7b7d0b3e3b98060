//! Receipts and audit move to archives, and the chains go on after them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Company, sequences};
use crate::harness::{Process, Server, quietus, receipts, wait_for};
use crate::receipts::verifiers::verdicts_of;

/// Nothing is old enough before a person says so.
const KEPT: &str = "[retention]\narchive_dir = \"archive\"\n";

/// Receipts are old enough at once.
const AT_ONCE: &str = "[retention]\narchive_dir = \"archive\"\nreceipts = \"0s\"\n";

/// A day on which everything is old enough.
const ALL: &str = "2100-01-01";

fn with_archive(retention: &str) -> Company {
    let company = Company::with(retention);
    fs::create_dir(company.deployment.path("archive")).expect("a folder");
    company
}

impl Company {
    /// Archives everything, and returns the files.
    #[track_caller]
    fn archive(&self, chain: &str) -> Vec<PathBuf> {
        let said = self.deployment.json(&[chain, "archive", "--before", ALL]);
        let files = said["done"]["archives"].as_array().unwrap_or_else(|| panic!("{said}"));
        let path = |archive: &Value| self.deployment.path("archive").join(archive["file"].as_str().expect("a name"));
        files.iter().map(path).collect()
    }

    fn archives(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.deployment.path("archive")).expect("a folder");
        let mut all: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        all.sort();
        all
    }

    fn key(&self) -> String {
        fs::read_to_string(self.deployment.path("keys/receipt.pub")).expect("a key").trim().to_owned()
    }

    /// The numbers of the receipts that are in the ledger.
    fn numbers(&self) -> Vec<u64> {
        sequences(&receipts(&self.deployment, 0))
    }
}

/// What both programs say of files, who have to agree.
#[track_caller]
fn both(files: &[&Path], key: &str) -> [Value; 2] {
    let [ours, theirs] = verdicts_of(files, &[key.to_owned()]);
    for what in ["verified", "first", "last", "verdicts", "archives_matched"] {
        assert_eq!(ours[what], theirs[what], "{what}: {ours} {theirs}");
    }
    assert_eq!(ours["not_looked_at"]["file"], theirs["not_looked_at"]);
    [ours, theirs]
}

#[test]
fn receipts_move_to_archives_while_erasing_goes_on_and_all_of_it_verifies() {
    let company = with_archive(KEPT);
    let server = company.serve();
    for session in 101..=103 {
        company.erase(session, session as usize - 100);
    }
    let planned = company.deployment.json(&["receipts", "archive", "--before", ALL, "--dry-run"]);
    assert_eq!((&planned["done"]["first"], &planned["done"]["last"]), (&json!(1), &json!(3)), "{planned}");
    assert!(company.says(&["receipts", "archive"], 0).contains("no receipts are old enough"));
    assert_eq!((company.numbers(), company.archives().len()), (vec![1, 2, 3], 0), "nothing was done");

    let first = company.archive("receipts");
    assert_eq!((company.numbers(), company.archives()), (vec![], first.clone()));
    server.moved("quietus_receipts_archived");
    assert_eq!(sequences(&company.erase(104, 1)), [4]);
    let second = company.archive("receipts");
    assert_eq!(sequences(&company.erase(105, 1)), [5]);
    let export = PathBuf::from(company.export("receipts.jsonl"));
    let key = company.key();
    let [all, _] = both(&[&first[0], &second[0], &export], &key);
    assert_eq!((&all["verified"], &all["first"], &all["last"]), (&json!(true), &json!(1), &json!(5)), "{all}");
    assert_eq!((&all["archives_matched"], &all["not_looked_at"]), (&json!(2), &Value::Null), "{all}");
    // As it stands, the export proves what is in it; the archives are named, and not vouched for.
    let [alone, _] = both(&[&export], &key);
    assert_eq!((&alone["verified"], &alone["first"], &alone["archives_matched"]), (&json!(true), &json!(5), &json!(0)));
    assert_eq!(alone["not_looked_at"]["last"], 4, "{alone}");
    for file in [&first[0], &second[0]] {
        assert_eq!(both(&[file], &key)[0]["verified"], true, "{}", file.display());
    }
    for wrong in [&[&first[0], &export][..], &[&second[0], &first[0], &export], &[&first[0], &second[0], &second[0]]] {
        let files: Vec<&Path> = wrong.iter().map(|file| file.as_path()).collect();
        assert_eq!(both(&files, &key)[0]["verified"], false, "{files:?}");
    }
    let newest = wait_for("the newest receipt to be known outside", || {
        Some(company.known()["receipt"].clone()).filter(|newest| newest["sequence"] == 5)
    });
    let last = format!("5:{}", newest["hash"].as_str().expect("a hash"));
    let name = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let (one, two, rest) = (name(&first[0]), name(&second[0]), name(&export));
    company.says(&["receipts", "verify", &one, &two, &rest, "--from-start", "--expect-last", &last], 0);
    let said = company.says(&["receipts", "verify", &rest, "--from-start"], 1);
    assert!(said.contains("give the archives before it"), "{said}");
    let said = company.says(&["receipts", "verify", &rest], 0);
    assert!(said.contains("receipts up to 4 are in archives") && said.contains("they were not looked at"), "{said}");

    // What has moved is told of, with the file.
    let file = first[0].file_name().expect("a name").to_str().expect("UTF-8").to_owned();
    let said = company.says(&["receipts", "show", "2"], 1);
    assert!(said.contains(&format!("it is in the archive {file}, with receipts 1 to 3")), "{said}");
    assert!(company.says(&["receipts", "show", "9"], 1).contains("there is no receipt 9"));
    company.deployment.write("whom", "guest102@example.com");
    let whom = format!("@{}", company.path("whom"));
    let found = company.deployment.json(&["receipts", "find", "--email", &whom]);
    assert_eq!((&found[0]["receipt"], &found[0]["archived"]), (&Value::Null, &json!({ "sequence": 2, "file": file })));
    assert!(company.says(&["receipts", "find", "--email", &whom], 0).contains(&format!("2 in {file}")));
    assert!(company.says(&["receipts", "list"], 0).contains("4 more are in archives"));
    assert!(company.says(&["status"], 0).contains("4 more in archives"));
    let checked = company.deployment.json(&["ledger", "check"]);
    assert_eq!((&checked["findings"], &checked["archives_there"]), (&json!([]), &json!(2)), "{checked}");
    assert!(server.stop().0.success());

    // Where all are in archives, the ledger is still the one that is known, and goes on.
    company.archive("receipts");
    assert_eq!(sequences(&company.serve_and_erase(&[106], 0)), [6]);
}

#[test]
fn the_audit_moves_like_receipts_and_the_order_stands_in_what_is_left() {
    let company = with_archive(KEPT);
    company.serve_and_erase(&[101], 0);
    company.says(&["erasures", "retry", "--undecided"], 1);
    company.archive("receipts");
    let archive = company.archive("audit");
    let rows = company.deployment.json(&["audit", "list"]);
    let acts: Vec<_> = rows.as_array().expect("rows").iter().map(|row| &row["entry"]["act"]).collect();
    assert_eq!(acts, ["audit.archive"]);
    let file = archive[0].file_name().expect("a name").to_str().expect("UTF-8");
    assert_eq!(rows[0]["entry"]["details"]["file"], file);
    company.says(&["erasures", "retry", "--undecided"], 1);

    let export = company.path("audit.jsonl");
    company.says(&["audit", "export", "--out", &export], 0);
    let archive = archive[0].to_str().expect("UTF-8");
    let key = company.key();
    let verify = |files: &[&str]| {
        let arguments = [&["--json", "audit", "verify", "--public-key", key.as_str()][..], files].concat();
        serde_json::from_slice::<Value>(&company.deployment.run(&arguments).stdout).expect("JSON")
    };
    let all = verify(&[archive, &export]);
    assert_eq!(
        (&all["verified"], &all["first"], &all["archives_matched"]),
        (&json!(true), &json!(1), &json!(1)),
        "{all}"
    );
    assert_eq!(all["not_looked_at"], Value::Null);
    let alone = verify(&[&export]);
    assert_eq!((&alone["verified"], &alone["not_looked_at"]["file"]), (&json!(true), &json!(file)), "{alone}");
    assert_eq!(verify(&[&export, archive])["verified"], false);
    assert_eq!(company.deployment.json(&["ledger", "check"])["findings"], json!([]));

    let text = fs::read_to_string(archive).expect("an archive");
    let changed = text.replacen("receipts.archive", "receipts.archivE", 1);
    assert_ne!(text, changed);
    fs::write(archive, changed).expect("written");
    assert_eq!(verify(&[archive, &export])["verified"], false);
}

#[test]
fn an_archive_that_was_changed_is_found_by_both_programs_and_by_the_check() {
    let company = with_archive(KEPT);
    company.serve_and_erase(&[101, 102], 0);
    let archive = company.archive("receipts").remove(0);
    let export = PathBuf::from(company.export("receipts.jsonl"));
    let text = fs::read_to_string(&archive).expect("an archive");
    let lines: Vec<_> = text.lines().collect();
    let changed = [
        // Spelt otherwise: each receipt is as it was signed, and the file is another one.
        text.replacen("{\"statement\":", "{ \"statement\":", 1),
        text.replacen("\"sessions\":1", "\"sessions\":2", 1),
        format!(
            "{}\n{}\n",
            lines[0]
                .replace("\"last\":2", "\"last\":1")
                .replace("\"receipts\":2", "\"receipts\":1")
                .replace("\"complete\":2", "\"complete\":1"),
            lines[1]
        ),
        String::new(),
    ];
    company.serve_and_erase(&[103], 0);
    let later = PathBuf::from(company.export("later.jsonl"));
    for text in changed {
        fs::write(&archive, &text).expect("written");
        // The export after it has no receipt, and its header has the checkpoint.
        for export in [&export, &later] {
            assert_eq!(both(&[&archive, export], &company.key())[0]["verified"], false, "{text}");
        }
        let checked = company.deployment.json(&["ledger", "check"]);
        assert_eq!(checked["findings"][0]["code"], "archives", "{checked}");
    }
    fs::write(&archive, &text).expect("written");
    assert_eq!(both(&[&archive, &later], &company.key())[0]["verified"], true);
    // Elsewhere is not missing.
    fs::rename(&archive, company.deployment.path("elsewhere.jsonl")).expect("moved");
    let checked = company.deployment.json(&["ledger", "check"]);
    assert_eq!((&checked["findings"], &checked["archives_not_looked_at"]), (&json!([]), &json!(1)), "{checked}");
}

#[test]
fn a_kill_between_the_file_and_the_ledger_loses_nothing_and_the_file_is_used() {
    let company = with_archive(KEPT);
    company.serve_and_erase(&[101, 102, 103], 0);
    fs::write(company.deployment.path("archive/.quietus-archive-abc"), "half").expect("written");
    let other = company.deployment.ledger();
    other.execute_batch("BEGIN IMMEDIATE").expect("the ledger is free");
    let mut command = quietus();
    command.arg("--config").arg(company.deployment.path("quietus.toml"));
    command.args(["receipts", "archive", "--before", ALL]).stdin(Stdio::null());
    let mut archiving = Process::spawn(command);
    let file = wait_for("the archive", || match company.archives().as_slice() {
        [file] if file.extension().is_some_and(|extension| extension == "jsonl") => Some(file.clone()),
        _ => None,
    });
    archiving.kill();
    other.execute_batch("ROLLBACK").expect("a rollback");
    assert_eq!(company.numbers(), [1, 2, 3], "nothing has left the ledger");
    let content = fs::read(&file).expect("an archive");
    assert_eq!(both(&[&file], &company.key())[0]["last"], 3);

    // Another receipt is old enough meanwhile; the file is not written anew for it.
    company.serve_and_erase(&[104], 3);
    let archived = company.archive("receipts");
    assert_eq!((archived.len(), &archived[0]), (2, &file));
    assert_eq!(fs::read(&file).expect("an archive"), content);
    assert_eq!((company.numbers(), company.archives()), (vec![], archived.clone()));
    let files: Vec<&Path> = archived.iter().map(PathBuf::as_path).collect();
    assert_eq!(both(&files, &company.key())[0]["last"], 4);
    assert_eq!(sequences(&company.serve_and_erase(&[105], 0)), [5]);
}

#[test]
fn a_file_in_the_archives_place_that_does_not_verify_keeps_everything_in_the_ledger() {
    let company = with_archive(KEPT);
    company.serve_and_erase(&[101], 0);
    let backup = company.path("backup.db");
    company.says(&["ledger", "backup", "--to", &backup], 0);
    let file = company.archive("receipts").remove(0);
    company.says(&["ledger", "restore", "--from", &backup, "--yes"], 0);
    let text = fs::read_to_string(&file).expect("an archive");
    fs::write(&file, text.replacen("\"sessions\":1", "\"sessions\":2", 1)).expect("written");
    let said = company.says(&["receipts", "archive", "--before", ALL], 5);
    assert!(said.contains("does not verify, so nothing leaves the ledger; move the file away"), "{said}");
    assert_eq!(company.numbers(), [1]);
    fs::remove_file(&file).expect("removed");
    assert_eq!((company.archive("receipts"), company.numbers()), (vec![file], vec![]));
}

#[test]
fn what_cannot_be_archived_stays_and_needs_a_person_until_it_can() {
    let company = Company::with(AT_ONCE);
    company.serve_and_erase(&[101, 102], 0);
    let said = company.says(&["receipts", "archive"], 5);
    assert!(said.contains("the archive folder") && said.contains("nothing leaves the ledger"), "{said}");
    let needs = |server: &Server, count: usize| {
        wait_for("what needs a person", || {
            let listed = company.deployment.json(&["attention", "list"]);
            let failed = |found: &&Value| found["code"] == "archive_failed";
            (listed.as_array().expect("a list").iter().filter(failed).count() == count).then_some(())
        });
        assert_eq!(server.ready(), 200);
    };
    let server = company.serve();
    needs(&server, 2);
    let said = company.says(&["status"], 1);
    assert!(said.contains("receipts could not be archived and stay in the ledger"), "{said}");
    assert_eq!(company.numbers(), [1, 2]);

    // A disk that is full, but for the name of the error.
    let config = company.deployment.configuration();
    let full = company.deployment.path("full");
    fs::create_dir(&full).expect("a folder");
    company.deployment.write("full.toml", &config.replace("\"archive\"", "\"full\""));
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", r#"trap '' XFSZ; ulimit -f 2; exec "$0" "$@""#, env!("CARGO_BIN_EXE_quietus"), "--config"]);
    shell.arg(company.deployment.path("full.toml")).args(["receipts", "archive"]).stdin(Stdio::null());
    let output = shell.output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("cannot be written, so nothing leaves the ledger"), "{said}");
    assert_eq!((company.numbers(), fs::read_dir(&full).expect("a folder").count()), (vec![1, 2], 0));
    assert!(server.stop().0.success());

    // A folder in which nothing can be made, not even by root.
    company.deployment.write("quietus.toml", &config.replace("\"archive\"", "\"/proc\""));
    let said = company.says(&["receipts", "archive"], 5);
    assert!(said.contains("cannot be written, so nothing leaves the ledger"), "{said}");
    assert_eq!(company.numbers(), [1, 2]);

    company.deployment.write("quietus.toml", &config);
    fs::create_dir(company.deployment.path("archive")).expect("a folder");
    let server = company.serve();
    needs(&server, 0);
    wait_for("the archive", || company.numbers().is_empty().then_some(()));
    assert!(server.stop().0.success());
    let acts = company.deployment.json(&["audit", "list", "--act", "receipts.archive"]);
    assert_eq!(acts[0]["entry"]["actor"], "server:retention");
    assert_eq!(sequences(&company.serve_and_erase(&[103], 0)), [3]);
    assert_eq!(company.numbers(), [3], "a file that is not full is begun once a month");
}

#[test]
fn nothing_is_archived_by_a_clock_that_cannot_be_right() {
    let company = with_archive(KEPT);
    company.serve_and_erase(&[101], 0);
    let doubt = json!({
        "fault": "ahead", "expected": "2026-01-01T00:00:00Z", "found": "2027-01-01T00:00:00Z", "boot": "another", "boot_ms": 0,
    });
    let noted = company.deployment.ledger().execute("UPDATE clock_seen SET doubt = ?1", [doubt.to_string()]);
    assert_eq!(noted.expect("noted"), 1);
    for arguments in [&["receipts", "archive", "--before", ALL][..], &["receipts", "archive", "--dry-run"]] {
        let said = company.says(arguments, 1);
        assert!(said.contains("the ledger's clock cannot be right"), "{said}");
    }
    assert_eq!((company.numbers(), company.archives().len()), (vec![1], 0));
    company.says(&["clock", "accept"], 0);
    assert_eq!((company.archive("receipts").len(), company.numbers()), (1, vec![]));
}

#[test]
fn an_incomplete_receipt_stays_until_a_person_has_acknowledged_it() {
    let company = with_archive(KEPT);
    let server = company.serve();
    company.erase(101, 1);
    company.deployment.write("whom", "nobody@example.com");
    let whom = format!("@{}", company.path("whom"));
    // As a receipt that is incomplete is made: nobody can be searched at mluvii.
    let config = company.deployment.configuration();
    assert!(server.stop().0.success());
    company.deployment.write("quietus.toml", &config.replace("accept_ledger_only = true", ""));
    let server = company.serve();
    company.deployment.json(&["erase", "--targets", "mluvii", "--email", &whom]);
    receipts(&company.deployment, 2);
    company.erase(102, 3);
    let said = company.deployment.json(&["receipts", "archive", "--before", ALL]);
    assert_eq!(said["done"]["stop"], json!({ "sequence": 2, "why": "unacknowledged" }), "{said}");
    assert_eq!(company.numbers(), [2, 3]);
    company.says(&["receipts", "acknowledge", "2"], 0);
    company.archive("receipts");
    assert_eq!(company.numbers(), [] as [u64; 0]);
    assert!(server.stop().0.success());
}

#[test]
fn a_restored_ledger_archives_the_same_receipts_into_the_same_file() {
    let company = with_archive(KEPT);
    let both_there = company.serve_and_erase(&[101, 102], 0);
    let backup = company.path("backup.db");
    company.says(&["ledger", "backup", "--to", &backup], 0);
    // After the first one had ended, and before the second one had.
    let between = both_there[1]["statement"]["created"].as_str().expect("a time");
    company.says(&["receipts", "archive", "--before", between], 0);
    assert_eq!(company.numbers(), [2]);
    company.archive("receipts");
    let archives = company.archives();
    let contents = || archives.iter().map(|file| fs::read(file).expect("an archive")).collect::<Vec<_>>();
    let before = contents();
    company.serve_and_erase(&[103], 0);
    company.says(&["ledger", "restore", "--from", &backup, "--yes"], 0);
    assert_eq!(sequences(&company.serve_and_erase(&[104], 2)), [1, 2, 4]);
    let again = company.archive("receipts");
    // The files of 1 and 2 are those that were there; what comes after the gap has one of its own.
    assert_eq!((again.len(), &again[..2], contents()), (3, &archives[..], before));
    let files: Vec<&Path> = again.iter().map(PathBuf::as_path).collect();
    let [all, _] = both(&files, &company.key());
    assert_eq!(
        (&all["verified"], &all["last"], &all["gaps"][0]["last"]),
        (&json!(true), &json!(4), &json!(3)),
        "{all}"
    );
    assert_eq!(company.deployment.json(&["ledger", "check"])["findings"], json!([]));
    let said = company.says(&["receipts", "show", "3"], 1);
    assert!(said.contains("there is no receipt 3"), "{said}");

    // A backup that begins at a checkpoint is one like others.
    fs::remove_file(&backup).expect("removed");
    company.says(&["ledger", "backup", "--to", &backup], 0);
    company.serve_and_erase(&[105], 0);
    company.says(&["ledger", "restore", "--from", &backup, "--yes"], 0);
    let now = company.serve_and_erase(&[106], 0);
    assert_eq!((sequences(&now), &now[0]["statement"]["gap"]["after"]), (vec![6], &json!(4)));
}

#[test]
fn a_checkpoint_that_nobody_has_signed_starts_nothing_and_explains_nothing() {
    let company = with_archive(KEPT);
    company.serve_and_erase(&[101, 102], 0);
    let archive = company.archive("receipts");
    let export = PathBuf::from(company.export("receipts.jsonl"));
    assert_eq!(both(&[&archive[0], &export], &company.key())[0]["verified"], true);
    let ledger = company.deployment.ledger();
    let forge = "UPDATE chain_checkpoint SET checkpoint = replace(checkpoint, '\"records\":2', '\"records\":3')";
    assert_eq!(ledger.execute(forge, []).expect("forged"), 1);
    drop(ledger);
    let said = company.says(&["serve"], 6);
    assert!(said.contains("are in an archive, and that is not signed by the key of this deployment"), "{said}");
    company.says(&["ledger", "accept"], 1);
    let checked = company.deployment.json(&["ledger", "check"]);
    let codes: Vec<_> = checked["findings"].as_array().expect("findings").iter().map(|found| &found["code"]).collect();
    assert!(codes.contains(&&json!("archives")) && codes.contains(&&json!("known")), "{checked}");
}

#[test]
fn a_chain_whose_key_was_replaced_between_archives_verifies_with_the_first_key() {
    let company = with_archive(KEPT);
    let old = company.key();
    company.serve_and_erase(&[101], 0);
    let mut files = company.archive("receipts");
    company.says(&["keys", "rotate", "receipt"], 0);
    company.serve_and_erase(&[102], 0);
    files.extend(company.archive("receipts"));
    company.serve_and_erase(&[103], 0);
    files.push(company.export("receipts.jsonl").into());
    assert_ne!(company.key(), old);
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let [all, _] = both(&files, &old);
    assert_eq!(
        (&all["verified"], &all["last"], &all["archives_matched"]),
        (&json!(true), &json!(3), &json!(2)),
        "{all}"
    );
    assert_eq!(company.deployment.json(&["ledger", "check"])["findings"], json!([]));
}
