//! By which indexes the statements of the port find what they want.

use std::collections::BTreeSet;
use std::time::Duration;

use quietus::measure::{Measured, SMALL_TABLES};

use crate::shared::postgres::Database;
use crate::{NAME, TARGET};

/// What is shown of a statement.
const SHOWN: usize = 100;

/// One line for each statement that a ledger has prepared after it has done everything once; fails where a large table is
/// read whole.
pub(crate) async fn used(database: &Database<'_>) -> Vec<String> {
    let ledger = Measured::open(&database.url(), 1).await;
    let mut claimed = ledger.claim(TARGET, 2, Duration::from_secs(60), 1_000).await;
    ledger.erased(claimed.pop().expect("two are pending")).await;
    ledger.put_back(claimed.pop().expect("two are pending")).await;
    ledger.has_session(NAME, 1).await;
    ledger.sessions_of_guest(NAME, [1; 16]).await;
    ledger.sessions_with(NAME, [1; 32]).await;
    ledger.has_erasure([1; 16]).await;
    ledger.newest_of_each_state(2).await;
    ledger.has_receipt(1).await;
    ledger.count().await;

    let plans = ledger.plans().await;
    let mut lines: Vec<_> = plans.iter().map(|(statement, plan)| line(statement, plan)).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.insert(0, format!("\n{} statements, none of which reads a large table whole; their indexes:", lines.len()));
    lines
}

fn line(statement: &str, plan: &[String]) -> String {
    let mut used = BTreeSet::new();
    for step in plan {
        if let Some((_, table)) = step.split_once("Seq Scan on ") {
            let table = table.split(' ').next().unwrap_or_default();
            assert!(SMALL_TABLES.contains(&table), "{step}\nin {statement}");
            used.insert(format!("all of {table}"));
        }
        if let Some((_, index)) = step.split_once(" using ") {
            // One name for all months.
            let index = index.split(' ').next().unwrap_or_default();
            used.insert(index.replace(|c: char| c.is_ascii_digit(), "").replace("__", "_MONTH_"));
        }
    }
    let words = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = words.chars().take(SHOWN).collect();
    format!("- {shown}: {}", used.into_iter().collect::<Vec<_>>().join(", "))
}
