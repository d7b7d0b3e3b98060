//! What callers hold of a plugin: its session, its status, and the way to ask for a reload.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch as channel};
use tokio::time::timeout;

use super::attribution::CrashAttribution;
use super::reload::Reload;
use super::status::{LastError, PluginState, PluginView, Status};
use crate::plugin::contract;
use crate::plugin::info::PluginInfo;
use crate::plugin::installed::Installed;
use crate::plugin::lock::lock;
use crate::plugin::program::Program;
use crate::plugin::session::{CANCEL_GRACE, SLOT_WAIT_MAX, Session};
use crate::subject::{Kind, TargetName};
use crate::target::TargetError;

/// How long a call waits for a child that is being started.
const READY_WAIT_MAX: Duration = Duration::from_secs(10);
const SHUTS_DOWN: &str = "the server shuts down";
/// Requests to reload that wait.
const RELOADS_MAX: usize = 4;

/// One configured plugin.
pub(crate) struct PluginHost {
    pub(in crate::plugin) target: TargetName,
    pub(super) program: Program,
    /// Replaced when a reload succeeds.
    pub(super) installed: Mutex<Arc<Installed>>,
    pub(super) status: channel::Sender<Status>,
    reloads: mpsc::Sender<Reload>,
    /// Taken by the one task that supervises.
    pub(super) reload_requests: Mutex<Option<mpsc::Receiver<Reload>>>,
    pub(in crate::plugin) crashes: CrashAttribution,
    /// Processes that were started.
    pub(super) starts: AtomicU64,
    last_error: Mutex<Option<LastError>>,
}

impl PluginHost {
    /// Nothing runs before [`Self::run`].
    pub(crate) fn new(installed: Installed, program: Program) -> Arc<Self> {
        let (reloads, reload_requests) = mpsc::channel(RELOADS_MAX);
        Arc::new(Self {
            target: installed.settings.target(),
            program,
            installed: Mutex::new(Arc::new(installed)),
            status: channel::Sender::new(Status::Starting),
            reloads,
            reload_requests: Mutex::new(Some(reload_requests)),
            crashes: CrashAttribution::default(),
            starts: AtomicU64::new(0),
            last_error: Mutex::default(),
        })
    }

    /// Its state at the moment.
    pub(crate) fn state(&self) -> PluginState {
        self.status.borrow().state()
    }

    /// Its state, and its history in numbers.
    pub(crate) fn view(&self) -> PluginView {
        let status = self.status.borrow();
        PluginView {
            name: self.target.clone(),
            file: self.installed().code.file().to_owned(),
            state: status.state(),
            calls: status.session().map_or(0, |session| session.calls_under_way()),
            restarts: self.starts.load(Ordering::Relaxed).saturating_sub(1),
            last_error: lock(&self.last_error).clone(),
        }
    }

    /// Returns when the first start has succeeded or failed.
    pub(crate) async fn started(&self) -> PluginState {
        let mut status = self.status.subscribe();
        // The sender is ours, so it cannot be gone.
        let _ = status.wait_for(|status| !matches!(status, Status::Starting)).await;
        self.state()
    }

    /// Whether it is what these settings and secrets would start.
    pub(crate) fn runs(&self, installed: &Installed) -> bool {
        self.installed().is_like(installed)
    }

    /// Starts another process beside the one that runs, and lets it take over when it has been configured and is healthy;
    /// what is under way ends where it began. The error is why everything stays as it is.
    pub(crate) async fn reload(&self, installed: Installed) -> Result<PluginInfo, String> {
        let (answer, answered) = oneshot::channel();
        let request = Reload { installed: Arc::new(installed), answer };
        let sent = self.reloads.send(request).await;
        match sent {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(SHUTS_DOWN.into())),
            Err(_) => Err(SHUTS_DOWN.into()),
        }
    }

    /// The session, once the child is up. A child that is being started again is waited for, but not for long: the
    /// worker has its own pauses.
    pub(in crate::plugin) async fn session(&self) -> Result<Arc<Session>, TargetError> {
        let mut status = self.status.subscribe();
        let _ = timeout(READY_WAIT_MAX, status.wait_for(Status::is_settled)).await;
        let status = self.status.borrow().clone();
        match status {
            Status::Up(session) => Ok(session),
            Status::Starting => Err(TargetError::Unavailable("the plugin is still starting".into())),
            Status::Restarting(why) => Err(TargetError::Unavailable(format!("the plugin is not running: {why}"))),
            Status::Failed(why) => Err(TargetError::NeedsOperator(format!("the plugin cannot work: {why}"))),
            Status::Stopped => Err(TargetError::Cancelled),
        }
    }

    /// What is known without a session.
    pub(in crate::plugin) fn concurrency(&self) -> usize {
        self.status.borrow().session().map_or(1, |session| session.contract.concurrency as usize)
    }

    /// The kinds of identifiers that the plugin returns; `None` where its file was not inspected yet.
    pub(crate) fn returned_kinds(&self) -> Option<BTreeSet<Kind>> {
        let of_session = self.status.borrow().session().map(|session| session.contract.returns.clone());
        of_session.or_else(|| {
            let installed = self.installed();
            let manifest = installed.last_manifest()?;
            Some(contract::returned_kinds(&manifest, &installed.settings.own_config()))
        })
    }

    /// The kinds of identifiers that the plugin requires; none where that is not known yet.
    pub(crate) fn required_kinds(&self) -> BTreeSet<Kind> {
        let of_session = self.status.borrow().session().map(|session| session.contract.required.clone());
        let known = of_session.or_else(|| {
            let manifest = self.installed().last_manifest()?;
            Some(contract::required_kinds(&manifest))
        });
        known.unwrap_or_default().into_iter().collect()
    }

    /// Whether the plugin can be asked whom its system holds; `None` before it has started.
    pub(in crate::plugin) fn can_tell_whom_it_holds(&self) -> Option<bool> {
        self.status.borrow().session().map(|session| session.contract.can_sweep())
    }

    /// The kinds of identifiers that the operator has granted.
    pub(in crate::plugin) fn granted_kinds(&self) -> BTreeSet<Kind> {
        self.installed().settings.grants.iter().cloned().collect()
    }

    /// Waiting for the child, for others, for the answer and for the end of a cancelled call, and some slack. Twice, as a
    /// call that was not sent is made again where another child has taken over.
    pub(in crate::plugin) fn call_max(&self) -> Duration {
        let slack = Duration::from_secs(1);
        let call = contract::call_max(&self.installed().settings);
        // A suspect waits until the others have ended.
        2 * (READY_WAIT_MAX + SLOT_WAIT_MAX.max(call)) + call + CANCEL_GRACE + slack
    }

    /// Remembers what went wrong last, for the operator. The text is redacted.
    pub(in crate::plugin) fn note_error(&self, why: &str) {
        *lock(&self.last_error) = Some(LastError { at: Timestamp::now(), why: why.to_owned() });
    }

    pub(super) fn installed(&self) -> Arc<Installed> {
        Arc::clone(&lock(&self.installed))
    }
}
