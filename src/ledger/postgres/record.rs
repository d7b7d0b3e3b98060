//! The receiving path: whatever waits becomes one statement on a connection of its own, and everyone is answered after
//! its commit. A connection that is cut while the statement is under way leaves its outcome unknown; the same statement
//! again, on a new connection, finds what was written by its keys.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Statement};
use tracing::{error, info, warn};

use super::connection::{self, Pauses};
use super::connector::Connector;
use super::damage::Damage;
use super::remote_notifier::RemoteNotifier;
use super::session::{SYNCHRONOUS_COMMIT, commits_to_disk};
use super::tx::NOW_MS;
use super::{LedgerError, QueueName, Recorded, broken, failure, line};
use crate::causes::with_causes;
use crate::event::StoredEvent;
use crate::keys::{Digest, KeyId, Sealed};
use crate::ledger::generation::must_be_open;
use crate::panics::caught;
use crate::subject::{InstallationName, SourceName};

/// Deliveries that wait; further callers wait for room.
const WAITING_MAX: usize = 1_024;

/// Deliveries in one statement, and the bytes of them.
const BATCH_MAX: usize = 1_024;
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What makes one delivery the same as another.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    happened: i64,
    source: SourceName,
    session: i64,
    kind: i64,
    digest: [u8; 16],
}

/// A delivery to be written, and who waits for it.
struct Delivery {
    key: Key,
    installation: InstallationName,
    json: Vec<u8>,
    /// The generation under which its form is sealed.
    seal: Option<KeyId>,
    answer: oneshot::Sender<Result<Recorded, LedgerError>>,
}

/// The way to the task that writes deliveries.
pub(super) struct Recorder {
    deliveries: mpsc::Sender<Delivery>,
    task: JoinHandle<()>,
}

impl Recorder {
    /// Starts the task; it connects when the first delivery comes.
    pub(super) fn start(
        connector: Connector,
        statement_max: Duration,
        remote_notifier: Arc<RemoteNotifier>,
        damage: Arc<Damage>,
    ) -> Self {
        let (deliveries, waiting) = mpsc::channel(WAITING_MAX);
        let task = Task { connector, statement_max, remote_notifier, damage, line: None, held_back: Vec::new() };
        Self { deliveries, task: tokio::spawn(task.run(waiting)) }
    }

    /// Waits until what waits is written, or given up by its callers.
    pub(super) async fn end(self) {
        drop(self.deliveries);
        let _ = self.task.await;
    }

    /// Returns when the event is on disk. While the database is away it waits; the caller has a bound of its own.
    pub(super) async fn record(&self, event: &StoredEvent) -> Result<Recorded, LedgerError> {
        let json = line::of(event)?;
        let head = &event.head;
        let Digest(digest) = head.digest;
        let key = Key {
            happened: head.happened(),
            source: head.source.clone(),
            session: head.session.session.0,
            kind: head.kind.code(),
            digest,
        };
        let closed = || LedgerError::Busy(anyhow::anyhow!("the ledger is closed"));
        let (answer, answered) = oneshot::channel();
        let installation = head.session.installation.clone();
        let seal = event.form.as_ref().and_then(Sealed::generation);
        self.deliveries.send(Delivery { key, installation, json, seal, answer }).await.map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

/// A connection with the statement prepared on it.
struct Line {
    client: Client,
    insert: Statement,
    /// The numbers of names, by table.
    names: HashMap<(&'static str, Arc<str>), i64>,
}

struct Task {
    connector: Connector,
    statement_max: Duration,
    remote_notifier: Arc<RemoteNotifier>,
    damage: Arc<Damage>,
    line: Option<Line>,
    /// Those that had no room in the last batch.
    held_back: Vec<Delivery>,
}

impl Task {
    async fn run(mut self, mut waiting: mpsc::Receiver<Delivery>) {
        let mut batch = Vec::new();
        loop {
            batch.append(&mut self.held_back);
            // Only an empty batch waits: those that were held back would otherwise wait for the next delivery.
            if batch.is_empty() && waiting.recv_many(&mut batch, BATCH_MAX).await == 0 {
                return;
            }
            let recorded = async {
                self.held_back = hold_back(&mut batch);
                self.write(&mut batch).await;
            };
            // Its callers learn that they got no answer; the deliveries after it are recorded.
            if caught(recorded).await.is_err() {
                error!("recording deliveries panicked");
                batch.clear();
                self.line = None;
            }
        }
    }

    /// Writes a batch and answers everyone in it, however long it takes; callers that gave up meanwhile are left out. One
    /// delivery that the database refuses is found by halving, so that it holds up none of the others.
    async fn write(&mut self, batch: &mut Vec<Delivery>) {
        let mut pauses = Pauses::default();
        let mut lost = false;
        let mut parts = vec![std::mem::take(batch)];
        while let Some(mut part) = parts.pop() {
            part.retain(|delivery| !delivery.answer.is_closed());
            if part.is_empty() {
                continue;
            }
            let tried = match self.damage.refuse() {
                Ok(()) => self.try_to_write(&part).await,
                Err(known) => Err(known),
            };
            match self.damage.seen(tried) {
                // Those that have to be sealed anew are told so, and the others are written.
                Ok(Written::SealedUnder(open)) => parts.push(refuse_closed(part, &open)),
                Ok(Written::Recorded(recorded)) => {
                    self.answer(part, recorded);
                    if std::mem::take(&mut lost) {
                        info!("deliveries are recorded again");
                    }
                }
                Err(LedgerError::Busy(error)) => {
                    if !lost {
                        warn!(error = format!("{error:#}"), "deliveries cannot be recorded; retrying");
                    }
                    lost = true;
                    self.line = None;
                    parts.push(part);
                    pauses.wait().await;
                }
                Err(error @ (LedgerError::Broken(_) | LedgerError::Damaged(_))) => {
                    // What was prepared may be what is wrong.
                    self.line = self.line.take().filter(|_| failure::is_of_values(&error));
                    let others = part.split_off(part.len() / 2);
                    if part.is_empty() {
                        refuse(others, error);
                    } else {
                        parts.extend([others, part]);
                    }
                }
            }
        }
    }

    /// Answers each delivery with its result.
    fn answer(&self, part: Vec<Delivery>, recorded: Vec<Recorded>) {
        if recorded.contains(&Recorded::New) {
            let installation = part.first().map(|delivery| delivery.installation.clone());
            self.remote_notifier.notify(installation.map(|name| QueueName::Decide(name).name().into_owned()));
        }
        for (delivery, recorded) in part.into_iter().zip(recorded) {
            let _ = delivery.answer.send(Ok(recorded));
        }
    }

    async fn try_to_write(&mut self, part: &[Delivery]) -> Result<Written, LedgerError> {
        // The server's own limit comes first; this is for a server that does not answer at all.
        let limit = self.statement_max + Duration::from_secs(1);
        let line = match &mut self.line {
            Some(line) => line,
            none => none.insert(Line::open(&self.connector).await.map_err(LedgerError::Busy)?),
        };
        timeout(limit, line.insert(part)).await.map_err(|slow| LedgerError::Busy(slow.into()))?
    }
}

/// What became of a statement.
enum Written {
    /// In the order of the deliveries.
    Recorded(Vec<Recorded>),
    /// Nothing was written: a form is sealed under another generation than this one, which is open.
    SealedUnder(KeyId),
}

/// Answers those deliveries that are sealed under another generation, and returns the others.
fn refuse_closed(part: Vec<Delivery>, open: &KeyId) -> Vec<Delivery> {
    let mut others = Vec::with_capacity(part.len());
    for delivery in part {
        match delivery.seal.as_ref().map(|seal| must_be_open(Some(seal), Some(open.clone()))) {
            Some(Err(refused)) => _ = delivery.answer.send(Err(refused)),
            Some(Ok(())) | None => others.push(delivery),
        }
    }
    others
}

/// Answers the one delivery that the database refuses by itself.
fn refuse(alone: Vec<Delivery>, error: LedgerError) {
    let refused = if failure::is_of_values(&error) {
        warn!(error = %with_causes(&error), "the database refuses a delivery");
        Ok(Recorded::Refused)
    } else {
        Err(error)
    };
    if let Some(delivery) = alone.into_iter().next() {
        let _ = delivery.answer.send(refused);
    }
}

/// Leaves what fits into one statement, whose events become one row of one installation; returns the others. At least the
/// first one is left, and whatever is returned comes first the next time.
fn hold_back(batch: &mut Vec<Delivery>) -> Vec<Delivery> {
    let Some(first) = batch.first() else { return Vec::new() };
    let installation = first.installation.clone();
    let mut bytes = 0;
    let (fits, others) = std::mem::take(batch).into_iter().partition(|delivery: &Delivery| {
        if delivery.installation != installation {
            return false;
        }
        let is_first = bytes == 0;
        bytes += delivery.json.len();
        is_first || bytes <= BATCH_BYTES_MAX
    });
    *batch = fits;
    others
}

impl Line {
    async fn open(connector: &Connector) -> anyhow::Result<Self> {
        let client = connection::open(connector).await?;
        // The planner knows nothing of the arrays' lengths; what it would choose for a few rows is slow for many.
        client.batch_execute("SET enable_hashjoin = on; SET enable_nestloop = off").await.map_err(failure::told)?;
        let insert = client.prepare(&insert()).await.map_err(failure::told)?;
        Ok(Self { client, insert, names: HashMap::new() })
    }

    /// Writes a batch, where all that is sealed in it is sealed under the generation that is open.
    async fn insert(&mut self, batch: &[Delivery]) -> Result<Written, LedgerError> {
        // The first of each key is written, in the order of the keys: two processes that write the same ones then wait for
        // each other, and not crosswise.
        let mut places: Vec<usize> = (0..batch.len()).collect();
        places.sort_by(|a, b| batch[*a].key.cmp(&batch[*b].key));
        places.dedup_by(|later, first| batch[*later].key == batch[*first].key);

        let mut sources = Vec::with_capacity(places.len());
        for place in &places {
            sources.push(self.number("source", &batch[*place].key.source.0).await?);
        }
        let first = batch.first().ok_or_else(|| broken("a batch without deliveries"))?;
        let installation = self.number("installation", &first.installation.0).await?;
        let column = |value: fn(&Key) -> i64| places.iter().map(|place| value(&batch[*place].key)).collect::<Vec<_>>();
        let digests: Vec<&[u8]> = places.iter().map(|place| batch[*place].key.digest.as_slice()).collect();
        let (happened, sessions, kinds) =
            (column(|key| key.happened), column(|key| key.session), column(|key| key.kind));
        let seals: BTreeSet<&str> = batch.iter().filter_map(|one| one.seal.as_ref()).map(KeyId::as_str).collect();
        let seals: Vec<&str> = seals.into_iter().collect();
        let events = Lines::of(places.iter().map(|place| batch[*place].json.as_slice()));
        let row = self
            .client
            .query_one(
                &self.insert,
                &[
                    &happened,
                    &sources,
                    &sessions,
                    &kinds,
                    &digests,
                    &events.bytes,
                    &events.starts,
                    &events.lengths,
                    &installation,
                    &seals,
                ],
            )
            .await?;
        if !row.get::<_, bool>(3) {
            return self.open_generation().await.map(Written::SealedUnder);
        }
        // A commit that is not on disk is not answered. Written again, it is a duplicate, whose commit comes after it.
        commits_to_disk(row.get(1)).map_err(|refused| LedgerError::Busy(refused.into()))?;
        let mut recorded = vec![Recorded::Duplicate; batch.len()];
        let Some(new) = row.get::<_, Option<Vec<i64>>>(0) else {
            places.iter().for_each(|place| recorded[*place] = Recorded::New);
            return Ok(Written::Recorded(recorded));
        };
        for ord in new {
            // Numbered from 1.
            let place = usize::try_from(ord - 1).ok().and_then(|at| places.get(at));
            let place = place.ok_or_else(|| broken("an answer to nothing"))?;
            recorded[*place] = Recorded::New;
        }
        Ok(Written::Recorded(recorded))
    }

    /// The generation that seals, by a look after the statement that has found another one: that did not see this one yet.
    async fn open_generation(&self) -> Result<KeyId, LedgerError> {
        let open = self.client.query_opt("SELECT id FROM seal_generation WHERE state = 'open'", &[]).await?;
        let open = open.ok_or_else(|| LedgerError::Busy(anyhow::anyhow!("no generation of the seal key is open")))?;
        Ok(KeyId::written(open.get(0)))
    }

    /// The number of a name in a table of names, given to it now if it has none.
    async fn number(&mut self, table: &'static str, name: &Arc<str>) -> Result<i64, LedgerError> {
        let key = (table, Arc::clone(name));
        if let Some(id) = self.names.get(&key) {
            return Ok(*id);
        }
        // Looked for first: an insertion that finds it there takes a number of the sequence all the same.
        let select = format!("SELECT id FROM {table} WHERE name = $1");
        let known = self.client.query_opt(&select, &[&&**name]).await?;
        let row = match known {
            Some(row) => row,
            None => {
                let insert = format!("INSERT INTO {table} (name) VALUES ($1) ON CONFLICT DO NOTHING");
                // Committed by itself, before the batch: a number that is rolled back must not be remembered.
                self.client.execute(&insert, &[&&**name]).await?;
                self.client.query_one(&select, &[&&**name]).await?
            }
        };
        let id = row.get(0);
        self.names.insert(key, id);
        Ok(id)
    }
}

/// Events as a row of the inbox has them, and where each of them is.
#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    /// Numbered from 1.
    starts: Vec<i32>,
    lengths: Vec<i32>,
}

impl Lines {
    /// What fits into one statement is far from what an `i32` holds.
    fn of<'a>(events: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut lines = Self::default();
        for event in events {
            if !lines.bytes.is_empty() {
                lines.bytes.push(b'\n');
            }
            lines.starts.push(lines.bytes.len() as i32 + 1);
            lines.lengths.push(event.len() as i32);
            lines.bytes.extend_from_slice(event);
        }
        lines
    }
}

/// Keys and work in one statement, which is one transaction; nothing, where a form is sealed under another generation than the
/// one that is open, which it keeps open until its end. Nearly always all events are new; then their lines are written
/// as they came, and the answer is null. Else it says which are new; a duplicate may be one whose first commit is not on
/// disk yet (its answer was lost, or it waits for a standby), so the message has this commit written and waited for.
fn insert() -> String {
    format!(
        "WITH open AS (
           SELECT id FROM seal_generation WHERE state = 'open' AND cardinality($10::TEXT[]) > 0 FOR SHARE
         ), seal AS (
           SELECT cardinality($10) = 0 OR $10 = ARRAY(SELECT id::TEXT FROM open)
                  OR NOT EXISTS (SELECT FROM seal_generation WHERE state <> 'new') AS fits
         ), new AS (
           INSERT INTO event (happened, source, session, kind, digest, received)
           SELECT happened, source, session, kind, digest, (SELECT {NOW_MS})
           FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BYTEA[])
                AS input (happened, source, session, kind, digest)
           WHERE (SELECT fits FROM seal)
           ON CONFLICT DO NOTHING
           RETURNING happened, source, session, kind, digest
         ), counted AS (
           SELECT COUNT(*) AS count FROM new
         ), kept AS (
           SELECT count, CASE WHEN count < cardinality($1) THEN ARRAY(
             SELECT ord FROM unnest($1, $2, $3, $4, $5) WITH ORDINALITY
                             AS input (happened, source, session, kind, digest, ord)
             JOIN new USING (happened, source, session, kind, digest) ORDER BY ord
           ) END AS ords FROM counted
         ), work AS (
           INSERT INTO inbox (installation, received, count, events)
           SELECT $9::BIGINT, {NOW_MS}, count, CASE WHEN ords IS NULL THEN $6::BYTEA ELSE (
             SELECT string_agg(substr($6, ($7::INT[])[ord], ($8::INT[])[ord]), '\\x0a' ORDER BY ord)
             FROM unnest(ords) AS ord
           ) END FROM kept WHERE count > 0
         )
         SELECT ords, current_setting('{}'),
                CASE WHEN ords IS NOT NULL THEN pg_logical_emit_message(TRUE, 'quietus', '')::TEXT END,
                (SELECT fits FROM seal)
         FROM kept",
        SYNCHRONOUS_COMMIT.0
    )
}
