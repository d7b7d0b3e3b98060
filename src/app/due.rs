//! When what has ended at mluvii is compared next: also who does not compare may have it done at once.

use std::time::Duration;

use crate::causes::with_causes;
use crate::operations::Operations;
use crate::subject::InstallationName;

/// Under which it is known to all servers when it is due, and how far it has come.
pub(super) fn name(installation: &InstallationName) -> String {
    format!("reconcile/{installation}")
}

/// Has it done at the next look.
pub(super) async fn make_due(on: &Operations, installation: &InstallationName) -> Result<(), String> {
    let put_off = on.ledger.put_off_periodic(&name(installation), Duration::ZERO, None).await;
    put_off.map_err(|error| with_causes(&error))
}
