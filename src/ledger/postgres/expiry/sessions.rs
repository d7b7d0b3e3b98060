//! Sessions whose time is over: their records go, or are reduced to what proves their consent.

use std::collections::HashSet;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::{After, Batch, next_of};
use crate::consent::ConsentRecord;
use crate::erasure::Subject;
use crate::ledger::expiry::{Portion, RecordEnd, Tombstone, ago};
use crate::ledger::holding::in_force;
use crate::ledger::postgres::columns::{json, maybe_time, millis, time};
use crate::ledger::postgres::sessions::{self, Place};
use crate::ledger::postgres::sum::{self, OF_SESSION};
use crate::ledger::postgres::tx::{Tx, Values};
use crate::ledger::postgres::{Keep, LedgerError};
use crate::ledger::stored_record::StoredRecord;

/// Sessions by one of the two times from which their records are kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Aged {
    since: &'static str,
}

/// Whole records.
pub(super) const WHOLE: Aged = Aged { since: "idle_since" };

/// What is left of them as a proof.
pub(super) const PROOFS: Aged = Aged { since: "proof_since" };

/// A session whose time is over.
struct OldSession {
    place: Place,
    since: i64,
    erased_at: Option<Timestamp>,
    record: ConsentRecord,
    /// As the column has them.
    forms: Vec<u8>,
}

pub(super) async fn old(
    tx: &mut Tx,
    aged: Aged,
    keep: &Keep,
    from: Option<After>,
    portion: Portion,
) -> Result<Batch, LedgerError> {
    let kept_for = if aged == WHOLE { keep.sessions } else { keep.consents };
    let Some(before) = ago(tx.now, kept_for) else { return Ok(Batch::NOTHING) };
    let (mut old, next) = list(tx, aged, before, from, portion).await?;
    if portion.passes {
        return Ok(Batch { deleted: 0, next, passed: old.pop().map(|old| old.record.session.to_string()) });
    }
    let open = open_among(tx, &old).await?;
    old.retain(|session| !open.contains(&session.place));
    let deleted = old.len() as u64;
    expire(tx, aged, old, keep).await?;
    Ok(Batch { deleted, next, passed: None })
}

/// They are locked; those that somebody else has locked are in use, and are left out. So is one that is damaged, for a person to
/// see.
async fn list(
    tx: &Tx,
    Aged { since }: Aged,
    before: Timestamp,
    from: Option<After>,
    portion: Portion,
) -> Result<(Vec<OldSession>, Option<After>), LedgerError> {
    let (after, place) = match from {
        Some(After::Session { since, place }) => (since, place),
        _ => (i64::MIN, Place { installation: 0, session: 0 }),
    };
    let sql = format!(
        "SELECT {OF_SESSION}, {since}, erased_at,
                (SELECT name FROM installation AS company WHERE company.id = session.installation) FROM session
         WHERE {since} IS NOT NULL AND ({since}, installation, session) > ($1, $2, $3) AND {since} <= $4
         ORDER BY {since}, installation, session LIMIT $5 FOR UPDATE OF session SKIP LOCKED"
    );
    let values: Values<'_> = &[&after, &place.installation, &place.session, &millis(before), &portion.size];
    let rows = tx.rows(&sql, values).await?;
    let next = next_of(&rows, portion, |row| After::Session { since: row.get(6), place: Place::read(row) });
    let read = |row: &Row| {
        Ok(OldSession {
            place: Place::read(row),
            since: row.get(6),
            erased_at: maybe_time(row.get(7))?,
            record: sessions::record(row, 8)?,
            forms: row.get(4),
        })
    };
    let whole = rows.iter().filter(|row| sum::session_is_whole(*row).is_ok());
    Ok((whole.map(read).collect::<Result<_, LedgerError>>()?, next))
}

/// Those of them with which, or about which, something is still to be done: they have work, or an erasure that is not over reaches
/// them, or may when it begins; or a hold in force keeps them, which nobody would know without their records.
async fn open_among(tx: &Tx, old: &[OldSession]) -> Result<HashSet<Place>, LedgerError> {
    let installations: Vec<i64> = old.iter().map(|session| session.place.installation).collect();
    let sessions: Vec<i64> = old.iter().map(|session| session.place.session).collect();
    let mut subjects = (Vec::new(), Vec::new(), Vec::new());
    for OldSession { place, record, .. } in old {
        let installation = record.session.installation.clone();
        let guest = record.guest_digest.map(|digest| Subject::Guest { installation, digest });
        for subject in [Some(Subject::Session(record.session.clone())), guest].into_iter().flatten() {
            subjects.0.push(place.installation);
            subjects.1.push(place.session);
            subjects.2.push(subject.key());
        }
    }
    let holds = in_force("$6");
    let sql = format!(
        "SELECT installation, session FROM unnest($1::BIGINT[], $2::BIGINT[]) AS old (installation, session)
               JOIN task USING (installation, session) WHERE session IS NOT NULL
             UNION
             SELECT installation, session FROM unnest($1::BIGINT[], $2::BIGINT[]) AS old (installation, session)
               JOIN erasure_session USING (installation, session) WHERE read_before IS NOT NULL
             UNION
             SELECT installation, session FROM unnest($1::BIGINT[], $2::BIGINT[]) AS old (installation, session)
               JOIN fingerprint USING (installation, session)
               JOIN erasure_fingerprint USING (fingerprint) WHERE ended IS NULL
             UNION
             SELECT installation, session
               FROM unnest($3::BIGINT[], $4::BIGINT[], $5::TEXT[]) AS old (installation, session, subject_key)
               JOIN waiting USING (subject_key)
             UNION
             SELECT old.installation, old.session FROM unnest($1::BIGINT[], $2::BIGINT[]) AS old (installation, session)
               JOIN session ON session.installation = old.installation AND session.session = old.session
               JOIN hold ON hold.installation = old.installation AND {holds}
                AND (hold.session = old.session OR hold.guest = session.guest
                     OR EXISTS (SELECT FROM hold_fingerprint
                                JOIN fingerprint ON fingerprint.fingerprint = hold_fingerprint.fingerprint
                                WHERE hold_fingerprint.hold = hold.id AND fingerprint.installation = old.installation
                                  AND fingerprint.session = old.session))"
    );
    let values: Values<'_> = &[&installations, &sessions, &subjects.0, &subjects.1, &subjects.2, &millis(tx.now)];
    let rows = tx.rows(&sql, values).await?;
    Ok(rows.iter().map(|row| Place { installation: row.get(0), session: row.get(1) }).collect())
}

/// Deletes sessions' records, or reduces them to what proves their consent.
async fn expire(tx: &mut Tx, aged: Aged, old: Vec<OldSession>, keep: &Keep) -> Result<(), LedgerError> {
    let mut reduced = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut gone = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for OldSession { place, since, erased_at, record, forms } in old {
        let idle_since = time(since)?;
        let tombstone = Tombstone::of(&record, erased_at, idle_since);
        match RecordEnd::of(record, idle_since, keep, tx.now) {
            RecordEnd::Reduced(proof) if aged == WHOLE => {
                reduced.0.push(place.installation);
                reduced.1.push(place.session);
                let digest = proof.guest_digest;
                let guest = digest.as_ref().map(|digest| digest.0.as_slice());
                let text = json(&StoredRecord::of(proof, Vec::new()))?;
                reduced.3.push(sum::of_session(place.installation, place.session, &text, guest, &forms));
                reduced.2.push(text);
            }
            RecordEnd::Reduced(_) | RecordEnd::Gone => {
                gone.0.push(place.installation);
                gone.1.push(place.session);
                gone.2.push(millis(tombstone.at));
                gone.3.push(tombstone.erased);
            }
        }
    }
    // The version grows: a decision on what the session was before would write back what is dropped here.
    tx.execute(
        "UPDATE session SET record = reduced.record, sum = reduced.sum, idle_since = NULL, proof_since = idle_since,
                            version = version + 1
         FROM unnest($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::BIGINT[]) AS reduced (installation, session, record, sum)
         WHERE session.installation = reduced.installation AND session.session = reduced.session",
        &[&reduced.0, &reduced.1, &reduced.2, &reduced.3],
    )
    .await?;
    tx.execute(
        "DELETE FROM fingerprint USING unnest($1::BIGINT[], $2::BIGINT[]) AS gone (installation, session)
         WHERE fingerprint.installation = gone.installation AND fingerprint.session = gone.session",
        &[&gone.0, &gone.1],
    )
    .await?;
    tx.execute(
        "DELETE FROM consent_fingerprint AS print
         USING unnest($1::BIGINT[], $2::BIGINT[]) AS gone (installation, session)
         WHERE print.installation = gone.installation AND print.session = gone.session",
        &[&gone.0, &gone.1],
    )
    .await?;
    let deleted = tx
        .execute(
            "DELETE FROM session USING unnest($1::BIGINT[], $2::BIGINT[]) AS gone (installation, session)
             WHERE session.installation = gone.installation AND session.session = gone.session",
            &[&gone.0, &gone.1],
        )
        .await?;
    (0..deleted).for_each(|_| tx.tally.remove_session());
    tx.execute(
        "INSERT INTO tombstone (installation, session, at, erased)
         SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BOOLEAN[])
         ON CONFLICT (installation, session) DO UPDATE SET at = excluded.at, erased = excluded.erased",
        &[&gone.0, &gone.1, &gone.2, &gone.3],
    )
    .await?;
    Ok(())
}
