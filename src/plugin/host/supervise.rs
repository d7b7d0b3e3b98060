//! The supervisor of one plugin: starts its process, restarts it when it is lost, and replaces it by a candidate that proved
//! itself. One loop over events, see [`Event`].

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::handle::PluginHost;
use super::reload::Reload;
use super::restarts::{PAUSE_MAX, Pause, Restarts};
use super::status::Status;
use super::watch::Watch;
use crate::keys::random_fraction;
use crate::plugin::info::PluginInfo;
use crate::plugin::installed::Installed;
use crate::plugin::launching::StartFailed;
use crate::plugin::lock::lock;
use crate::plugin::session::{self, CANCEL_GRACE, Ended, Session, SessionEnd};

/// A start that takes longer is told of.
const SLOW: Duration = Duration::from_secs(3);

/// A process that runs, and the task that serves it.
struct Running {
    session: Arc<Session>,
    stop: CancellationToken,
    task: JoinHandle<SessionEnd>,
}

/// What happens to a plugin.
enum Event {
    Ended(SessionEnd),
    TimeToStart,
    Asked(Reload),
    FileChanged,
    /// A process that had been replaced has ended.
    Replaced,
    Shutdown,
}

struct Supervisor {
    host: Arc<PluginHost>,
    shutdown: CancellationToken,
    requests: mpsc::Receiver<Reload>,
    running: Option<Running>,
    /// When to start, while nothing runs.
    start_at: Instant,
    restarts: Restarts,
    watch: Watch,
    /// Processes that have been replaced, until their last call has ended.
    ending: JoinSet<()>,
}

impl PluginHost {
    /// Keeps the child running until the shutdown; returns when it has ended. To be owned by the app's tasks, once.
    pub(crate) async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let Some(requests) = lock(&self.reload_requests).take() else { return };
        let supervisor = Supervisor {
            host: self,
            shutdown,
            requests,
            running: None,
            start_at: Instant::now(),
            restarts: Restarts::default(),
            watch: Watch::new(),
            ending: JoinSet::new(),
        };
        supervisor.run().await;
    }
}

impl Supervisor {
    async fn run(mut self) {
        loop {
            match self.next().await {
                Event::Shutdown => break,
                Event::TimeToStart => self.start().await,
                Event::Ended(end) => self.note_end(end),
                Event::Asked(Reload { installed, answer }) => {
                    // The caller may no longer wait.
                    let _ = answer.send(self.replace(installed, "asked to").await);
                }
                Event::Replaced => {}
                Event::FileChanged => {
                    if self.replace(self.host.installed(), "its file has changed").await.is_err() {
                        // What was wrong may pass, such as a system that was away.
                        self.watch.looks_again_after(PAUSE_MAX);
                    }
                }
            }
        }
        if let Some(running) = self.running.take() {
            let _ = running.task.await;
        }
        while self.ending.join_next().await.is_some() {}
        // One that was being started: when the server has ended, nothing of a plugin is left.
        self.host.program.given_up_have_ended().await;
        self.set_status(Status::Stopped);
    }

    async fn next(&mut self) -> Event {
        let installed = self.host.installed();
        let runs = self.running.is_some();
        let start_at = self.start_at;
        tokio::select! {
            () = self.shutdown.cancelled() => Event::Shutdown,
            end = ended(&mut self.running), if runs => Event::Ended(end),
            () = sleep_until(start_at), if !runs => Event::TimeToStart,
            Some(reload) = self.requests.recv() => Event::Asked(reload),
            () = self.watch.changed(&installed) => Event::FileChanged,
            Some(_) = self.ending.join_next() => Event::Replaced,
        }
    }

    async fn start(&mut self) {
        let installed = self.host.installed();
        // Before the process reads the file: one that changes during the start must still count as changed.
        if self.look_at(&installed).await.is_none() {
            return;
        }
        let starting = self.starting(&installed);
        match told_when_slow(&self.host, &installed, starting).await {
            Ok(started) => self.take_over(started),
            Err(StartFailed::Lost(why)) => self.lost(why),
            Err(StartFailed::Refused(why)) => self.refused(why),
            Err(StartFailed::Cancelled) => {}
        }
    }

    /// What is about to be loaded; `None` at the shutdown.
    async fn look_at(&mut self, installed: &Installed) -> Option<()> {
        self.shutdown.run_until_cancelled(self.watch.loads(installed)).await
    }

    /// Starts a process and has it configured. Borrows nothing, as the process that runs may end meanwhile and be noted.
    fn starting(&self, installed: &Arc<Installed>) -> impl Future<Output = Result<Running, StartFailed>> + use<> {
        let host = Arc::clone(&self.host);
        let shutdown = self.shutdown.clone();
        let installed = Arc::clone(installed);
        async move {
            host.starts.fetch_add(1, Ordering::Relaxed);
            // A start that is dropped kills its process; a session has an orderly end of its own.
            let (session, driver) = tokio::select! {
                () = shutdown.cancelled() => return Err(StartFailed::Cancelled),
                started = session::start(&host.program, &installed) => started?,
            };
            let stop = shutdown.child_token();
            let task = tokio::spawn({
                let session = Arc::clone(&session);
                let stop = stop.clone();
                async move { driver.run(&session, &stop).await }
            });
            Ok(Running { session, stop, task })
        }
    }

    /// Starts a candidate; it takes over when it is no worse than the process that runs.
    async fn replace(&mut self, installed: Arc<Installed>, because: &str) -> Result<PluginInfo, String> {
        match self.candidate(&installed).await {
            Ok(candidate) => {
                let info = candidate.session.info.clone();
                tracing::info!(plugin = %self.host.target, because, "a plugin is replaced");
                *lock(&self.host.installed) = installed;
                self.restarts.reset();
                self.take_over(candidate);
                Ok(info)
            }
            Err(why) => {
                tracing::error!(plugin = %self.host.target, because, why, "a plugin was not replaced");
                self.host.note_error(&format!("not replaced: {why}"));
                Err(why)
            }
        }
    }

    async fn candidate(&mut self, installed: &Arc<Installed>) -> Result<Running, String> {
        if self.look_at(installed).await.is_none() {
            return Err("the server shuts down".into());
        }
        let mut starting = pin!(self.starting(installed));
        let started = loop {
            tokio::select! {
                started = &mut starting => break started,
                end = ended(&mut self.running), if self.running.is_some() => self.note_end(end),
            }
        };
        let candidate = match started {
            Ok(candidate) => candidate,
            Err(StartFailed::Refused(why) | StartFailed::Lost(why)) => return Err(why),
            Err(StartFailed::Cancelled) => return Err("the server shuts down".into()),
        };
        // Where no process runs, an unhealthy candidate loses nothing; where one runs, it may work better.
        if self.running.is_some()
            && let Err(error) = candidate.session.health().await
        {
            self.end(candidate);
            return Err(format!("it is not healthy: {error}"));
        }
        Ok(candidate)
    }

    fn take_over(&mut self, new: Running) {
        let PluginInfo { name, version, sandbox, .. } = &new.session.info;
        let sandbox = sandbox.as_str();
        tracing::info!(plugin = %self.host.target, name, version, sandbox, "a plugin is up");
        // Before the old one is drained: in between, callers would find no session.
        self.set_status(Status::Up(Arc::clone(&new.session)));
        if let Some(old) = self.running.replace(new) {
            self.end(old);
        }
    }

    /// Ends a process once its calls have ended.
    fn end(&mut self, replaced: Running) {
        let longest = self.host.call_max() + CANCEL_GRACE;
        let host = Arc::clone(&self.host);
        self.ending.spawn(async move {
            let Running { session, stop, mut task } = replaced;
            let idle = async {
                tokio::select! {
                    () = session.drained() => {}
                    () = stop.cancelled() => {}
                }
            };
            let _ = timeout(longest, idle).await;
            stop.cancel();
            if let SessionEnd::Lost(why) = end_of(&session, &mut task).await {
                tracing::warn!(plugin = %host.target, why, "a plugin's process was lost after it had been replaced");
                host.note_error(&why);
            }
        });
    }

    fn note_end(&mut self, end: SessionEnd) {
        match end {
            SessionEnd::Stopped => self.running = None,
            SessionEnd::Lost(why) => self.lost(why),
        }
    }

    fn lost(&mut self, why: String) {
        self.running = None;
        let pause = self.restarts.crashed(Instant::now(), random_fraction());
        tracing::warn!(plugin = %self.host.target, why, crashes = self.restarts.recent(), "a plugin's process was lost");
        self.host.note_error(&why);
        let (pause, why) = match pause {
            Pause::Short(pause) => (pause, why),
            Pause::BreakerOpen(pause, open) => (pause, format!("{open}; the last: {why}")),
        };
        self.wait(pause, Status::Restarting(why));
    }

    fn refused(&mut self, why: String) {
        tracing::error!(plugin = %self.host.target, why, "a plugin cannot work");
        self.host.note_error(&why);
        self.wait(PAUSE_MAX, Status::Failed(why));
    }

    fn wait(&mut self, pause: Duration, status: Status) {
        self.start_at = Instant::now() + pause;
        self.set_status(status);
    }

    fn set_status(&self, status: Status) {
        self.host.status.send_replace(status);
    }
}

/// Says that a start takes long, and what it waits for, while it does.
async fn told_when_slow<T>(host: &PluginHost, installed: &Installed, starting: impl Future<Output = T>) -> T {
    let mut starting = pin!(starting);
    let begin = Instant::now();
    loop {
        if let Ok(started) = timeout(SLOW, &mut starting).await {
            return started;
        }
        let step = installed.awaited().borrow().unwrap_or("start its process");
        let seconds = begin.elapsed().as_secs();
        tracing::warn!(plugin = %host.target, step, seconds, "a plugin does not come up yet");
    }
}

/// The end of the process that runs; never, where none does.
async fn ended(running: &mut Option<Running>) -> SessionEnd {
    match running {
        Some(Running { session, task, .. }) => end_of(session, task).await,
        None => std::future::pending().await,
    }
}

/// How a session ended. The panic of its task is the loss of its process.
async fn end_of(session: &Session, task: &mut JoinHandle<SessionEnd>) -> SessionEnd {
    task.await.unwrap_or_else(|_| {
        let why = "the task that served it panicked";
        // Nobody else answers the calls that are under way.
        session.close(|| Ended::Lost(why.into()));
        SessionEnd::Lost(why.into())
    })
}
