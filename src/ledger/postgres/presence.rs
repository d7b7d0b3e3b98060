//! Who works on the ledger, as the database knows it. Every session that works on it shares a lock, and whoever copies the ledger
//! holds that lock alone. It belongs to the session: a process that was stopped keeps it, however long, and one whose
//! session has ended is not let in again.

use anyhow::Context as _;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::failure::told;
use super::session::ANSWER_MAX;

/// The lock's number within the database.
const LOCK: i64 = 0x7175_6965_7475_7332;

/// Why a session may not work on the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("the ledger is being copied: nobody works on it meanwhile")]
    Copying,
    #[error(
        "the ledger was copied, and the work goes on in its copy: let `ledger.url` name the copy, and start quietus again; or use \
         this ledger in place of the copy (`quietus ledger reopen`)"
    )]
    Copied,
}

/// Lets a session work on the ledger, for as long as it is there. Somebody who copies the ledger, and may just be leaving, is waited
/// for, for as long as a lock is.
pub(super) async fn enter(client: &Client) -> anyhow::Result<()> {
    // Two statements: the second one sees what was committed before the first one had the lock.
    let sql = format!(
        "SELECT pg_advisory_lock_shared({LOCK})::TEXT; SELECT EXISTS (SELECT FROM meta WHERE name = 'retired')::TEXT"
    );
    let answered = match timeout(ANSWER_MAX, client.simple_query(&sql)).await.context("no answer in time")? {
        Err(error) if is_held(&error) => return Err(Refused::Copying.into()),
        answered => answered.map_err(told)?,
    };
    let retired = answered.iter().rev().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    if retired == Some("false") { Ok(()) } else { Err(Refused::Copied.into()) }
}

/// Keeps everybody else away for as long as this session is there. Those who are leaving are waited for, for as long as a lock is;
/// returns who is still there then.
pub(super) async fn exclude(client: &Client) -> Result<Option<String>, tokio_postgres::Error> {
    match client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await {
        Ok(_) => Ok(None),
        Err(error) if is_held(&error) => others(client).await.map(Some),
        Err(error) => Err(error),
    }
}

fn is_held(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

/// Who has the lock.
async fn others(client: &Client) -> Result<String, tokio_postgres::Error> {
    let sql = "SELECT string_agg(pid::TEXT, ', ' ORDER BY pid) FROM pg_locks
               WHERE locktype = 'advisory' AND granted AND objsubid = 1
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND classid = ($1::BIGINT >> 32)::OID AND objid = ($1::BIGINT & 4294967295)::OID";
    let pids: Option<String> = client.query_one(sql, &[&LOCK]).await?.get(0);
    Ok(match pids {
        Some(pids) => format!("sessions of the database: {pids}"),
        None => "unknown".to_owned(),
    })
}
