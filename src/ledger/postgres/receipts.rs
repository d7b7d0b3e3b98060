//! Closing: receipts join the chain, capsules go.
//!
//! There is one chain, and its head is locked while a receipt is appended, for as long as one commit takes. Receipts are made before,
//! of the head as it was then, and many at a time; when another process was faster, they are made anew.

use super::columns::{ids, json, json_at, millis, of_json};
use super::tasks::HELD;
use super::tx::{Connection, Tx};
use super::{
    Closing, Cursor, LedgerError, Page, ReceiptRange, archive, capsules, query, requests, sessions, transition,
};
use crate::erasure::life::end_of;
use crate::erasure::{ErasureId, ErasureState};
use crate::receipt::{ChainEnd, ChainName, Receipt, ReceiptHead, SignedGap};

/// Which of the claims still hold their work, in their order. They do until the transaction ends.
pub(super) async fn held(tx: &Tx, closing: &[Closing]) -> Result<Vec<bool>, LedgerError> {
    let erasures = erasures(closing)?;
    // Erasures before tasks, both in the order of their ids: two processes that close some of the same would otherwise
    // wait crosswise.
    tx.rows("SELECT FROM erasure WHERE id = ANY($1) ORDER BY id FOR UPDATE", &[&ids(&erasures)]).await?;
    let tasks: Vec<i64> = closing.iter().map(|one| one.claim.task).collect();
    let fences: Vec<i64> = closing.iter().map(|one| one.claim.fence).collect();
    let rows = tx
        .rows(
            &format!(
                "SELECT id, fence FROM task
                 WHERE (id, fence) IN (SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[])) AND {HELD}
                 ORDER BY id FOR UPDATE"
            ),
            &[&tasks, &fences],
        )
        .await?;
    let held: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    Ok(closing.iter().map(|one| held.contains(&(one.claim.task, one.claim.fence))).collect())
}

/// Closes erasures whose claims hold; `false` when the chain has another head than the first receipt follows.
pub(super) async fn closed(tx: &mut Tx, closing: &[Closing]) -> Result<bool, LedgerError> {
    let (Some(first), Some(last)) = (closing.first(), closing.last()) else { return Ok(true) };
    let all = erasures(closing)?;
    let (mut asked, mut others) = (Vec::new(), Vec::new());
    let mut left = Vec::new();
    let mut states = Vec::with_capacity(closing.len());
    let mut verdicts = Vec::with_capacity(closing.len());
    for Closing { claim, receipt } in closing {
        let erasure = transition::erasure_of(claim, receipt)?;
        let end = end_of(erasure);
        states.push(end.state.as_str());
        left.push((erasure.id, Some(transition::rest(receipt))));
        if end.sessions_are_erased {
            asked.push(erasure.id);
        } else {
            others.push(erasure.id);
        }
        if end.state == ErasureState::Done {
            // All its outcomes were there, so it was being verified.
            tx.tally.leaves(ErasureState::Verifying);
            tx.tally.enters(ErasureState::Done);
        }
        verdicts.push(receipt.statement.verdict.as_str());
        tx.tally.receipt(receipt.statement.verdict);
    }
    sessions::mark_erased(tx, &asked).await?;
    sessions::keep_no_longer(tx, &others).await?;
    capsules::delete(tx, &all).await?;
    tx.execute("DELETE FROM erasure_session WHERE erasure = ANY($1)", &[&ids(&all)]).await?;
    tx.execute("DELETE FROM erasure_shown WHERE erasure = ANY($1)", &[&ids(&all)]).await?;
    tx.execute(
        "UPDATE erasure SET state = closed.state, verdict = closed.verdict, ended = $4,
                            merge_key = '', selection = '{}', demands = '[]', sum = NULL
         FROM unnest($1::BYTEA[], $2::TEXT[], $3::TEXT[]) AS closed (id, state, verdict) WHERE erasure.id = closed.id",
        &[&ids(&all), &states, &verdicts, &millis(tx.now)],
    )
    .await?;
    capsules::end_fingerprints(tx, &all).await?;
    requests::erasures_ended(tx, &left).await?;
    let tasks: Vec<i64> = closing.iter().map(|one| one.claim.task).collect();
    tx.execute("DELETE FROM task WHERE id = ANY($1)", &[&tasks]).await?;
    append(tx, closing).await?;
    // Last: all processes wait for this one row, and so it is held for the commit alone.
    move_head(tx, &first.receipt, &last.receipt).await
}

fn erasures(closing: &[Closing]) -> Result<Vec<ErasureId>, LedgerError> {
    closing.iter().map(|one| Ok(transition::erasure_of(&one.claim, &one.receipt)?.id)).collect()
}

async fn append(tx: &Tx, closing: &[Closing]) -> Result<(), LedgerError> {
    let mut columns = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for Closing { receipt, .. } in closing {
        columns.0.push(receipt.statement.sequence as i64);
        columns.1.push(receipt.statement.erasure.0.to_vec());
        columns.2.push(receipt.head().hash);
        columns.3.push(json(receipt)?);
        columns.4.push(receipt.statement.verdict.as_str());
        columns.5.push(millis(receipt.statement.ended));
    }
    // Another process may be appending the same numbers: this waits for its commit, and then the head tells that it was
    // faster.
    tx.execute(
        "INSERT INTO receipt (sequence, erasure, hash, receipt, verdict, ended)
         SELECT * FROM unnest($1::BIGINT[], $2::BYTEA[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::BIGINT[])
         ON CONFLICT (sequence) DO NOTHING",
        &[&columns.0, &columns.1, &columns.2, &columns.3, &columns.4, &columns.5],
    )
    .await?;
    Ok(())
}

/// Moves the head from the first receipt's predecessor to the last receipt, if it is there.
async fn move_head(tx: &Tx, first: &Receipt, last: &Receipt) -> Result<bool, LedgerError> {
    let from = &first.statement;
    let to = last.head();
    // An empty chain has no hash in its row, while the first receipt names that of nothing as its predecessor: so its
    // hash is not compared.
    let moved = tx
        .execute(
            "UPDATE chain SET sequence = $3, hash = $4
             WHERE name = 'receipts' AND sequence = $1 AND (hash = $2 OR sequence = 0)",
            &[&(from.sequence as i64 - 1), &from.previous, &(to.sequence as i64), &to.hash],
        )
        .await?;
    Ok(moved == 1)
}

pub(super) async fn head(connection: &Connection) -> Result<Option<ReceiptHead>, LedgerError> {
    let row = connection.row("SELECT sequence, hash FROM chain WHERE name = 'receipts'", &[]).await?;
    let head = ReceiptHead { sequence: row.get::<_, i64>(0).unsigned_abs(), hash: row.get(1) };
    Ok((head.sequence > 0).then_some(head))
}

/// What the next receipt follows, and what it has to say was lost.
pub(super) async fn end(connection: &Connection) -> Result<ChainEnd, LedgerError> {
    let sql = "SELECT chain.sequence, chain.hash, gap FROM chain
               LEFT JOIN receipt_gap ON receipt_gap.sequence = chain.sequence WHERE name = 'receipts'";
    let row = connection.row(sql, &[]).await?;
    let head = ReceiptHead { sequence: row.get::<_, i64>(0).unsigned_abs(), hash: row.get(1) };
    let gap = row.get::<_, Option<&str>>(2).map(|gap| of_json(gap.as_bytes())).transpose()?;
    Ok(ChainEnd { head: (head.sequence > 0).then_some(head), gap })
}

/// All gaps, the oldest first.
pub(super) async fn gaps(connection: &Connection) -> Result<Vec<SignedGap>, LedgerError> {
    let rows = connection.rows("SELECT gap FROM receipt_gap ORDER BY sequence", &[]).await?;
    rows.iter().map(|row| json_at(row, 0)).collect()
}

/// Lets the chain go on after a gap; `false` when it does not begin at the newest receipt, or ends before what is there.
pub(super) async fn accept_gap(tx: &Tx, gap: &SignedGap) -> Result<bool, LedgerError> {
    // Locked first: nobody appends until this is decided.
    let end = tx.row("SELECT sequence FROM chain WHERE name = 'receipts' FOR UPDATE", &[]).await?;
    let newest = tx.maybe("SELECT sequence, hash FROM receipt ORDER BY sequence DESC LIMIT 1", &[]).await?;
    let newest = match newest {
        Some(row) => Some(ReceiptHead { sequence: row.get::<_, i64>(0).unsigned_abs(), hash: row.get(1) }),
        None => archive::end(tx, ChainName::Receipts).await?,
    };
    let passed = end.get::<_, i64>(0).unsigned_abs() > gap.gap.last;
    if passed || gap.gap.last <= gap.gap.after || !gap.gap.begins_at(newest.as_ref()) {
        return Ok(false);
    }
    let last = gap.gap.last as i64;
    tx.execute(
        "INSERT INTO receipt_gap (sequence, gap) VALUES ($1, $2)
         ON CONFLICT (sequence) DO UPDATE SET gap = excluded.gap",
        &[&last, &json(gap)?],
    )
    .await?;
    tx.execute("UPDATE chain SET sequence = $1, hash = $2 WHERE name = 'receipts'", &[&last, &gap.gap.last_hash])
        .await?;
    Ok(true)
}

pub(super) async fn list(connection: &Connection, range: ReceiptRange) -> Result<Page<Receipt, Cursor>, LedgerError> {
    let rows = connection.listed(&query::receipts(&range)).await?;
    Ok(range.page(rows.iter().map(|row| json_at(row, 0)).collect::<Result<_, _>>()?))
}

pub(super) async fn of_erasure(connection: &Connection, erasure: ErasureId) -> Result<Option<Receipt>, LedgerError> {
    let sql = "SELECT receipt FROM receipt WHERE erasure = $1";
    let row = connection.maybe(sql, &[&erasure.0.as_slice()]).await?;
    row.map(|row| json_at(&row, 0)).transpose()
}

/// Notes that these incomplete receipts were seen, or all; returns those that were not before.
pub(super) async fn acknowledge(tx: &Tx, sequences: Option<&[u64]>) -> Result<Vec<u64>, LedgerError> {
    const UNSEEN: &str = "UPDATE receipt SET acknowledged = TRUE WHERE verdict = 'incomplete' AND NOT acknowledged";
    let rows = match sequences {
        None => tx.rows(&format!("{UNSEEN} RETURNING sequence"), &[]).await?,
        Some(sequences) => {
            let sequences: Vec<i64> = sequences.iter().filter_map(|sequence| i64::try_from(*sequence).ok()).collect();
            tx.rows(&format!("{UNSEEN} AND sequence = ANY($1) RETURNING sequence"), &[&sequences]).await?
        }
    };
    Ok(rows.iter().map(|row| row.get::<_, i64>(0).unsigned_abs()).collect())
}
