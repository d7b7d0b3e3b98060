//! What came of looking again after a receipt: the same in both backends.

use super::row::Row;
use super::{LedgerError, broken};
use crate::attention::UnsettledRechecks;
use crate::erasure::{ErasureId, Recheck, RecheckOutcome};
use crate::subject::{InstallationName, TargetName};

/// The columns of [`recheck`].
pub(super) const RECHECK: &str = "erasure, target, due, looked, outcome, why, records, unsettled";

pub(super) fn recheck(row: &impl Row) -> Result<Recheck, LedgerError> {
    Ok(Recheck {
        erasure: row.erasure_id(0)?,
        target: TargetName(named(row, 1)?.into()),
        due: row.time(2)?,
        looked: row.time(3)?,
        outcome: row.word(4)?,
        why: row.text(5)?.map(str::to_owned),
        records: row.number(6)?.unwrap_or_default().unsigned_abs(),
        unsettled: row.truth(7)?,
    })
}

/// What was left of an erasure at a target when somebody saw it last needs a person again; `yes` is how a backend writes that.
pub(super) fn unsettle(yes: &str) -> String {
    format!(
        "UPDATE recheck SET unsettled = {yes} WHERE erasure = $1 AND target = $2 AND outcome = 'residual'
           AND looked = (SELECT MAX(looked) FROM recheck AS last
                         WHERE last.erasure = $1 AND last.target = $2 AND last.outcome NOT IN ('not_looked', 'unclear'))"
    )
}

/// What a look settles of those before, as a condition: nothing where nobody could look, and where nobody knows, not what was certain.
pub(super) fn settled_by(outcome: RecheckOutcome) -> Option<&'static str> {
    match outcome {
        RecheckOutcome::Gone | RecheckOutcome::Residual | RecheckOutcome::Held => Some("TRUE"),
        RecheckOutcome::Unclear => Some("outcome <> 'residual'"),
        RecheckOutcome::NotLooked => None,
    }
}

/// What a person has to see to, by target and installation, where `unsettled` says so.
pub(super) fn unsettled(unsettled: &str) -> String {
    format!(
        "SELECT recheck.target, installation.name, recheck.outcome, COUNT(*), MIN(recheck.looked), MAX(recheck.looked),
                MIN(erasure.ended)
         FROM recheck JOIN erasure ON erasure.id = recheck.erasure
              JOIN installation ON installation.id = erasure.installation
         WHERE {unsettled} GROUP BY recheck.target, installation.name, recheck.outcome ORDER BY 1, 2, 3"
    )
}

/// A row of [`unsettled`].
pub(super) fn group(row: &impl Row) -> Result<UnsettledRechecks, LedgerError> {
    Ok(UnsettledRechecks {
        target: TargetName(named(row, 0)?.into()),
        mluvii: InstallationName(named(row, 1)?.into()),
        outcome: row.word(2)?,
        count: row.number(3)?.unwrap_or_default().unsigned_abs(),
        since: row.time(4)?,
        newest: row.time(5)?,
        erased_since: row.time(6)?,
    })
}

/// The erasures of which something is certainly left.
pub(super) fn left(looked: &[Recheck]) -> Vec<ErasureId> {
    looked.iter().filter(|one| one.outcome == RecheckOutcome::Residual).map(|one| one.erasure).collect()
}

fn named(row: &impl Row, column: usize) -> Result<&str, LedgerError> {
    row.text(column)?.ok_or_else(|| broken("a look after a receipt names nothing"))
}
