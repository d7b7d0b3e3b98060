//! What the configuration says about the ledger. Text enters, the place of a ledger leaves; nothing is opened here.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::span::Span;

/// The `[ledger]` table.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerSettings {
    /// `sqlite:PATH`; a relative path starts at the configuration file's directory.
    pub(crate) url: String,
    /// How long a delivery is remembered, to find it again.
    pub(crate) duplicates_for: Span,
}

/// A `ledger.url` that names no ledger.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`ledger.url` must be `sqlite:` and the path of a file, such as `sqlite:/var/lib/quietus/ledger.db`")]
pub(crate) struct LedgerUrlWrong;

impl LedgerSettings {
    /// The embedded ledger's file. The error does not repeat the URL: another kind of URL may hold a password.
    pub(crate) fn path(&self, base: &Path) -> Result<PathBuf, LedgerUrlWrong> {
        match self.url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() && !path.ends_with('/') => Ok(base.join(path)),
            _ => Err(LedgerUrlWrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, path: Option<&str>) {
        let settings = LedgerSettings { url: url.into(), duplicates_for: Span::from_secs(1) };
        assert_eq!(settings.path(Path::new("/etc/quietus")).ok(), path.map(PathBuf::from));
    }

    #[test]
    fn a_ledger_url_is_sqlite_and_a_path() {
        check("sqlite:quietus.db", Some("/etc/quietus/quietus.db"));
        check("sqlite:/var/lib/quietus/ledger.db", Some("/var/lib/quietus/ledger.db"));
        check("sqlite:", None);
        check("sqlite:/var/lib/", None);
        check("postgres://user:password@host/quietus", None);
        check("quietus.db", None);
    }
}
