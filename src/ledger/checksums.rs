//! All checksums of a ledger, compared chunk by chunk for those who look it over: what nobody needs for a year would rot unnoticed
//! for as long. The same statements in both dialects.

use super::copy::Value;
use super::query::Statement;
use super::row::Row;
use super::{LedgerError, accounts, line, sum};
use crate::erasure::ErasureId;

/// What has checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Summed {
    /// Events that came in, each with its own.
    Inbox,
    /// Events that are being decided on.
    Events,
    /// Consent records.
    Sessions,
    /// Whom erasures are about.
    Erasures,
    /// Which sessions open erasures reach.
    Reached,
    /// Who may use the admin API and the pages.
    Accounts,
    /// Their API tokens.
    Tokens,
    /// Their sessions.
    SignedIn,
}

/// After which row a comparison goes on.
#[derive(Clone, Debug)]
pub(crate) struct SumMark(Vec<Value>);

/// What was compared.
#[derive(Debug, Default)]
pub(crate) struct SumChunk {
    /// How many checksums.
    pub(crate) compared: u64,
    /// How many of them do not match.
    pub(crate) damaged: u64,
    /// The first of which it does not.
    pub(crate) first: Option<String>,
    /// Where it goes on; `None` at the end.
    pub(crate) next: Option<SumMark>,
}

impl Summed {
    pub(crate) const ALL: [Self; 8] = [
        Self::Inbox,
        Self::Events,
        Self::Sessions,
        Self::Erasures,
        Self::Reached,
        Self::Accounts,
        Self::Tokens,
        Self::SignedIn,
    ];

    /// The name of what is found: part of the interface.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Inbox => "inbox_damaged",
            Self::Events => "event_damaged",
            Self::Sessions => "session_damaged",
            Self::Erasures => "erasure_damaged",
            Self::Reached => "reached_damaged",
            Self::Accounts => "account_damaged",
            Self::Tokens => "token_damaged",
            Self::SignedIn => "signed_in_damaged",
        }
    }

    /// What is compared.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Events => "events",
            Self::Sessions => "sessions",
            Self::Erasures => "erasures",
            Self::Reached => "reached sessions",
            Self::Accounts => "accounts",
            Self::Tokens => "tokens",
            Self::SignedIn => "sessions of accounts",
        }
    }

    /// What is wrong, after a number.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Inbox => "events that came in are not what was acknowledged",
            Self::Events => "events to decide on are not what was acknowledged",
            Self::Sessions => "consent records are not what was written",
            Self::Erasures => "erasures are not about whom they were written for",
            Self::Reached => "erasures do not reach the sessions that were written for them",
            Self::Accounts => "accounts may not what was written of them",
            Self::Tokens => "tokens are not what was issued",
            Self::SignedIn => "sessions of accounts are not what was begun",
        }
    }

    /// Counts the checksums: one row with one number.
    pub(super) fn count_sql(self) -> &'static str {
        match self {
            Self::Inbox => "SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM inbox",
            Self::Events => "SELECT COUNT(*) FROM task WHERE event IS NOT NULL",
            Self::Sessions => "SELECT COUNT(*) FROM session",
            Self::Erasures => "SELECT COUNT(*) FROM erasure",
            Self::Reached => "SELECT COUNT(*) FROM erasure WHERE ended IS NULL AND reached_sum IS NOT NULL",
            Self::Accounts => "SELECT COUNT(*) FROM account",
            Self::Tokens => "SELECT COUNT(*) FROM account_token",
            Self::SignedIn => "SELECT COUNT(*) FROM account_session",
        }
    }

    /// The rows of a chunk, in the order of their keys.
    pub(super) fn rows(self, after: Option<&SumMark>) -> Statement {
        let limit = self.limit();
        let sql = match self {
            Self::Inbox => {
                format!("SELECT seq, count, events FROM inbox WHERE seq > $1 ORDER BY seq LIMIT {limit}")
            }
            Self::Events => {
                format!("SELECT id, event FROM task WHERE event IS NOT NULL AND id > $1 ORDER BY id LIMIT {limit}")
            }
            Self::Sessions => format!(
                "SELECT {} FROM session WHERE (installation, session) > ($1, $2)
                 ORDER BY installation, session LIMIT {limit}",
                sum::OF_SESSION
            ),
            Self::Erasures => {
                format!("SELECT {}, id FROM erasure WHERE id > $1 ORDER BY id LIMIT {limit}", sum::OF_ERASURE)
            }
            // One statement, so one state of both tables. Those that are over have let go of their sessions.
            Self::Reached => format!(
                "SELECT part.id, part.reached_sum, reached.installation, reached.session, reached.read_before
                 FROM (SELECT id, reached_sum FROM erasure
                       WHERE id > $1 AND ended IS NULL AND reached_sum IS NOT NULL ORDER BY id LIMIT {limit}) AS part
                 LEFT JOIN erasure_session AS reached ON reached.erasure = part.id
                 ORDER BY part.id, reached.installation, reached.session"
            ),
            Self::Accounts => {
                format!(
                    "SELECT {} FROM account WHERE account.name > $1 ORDER BY account.name LIMIT {limit}",
                    accounts::ACCOUNT
                )
            }
            Self::Tokens => format!(
                "SELECT {} FROM account_token WHERE account_token.id > $1 ORDER BY account_token.id LIMIT {limit}",
                accounts::TOKEN
            ),
            Self::SignedIn => format!(
                "SELECT {} FROM account_session WHERE account_session.id > $1 ORDER BY account_session.id LIMIT {limit}",
                accounts::SESSION
            ),
        };
        let first = || match self {
            Self::Inbox | Self::Events => vec![Value::Number(i64::MIN)],
            Self::Sessions => vec![Value::Number(i64::MIN); 2],
            Self::Erasures | Self::Reached => vec![Value::Bytes(Vec::new())],
            Self::Accounts | Self::Tokens | Self::SignedIn => vec![Value::Text(String::new())],
        };
        Statement { sql, values: after.map_or_else(first, |mark| mark.0.clone()) }
    }

    /// Rows of a chunk. One of the inbox can have megabytes.
    fn limit(self) -> usize {
        match self {
            Self::Inbox => 16,
            Self::Events | Self::Sessions | Self::Erasures | Self::Accounts | Self::Tokens | Self::SignedIn => 1_000,
            Self::Reached => 100,
        }
    }
}

/// A comparison of one chunk, row by row.
pub(super) struct Comparison {
    of: Summed,
    rows: usize,
    chunk: SumChunk,
    reached: Option<Reach>,
}

/// The erasure whose sessions are being read.
struct Reach {
    erasure: ErasureId,
    written: Option<i64>,
    sessions: Vec<(i64, i64, bool)>,
}

impl Comparison {
    pub(super) fn of(of: Summed) -> Self {
        Self { of, rows: 0, chunk: SumChunk::default(), reached: None }
    }

    /// Compares the next row of [`Summed::rows`].
    pub(super) fn add(&mut self, row: &impl Row) -> Result<(), LedgerError> {
        match self.of {
            Summed::Inbox => self.add_inbox(row),
            Summed::Events => {
                let id = number(row, 0)?;
                // What cannot be read is not what was written.
                let event = row.bytes(1).ok().flatten().unwrap_or_default();
                self.row(vec![Value::Number(id)]);
                self.compared(line::read(event).is_ok(), || format!("task {id}"));
                Ok(())
            }
            Summed::Sessions => {
                let (installation, session) = (number(row, 0)?, number(row, 1)?);
                self.row(vec![Value::Number(installation), Value::Number(session)]);
                self.result(sum::session_is_whole(row), || format!("session {session}"))
            }
            Summed::Erasures => {
                let id = row.erasure_id(4)?;
                self.row(vec![Value::Bytes(id.0.to_vec())]);
                self.result(sum::erasure_is_whole(id, row), || id.to_string())
            }
            Summed::Reached => self.add_reached(row),
            Summed::Accounts => self.add_named(row, accounts::account_is_whole(row, 0)),
            Summed::Tokens => self.add_named(row, accounts::token_is_whole(row)),
            Summed::SignedIn => self.add_named(row, accounts::session_is_whole(row)),
        }
    }

    /// What was compared.
    pub(super) fn end(mut self) -> Result<SumChunk, LedgerError> {
        self.end_reached()?;
        if self.rows < self.of.limit() {
            self.chunk.next = None;
        }
        Ok(self.chunk)
    }

    /// A row whose first column is its name or its id.
    fn add_named(&mut self, row: &impl Row, whole: Result<(), LedgerError>) -> Result<(), LedgerError> {
        let name = row.text(0)?.unwrap_or_default().to_owned();
        self.row(vec![Value::Text(name.clone())]);
        self.result(whole, || name)
    }

    /// Each event of a row, and how many there are.
    fn add_inbox(&mut self, row: &impl Row) -> Result<(), LedgerError> {
        let seq = number(row, 0)?;
        self.row(vec![Value::Number(seq)]);
        let written = row.number(1).ok().flatten().unwrap_or_default().unsigned_abs();
        let events = row.bytes(2).ok().flatten().unwrap_or_default();
        let mut found = 0;
        for event in events.split(|byte| *byte == b'\n') {
            found += 1;
            self.compared(line::read(event).is_ok(), || format!("inbox row {seq}"));
        }
        if found != written {
            self.chunk.damaged += found.abs_diff(written);
            self.chunk.first.get_or_insert_with(|| format!("inbox row {seq}"));
        }
        Ok(())
    }

    /// One session of an erasure, or none.
    fn add_reached(&mut self, row: &impl Row) -> Result<(), LedgerError> {
        let id = row.erasure_id(0)?;
        if self.reached.as_ref().is_none_or(|reach| reach.erasure != id) {
            self.end_reached()?;
            self.row(vec![Value::Bytes(id.0.to_vec())]);
            self.reached = Some(Reach { erasure: id, written: row.number(1)?, sessions: Vec::new() });
        }
        if let (Some(reach), Some(installation)) = (&mut self.reached, row.number(2)?) {
            reach.sessions.push((installation, number(row, 3)?, row.truth(4)?));
        }
        Ok(())
    }

    fn end_reached(&mut self) -> Result<(), LedgerError> {
        let Some(Reach { erasure, written, sessions }) = self.reached.take() else { return Ok(()) };
        self.result(sum::reached_is_whole(written, sessions), || erasure.to_string())
    }

    /// A row with this key.
    fn row(&mut self, key: Vec<Value>) {
        self.rows += 1;
        self.chunk.next = Some(SumMark(key));
    }

    fn result(&mut self, whole: Result<(), LedgerError>, which: impl FnOnce() -> String) -> Result<(), LedgerError> {
        let is_whole = match whole {
            Err(error) if error.of_this_work().is_none() => return Err(error),
            whole => whole.is_ok(),
        };
        self.compared(is_whole, which);
        Ok(())
    }

    fn compared(&mut self, is_whole: bool, which: impl FnOnce() -> String) {
        self.chunk.compared += 1;
        if !is_whole {
            self.chunk.damaged += 1;
            self.chunk.first.get_or_insert_with(which);
        }
    }
}

fn number(row: &impl Row, column: usize) -> Result<i64, LedgerError> {
    row.number(column)?.ok_or_else(|| super::broken("a key has no value"))
}
