//! `quietus ledger restore`.

use std::fs;

use serde_json::json;

use super::{Company, sequences};
use crate::harness::receipts;
use crate::receipts::verifiers::verdicts;

#[test]
fn a_restored_backup_goes_on_after_what_is_lost_and_an_auditor_can_follow() {
    let company = Company::new();
    company.serve_and_erase(&[101, 102], 0);
    let backup = company.path("backup.db");
    company.says(&["ledger", "backup", "--to", &backup], 0);
    let before = company.serve_and_erase(&[103, 104], 2);
    let older = company.export("older.jsonl");
    let newest = company.known()["receipt"].clone();

    let plan = company.says(&["ledger", "restore", "--from", &backup], 1);
    assert!(plan.contains("up to receipt 2") && plan.contains("lost      receipts 3 to 4"), "{plan}");
    assert_eq!(sequences(&crate::harness::receipts(&company.deployment, 4)).len(), 4, "nothing was done");
    let restored = company.deployment.json(&["ledger", "restore", "--from", &backup, "--yes"]);
    assert_eq!(restored["gap"]["cause"], "restored", "{restored}");
    let replaced = restored["replaced"].as_str().expect("a file").to_owned();
    let aside = rusqlite::Connection::open(&replaced).expect("opens");
    let kept: i64 = aside.query_row("SELECT max(sequence) FROM receipt", [], |row| row.get(0)).expect("counted");
    assert_eq!(kept, 4, "what was replaced is still there");

    let now = company.serve_and_erase(&[105, 106], 2);
    assert_eq!((sequences(&before), sequences(&now)), (vec![1, 2, 3, 4], vec![1, 2, 5, 6]));
    let gap = &now[2]["statement"]["gap"];
    assert_eq!((&gap["after"], &gap["last"], &gap["last_hash"]), (&json!(2), &json!(4), &newest["hash"]));
    assert_eq!(company.known()["receipt"]["sequence"], 6);

    // Both programs follow it, also by what is written down in docs/receipt.md alone.
    let export = company.export("receipts.jsonl");
    let key = fs::read_to_string(company.deployment.path("keys/receipt.pub")).expect("a key");
    let [ours, theirs] = verdicts(export.as_ref(), &[key.trim().to_owned()]);
    assert_eq!((&ours["verified"], &theirs["verified"]), (&json!(true), &json!(true)), "{ours} {theirs}");
    assert_eq!((&ours["gaps"][0]["last"], &theirs["gaps"]), (&json!(4), &json!(1)));

    // Who knows of a lost receipt is told so; an older export has it.
    let lost = format!("4:{}", newest["hash"].as_str().expect("a hash"));
    let known = company.known();
    let last = format!("6:{}", known["receipt"]["hash"].as_str().expect("a hash"));
    let verify = |file: &str, last: &str, code: i32| {
        company.says(&["receipts", "verify", file, "--from-start", "--expect-last", last], code)
    };
    assert!(verify(&export, &last, 0).contains("receipts 3 to 4 are lost: a backup was restored"));
    assert!(
        verify(&export, &lost, 1).contains("receipt 4 is expected, and it is among those that the ledger has lost")
    );
    verify(&older, &lost, 0);
    assert!(verify(&older, &last, 1).contains("receipt 6 is expected, and the last one is 4"));
}

#[test]
fn a_backup_that_was_changed_is_refused_and_nothing_is_moved() {
    let company = Company::new();
    company.serve_and_erase(&[101, 102, 103], 0);
    let whole = company.path("backup.db");
    company.says(&["ledger", "backup", "--to", &whole], 0);
    let changes = [
        ("UPDATE receipt SET receipt = replace(receipt, '/102', '/999') WHERE sequence = 2", "receipt 2"),
        ("DELETE FROM receipt WHERE sequence = 2", "receipt 2"),
        ("UPDATE receipt SET receipt = replace(receipt, '/103', '/999') WHERE sequence = 3", "receipt 3"),
        ("UPDATE session SET record = record || ' '", "consent records"),
    ];
    for (change, named) in changes {
        let changed = company.path("changed.db");
        fs::copy(&whole, &changed).expect("copied");
        let other = rusqlite::Connection::open(&changed).expect("opens");
        assert!(other.execute(change, []).expect("changed") > 0, "{change}");
        drop(other);
        let before = fs::read(company.path("quietus.db")).expect("a ledger");
        let said = company.says(&["ledger", "restore", "--from", &changed, "--yes"], 1);
        assert!(said.contains("the backup is not as it was written") && said.contains(named), "{change}: {said}");
        assert_eq!(fs::read(company.path("quietus.db")).expect("a ledger"), before, "{change}");
    }
    company.says(&["ledger", "restore", "--from", &whole, "--yes"], 0);
}

#[test]
fn a_backup_takes_the_place_of_a_ledger_that_is_damaged_or_gone() {
    let company = Company::new();
    company.serve_and_erase(&[101], 0);
    let backup = company.path("backup.db");
    company.says(&["ledger", "backup", "--to", &backup], 0);
    company.serve_and_erase(&[102], 1);
    fs::write(company.path("quietus.db"), "no ledger").expect("written");
    let said = company.says(&["ledger", "restore", "--from", &backup, "--yes"], 0);
    assert!(said.contains("cannot be read") && said.contains("lost      receipts 2 to 2"), "{said}");
    assert_eq!(sequences(&company.serve_and_erase(&[103], 1)), [1, 3]);

    fs::remove_file(company.path("quietus.db")).expect("removed");
    company.says(&["ledger", "restore", "--from", &backup, "--yes"], 0);
    let now = company.serve_and_erase(&[104], 1);
    assert_eq!(sequences(&now), [1, 4]);
    assert_eq!((&now[1]["statement"]["gap"]["after"], &now[1]["statement"]["gap"]["last"]), (&json!(1), &json!(3)));
}

#[test]
fn a_restored_ledger_is_whole_whatever_was_damaged_before_and_whichever_key_signed_it() {
    let company = Company::new();
    company.serve_and_erase(&[101], 0);
    company.says(&["keys", "rotate", "receipt"], 0);
    company.serve_and_erase(&[102], 1);
    let backup = company.path("backup.db");
    company.says(&["ledger", "backup", "--to", &backup], 0);
    company.serve_and_erase(&[103], 2);
    // As a server notes it, before it ends.
    company.deployment.write("quietus.db-damage", r#"{"since":"2026-01-01T00:00:00Z","what":"a page is zero"}"#);
    company.says(&["ledger", "restore", "--from", &backup, "--yes"], 0);
    company.says(&["ledger", "check"], 0);
    assert_eq!(sequences(&company.serve_and_erase(&[104], 2)), [1, 2, 4]);
    let checked = company.deployment.json(&["ledger", "check"]);
    assert_eq!((&checked["findings"], &checked["receipts_verified"]), (&json!([]), &json!(3)), "{checked}");
}

#[test]
fn a_backup_from_before_several_new_keys_goes_on_with_them() {
    let company = Company::new();
    let server = company.serve();
    company.erase(101, 1);
    company.deployment.write("whom", "ann@example.com");
    let whom = format!("@{}", company.path("whom"));
    company.standin.begin(102, "ann@example.com", Some("v1"));
    company.standin.end(102);
    company.deployment.settled(2);
    let asked = company.deployment.json(&["erase", "--email", &whom, "--after", "30d", "--targets", "mluvii"]);
    server.leaves_work("it is not due for thirty days");
    assert!(server.stop().0.success());
    let backup = company.path("backup.db");
    company.says(&["ledger", "backup", "--to", &backup], 0);
    for _ in 0..3 {
        for key in ["receipt", "seal", "index"] {
            company.says(&["keys", "rotate", key], 0);
        }
    }
    company.serve_and_erase(&[103], 1);

    company.says(&["ledger", "restore", "--from", &backup, "--yes"], 0);
    let rotated = company.deployment.json(&["audit", "list", "--act", "keys.rotate"]);
    let kinds: Vec<_> = rotated.as_array().expect("rows").iter().map(|row| &row["entry"]["details"]["key"]).collect();
    assert_eq!(kinds.len(), 2, "each once, whatever lay between: {rotated}");
    company.says(&["ledger", "check"], 0);
    let server = company.serve();
    // What is sealed under the first generation opens, as it still needs it, and who stood under the first key is found.
    company.says(&["erasures", "retry", asked["id"].as_str().expect("an id")], 0);
    let now = receipts(&company.deployment, 2);
    assert_eq!((sequences(&now), &now[1]["statement"]["sessions"]), (vec![1, 3], &json!(1)));
    let known = company.known();
    let read = |kind: &str| {
        rotated.as_array().and_then(|rows| {
            rows.iter()
                .map(|row| &row["entry"]["details"])
                .find(|details| details["key"] == kind)
                .map(|row| row["to"].clone())
        })
    };
    for kind in ["index", "receipt"] {
        assert_eq!(Some(&known["keys"][kind]), read(kind).as_ref(), "{kind}");
    }
    drop(server);
}

#[test]
fn what_is_no_backup_of_this_ledger_is_not_restored() {
    let company = Company::new();
    let server = company.serve();
    company.erase(101, 1);
    let backup = company.path("backup.db");
    company.says(&["ledger", "backup", "--to", &backup], 0);
    // Also one that stands still, and is heard of no more.
    for signal in ["CONT", "STOP"] {
        server.signal(signal);
        let said = company.says(&["ledger", "restore", "--from", &backup, "--yes"], 4);
        assert!(said.contains(&format!("process {}", server.id())), "{said}");
    }
    server.signal("CONT");
    assert!(server.stop().0.success());

    fs::copy(company.path("quietus.db"), company.path("copied.db")).expect("copied");
    let said = company.says(&["ledger", "restore", "--from", &company.path("copied.db"), "--yes"], 4);
    assert!(said.contains("it is no backup but the file of a ledger in use"), "{said}");
    let whole = fs::read(&backup).expect("read");
    fs::write(company.path("half.db"), &whole[..whole.len() / 2]).expect("written");
    company.says(&["ledger", "restore", "--from", &company.path("half.db"), "--yes"], 4);

    let other = Company::new();
    other.serve_and_erase(&[201], 0);
    let theirs = other.path("backup.db");
    other.says(&["ledger", "backup", "--to", &theirs], 0);
    let said = company.says(&["ledger", "restore", "--from", &theirs, "--yes"], 3);
    assert!(said.contains("the ledger belongs to"), "{said}");
    assert_eq!(sequences(&company.serve_and_erase(&[102], 1)), [1, 2], "nothing was changed by it");
}
