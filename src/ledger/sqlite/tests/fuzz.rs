//! Whatever a file is that is given as a backup: it is a whole one, or it is refused.

use super::super::{back_up, inspect_backup};
use super::*;
use crate::fuzz::Fuzz;

#[tokio::test(flavor = "multi_thread")]
async fn backups() {
    let dir = tempfile::tempdir().expect("a folder");
    let ledger = SqliteLedger::open(&file(&dir)).expect("a ledger");
    ledger.record(event(1, 1)).await.expect("recorded");
    let backup = dir.path().join("backup.db");
    back_up(&file(&dir), &backup).expect("backed up");
    let whole = std::fs::read(&backup).expect("there");
    let corpus = vec![whole.clone(), whole[..whole.len() / 2].to_vec(), b"SQLite format 3\0".to_vec()];
    Fuzz::of("backups", corpus).run(150, |input| {
        std::fs::write(&backup, input).expect("writable");
        match inspect_backup(&backup) {
            Ok(view) => format!("{:?}", view.head),
            Err(error) => error.to_string().chars().filter(|c| c.is_ascii_alphabetic()).take(80).collect(),
        }
    });
    ledger.shutdown().await;
}
