//! Carrying over to a new index key what stands under the one that it replaced.

use rusqlite::functions::FunctionFlags;

use super::columns::{Json, json};
use super::job::Tx;
use super::sum::OF_ERASURE;
use super::{LedgerError, sum};
use crate::erasure::{ErasureId, Subject};
use crate::keys::Carry;
use crate::ledger::carry::SummedSession;

/// Functions of SQL, for as long as this takes.
const FUNCTIONS: [(&str, i32); 4] = [("carried", 1), ("carried_all", 1), ("carried_events", 1), ("carried_sum", 6)];

/// All that stands under it, but for whom erasures are about. An event's key is what duplicates are found by.
const UPDATES: [&str; 15] = [
    // What a process holds that does not know of the new key is taken from it.
    "UPDATE task SET fence = fence + 1, holder = NULL WHERE holder IS NOT NULL",
    "UPDATE task SET event = carried_events(event) WHERE event IS NOT NULL",
    "UPDATE inbox SET events = carried_events(events)",
    "UPDATE quarantine SET digest = carried(digest)",
    "UPDATE shared_guest SET guest = carried(guest)",
    // A decision on what a session was before is none on what it is now.
    "UPDATE session SET version = version + 1, forms_seen = carried_all(forms_seen),
                        guest = CASE WHEN guest IS NOT NULL THEN carried(guest) END,
                        sum = carried_sum(installation, session, record, guest, forms_seen, sum)",
    "UPDATE fingerprint SET fingerprint = carried(fingerprint)",
    "UPDATE consent_fingerprint SET fingerprint = carried(fingerprint)",
    "UPDATE erasure_fingerprint SET fingerprint = carried(fingerprint)",
    "UPDATE erasure_shown SET digest = carried(digest)",
    "UPDATE request_fingerprint SET fingerprint = carried(fingerprint)",
    "UPDATE hold SET guest = carried(guest) WHERE guest IS NOT NULL",
    "UPDATE hold_fingerprint SET fingerprint = carried(fingerprint)",
    "UPDATE event SET digest = carried(digest)",
    "UPDATE confirmation_link SET address = carried(address), token = CASE WHEN token IS NOT NULL THEN carried(token) END,
                                  bound = CASE WHEN bound IS NOT NULL THEN carried(bound) END",
];

pub(super) fn carry(tx: &Tx<'_>, carry: &Carry) -> Result<(), LedgerError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    let [one, all, events, sum] = std::array::from_fn(|_| carry.clone());
    let [named_one, named_all, named_events, named_sum] = FUNCTIONS;
    tx.create_scalar_function(named_one.0, named_one.1, flags, move |value| {
        one.bytes(value.get_raw(0).as_blob()?).map_err(of_function)
    })?;
    tx.create_scalar_function(named_all.0, named_all.1, flags, move |value| {
        Ok(all.digests(value.get_raw(0).as_blob()?))
    })?;
    tx.create_scalar_function(named_events.0, named_events.1, flags, move |value| {
        events.events(value.get_raw(0).as_blob()?).map_err(of_function)
    })?;
    tx.create_scalar_function(named_sum.0, named_sum.1, flags, move |row| {
        let before = SummedSession {
            installation: row.get(0)?,
            session: row.get(1)?,
            record: row.get_raw(2).as_str().ok(),
            guest: row.get_raw(3).as_blob_or_null()?,
            forms: row.get_raw(4).as_blob()?,
            sum: row.get(5)?,
        };
        sum.session_sum(before).map_err(of_function)
    })?;
    let carried = subjects(tx, carry).and_then(|()| {
        for sql in UPDATES {
            tx.execute(sql, [])?;
        }
        Ok(())
    });
    // They hold the key.
    for (name, arguments) in FUNCTIONS {
        tx.remove_function(name, arguments)?;
    }
    carried
}

/// Of erasures that are not over: what ended stands on its receipt as it was.
fn subjects(tx: &Tx<'_>, carry: &Carry) -> Result<(), LedgerError> {
    let mut open = tx.prepare(&format!("SELECT {OF_ERASURE}, id, merge_key FROM erasure WHERE ended IS NULL"))?;
    let mut update =
        tx.prepare("UPDATE erasure SET subject = ?2, subject_key = ?3, merge_key = ?4, sum = ?5 WHERE id = ?1")?;
    let mut rows = open.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let id: ErasureId = row.get(4)?;
        // One that is damaged stays so, and nothing is done by it.
        if sum::erasure_is_whole(id, row).is_err() {
            continue;
        }
        let (Json(subject), merge_key): (Json<Subject>, String) = (row.get(1)?, row.get(5)?);
        if let Some((subject, merge_key)) = carry.subject(&subject, &merge_key) {
            let text = json(&subject)?;
            let sum = sum::of_erasure(id, row.get(0)?, &text, row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?);
            all.push((id, text, subject.key(), merge_key, sum));
        }
    }
    for one in all {
        update.execute(one)?;
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
    const OTHERS: [&str; 10] =
        ["id", "value", "erasure", "again", "request", "wrapped_key", "content", "report", "resume", "sealed"];

    /// Tables whose digests are of secrets that we have made: the index key has no part in them.
    const WITHOUT_KEY: [&str; 2] = ["account_token", "account_session"];

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
                let is_keyed = !WITHOUT_KEY.contains(&table.name) && !OTHERS.contains(column);
                let holds = *kind == Column::Bytes && is_keyed;
                assert!(carried || !holds, "{}.{column}", table.name);
            }
        }
    }
}
