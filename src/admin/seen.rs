//! One thing by its id, for who may see its company. To anybody else it is as if it were not there: no answer tells which of the two it is.

use super::caller::By;
use super::problem::Problem;
use crate::erasure::TaskId;
use crate::hold::HoldId;
use crate::operations::OperationError;
use crate::operations::holds::{self, Shown};
use crate::operations::tasks::{self, OpenTask};

pub(super) async fn hold<N>(by: &By<N>, id: &str) -> Result<Shown, Problem> {
    let unknown = || Problem::not_found("hold of this id");
    let id: HoldId = id.parse().map_err(|_| unknown())?;
    let shown = match holds::show(&by.on, id).await {
        Err(OperationError::NotFound(_)) => return Err(unknown()),
        shown => shown?,
    };
    if by.sees(&shown.hold.hold.installation) { Ok(shown) } else { Err(unknown()) }
}

pub(super) async fn task<N>(by: &By<N>, id: &str) -> Result<OpenTask, Problem> {
    let unknown = || Problem::not_found("open task of this id; it may have been confirmed");
    let id: TaskId = id.parse().map_err(|_| unknown())?;
    let task = match tasks::show(&by.on, &id).await {
        Err(OperationError::NotFound(_)) => return Err(unknown()),
        task => task?,
    };
    if by.sees(&task.mluvii) { Ok(task) } else { Err(unknown()) }
}
