//! The configuration of a running server: have it read anew, or see by what it differs from a file.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{OperationError, audit};
use crate::audit::{Act, ActResult, Actor, Object};
use crate::ledger::Ledger;

/// The configuration by which this process works, which is a running server.
#[derive(Clone)]
pub(crate) struct RunningConfiguration {
    pub(crate) ledger: Arc<dyn Ledger>,
    /// By which others know the process.
    pub(crate) place: String,
    pub(crate) reload: Reload,
    pub(crate) compare: Compare,
}

/// Has it read anew; one at a time. The error is why everything stays as it was.
pub(crate) type Reload = Arc<dyn Fn() -> Answered<Result<Reloaded, NotReloaded>> + Send + Sync>;

/// Compares a file with it. The error is why the file cannot be read as a configuration.
pub(crate) type Compare = Arc<dyn Fn(PathBuf) -> Answered<Result<Difference, String>> + Send + Sync>;

pub(crate) type Answered<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A key that is another one than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Changed {
    /// Elements of lists by their names, or counted from 1.
    pub(crate) key: String,
    /// What stood there, as `quietus config show` shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Value>,
    /// A running server cannot take it.
    pub(crate) needs_restart: bool,
    /// The key says what it said; the secret, or the file, that it refers to is another one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_behind: bool,
}

/// By what a file differs from what a server works by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Difference {
    pub(crate) changed: Vec<Changed>,
}

/// What a reload has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reloaded {
    /// The keys, without what stands there.
    pub(crate) changed: Vec<String>,
    /// Rules that are new or changed and wait for a person, as they would erase too much.
    pub(crate) waiting_rules: Vec<String>,
}

/// Why a server works by the configuration that it had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub(crate) enum NotReloaded {
    /// Everything that is wrong with the one in the file, each with its place.
    Wrong { problems: Vec<String> },
    /// It is right, and these keys need a restart.
    NeedsRestart { keys: Vec<String> },
    /// Not now: the ledger is away, or the server stops.
    NotNow { reason: String },
}

impl NotReloaded {
    /// In one line.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Wrong { problems } => problems.join("; "),
            Self::NeedsRestart { keys } => format!("a restart is needed for {}", keys.join(", ")),
            Self::NotNow { reason } => reason.clone(),
        }
    }
}

/// Has a server take its configuration anew: all of it, or nothing.
pub(crate) async fn reload(
    on: &RunningConfiguration,
    by: &Actor,
) -> Result<Result<Reloaded, NotReloaded>, OperationError> {
    let object = Object::configuration(&on.place);
    audit::begun(&*on.ledger, by, Act::ReloadConfiguration, &object).await?;
    let reloaded = (on.reload)().await;
    let result = match &reloaded {
        Ok(done) => ActResult::when(!done.changed.is_empty()),
        Err(_) => ActResult::Failed,
    };
    audit::ended(&*on.ledger, by, Act::ReloadConfiguration, &object, result).await;
    Ok(reloaded)
}

/// Compares a file with what the server works by, as a reload would. The server reads it, with its own environment.
pub(crate) async fn compare(on: &RunningConfiguration, file: PathBuf) -> Result<Difference, OperationError> {
    (on.compare)(file).await.map_err(OperationError::Conflict)
}
