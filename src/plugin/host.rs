//! The supervisor of one plugin: keeps its child running, and knows which calls have killed it. Settings enter; a
//! session that works, or why there is none, leaves.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::contract;
use super::library::locate;
use super::program::Program;
use super::session::{self, CANCEL_GRACE, Company, SLOT_WAIT_MAX, Session, SessionEnd, StartFailed};
use super::settings::PluginSettings;
use crate::keys::{ReadSecret, Secret};
use crate::subject::TargetName;
use crate::target::TargetError;

/// Between two starts.
const RESTART_PAUSE_MIN: Duration = Duration::from_millis(250);
const RESTART_PAUSE_MAX: Duration = Duration::from_secs(60);
/// So many crashes in so much time, and the plugin rests.
const BREAKER_CRASHES: usize = 5;
const BREAKER_WINDOW: Duration = Duration::from_secs(300);
const BREAKER_REST: Duration = Duration::from_secs(300);
/// How long a call waits for a child that is being started.
const READY_WAIT_MAX: Duration = Duration::from_secs(10);
/// A call that killed the child so often is not made again.
const STRIKES_MAX: u8 = 3;
/// Calls whose strikes are remembered.
const SUSPECTS_MAX: usize = 1024;

/// One configured plugin.
pub(crate) struct PluginHost {
    pub(super) target: TargetName,
    pub(super) settings: PluginSettings,
    library: PathBuf,
    program: Program,
    secrets: BTreeMap<String, Secret>,
    standing: watch::Sender<Standing>,
    /// How often a call killed the child, by its idempotency key.
    strikes: Mutex<HashMap<String, u8>>,
}

#[derive(Clone)]
enum Standing {
    Starting,
    Up(Arc<Session>),
    Restarting(String),
    Failed(String),
    Stopped,
}

/// How a plugin is, for `/readyz` and `quietus status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "detail", rename_all = "lowercase")]
pub(crate) enum PluginState {
    Starting,
    Up(PluginInfo),
    /// Its child was lost, and will be started again; why.
    Restarting(String),
    /// It cannot work until a person acts; why. It is tried again each minute, as a library may be replaced.
    Failed(String),
    /// The server shuts down.
    Stopped,
}

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PluginInfo {
    /// The operator's name for it.
    pub(crate) target: TargetName,
    /// Its own name.
    pub(crate) name: String,
    pub(crate) version: String,
    /// Such as the library's `sha256`.
    pub(crate) facts: BTreeMap<String, String>,
}

/// Settings that no plugin can be started with.
#[derive(Debug, thiserror::Error)]
#[error("plugin `{plugin}`: {why}")]
pub(crate) struct PluginRefused {
    pub(crate) plugin: String,
    pub(crate) why: String,
}

impl PluginHost {
    /// Finds the library and reads the secrets. `base` is the configuration's folder. Nothing runs before [`Self::run`].
    pub(crate) fn new(
        settings: PluginSettings,
        base: &Path,
        read: ReadSecret<'_>,
        program: Program,
    ) -> Result<Arc<Self>, PluginRefused> {
        let refused = |why| PluginRefused { plugin: settings.name.clone(), why };
        settings.check_name().map_err(refused)?;
        let library = locate(&settings.library, base, std::env::current_exe().ok().as_deref()).map_err(refused)?;
        let mut secrets = BTreeMap::new();
        for (name, reference) in &settings.secrets {
            let secret = read(reference).map_err(|e| refused(format!("secrets.{name}: {e}")))?;
            secrets.insert(name.clone(), secret);
        }
        Ok(Arc::new(Self {
            target: settings.target(),
            settings,
            library,
            program,
            secrets,
            standing: watch::Sender::new(Standing::Starting),
            strikes: Mutex::default(),
        }))
    }

    /// Keeps the child running until the shutdown; returns when the child has ended. To be owned by the app's tasks.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let mut crashes = VecDeque::new();
        loop {
            let pause = match self.live_once(&shutdown).await {
                Lived::Stopped => break,
                Lived::Refused(why) => {
                    tracing::error!(plugin = %self.target, why, "a plugin cannot work");
                    self.standing.send_replace(Standing::Failed(why));
                    RESTART_PAUSE_MAX
                }
                Lived::Lost(why) => self.lost(why, &mut crashes),
            };
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.standing.send_replace(Standing::Stopped);
    }

    /// How it is at the moment.
    pub(crate) fn state(&self) -> PluginState {
        match &*self.standing.borrow() {
            Standing::Starting => PluginState::Starting,
            Standing::Up(session) => PluginState::Up(session.info.clone()),
            Standing::Restarting(why) => PluginState::Restarting(why.clone()),
            Standing::Failed(why) => PluginState::Failed(why.clone()),
            Standing::Stopped => PluginState::Stopped,
        }
    }

    /// Returns when the first start has succeeded or failed.
    pub(crate) async fn started(&self) -> PluginState {
        let mut standing = self.standing.subscribe();
        // The sender is ours, so it cannot be gone.
        let _ = standing.wait_for(|standing| !matches!(standing, Standing::Starting)).await;
        self.state()
    }

    async fn live_once(&self, shutdown: &CancellationToken) -> Lived {
        // Called off, a start takes its process with it; a session ends in its own way.
        let started = tokio::select! {
            () = shutdown.cancelled() => return Lived::Stopped,
            started = session::start(&self.program, &self.library, &self.settings, &self.secrets) => started,
        };
        match started {
            Err(StartFailed::Refused(why)) => Lived::Refused(why),
            Err(StartFailed::Lost(why)) => Lived::Lost(why),
            Ok((session, driver)) => {
                let info = &session.info;
                tracing::info!(plugin = %self.target, name = info.name, version = info.version, "a plugin is up");
                self.standing.send_replace(Standing::Up(Arc::clone(&session)));
                match driver.run(&session, shutdown).await {
                    SessionEnd::Stopped => Lived::Stopped,
                    SessionEnd::Lost(why) => Lived::Lost(why),
                }
            }
        }
    }

    /// Notes a crash; returns how long to wait before the next start.
    fn lost(&self, why: String, crashes: &mut VecDeque<Instant>) -> Duration {
        let now = Instant::now();
        crashes.push_back(now);
        while crashes.front().is_some_and(|crash| now.duration_since(*crash) > BREAKER_WINDOW) {
            crashes.pop_front();
        }
        tracing::warn!(plugin = %self.target, why, crashes = crashes.len(), "a plugin's process was lost");
        if crashes.len() >= BREAKER_CRASHES {
            crashes.clear();
            let minutes = BREAKER_REST.as_secs() / 60;
            let rests = format!("it rests for {minutes} minutes after {BREAKER_CRASHES} crashes; the last: {why}");
            self.standing.send_replace(Standing::Restarting(rests));
            return BREAKER_REST;
        }
        self.standing.send_replace(Standing::Restarting(why));
        let ceiling = RESTART_PAUSE_MIN.saturating_mul(1 << crashes.len()).min(RESTART_PAUSE_MAX);
        RESTART_PAUSE_MIN + (ceiling - RESTART_PAUSE_MIN).mul_f64(random())
    }

    /// The session, once the child is up. A child that is being started again is waited for, but not for long: the
    /// worker has its own pauses.
    pub(super) async fn session(&self) -> Result<Arc<Session>, TargetError> {
        let mut standing = self.standing.subscribe();
        let settled = |standing: &Standing| match standing {
            Standing::Up(session) => !session.is_closed(),
            Standing::Starting | Standing::Restarting(_) => false,
            Standing::Failed(_) | Standing::Stopped => true,
        };
        let _ = timeout(READY_WAIT_MAX, standing.wait_for(settled)).await;
        let standing = self.standing.borrow().clone();
        match standing {
            Standing::Up(session) => Ok(session),
            Standing::Starting => Err(TargetError::Retryable("the plugin is still starting".into())),
            Standing::Restarting(why) => Err(TargetError::Retryable(format!("the plugin is not running: {why}"))),
            Standing::Failed(why) => Err(TargetError::NeedsOperator(format!("the plugin cannot work: {why}"))),
            Standing::Stopped => Err(TargetError::Cancelled),
        }
    }

    /// What is known without a session.
    pub(super) fn concurrency(&self) -> usize {
        match &*self.standing.borrow() {
            Standing::Up(session) => session.contract.concurrency as usize,
            _ => 1,
        }
    }

    /// Waiting for the child, for others, for the answer and for the end of a cancelled call, and some slack.
    pub(super) fn call_max(&self) -> Duration {
        let slack = Duration::from_secs(1);
        READY_WAIT_MAX + SLOT_WAIT_MAX + contract::call_max(&self.settings) + CANCEL_GRACE + slack
    }

    // Blame.

    /// A call that has killed the child runs alone, so that the guilty one of several is found.
    pub(super) fn company(&self, key: &str) -> Company {
        if self.strikes().contains_key(key) { Company::Alone } else { Company::Any }
    }

    pub(super) fn acquit(&self, key: &str) {
        self.strikes().remove(key);
    }

    /// Notes that the child died during a call. After the third time the call fails for good, and is then forgotten, so
    /// that a person can have it tried again.
    pub(super) fn blame(&self, key: &str, why: String) -> TargetError {
        let mut strikes = self.strikes();
        if strikes.len() >= SUSPECTS_MAX && !strikes.contains_key(key) {
            return TargetError::Retryable(why);
        }
        let count = strikes.entry(key.to_owned()).or_default();
        *count += 1;
        if *count < STRIKES_MAX {
            return TargetError::Retryable(why);
        }
        strikes.remove(key);
        TargetError::Permanent(format!("this call ended the plugin's process {STRIKES_MAX} times; the last: {why}"))
    }

    /// A panic elsewhere leaves the map whole.
    fn strikes(&self) -> MutexGuard<'_, HashMap<String, u8>> {
        self.strikes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How one life of the child ended.
enum Lived {
    Stopped,
    Refused(String),
    Lost(String),
}

/// Uniform in 0..1.
fn random() -> f64 {
    let mut bytes = [0; 4];
    crate::keys::fill_random(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}
