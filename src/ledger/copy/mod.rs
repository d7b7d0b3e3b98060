//! Moving a ledger from one backend to another. Nobody works on either of them, as [`Rows`] see to it; afterwards the second one has all that
//! the first has, verified. Rows are copied as they stand, table by table in the order of their keys; how far it has come is
//! written with the rows, so that it goes on there when it was interrupted.

mod table;

pub(crate) use table::{Column, TABLES, Table};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{LedgerError, broken};
use crate::audit::{self, AuditBroken, AuditRow};
use crate::chain::Head;
use crate::receipt::{Chain, ChainBroken, ChainName, Receipt, ReceiptHead, SignedCheckpoint};

/// More than the rows of `meta` that are copied.
const META_MAX: usize = 99;

/// Rows that are copied with one transaction.
const CHUNK: usize = 2_000;

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Value {
    Null,
    Number(i64),
    Text(String),
    Bytes(#[serde(with = "hex::serde")] Vec<u8>),
    Truth(bool),
}

/// A row, in the order of the table's columns.
pub(crate) type Row = Vec<Value>;

/// How far a copy has come: the table that is being copied, and the key of its last row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The token of the retirement of the ledger that is copied: another one means that it may have changed meanwhile.
    pub(crate) retirement: String,
    pub(crate) table: usize,
    pub(crate) after: Option<Row>,
}

/// A ledger's tables, whatever keeps them, without anybody else: for as long as these are there, nobody works on the ledger.
#[async_trait]
pub(crate) trait Rows: Send + Sync {
    async fn count(&self, table: &Table) -> Result<u64, LedgerError>;

    /// The rows after a key, in the order of the keys.
    async fn read(&self, table: &Table, after: Option<&Row>, most: usize) -> Result<Vec<Row>, LedgerError>;

    /// Writes rows and how far that is, in one transaction.
    async fn write(&self, table: &Table, rows: Vec<Row>, mark: &Mark) -> Result<(), LedgerError>;

    /// How far a copy into this ledger has come, while it is unfinished.
    async fn mark(&self) -> Result<Option<Mark>, LedgerError>;

    /// Works out what follows from the rows, forgets the mark; the ledger can be used from here on.
    async fn finish(&self) -> Result<(), LedgerError>;

    /// What this ledger is retired with since a copy of it was begun; nobody opens it then.
    async fn retired(&self) -> Result<Option<String>, LedgerError>;

    /// Retires the ledger, or lets it be opened again.
    async fn set_retired(&self, retirement: Option<&str>) -> Result<(), LedgerError>;

    async fn receipt_head(&self) -> Result<Option<ReceiptHead>, LedgerError>;

    /// The newest checkpoint of a chain.
    async fn checkpoint(&self, chain: ChainName) -> Result<Option<SignedCheckpoint>, LedgerError>;

    /// In the order of the chain, from a number on.
    async fn receipts(&self, from: u64, most: usize) -> Result<Vec<Receipt>, LedgerError>;

    /// In the order of the chain, from a number on.
    async fn audit(&self, from: u64, most: usize) -> Result<Vec<AuditRow>, LedgerError>;
}

/// What was copied.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Copied {
    /// Rows by table, each counted on both sides.
    pub(crate) rows: Vec<(&'static str, u64)>,
    /// Receipts whose signatures and links were verified in the copy.
    pub(crate) receipts: u64,
}

/// Why a ledger was not copied; one variant per reaction of the caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    #[error("the ledger that is copied is itself a copy that is not finished")]
    Unfinished,
    #[error("the ledger to copy into is not empty ({0} rows in `{1}`), and it is no unfinished copy of this one")]
    NotEmpty(u64, &'static str),
    #[error(
        "`{table}` has {there} rows and its copy {here}: the ledger changed meanwhile; empty the copy and begin anew"
    )]
    Differs { table: &'static str, there: u64, here: u64 },
    #[error("the copied receipts do not verify")]
    Chain(#[from] ChainBroken),
    #[error("the copied chain goes on after a checkpoint that is not signed by a key of this deployment")]
    Checkpoint,
    #[error("the copied chain ends with another receipt")]
    Head,
    #[error("the copied audit does not verify")]
    Audit(#[from] AuditBroken),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Copies everything, or what is left of it. `tell` is told of each table and of the rows that were copied.
pub(crate) async fn copy(
    from: &dyn Rows,
    to: &dyn Rows,
    public_keys: &[String],
    tell: &dyn Fn(CopyProgress),
) -> Result<Copied, CopyError> {
    let mut mark = begin(from, to).await?;
    while let Some(table) = TABLES.get(mark.table) {
        tell(CopyProgress::Table { name: table.name, rows: from.count(table).await?, copied: to.count(table).await? });
        loop {
            let rows = from.read(table, mark.after.as_ref(), CHUNK).await?;
            let Some(last) = rows.last() else { break };
            mark.after = Some(table.key_of(last));
            let copied = rows.len();
            to.write(table, rows, &mark).await?;
            tell(CopyProgress::Rows(copied as u64));
        }
        mark = Mark { retirement: mark.retirement, table: mark.table + 1, after: None };
    }
    let rows = compare(from, to).await?;
    let receipts = verify(from, to, public_keys).await?;
    verify_audit(to).await?;
    // Last: a copy that does not verify keeps its mark, and no server opens it.
    to.finish().await?;
    Ok(Copied { rows, receipts })
}

/// How a copy goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CopyProgress {
    /// A table begins; some of it may be there from before.
    Table { name: &'static str, rows: u64, copied: u64 },
    /// Further rows are there.
    Rows(u64),
}

/// Retires the ledger that is copied, and says where to begin: where it was interrupted, or with an empty ledger.
async fn begin(from: &dyn Rows, to: &dyn Rows) -> Result<Mark, CopyError> {
    if from.mark().await?.is_some() {
        return Err(CopyError::Unfinished);
    }
    let retired = from.retired().await?;
    match (to.mark().await?, &retired) {
        (Some(mark), Some(retirement)) if mark.retirement == *retirement => return Ok(mark),
        _ => must_be_empty(from, to).await?,
    }
    // Only now: a refusal before this leaves the ledger that is to be copied in use.
    let retirement = match retired {
        Some(retirement) => retirement,
        None => retire(from).await?,
    };
    let mark = Mark { retirement, ..Mark::default() };
    to.write(&TABLES[0], Vec::new(), &mark).await?;
    Ok(mark)
}

/// Nobody opens the ledger from here on, nor afterwards.
async fn retire(from: &dyn Rows) -> Result<String, CopyError> {
    let mut random = [0; 8];
    crate::keys::fill_random(&mut random);
    let retirement = hex::encode(random);
    from.set_retired(Some(&retirement)).await?;
    Ok(retirement)
}

/// Empty, except for its own id, and the ids of the same keys: `quietus check` writes those.
async fn must_be_empty(from: &dyn Rows, to: &dyn Rows) -> Result<(), CopyError> {
    for table in TABLES {
        let count = to.count(table).await?;
        let is_empty = match table.name {
            "meta" => {
                let theirs = from.read(table, None, META_MAX).await?;
                let ours = to.read(table, None, META_MAX).await?;
                ours.iter().all(|row| row[0] == Value::Text("id".to_owned()) || theirs.contains(row))
            }
            _ => count == 0,
        };
        if !is_empty {
            return Err(CopyError::NotEmpty(count, table.name));
        }
    }
    Ok(())
}

async fn compare(from: &dyn Rows, to: &dyn Rows) -> Result<Vec<(&'static str, u64)>, CopyError> {
    let mut rows = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let there = from.count(table).await?;
        let here = to.count(table).await?;
        if there != here {
            return Err(CopyError::Differs { table: table.name, there, here });
        }
        rows.push((table.name, here));
    }
    Ok(rows)
}

/// Verifies the copied chain from its beginning, or from where archives end, to the head of the ledger that was copied.
async fn verify(from: &dyn Rows, to: &dyn Rows, public_keys: &[String]) -> Result<u64, CopyError> {
    let mut chain = Chain::under(public_keys.iter().map(String::as_str))?;
    let mut ends = None;
    let mut next = 1;
    let mut verified = 0;
    if let Some(checkpoint) = to.checkpoint(ChainName::Receipts).await? {
        if !chain.keys().have_signed(&checkpoint) {
            return Err(CopyError::Checkpoint);
        }
        let head = checkpoint.checkpoint.head();
        next = head.sequence + 1;
        chain.goes_on_after(head.clone());
        ends = Some(head);
    }
    loop {
        // Not by their count: the chain may have gaps.
        let more = to.receipts(next, CHUNK).await?;
        let Some(last) = more.last() else { break };
        next = last.statement.sequence + 1;
        ends = Some(last.head());
        more.iter().try_for_each(|receipt| chain.check(receipt))?;
        verified += more.len() as u64;
    }
    if ends != from.receipt_head().await? { Err(CopyError::Head) } else { Ok(verified) }
}

/// Verifies the copied audit. That it has as many rows as the one that was copied has been seen, so its end is there too.
async fn verify_audit(to: &dyn Rows) -> Result<(), CopyError> {
    let mut head = to.checkpoint(ChainName::Audit).await?.map(|checkpoint| checkpoint.checkpoint.head());
    loop {
        let next = head.as_ref().map_or(1, |head: &Head| head.sequence + 1);
        let rows = to.audit(next, CHUNK).await?;
        if rows.is_empty() {
            return Ok(());
        }
        head = audit::verify_chain(head, &rows)?;
    }
}

/// The rows of `meta` may be there already; the copy takes over the id of the ledger that is copied.
pub(super) fn unless_there(table: &Table) -> &'static str {
    if table.name == "meta" { " ON CONFLICT (name) DO UPDATE SET value = excluded.value" } else { "" }
}

/// A row that does not fit its table.
pub(super) fn misfit(table: &Table) -> LedgerError {
    broken(format!("a row of `{}` is not as it should be", table.name))
}

#[cfg(test)]
mod tests;
