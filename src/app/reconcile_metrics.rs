//! What comparisons with mluvii came to, for Prometheus; how far they have come is of the ledger.

use std::sync::Arc;

use metrics::{counter, describe_counter};

use crate::operations::OperationError;
use crate::operations::reconcile::Reconciled;
use crate::subject::InstallationName;

const COMPARISONS: &str = "quietus_reconciliations_total";
const FOUND: &str = "quietus_reconciliation_found_total";
const FORMS: &str = "quietus_reconciliation_forms_found_total";
const REAPPEARED: &str = "quietus_reconciliation_reappeared_total";

/// Says what is counted, of these installations. To be called once the metrics are the process's.
pub(super) fn describe(installations: impl Iterator<Item = InstallationName>) {
    describe_counter!(
        COMPARISONS,
        "Comparisons of what has ended at mluvii with the ledger, by installation and result: done, failed."
    );
    describe_counter!(
        FOUND,
        "Sessions of which nobody told us and that a comparison of this process found, by installation."
    );
    describe_counter!(
        FORMS,
        "Submitted forms of which nobody told us and that a comparison of this process found, by installation."
    );
    describe_counter!(
        REAPPEARED,
        "Erased sessions that mluvii showed again and that a comparison of this process found, by installation."
    );
    for installation in installations {
        for result in ["done", "failed"] {
            counter!(COMPARISONS, "installation" => Arc::clone(&installation.0), "result" => result).increment(0);
        }
        found(&installation, &Reconciled::default());
    }
}

/// Counts one that has ended.
pub(super) fn ended(installation: &InstallationName, compared: &Result<Reconciled, OperationError>) {
    let result = if compared.is_ok() { "done" } else { "failed" };
    counter!(COMPARISONS, "installation" => Arc::clone(&installation.0), "result" => result).increment(1);
    if let Ok(done) = compared {
        found(installation, done);
    }
}

fn found(installation: &InstallationName, done: &Reconciled) {
    counter!(FOUND, "installation" => Arc::clone(&installation.0)).increment(done.found);
    counter!(FORMS, "installation" => Arc::clone(&installation.0)).increment(done.forms);
    counter!(REAPPEARED, "installation" => Arc::clone(&installation.0)).increment(done.reappeared);
}
