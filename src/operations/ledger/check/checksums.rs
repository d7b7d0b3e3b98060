//! The checksums of what decides who is erased, all of them, a chunk at a time.

use super::{CheckProgress, Checked, Finding};
use crate::ledger::{Ledger, LedgerError, Summed};
use crate::operations::OperationError;

/// Compares all checksums with what stands there.
pub(super) async fn compare(
    ledger: &dyn Ledger,
    checked: &mut Checked,
    tell: &dyn Fn(CheckProgress),
) -> Result<(), OperationError> {
    for summed in Summed::ALL {
        if let Err(error) = compare_all(ledger, summed, checked, tell).await {
            checked.cannot_read(summed.as_str(), error)?;
        }
    }
    Ok(())
}

async fn compare_all(
    ledger: &dyn Ledger,
    summed: Summed,
    checked: &mut Checked,
    tell: &dyn Fn(CheckProgress),
) -> Result<(), LedgerError> {
    tell(CheckProgress::Part { name: summed.name(), steps: ledger.count_summed(summed).await? });
    let (mut after, mut damaged, mut first) = (None, 0, None);
    loop {
        let chunk = ledger.compare_sums(summed, after.as_ref()).await?;
        checked.checksums_compared += chunk.compared;
        damaged += chunk.damaged;
        first = first.or(chunk.first);
        tell(CheckProgress::Steps(chunk.compared));
        after = chunk.next;
        if after.is_none() {
            break;
        }
    }
    if let Some(first) = first {
        let what = format!("{damaged} {}, by their checksums, such as {first}: restore a backup", summed.what());
        checked.findings.push(Finding { code: summed.as_str(), count: Some(damaged), what });
    }
    Ok(())
}
