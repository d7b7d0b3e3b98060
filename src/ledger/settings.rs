//! What the configuration says about the ledger. Finds the ledger's place in it; nothing is opened here.

use std::path::{Path, PathBuf};

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use super::place::{LedgerPlace, PostgresPlace};
use crate::keys::SecretRef;

/// The `[ledger]` table.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerSettings {
    /// `sqlite:PATH`, where a relative path starts at the configuration file's directory; or
    /// `postgres://USER@HOST:PORT/DATABASE`, without a password.
    pub(crate) url: String,
    /// PostgreSQL: the user's password.
    pub(crate) password: Option<SecretRef>,
    /// PostgreSQL: certificates (PEM) that are trusted beside the system's own.
    pub(crate) ca_file: Option<PathBuf>,
    /// PostgreSQL: connections of one process for its work; six further ones receive, read and listen.
    pub(crate) connections_max: usize,
    /// PostgreSQL: the longest that one statement may take.
    pub(crate) statement_max: Span,
}

/// A `ledger.url` that names no ledger.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LedgerUrlWrong {
    #[error(
        "must be `sqlite:` and the path of a file, such as `sqlite:/var/lib/quietus/ledger.db`, or \
         `postgres://USER@HOST:PORT/DATABASE`"
    )]
    Scheme,
    #[error("{0}")]
    Postgres(&'static str),
}

impl LedgerSettings {
    /// The ledger that the settings name.
    pub(crate) fn place(&self, base: &Path) -> Result<LedgerPlace, LedgerUrlWrong> {
        self.place_of(&self.url, base)
    }

    /// The ledger that another URL names, reached as these settings say. An error does not repeat the URL: it may hold a
    /// password.
    pub(crate) fn place_of(&self, url: &str, base: &Path) -> Result<LedgerPlace, LedgerUrlWrong> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let place = PostgresPlace {
                url: url.to_owned(),
                user: None,
                ca_file: self.ca_file.as_ref().map(|path| base.join(path)),
                statement_max: self.statement_max.0,
                connections_max: self.connections_max,
            };
            place.config().map_err(LedgerUrlWrong::Postgres)?;
            return Ok(LedgerPlace::Postgres(place));
        }
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() && !path.ends_with('/') => {
                let path = base.join(path);
                // What lies beside it goes by its name, so that it must have one, whatever links lead to it.
                Ok(LedgerPlace::Sqlite(path.canonicalize().unwrap_or(path)))
            }
            _ => Err(LedgerUrlWrong::Scheme),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Option<&str>) {
        let settings = LedgerSettings {
            url: url.into(),
            password: None,
            ca_file: None,
            connections_max: 1,
            statement_max: Span::from_secs(1),
        };
        let place = settings.place(Path::new("/etc/quietus")).ok();
        assert_eq!(place.map(|place| place.shown()).as_deref(), expected, "{url}");
    }

    #[test]
    fn a_ledger_url_is_a_file_or_a_database() {
        check("sqlite:quietus.db", Some("/etc/quietus/quietus.db"));
        check("sqlite:/var/lib/quietus/ledger.db", Some("/var/lib/quietus/ledger.db"));
        check("postgres://user@db.example.com/quietus", Some("quietus at db.example.com"));
        check("postgresql:///ledger?host=/run/postgresql", Some("ledger at /run/postgresql"));
        check("sqlite:", None);
        check("sqlite:/var/lib/", None);
        check("postgres://user:password@host/quietus", None);
        check("mysql://user@host/quietus", None);
        check("quietus.db", None);
    }
}
