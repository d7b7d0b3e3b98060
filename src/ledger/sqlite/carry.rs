//! Carrying over to a new index key what stands under the one that it replaced.

use rusqlite::functions::FunctionFlags;
use rusqlite::params;

use super::LedgerError;
use super::columns::Json;
use super::job::Tx;
use crate::erasure::{ErasureId, Subject};
use crate::keys::Carry;

/// Functions of SQL, for as long as this takes.
const FUNCTIONS: [&str; 4] = ["carried", "carried_all", "carried_record", "carried_events"];

/// All that stands under it, but for whom erasures are about. An event's key is what duplicates are found by.
const UPDATES: [&str; 9] = [
    // What a process holds that does not know of the new key is taken from it.
    "UPDATE task SET fence = fence + 1, holder = NULL WHERE holder IS NOT NULL",
    "UPDATE task SET event = carried_events(event) WHERE event IS NOT NULL",
    "UPDATE inbox SET events = carried_events(events)",
    "UPDATE quarantine SET digest = carried(digest)",
    "UPDATE shared_guest SET guest = carried(guest)",
    // A decision on what a session was before is none on what it is now.
    "UPDATE session SET version = version + 1, record = carried_record(record), forms_seen = carried_all(forms_seen),
                        guest = CASE WHEN guest IS NOT NULL THEN carried(guest) END",
    "UPDATE fingerprint SET fingerprint = carried(fingerprint)",
    "UPDATE erasure_fingerprint SET fingerprint = carried(fingerprint)",
    "UPDATE event SET digest = carried(digest)",
];

pub(super) fn carry(tx: &Tx<'_>, carry: &Carry) -> Result<(), LedgerError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    let [one, all, record, events] = std::array::from_fn(|_| carry.clone());
    tx.create_scalar_function(FUNCTIONS[0], 1, flags, move |value| {
        one.bytes(value.get_raw(0).as_blob()?).map_err(of_function)
    })?;
    tx.create_scalar_function(FUNCTIONS[1], 1, flags, move |value| Ok(all.digests(value.get_raw(0).as_blob()?)))?;
    tx.create_scalar_function(FUNCTIONS[2], 1, flags, move |value| {
        record.record(value.get_raw(0).as_str()?).map_err(of_function)
    })?;
    tx.create_scalar_function(FUNCTIONS[3], 1, flags, move |value| {
        events.events(value.get_raw(0).as_blob()?).map_err(of_function)
    })?;
    let carried = subjects(tx, carry).and_then(|()| {
        for sql in UPDATES {
            tx.execute(sql, [])?;
        }
        Ok(())
    });
    // They hold the key.
    for name in FUNCTIONS {
        tx.remove_function(name, 1)?;
    }
    carried
}

/// Of erasures that are not over: what ended stands on its receipt as it was.
fn subjects(tx: &Tx<'_>, carry: &Carry) -> Result<(), LedgerError> {
    let mut open = tx.prepare("SELECT id, subject, merge_key FROM erasure WHERE ended IS NULL")?;
    let read = open.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?)))?;
    let all: Vec<(ErasureId, Json<Subject>, String)> = read.collect::<Result<_, _>>()?;
    for (id, Json(subject), merge_key) in all {
        if let Some((subject, merge_key)) = carry.subject(&subject, &merge_key) {
            tx.prepare_cached("UPDATE erasure SET subject = ?2, subject_key = ?3, merge_key = ?4 WHERE id = ?1")?
                .execute(params![id, Json(&subject), subject.key(), merge_key])?;
        }
    }
    Ok(())
}

fn of_function(error: LedgerError) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(error.into_cause().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::copy::{Column, TABLES};

    /// Columns of bytes under which nothing is found.
    const OTHERS: [&str; 8] = ["id", "value", "erasure", "wrapped_key", "content", "report", "resume", "sealed"];

    /// Whoever adds a column of bytes says here what it is: a digest that is not carried over finds nobody any more.
    #[test]
    fn every_column_that_holds_digests_is_carried_over() {
        for table in TABLES {
            for (column, kind) in table.columns {
                let of_table = |sql: &&&str| sql.starts_with(&format!("UPDATE {} SET ", table.name));
                let names = |sql: &&str| {
                    sql.contains(&format!("{column} = carried")) || sql.contains(&format!("carried({column})"))
                };
                let carried = UPDATES.iter().filter(of_table).any(names);
                let holds = *kind == Column::Bytes && !OTHERS.contains(column);
                assert!(carried || !holds, "{}.{column}", table.name);
            }
        }
    }
}
