//! Looking a whole ledger over, beside a running server: what its backend says of it, what holds between its tables, its checksums,
//! its chains and whether the keys fit. It reads only.

mod checksums;

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::audit::verify_chain;
use crate::chain::Head;
use crate::key_files::read_public_keys;
use crate::ledger::{AuditRange, Cursor, Invariant, Ledger, LedgerError, ReceiptRange};
use crate::operations::{OperationError, Operations};
use crate::outside::{StateFile, compare};
use crate::receipt::{Chain, ChainEnd, ChainName, Receipt, TrustedKeys};

/// How many receipts and rows are read at once.
const CHUNK: u32 = 1_000;

/// Something that is wrong.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The name of its kind: part of the interface.
    pub(crate) code: &'static str,
    /// How many there are, where they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
    pub(crate) what: String,
}

/// What was looked at, and what was found.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Checked {
    pub(crate) findings: Vec<Finding>,
    /// Whether the backend has looked at how it keeps the ledger.
    pub(crate) storage_looked_at: bool,
    pub(crate) checksums_compared: u64,
    pub(crate) receipts_verified: u64,
    pub(crate) audit_verified: u64,
    /// Archives whose files are in the folder and are those that the checkpoints name; what is in them was not verified.
    pub(crate) archives_there: u64,
    /// Archives that are elsewhere.
    pub(crate) archives_not_looked_at: u64,
}

/// How a check goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CheckProgress {
    /// A part begins, with so many steps.
    Part {
        name: &'static str,
        steps: u64,
    },
    Steps(u64),
}

/// Looks everything over. What cannot be read is a finding, too; only a ledger that is busy or away is a failure.
pub(crate) async fn check(on: &Operations, tell: &dyn Fn(CheckProgress)) -> Result<Checked, OperationError> {
    let public_keys = read_public_keys(&on.resources.keys_dir)?;
    let mut checked = Checked::default();
    tell(CheckProgress::Part { name: "integrity", steps: 1 });
    match on.ledger.integrity().await {
        Ok(Some(wrong)) => {
            checked.storage_looked_at = true;
            checked.findings.extend(wrong.into_iter().map(|what| found("integrity", what)));
        }
        Ok(None) => {}
        Err(error) => checked.cannot_read("integrity", error)?,
    }
    records(&*on.ledger, &mut checked, tell).await?;
    // Read before the ledger: beside a server, it would otherwise know more.
    let known = on.resources.state.as_ref().map_or(Ok(None), StateFile::read)?;
    match compare(known.as_ref(), &*on.ledger, &public_keys).await {
        Ok(Ok(())) => {}
        Ok(Err(behind)) => checked.findings.push(found("known", behind.to_string())),
        Err(error) => checked.cannot_read("known", error)?,
    }
    chains(&*on.ledger, &mut checked, &public_keys, on.resources.archive_dir.as_deref(), tell).await?;
    tell(CheckProgress::Part { name: "keys", steps: 1 });
    match keys_fit(on).await {
        Ok(()) => {}
        Err(OperationError::Configuration(error)) => checked.findings.push(found("keys", format!("{error:#}"))),
        // A ledger of which a damage is known takes nothing, not even a look at its keys by way of noting them.
        Err(OperationError::Ledger(error)) => match error.downcast::<LedgerError>() {
            Ok(error) => checked.cannot_read("keys", error)?,
            Err(other) => return Err(OperationError::Ledger(other)),
        },
        Err(other) => return Err(other),
    }
    Ok(checked)
}

/// Looks over what stands in a ledger that nobody serves, such as a backup: all that is in it, but for how the backend keeps it, the keys
/// that seal, and the files of archives.
pub(crate) async fn contents(
    ledger: &dyn Ledger,
    public_keys: &[String],
    tell: &dyn Fn(CheckProgress),
) -> Result<Vec<Finding>, OperationError> {
    let mut checked = Checked::default();
    records(ledger, &mut checked, tell).await?;
    chains(ledger, &mut checked, public_keys, None, tell).await?;
    Ok(checked.findings)
}

/// What must hold between the tables, and the checksums.
async fn records(
    ledger: &dyn Ledger,
    checked: &mut Checked,
    tell: &dyn Fn(CheckProgress),
) -> Result<(), OperationError> {
    invariants(ledger, checked, tell).await?;
    checksums::compare(ledger, checked, tell).await
}

/// Receipts and audit, each with what was moved into archives before.
async fn chains(
    ledger: &dyn Ledger,
    checked: &mut Checked,
    public_keys: &[String],
    archive_dir: Option<&Path>,
    tell: &dyn Fn(CheckProgress),
) -> Result<(), OperationError> {
    let [of_receipts, of_audit] = archives(ledger, checked, public_keys, archive_dir, tell).await?;
    receipts(ledger, checked, public_keys, of_receipts, tell).await?;
    audit(ledger, checked, of_audit, tell).await
}

/// The keys are the ledger's, and open what erasures still need.
async fn keys_fit(on: &Operations) -> Result<(), OperationError> {
    let keys = on.keys().await?;
    let seal = on.seal_key(&keys).await?;
    on.seals(&keys).must_open(&seal).await
}

fn found(code: &'static str, what: String) -> Finding {
    Finding { code, count: None, what }
}

impl Checked {
    fn cannot_read(&mut self, code: &'static str, error: LedgerError) -> Result<(), OperationError> {
        match error {
            LedgerError::Busy(_) => Err(error.into()),
            LedgerError::Broken(cause) | LedgerError::Damaged(cause) => {
                self.findings.push(found(code, format!("it cannot be read: {cause:#}")));
                Ok(())
            }
        }
    }
}

async fn invariants(
    ledger: &dyn Ledger,
    checked: &mut Checked,
    tell: &dyn Fn(CheckProgress),
) -> Result<(), OperationError> {
    tell(CheckProgress::Part { name: "tables", steps: Invariant::ALL.len() as u64 });
    for invariant in Invariant::ALL {
        match ledger.count_broken(invariant).await {
            Ok(0) => {}
            Ok(count) => {
                let what = format!("{count} {}", invariant.what());
                checked.findings.push(Finding { code: invariant.as_str(), count: Some(count), what });
            }
            Err(error) => checked.cannot_read(invariant.as_str(), error)?,
        }
        tell(CheckProgress::Steps(1));
    }
    Ok(())
}

/// Verifies what the ledger says of archives, and their files where they are in the folder of the configuration. Returns after what
/// each chain goes on.
async fn archives(
    ledger: &dyn Ledger,
    checked: &mut Checked,
    public_keys: &[String],
    archive_dir: Option<&Path>,
    tell: &dyn Fn(CheckProgress),
) -> Result<[Option<Head>; 2], OperationError> {
    let keys = TrustedKeys::read(public_keys.iter().map(String::as_str));
    let mut ends: [Option<Head>; 2] = [None, None];
    for (chain, end) in ChainName::ALL.into_iter().zip(&mut ends) {
        let all = match ledger.checkpoints(chain).await {
            Ok(all) => all,
            Err(error) => {
                checked.cannot_read("archives", error)?;
                continue;
            }
        };
        tell(CheckProgress::Part { name: "archives", steps: all.len() as u64 });
        let mut after = 0;
        for signed in all {
            let checkpoint = &signed.checkpoint;
            let (file, last) = (&checkpoint.file, checkpoint.last);
            if !keys.as_ref().is_some_and(|keys| keys.have_signed(&signed)) || checkpoint.chain != chain {
                let what = format!(
                    "the checkpoint after {} {last} is not signed by a key of this deployment",
                    chain.records()
                );
                checked.findings.push(found("archives", what));
            }
            if checkpoint.first <= after {
                let what = format!("the archives of {} overlap at {}", chain.records(), checkpoint.first);
                checked.findings.push(found("archives", what));
            }
            after = last;
            match archive_dir.map(|dir| sha256_of(&dir.join(file))) {
                Some(Ok(found)) if found == checkpoint.sha256 => checked.archives_there += 1,
                Some(Ok(_)) => {
                    let what = format!("the archive {file} is not the file that was verified when it was made");
                    checked.findings.push(found("archives", what));
                }
                // It may well be kept elsewhere, and never by this machine.
                Some(Err(_)) | None => checked.archives_not_looked_at += 1,
            }
            *end = Some(checkpoint.head());
            tell(CheckProgress::Steps(1));
        }
    }
    Ok(ends)
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = BufReader::new(File::open(path)?);
    let mut sha256 = Sha256::new();
    loop {
        let read = file.fill_buf()?;
        if read.is_empty() {
            return Ok(hex::encode(sha256.finalize()));
        }
        sha256.update(read);
        let length = read.len();
        file.consume(length);
    }
}

/// Verifies the receipts up to the newest as it is when this begins. Those that were lost are stated by the one after them, or
/// by a gap that waits for it.
async fn receipts(
    ledger: &dyn Ledger,
    checked: &mut Checked,
    public_keys: &[String],
    archived: Option<Head>,
    tell: &dyn Fn(CheckProgress),
) -> Result<(), OperationError> {
    let ChainEnd { head, gap } = match ledger.receipt_end().await {
        Ok(end) => end,
        Err(error) => return checked.cannot_read("receipts", error),
    };
    let last = gap.map_or(head.map_or(0, |head| head.sequence), |gap| gap.gap.after);
    tell(CheckProgress::Part { name: "receipts", steps: last });
    let mut chain = match Chain::under(public_keys.iter().map(String::as_str)) {
        Ok(chain) => chain,
        Err(broken) => {
            checked.findings.push(found("receipts", broken.to_string()));
            return Ok(());
        }
    };
    let mut next = archived.as_ref().map_or(1, |archived| archived.sequence + 1);
    if let Some(archived) = archived {
        chain.goes_on_after(archived);
    }
    while next <= last {
        let range = ReceiptRange::all(next, CHUNK);
        let some: Vec<Receipt> = match ledger.receipts(&range).await {
            Ok(page) => page.items,
            Err(error) => return checked.cannot_read("receipts", error),
        };
        if some.is_empty() {
            let what = format!("receipts from {next} on are missing, of {last}");
            checked.findings.push(found("receipts", what));
            return Ok(());
        }
        for receipt in &some {
            // From the chain's beginning, or the end of the archives: of a list that starts later, the first link would be taken on trust.
            let stated = receipt.statement.gap.as_ref().filter(|gap| gap.after + 1 == next);
            let is_next = receipt.statement.sequence == stated.map_or(next, |gap| gap.last + 1);
            let broken = chain.check(receipt).err().map(|broken| broken.to_string());
            let missing = (!is_next).then(|| format!("receipt {next} is missing"));
            if let Some(what) = broken.or(missing) {
                checked.findings.push(found("receipts", what));
                return Ok(());
            }
            checked.receipts_verified += 1;
            next = receipt.statement.sequence + 1;
        }
        tell(CheckProgress::Steps(some.len() as u64));
    }
    Ok(())
}

async fn audit(
    ledger: &dyn Ledger,
    checked: &mut Checked,
    archived: Option<Head>,
    tell: &dyn Fn(CheckProgress),
) -> Result<(), OperationError> {
    let last = match ledger.audit_head().await {
        Ok(head) => head.map_or(0, |head| head.sequence),
        Err(error) => return checked.cannot_read("audit", error),
    };
    tell(CheckProgress::Part { name: "audit", steps: last });
    let mut next = archived.as_ref().map_or(1, |archived| archived.sequence + 1);
    let mut head = archived;
    while next <= last {
        let range = AuditRange::all(Cursor::Up(next), CHUNK);
        let rows = match ledger.audit(&range).await {
            Ok(page) => page.items,
            Err(error) => return checked.cannot_read("audit", error),
        };
        let is_next = rows.first().is_some_and(|row| row.statement.sequence == next);
        let verified = match verify_chain(head.clone(), &rows) {
            Ok(verified) if is_next => verified,
            Ok(_) => {
                checked.findings.push(found("audit", format!("audit row {next} is missing")));
                return Ok(());
            }
            Err(broken) => {
                checked.findings.push(found("audit", broken.to_string()));
                return Ok(());
            }
        };
        head = verified;
        next += rows.len() as u64;
        checked.audit_verified += rows.len() as u64;
        tell(CheckProgress::Steps(rows.len() as u64));
    }
    Ok(())
}
