//! Long work shows how far it is, on a terminal and nowhere else.

use std::fs;

use super::Company;

/// A day on which everything is old enough.
const ALL: &str = "2100-01-01";

#[test]
fn how_far_long_work_is_is_shown_on_a_terminal_and_nowhere_else() {
    let company = Company::with("[retention]\narchive_dir = \"archive\"\n");
    fs::create_dir(company.deployment.path("archive")).expect("a folder");
    company.serve_and_erase(&[101, 102], 0);
    let path = |name: &str| company.path(name);
    let (receipts, audit, consents) = (path("receipts.jsonl"), path("audit.jsonl"), path("consents.csv"));
    let (backup, other) = (path("backup.db"), path("other.db"));
    let key = format!("@{}", path("keys/receipt.pub"));
    // Each with what its bar shows, of two receipts and a header where that is counted.
    let both: [(&[&str], &str); 9] = [
        (&["receipts", "export", "--out", &receipts], "/3 lines written, "),
        (&["receipts", "verify", &receipts, "--public-key", &key], " left"),
        (&["audit", "export", "--out", &audit], " lines written, "),
        (&["audit", "verify", &audit], " left"),
        (&["consent", "export", "--out", &consents], " lines written, "),
        (&["migrate"], "bringing the schema up to date, "),
        (&["ledger", "check"], "integrity "),
        (&["receipts", "archive", "--before", ALL], "receipts moved, "),
        (&["audit", "archive", "--before", ALL], "rows of the audit moved, "),
    ];
    for (command, bar) in both {
        let shown = company.deployment.on_terminal(command);
        assert!(shown.contains(bar), "{command:?}: {shown}");
        // In the end it is taken away, so that what came of it stands alone.
        assert!(shown.contains("\u{1b}[2K"), "{command:?}: {shown}");
        let said = company.says(command, 0);
        assert!(!said.contains(bar) && !said.contains('\u{1b}') && !said.contains('\r'), "{command:?}: {said}");
    }

    // Who puts a backup in place waits for it to be copied and looked over.
    assert!(company.deployment.on_terminal(&["ledger", "backup", "--to", &backup]).contains(" left"));
    assert!(!company.says(&["ledger", "backup", "--to", &other], 0).contains(" left"));
    let shown = company.deployment.on_terminal(&["ledger", "restore", "--from", &backup, "--yes"]);
    assert!(shown.contains("tables ") && shown.contains("the backup is in place"), "{shown}");
    let said = company.says(&["ledger", "restore", "--from", &backup, "--yes"], 0);
    assert!(!said.contains("tables ") && !said.contains('\u{1b}'), "{said}");
}
