//! A plugin as `benches/plugins` uses it: the supervisor, its child, and calls like a worker's.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::host::{PluginHost, PluginState};
use super::installed::Installed;
use super::program::Program;
use crate::erasure::ErasureId;
use crate::keys::{IndexKey, Secret, SecretError, SecretRef};
use crate::subject::{Identifier, Identifiers, Kind, Scope};
use crate::target::{Target as _, TargetCall, no_checkpoint};

/// A plugin that is up.
pub struct MeasuredPlugin {
    host: Arc<PluginHost>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

impl MeasuredPlugin {
    /// Starts a library, with a program that becomes its child, and returns when it is ready for calls.
    pub async fn start(program: &str, library: &Path) -> Self {
        let settings = serde_json::json!({ "name": "measured", "library": library, "grants": ["email"] });
        let settings = serde_json::from_value(settings).expect("settings");
        let no_secret = |_: &SecretRef| -> Result<Secret, SecretError> { unreachable!("it has none") };
        let installed = Installed::find(settings, Path::new("."), &no_secret).expect("found");
        let host = PluginHost::new(installed, Program::new(program, [Program::PLUGIN_HOST]));
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(host.clone().run(shutdown.clone()));
        let state = host.started().await;
        assert!(matches!(state, PluginState::Up(_)), "{state:?}");
        Self { host, shutdown, task }
    }

    /// The id of its process.
    pub fn process(&self) -> u32 {
        match self.host.state() {
            PluginState::Up(info) => info.process,
            state => panic!("{state:?}"),
        }
    }

    /// So many callers make calls one after another, for so long; returns how many calls that were.
    pub async fn erase_for(&self, longest: Duration, callers: usize) -> u64 {
        let end = Instant::now() + longest;
        let mut running = JoinSet::new();
        for _ in 0..callers {
            let host = Arc::clone(&self.host);
            running.spawn(async move {
                let call = call();
                let mut calls = 0;
                while Instant::now() < end {
                    host.erase(&call).await.expect("an answer");
                    calls += 1;
                }
                calls
            });
        }
        running.join_all().await.into_iter().sum()
    }

    /// Ends it.
    pub async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.expect("no panic");
    }
}

fn call() -> TargetCall {
    TargetCall {
        erasure: ErasureId::generate(Timestamp::UNIX_EPOCH),
        idempotency: IndexKey::new(&Zeroizing::new([1; 32])).idempotency("bench", "measured", 0),
        scope: Scope::Person,
        dry_run: false,
        identifiers: Identifiers(Identifier::new(Kind::Email, "ann@example.com").into_iter().collect()),
        guests: Vec::new(),
        whole_guests: Vec::new(),
        sessions: Vec::new(),
        searched: false,
        region: None,
        erased_since: None,
        report: None,
        resume: None,
        checkpoint: no_checkpoint(),
    }
}
