//! What a ledger holds after a long time, written as the ledger itself would have left it.

use crate::NAME;
use crate::TARGET;
use crate::shared::postgres::Database;

/// Of what is finished, sessions and fingerprints are fewer.
const SESSIONS_MAX: u64 = 1_000_000;

/// So many months are gone, each with its partitions.
const MONTHS: u64 = 12;

/// The number of the installation.
const INSTALLATION: i64 = 1;

/// Rows of one statement.
const CHUNK: u64 = 250_000;

/// The partitions of the months that are gone.
pub(crate) fn months(database: &Database<'_>) {
    database.sql(&format!(
        "SELECT make_month((date_trunc('month', now()) - make_interval(months => ago))::DATE)
         FROM generate_series(1, {MONTHS}) AS ago"
    ));
}

/// Erasures under way, each with one step that is due at the target.
pub(crate) fn pending(database: &Database<'_>, steps: u64) {
    // Their ids begin with the time, so those of the last minutes; before all that is finished in number only.
    let from = "FLOOR(EXTRACT(EPOCH FROM now()) * 1000)::BIGINT";
    let steps = i64::try_from(steps).expect("fits");
    let erasure = |i: &str| format!("id_from({from} - {steps} + {i}) || substr(sha256({i}::TEXT::BYTEA), 1, 10)");
    database.sql(&format!(
        "{}
         CREATE TEMPORARY TABLE made ON COMMIT DROP AS
           SELECT {} AS id, i, {from} - {steps} + i AS due FROM generate_series(1, {steps}) AS i;
         INSERT INTO erasure (id, installation, subject, subject_key, merge_key, selection, rules, targets, state, created,
                              due_rule, due, begun, sessions, index_key)
           SELECT id, {INSTALLATION}, {}, 'session:{NAME}/p' || i, 'session:{NAME}/p' || i, '{{}}', '[\"no consent\"]', '[\"{TARGET}\"]', 'erasing', due, due, due, due, 1, repeat('ab', 8)
           FROM made;
         INSERT INTO step (erasure, target, called, stage) SELECT id, '{TARGET}', '{TARGET}', 'erase' FROM made;
         INSERT INTO capsule (erasure, wrapped_key, content, seal_key)
           SELECT id, decode(repeat('ab', 80), 'hex'), decode(repeat('cd', 160), 'hex'), repeat('ab', 8) FROM made;
         INSERT INTO erasure_session (erasure, installation, session, read_before) SELECT id, {INSTALLATION}, i, TRUE FROM made;
         INSERT INTO task (queue, due, erasure) SELECT 'step:{TARGET}', due, id FROM made;
         INSERT INTO tally (part, erasing) VALUES (1000, {steps})",
        installation(),
        erasure("i"),
        subject("i"),
    ));
    clean(database);
}

/// Erasures that are done, spread over the last months, their steps and receipts; and sessions that have settled.
pub(crate) fn finished(database: &Database<'_>, steps: u64) {
    database.sql(&installation());
    std::thread::scope(|threads| {
        threads.spawn(|| {
            chunks(steps, |from, to| done(database, from, to, steps));
        });
        threads.spawn(|| {
            chunks(steps, |from, to| receipts(database, from, to));
            chunks(steps.min(SESSIONS_MAX), |from, to| sessions(database, from, to));
        });
    });
    clean(database);
}

fn chunks(rows: u64, write: impl Fn(u64, u64)) {
    for from in (0..rows).step_by(CHUNK as usize) {
        write(from + 1, (from + CHUNK).min(rows));
    }
}

/// A finished erasure's time is its share of the months that are gone.
fn done(database: &Database<'_>, from: u64, to: u64, all: u64) {
    database.sql(&format!(
        "CREATE TEMPORARY TABLE made ON COMMIT DROP AS
           SELECT id_from(at) || substr(sha256(i::TEXT::BYTEA), 1, 10) AS id, i, at FROM (
             SELECT i, (EXTRACT(EPOCH FROM now() - interval '{MONTHS} months') * 1000
                        + i * (EXTRACT(EPOCH FROM interval '{MONTHS} months') * 1000 - 4000000) / {all})::BIGINT AS at
             FROM generate_series({from}, {to}) AS i) AS times;
         INSERT INTO erasure (id, installation, subject, subject_key, merge_key, selection, rules, targets, state, created,
                              due_rule, due, begun, ended, sessions)
           SELECT id, {INSTALLATION}, {}, 'session:{NAME}/' || i, 'session:{NAME}/' || i, '{{}}', '[\"no consent\"]', '[\"{TARGET}\"]', 'done', at, at, at, at, at, 1
           FROM made;
         INSERT INTO step (erasure, target, called, outcome, counts, erased_at, verified_at)
           SELECT id, '{TARGET}', '{TARGET}', 'erased', '{{\"messages\":12}}', at, at FROM made",
        subject("i"),
    ));
}

fn receipts(database: &Database<'_>, from: u64, to: u64) {
    database.sql(&format!(
        "INSERT INTO receipt (sequence, erasure, hash, receipt, verdict, ended)
         SELECT i, substr(sha256(i::TEXT::BYTEA), 1, 16), md5(i::TEXT), '{{\"in short\":' || i || '}}', 'complete', i
         FROM generate_series({from}, {to}) AS i"
    ));
}

/// Three sessions of each guest, each with two fingerprints.
fn sessions(database: &Database<'_>, from: u64, to: u64) {
    database.sql(&format!(
        "INSERT INTO session (installation, session, version, guest, read_at, concluded, recording_ready, record,
                              forms_seen, idle_since)
           SELECT {INSTALLATION}, i, 1, substr(sha256(('g' || i / 3)::BYTEA), 1, 16), i, TRUE, FALSE,
             '{{\"t\":62,\"g\":\"g' || i / 3 || '\",\"c\":\"Chat\",\"o\":\"Default\",\"b\":1777730724000000,\
             \"e\":1777731324000000,\"k\":\"given\",\"v\":\"v3\"}}', '', EXTRACT(EPOCH FROM now())::BIGINT * 1000
           FROM generate_series({from}, {to}) AS i;
         INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary)
           SELECT sha256((kind || i)::BYTEA), {INSTALLATION}, i, 1, kind, FALSE
           FROM generate_series({from}, {to}) AS i, unnest(ARRAY['email', 'phone']) AS kind"
    ));
}

fn installation() -> String {
    format!("INSERT INTO installation (id, name) VALUES ({INSTALLATION}, '{NAME}') ON CONFLICT DO NOTHING;")
}

/// The subject of an erasure, as SQL.
fn subject(session: &str) -> String {
    format!("'{{\"scope\":\"session\",\"installation\":\"{NAME}\",\"session\":' || {session} || '}}'")
}

/// As autovacuum would have done long ago.
fn clean(database: &Database<'_>) {
    database.statement("VACUUM ANALYZE");
    database.statement("CHECKPOINT");
}
