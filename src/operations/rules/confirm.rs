//! A person confirms a rule that would erase much.

use crate::audit::Actor;
use crate::operations::{OperationError, Operations};

/// Lets what a rule demands begin.
pub(crate) async fn confirm(on: &Operations, rule: &str, by: &Actor) -> Result<(), OperationError> {
    if on.ledger.confirm_rule(rule, by).await? {
        return Ok(());
    }
    Err(OperationError::Conflict(format!(
        "no rule `{rule}` waits to be confirmed; `quietus status` names those that do"
    )))
}
