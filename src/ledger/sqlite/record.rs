//! The receiving path: one small row per event at the right edge of one index, and one row per commit and
//! installation that holds the new events. Everything else is done later, off this path.

use std::collections::BTreeMap;

use rusqlite::params;
use tracing::warn;

use super::columns::Millis;
use super::failure;
use super::job::{self, Answer, Tx};
use super::names::{Names, Remembered};
use super::{LedgerError, Recorded, generations, line};
use crate::causes::with_causes;
use crate::event::StoredEvent;
use crate::keys::{Digest, KeyId, Sealed};
use crate::ledger::generation::must_be_open;
use crate::subject::{InstallationName, SourceName};

/// A row of the inbox is closed when it holds so much.
const INBOX_ROW_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A delivery to be written, and who waits for it.
pub(super) struct Delivery {
    source: SourceName,
    installation: InstallationName,
    happened: i64,
    session: i64,
    kind: i64,
    digest: Digest,
    /// The generation under which its form is sealed.
    seal: Option<KeyId>,
    line: Vec<u8>,
    pub(super) answer: Answer<Recorded>,
}

impl Delivery {
    /// Serializes in the caller's task: the writer has one thread only.
    pub(super) fn new(event: &StoredEvent, answer: Answer<Recorded>) -> Result<Self, LedgerError> {
        let line = line::of(event)?;
        let head = &event.head;
        Ok(Self {
            source: head.source.clone(),
            installation: head.session.installation.clone(),
            happened: head.happened(),
            session: head.session.session.0,
            kind: head.kind.code(),
            digest: head.digest,
            seal: event.form.as_ref().and_then(Sealed::generation),
            line,
            answer,
        })
    }
}

/// The answers to deliveries, in their order.
pub(super) type Answers = Vec<Result<Recorded, LedgerError>>;

/// Writes deliveries, at the beginning of a transaction. One that the ledger refuses is found by halving, so that it holds up none
/// of the others. Savepoints cost something, and nearly always nothing is refused: so it is tried without them first.
pub(super) fn insert(
    tx: &Tx<'_>,
    remembered: &mut Remembered,
    deliveries: &[Delivery],
) -> Result<Answers, LedgerError> {
    match write(tx, remembered, deliveries) {
        Err(error @ LedgerError::Broken(_)) => {
            let why = with_causes(&error).to_string();
            // Numbers of names that were given out are undone with it.
            remembered.forget();
            job::begin_anew(tx)?;
            let answers = halves(tx, remembered, deliveries, error)?;
            let refused = answers.iter().filter(|answer| matches!(answer, Ok(Recorded::Refused))).count();
            if refused > 0 {
                warn!(refused, error = why, "the ledger refuses deliveries");
            }
            Ok(answers)
        }
        done => done,
    }
}

/// Each half of what was refused as a whole.
fn halves(
    tx: &Tx<'_>,
    remembered: &mut Remembered,
    deliveries: &[Delivery],
    error: LedgerError,
) -> Result<Answers, LedgerError> {
    if deliveries.len() < 2 {
        return Ok(vec![refused(error)]);
    }
    let (some, others) = deliveries.split_at(deliveries.len() / 2);
    let mut answers = insert_apart(tx, remembered, some)?;
    answers.extend(insert_apart(tx, remembered, others)?);
    Ok(answers)
}

fn insert_apart(tx: &Tx<'_>, remembered: &mut Remembered, deliveries: &[Delivery]) -> Result<Answers, LedgerError> {
    match job::apart(tx, || write(tx, remembered, deliveries))? {
        Ok(answers) => Ok(answers),
        Err(error) => {
            remembered.forget();
            halves(tx, remembered, deliveries, error)
        }
    }
}

/// The answer to one delivery that the ledger refuses by itself.
fn refused(error: LedgerError) -> Result<Recorded, LedgerError> {
    if failure::is_of_values(&error) { Ok(Recorded::Refused) } else { Err(error) }
}

/// Writes deliveries, all or none. One that has to be sealed anew is refused by itself.
fn write(tx: &Tx<'_>, remembered: &mut Remembered, deliveries: &[Delivery]) -> Result<Answers, LedgerError> {
    let is_sealed = |delivery: &Delivery| delivery.seal.is_some();
    let open = if deliveries.iter().any(is_sealed) { generations::present(tx)? } else { None };
    let mut key = tx.prepare_cached(
        "INSERT INTO event (source, session, kind, digest, received, happened) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO NOTHING",
    )?;
    let mut recorded = Vec::with_capacity(deliveries.len());
    let mut new = BTreeMap::<i64, Lines>::new();
    for delivery in deliveries {
        if delivery.seal.is_some()
            && let Err(refused) = must_be_open(delivery.seal.as_ref(), open.clone())
        {
            recorded.push(Err(refused));
            continue;
        }
        let source = remembered.id(tx, Names::Source, &delivery.source.0)?;
        let row = params![source, delivery.session, delivery.kind, delivery.digest, Millis(tx.now), delivery.happened];
        if key.execute(row)? == 0 {
            recorded.push(Ok(Recorded::Duplicate));
            continue;
        }
        recorded.push(Ok(Recorded::New));
        // The work is not made here but when it is claimed: receiving then costs one index, and a row for each commit.
        let installation = remembered.id(tx, Names::Installation, &delivery.installation.0)?;
        let lines = new.entry(installation).or_default();
        lines.push(&delivery.line);
        // Expanding takes a row as a whole, on the writer's thread: a larger one would hold up every delivery
        // meanwhile.
        if lines.bytes.len() >= INBOX_ROW_BYTES_MAX {
            lines.write(tx, installation)?;
        }
    }
    for (installation, mut lines) in new {
        lines.write(tx, installation)?;
    }
    Ok(recorded)
}

/// Events that become one row.
#[derive(Default)]
struct Lines {
    count: i64,
    bytes: Vec<u8>,
}

impl Lines {
    fn push(&mut self, line: &[u8]) {
        if self.count > 0 {
            self.bytes.push(b'\n');
        }
        self.bytes.extend_from_slice(line);
        self.count += 1;
    }

    fn write(&mut self, tx: &Tx<'_>, installation: i64) -> Result<(), LedgerError> {
        if self.count > 0 {
            tx.prepare_cached("INSERT INTO inbox (installation, received, count, events) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![installation, Millis(tx.now), self.count, self.bytes])?;
            *self = Self::default();
        }
        Ok(())
    }
}
