//! How long our own records are kept.

use std::path::PathBuf;

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// The `[retention]` table.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionSettings {
    /// How long receipts stay in the ledger, counted from the erasure's end; older ones move to `archive_dir`.
    pub(crate) receipts: Span,
    /// How long the audit stays in the ledger; older rows move to `archive_dir`.
    pub(crate) audit: Span,
    /// The folder of the archives, which must be there. Without it, receipts and audit stay in the ledger.
    pub(crate) archive_dir: Option<PathBuf>,
}
