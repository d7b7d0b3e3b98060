//! What was looked at again after receipts, as it is shown, and what is to come by the configuration as it is now.

use jiff::Timestamp;
use serde::Serialize;

use crate::erasure::recheck::to_come as dates_to_come;
use crate::erasure::{Erasure, ErasureId, Recheck, Step};
use crate::operations::erase_again::is_gone;
use crate::operations::{OperationError, Operations};
use crate::subject::TargetName;

/// What was looked at again after an erasure's receipt, and what is to come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Rechecks {
    /// By when it was done.
    pub(crate) looked: Vec<Recheck>,
    /// By when it is due.
    pub(crate) to_come: Vec<ToCome>,
}

/// A look that is to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ToCome {
    pub(crate) target: TargetName,
    pub(crate) at: Timestamp,
}

impl Rechecks {
    pub(crate) fn is_empty(&self) -> bool {
        self.looked.is_empty() && self.to_come.is_empty()
    }
}

/// The same of one; nothing where its record is gone.
pub(crate) async fn of_one(on: &Operations, id: ErasureId) -> Result<Rechecks, OperationError> {
    let Some(erasure) = on.ledger.erasure(id).await? else { return Ok(Rechecks::default()) };
    Ok(of(on, &[&erasure]).await?.pop().unwrap_or_default())
}

/// What came of looking again after the receipts of these, and what is to come by the configuration as it is now.
pub(crate) async fn of(on: &Operations, erasures: &[&Erasure]) -> Result<Vec<Rechecks>, OperationError> {
    let ids: Vec<_> = erasures.iter().map(|erasure| erasure.id).collect();
    let looked = on.ledger.rechecks(&ids).await?;
    let each = erasures.iter().map(|erasure| {
        let looked: Vec<_> = looked.iter().filter(|one| one.erasure == erasure.id).cloned().collect();
        Rechecks { to_come: to_come(on, erasure, &looked), looked }
    });
    Ok(each.collect())
}

fn to_come(on: &Operations, erasure: &Erasure, looked: &[Recheck]) -> Vec<ToCome> {
    let Some(ended) = erasure.ended.filter(|_| erasure.verdict.is_some()) else { return Vec::new() };
    let is_looked_at = |step: &&Step| {
        let has_any = !step.target.is_mluvii() || erasure.sessions > 0;
        // Where people erase, nobody else can look.
        let by_people = on.settings.manual.contains_key(&step.target);
        is_gone(step) && has_any && !by_people && on.settings.targets.contains(&step.target)
    };
    let mut all = Vec::new();
    for step in erasure.steps.iter().filter(is_looked_at) {
        let times: Vec<_> = looked.iter().filter(|one| one.target == step.target).map(|one| one.looked).collect();
        let dates = dates_to_come(ended, &on.settings.recheck, &times).into_iter();
        all.extend(dates.map(|at| ToCome { target: step.target.clone(), at }));
    }
    all.sort_by_key(|one| one.at);
    all
}
