//! One setting of a source, by its key, so that an error can name it.

use super::settings::Secrets;
use crate::keys::{ReadSecret, Secret};

/// Settings of a source that cannot be used; names the key, never a secret.
#[derive(Debug, thiserror::Error)]
#[error("source `{name}`: `{key}` {problem}")]
pub(crate) struct SourceError {
    name: String,
    key: String,
    problem: String,
}

/// A key of the configuration, for errors that name it; elements of lists count from 1.
pub(super) struct Setting<'a> {
    pub(super) source: &'a str,
    pub(super) key: String,
}

impl Setting<'_> {
    pub(super) fn at(&self, key: &str) -> Self {
        let dot = if self.key.is_empty() { "" } else { "." };
        Self { source: self.source, key: format!("{}{dot}{key}", self.key) }
    }

    pub(super) fn wrong(&self, problem: impl Into<String>) -> SourceError {
        SourceError { name: self.source.to_owned(), key: self.key.clone(), problem: problem.into() }
    }

    /// Reads secrets and makes something of each; an empty list or an empty secret would let anyone in.
    pub(super) fn secrets<T>(
        &self,
        secrets: &Secrets,
        read: ReadSecret<'_>,
        make: impl Fn(&Secret) -> Result<T, &'static str>,
    ) -> Result<Vec<T>, SourceError> {
        if secrets.0.is_empty() {
            return Err(self.wrong("must list at least one secret"));
        }
        let mut made = Vec::new();
        for (i, reference) in secrets.0.iter().enumerate() {
            let at = Self { source: self.source, key: format!("{}.{}", self.key, i + 1) };
            let secret = read(reference).map_err(|error| at.wrong(format!("cannot be read: {error}")))?;
            if secret.expose().is_empty() {
                return Err(at.wrong("is empty"));
            }
            made.push(make(&secret).map_err(|problem| at.wrong(problem))?);
        }
        Ok(made)
    }
}
