//! When what has ended at mluvii is compared next: also who does not compare may have it done at once.

use crate::causes::with_causes;
use crate::operations::Operations;
use crate::subject::InstallationName;

/// Under which it is known to all servers when it is due, and how far it has come.
pub(super) fn name(installation: &InstallationName) -> String {
    format!("reconcile/{installation}")
}

/// Has it done at the next look; where it is under way, once more.
pub(super) async fn make_due(on: &Operations, installation: &InstallationName) -> Result<(), String> {
    on.ledger.want_periodic(&name(installation)).await.map_err(|error| with_causes(&error))
}
