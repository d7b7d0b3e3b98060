//! When what has ended at mluvii is compared next: also who does not compare may have it done at once.

use crate::causes::with_causes;
use crate::operations::Operations;
use crate::operations::reconcile::periodic_name;
use crate::subject::InstallationName;

/// Has it done at the next look; where it is under way, once more.
pub(super) async fn make_due(on: &Operations, installation: &InstallationName) -> Result<(), String> {
    on.ledger.want_periodic(&periodic_name(installation)).await.map_err(|error| with_causes(&error))
}
