//! What was ordered, what needs a person, and what is listed.

use super::*;

#[test]
fn every_order_stands_in_the_audit_with_who_gave_it() {
    let home = Home::new();
    let asked = home.json(&["erase", "--session", "acme/7", "--after", "2d"]);
    let id = asked["id"].as_str().expect("an id");
    assert_eq!(home.run(&["erasures", "cancel", id]).0, 0);
    assert_eq!(home.run(&["erasures", "cancel", id]).0, 1);
    let list = home.json(&["audit", "list"]);
    let rows = list.as_array().expect("rows");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let said = rows.iter().map(|row| format!("{} {}", text(&row["entry"]["act"]), text(&row["entry"]["result"])));
    let said: Vec<String> = said.collect();
    assert_eq!(said, ["erasure.cancel unchanged", "erasure.cancel done", "erasure.request done"]);
    assert!(rows.iter().all(|row| row["entry"]["actor"].as_str().is_some_and(|actor| actor.starts_with("cli:"))));
    assert_eq!(text(&rows[0]["entry"]["object"]), format!("erasure:{id}"));

    let (_, page) = home.run(&["audit", "list", "--limit", "2"]);
    assert!(page.ends_with("note: there are more: --cursor d1\n"), "{page}");
    let rest = home.json(&["audit", "list", "--limit", "2", "--cursor", "d1"]);
    assert_eq!(rest.as_array().map(Vec::as_slice), Some(&rows[2..]));
    let of_one = home.json(&["audit", "list", "--act", "erasure.request", "--since", "2000-01-01T00:00:00Z"]);
    assert_eq!(of_one.as_array().map(Vec::len), Some(1));
    assert!(Cli::try_parse_from(["quietus", "audit", "list", "--act", "erasure.forget"]).is_err());
}

#[test]
fn a_scheduled_erasure_begins_by_an_order_and_only_once() {
    let home = Home::new();
    let asked = home.json(&["erase", "--session", "acme/7", "--after", "2d"]);
    let id = asked["id"].as_str().expect("an id");
    let due = |text: &serde_json::Value| text.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let before = due(&home.json(&["erasures", "show", id])["due"]).expect("a time");
    assert_eq!(home.run(&["erasures", "begin", id]), (0, "it begins now\n".into()));
    let after = due(&home.json(&["erasures", "show", id])["due"]).expect("a time");
    assert!(after < before, "{after} is not before {before}");
    // What is cancelled, or is not there, does not begin.
    assert_eq!(home.run(&["erasures", "cancel", id]).0, 0);
    let (code, said) = home.run(&["erasures", "begin", id]);
    assert!(code == 1 && said.contains("it does not wait for its time"), "{said}");
    assert_eq!(home.run(&["erasures", "begin", "e-00000000000000000000000000000000"]).0, 1);
}

#[test]
fn the_audit_is_exported_with_the_hash_of_its_last_row() {
    let home = Home::new();
    assert_eq!(home.run(&["erase", "--session", "acme/7"]).0, 0);
    assert_eq!(home.run(&["quarantine", "drop", "1"]).0, 1);
    let file = home.path("audit.jsonl").display().to_string();
    assert_eq!(home.run(&["audit", "export", "--out", &file]), (0, "wrote 2 rows into HOME/audit.jsonl\n".into()));
    let text = std::fs::read_to_string(&file).expect("written");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for (member, expected) in [("quietus_audit", 1), ("first", 1), ("last", 2)] {
        assert_eq!(lines[0][member], expected, "{member}");
    }
    assert_eq!(lines[0]["head"], lines[2]["hash"]);
    assert_eq!(lines[2]["entry"]["previous"], lines[1]["hash"]);
    assert_eq!(lines.len(), 3);

    let verify = || home.run(&["audit", "verify", &file]);
    let head = lines[0]["head"].as_str().expect("a hash");
    assert_eq!(verify(), (0, format!("✓ rows 1 to 2 are verified; the last one is {head}\n")));
    home.write("audit.jsonl", &text.replace("unchanged", "done"));
    assert_snapshot!(verify().1, @"✗ not verified: audit row 2: its text is not the one that its hash was made of; it was changed");
    let cut: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    home.write("audit.jsonl", &cut);
    let expected =
        "✗ not verified: the rows are not those that the header tells of: the file was cut or put together\n";
    assert_eq!(verify(), (1, expected.into()));
    home.write("audit.jsonl", "{}\n");
    assert_snapshot!(verify().1, @"✗ not verified: the first line is not the header of an export of the audit");
}

#[test]
fn what_needs_a_person_is_acknowledged_muted_and_told_again() {
    let home = Home::new();
    home.server_works();
    assert_eq!(home.run(&["attention", "list"]), (0, "nothing needs a person\n".into()));
    home.quarantine("name=Ann");
    assert_eq!(home.run(&["status"]).0, 1);
    let list = home.json(&["attention", "list"]);
    assert_eq!(list[0]["code"], "deliveries_unreadable");
    assert_eq!(list[0]["severity"], "attention");
    assert_eq!(home.json(&["attention", "list", "--severity", "urgent"]), serde_json::json!([]));

    let acknowledged = home.run(&["attention", "acknowledge", "deliveries_unreadable"]);
    assert_eq!(acknowledged, (0, "muted deliveries_unreadable quarantine until it changes\n".into()));
    assert_eq!(home.run(&["status"]).0, 0, "nobody has to be told of it again");
    let (code, said) = home.run(&["attention", "list"]);
    assert!(code == 0 && said.contains("acknowledged by cli:"), "{said}");
    home.quarantine("name=Berta and more");
    assert_eq!(home.run(&["status"]).0, 1, "another delivery is something else");

    assert_eq!(home.run(&["attention", "mute", "deliveries_unreadable", "quarantine", "--for", "7d"]).0, 0);
    home.quarantine("name=Cyril and even more");
    let (code, said) = home.run(&["status"]);
    assert_eq!(code, 0, "muted, whatever comes");
    assert!(said.ends_with("nothing needs a person but what is muted\n"), "{said}");
    assert_eq!(home.run(&["attention", "unmute", "deliveries_unreadable", "quarantine"]), (0, "unmuted: 1\n".into()));
    assert_eq!(home.run(&["attention", "unmute", "deliveries_unreadable"]).0, 1);
    assert_eq!(home.run(&["status"]).0, 1);
    assert_eq!(home.run(&["attention", "mute", "overdue"]).0, 1, "there is nothing to mute");
    let acts = home.json(&["audit", "list"]);
    assert_eq!(acts[0]["entry"]["act"], "attention.unmute");
    assert_eq!(acts.as_array().map(Vec::len), Some(3));
    // Nothing that somebody types becomes a row.
    assert_eq!(home.run(&["attention", "unmute", "overdue", "ann@example.com"]).0, 1);
    let (_, rows) = home.run(&["--json", "audit", "list"]);
    assert!(rows.contains("attention:overdue") && !rows.contains("ann@"), "{rows}");
}

#[test]
fn erasures_are_listed_by_what_they_are_and_page_by_page() {
    let home = Home::new();
    for session in ["acme/1", "acme/2", "acme/3"] {
        assert_eq!(home.run(&["erase", "--session", session, "--after", "2d"]).0, 0);
    }
    let count = |filter: &[&str]| {
        let list = home.json(&[&["erasures", "list"], filter].concat());
        list.as_array().map(Vec::len).unwrap_or_else(|| panic!("{list}"))
    };
    assert_eq!(count(&["--target", "mluvii"]), 3);
    assert_eq!(count(&["--target", "mluv"]), 0);
    assert_eq!(count(&["--source", "acme"]), 3, "a source's name stands for its installation");
    assert_eq!(count(&["--due-before", "2100-01-01T00:00:00Z"]), 3);
    assert_eq!(count(&["--due-before", "2000-01-01T00:00:00Z"]), 0);
    assert_eq!(count(&["--since", "2100-01-01T00:00:00Z"]), 0);
    assert_eq!(home.run(&["erasures", "list", "--source", "nobody"]).0, 2);
    let (_, page) = home.run(&["erasures", "list", "--limit", "2"]);
    let (_, cursor) = page.trim_end().rsplit_once(' ').expect("a cursor");
    assert_eq!(count(&["--limit", "2", "--cursor", cursor]), 1);
}

#[test]
fn a_ledger_that_is_copied_and_reopened_says_so_in_its_audit() {
    let home = Home::new();
    let from = format!("sqlite:{}", home.path("quietus.db").display());
    let to = format!("sqlite:{}", home.path("copy.db").display());
    SqliteLedger::open(&home.path("copy.db")).expect("made");
    let (code, said) = home.run(&["ledger", "copy", "--from", &from, "--to", &to]);
    assert_eq!(code, 0, "{said}");
    assert!(said.ends_with("✓ copied into HOME/copy.db; 0 receipts are verified there\n"), "{said}");
    let (code, said) = home.run(&["ledger", "copy", "--from", &from, "--to", &to]);
    assert_eq!(code, 4, "{said}");
    assert_eq!(home.run(&["ledger", "reopen", &from]), (0, "✓ the ledger HOME/quietus.db can be used again\n".into()));
    let acts = |list: &serde_json::Value| {
        let rows = list.as_array().expect("rows").iter().rev();
        rows.map(|row| format!("{} {}", row["entry"]["act"], row["entry"]["result"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(acts(&home.json(&["audit", "list"])), ["ledger.copy begun", "ledger.reopen done"]);
    home.write("quietus.toml", &format!("{CONFIG}[ledger]\nurl = \"{to}\"\n"));
    assert_eq!(acts(&home.json(&["audit", "list"])), ["ledger.copy begun", "ledger.copy done"]);
}
