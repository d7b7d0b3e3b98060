//! The steps from a started process to a plugin, as the parent takes them: prepare, confine, hello, configure. Each has its
//! own bound in time.
//!
//! The sandbox stands on this order. The child first reads and hashes the file, while it may still read anything; nothing of
//! the plugin's has run then. By the hash, the parent knows what the plugin declares, and sends the permissions. The child
//! confines itself for good, and only then loads the bytes that it hashed.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use quietus_plugin::Manifest;
use quietus_plugin::protocol::{FrameError, HostMessage, PROTOCOL, PROTOCOL_MINOR, PluginMessage};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::frame::ReadError;
use super::installed::Installed;
use super::launch::{Code, Confined, Debugger, Launch, Leftovers, Level, Permissions, Prepared};
use super::machine;
use super::memory::LIMIT;
use super::output::{Lines, drain};
use super::process::Process;
use super::program::Program;
use super::redact::redact;

/// How long reading and hashing the file may take, and entering the sandbox. Nothing of the plugin's runs then, so that only a
/// machine that is busy, or a drive that does not answer, can be slow.
const PREPARE_MAX: Duration = Duration::from_secs(30);
/// How long loading may take.
const LOAD_MAX: Duration = Duration::from_secs(5);
/// How long the plugin may take to be configured.
const CONFIGURE_MAX: Duration = Duration::from_secs(30);

/// For authors of programs: a print that goes to the wrong place looks like a frame of a gigabyte.
const FRAMES_ONLY: &str =
    "a program's standard output carries frames only; what it prints belongs on its standard error";

/// Why a process did not come up.
pub(super) enum StartFailed {
    /// It would fail alike each time: the library, the configuration, the version.
    Refused(String),
    /// It was lost on the way.
    Lost(String),
    /// The server shuts down.
    Cancelled,
}

/// What a plugin says of itself in its `hello`.
pub(super) struct Hello {
    pub(super) manifest: Manifest,
    pub(super) facts: BTreeMap<String, String>,
}

/// A process on its way to being a plugin.
pub(super) struct Launching<'a> {
    pub(super) process: Process,
    /// The process in which the plugin runs, once it is confined.
    pub(super) plugin: Option<u32>,
    installed: &'a Installed,
    debugger: Debugger,
}

impl<'a> Launching<'a> {
    /// Starts the process, in a cgroup of its own where there are any. It waits to be told what to run.
    pub(super) fn start(program: &Program, installed: &'a Installed, debugger: Debugger) -> Result<Self, StartFailed> {
        // What an earlier start waited for is over.
        installed.awaited.send_replace(None);
        let target = installed.settings.target();
        let lost = |what: &str, error: io::Error| StartFailed::Lost(format!("cannot {what}: {error}"));
        let cgroup = program.cgroup(&target, &installed.settings.limits);
        let cgroup = cgroup.map_err(|e| lost("make a cgroup for its process", e))?;
        let limits = &installed.settings.limits;
        let started = Process::start(program, &target, &installed.code, limits, cgroup, Leftovers::Ended);
        let (mut process, stdout, stderr) = started.map_err(|e| lost("start its process", e))?;
        // From the first moment on: a process whose output nobody reads stops at a full pipe, and would seem to hang.
        process.drain(drain(stdout, target.clone(), "standard output", Lines::of(&installed.output)));
        process.drain(drain(stderr, target, "standard error", Lines::of(&installed.output)));
        Ok(Self { process, plugin: None, installed, debugger })
    }

    /// Says what to run; returns the SHA-256 of what will be loaded, and why it could be something else. Nothing of it has run yet.
    pub(super) async fn prepare(&mut self) -> Result<(String, Option<String>), StartFailed> {
        // First, as nobody would guess it by what a loader says of it.
        if let Some(why) = machine::misfit(&self.installed.code) {
            return Err(StartFailed::Refused(format!("{why}; {}", machine::BUILD_IT_HERE)));
        }
        let cgroup = self.process.cgroup.as_ref().map(|cgroup| cgroup.path().to_owned());
        let launch = Launch { cgroup, debugger: self.debugger, ..self.installed.launch() };
        match within(self.debugger, self.installed, PREPARE_MAX, "read the file", self.ask(&launch)).await? {
            Prepared::Hashed { sha256, doubt } => Ok((sha256, doubt)),
            Prepared::Refused { why } => Err(StartFailed::Refused(why)),
            Prepared::Busy { why } => Err(StartFailed::Lost(why)),
        }
    }

    /// Has the process confine itself for good; returns the level that it reached.
    pub(super) async fn confine(&mut self, permissions: &Permissions) -> Result<Level, StartFailed> {
        match within(self.debugger, self.installed, PREPARE_MAX, "enter the sandbox", self.ask(permissions)).await? {
            Confined::Entered { level, process } => {
                self.plugin = Some(process);
                Ok(level)
            }
            Confined::Refused { why } => Err(StartFailed::Refused(why)),
        }
    }

    /// Has the plugin loaded, and returns what it says of itself.
    pub(super) async fn hello(&mut self) -> Result<Hello, StartFailed> {
        let features = self.installed.features();
        let hello = HostMessage::Hello { protocol: PROTOCOL, minor: PROTOCOL_MINOR, features };
        let PluginMessage::Hello { protocol, manifest, facts, .. } =
            within(self.debugger, self.installed, LOAD_MAX, "load", self.say(&hello)).await?
        else {
            return Err(StartFailed::Refused("it did not say hello first".into()));
        };
        if protocol != PROTOCOL {
            let why = format!("it speaks protocol {protocol}, this program speaks {PROTOCOL}");
            return Err(StartFailed::Refused(why));
        }
        Ok(Hello { manifest: *manifest, facts })
    }

    /// Configures the plugin; returns when it is ready for calls.
    pub(super) async fn configure(&mut self, configure: &HostMessage) -> Result<(), StartFailed> {
        match within(self.debugger, self.installed, CONFIGURE_MAX, "be configured", self.say(configure)).await? {
            PluginMessage::Ready => Ok(()),
            _ => Err(StartFailed::Refused("it was not ready after it was configured".into())),
        }
    }

    /// Ends the process after a failure, and adds how it ended to why.
    pub(super) async fn give_up(self, failed: StartFailed) -> StartFailed {
        let ended = self.process.end().await;
        let StartFailed::Lost(why) = failed else { return failed };
        let is_silent = matches!(self.installed.code, Code::Exec { .. })
            && ![&why, &ended].into_iter().any(|said| said.contains(FRAMES_ONLY) || said.contains(LIMIT));
        let advice = if is_silent { format!(" ({FRAMES_ONLY})") } else { String::new() };
        StartFailed::Lost(format!("{why}; {ended}{advice}"))
    }

    /// A question to this program's own code in the child.
    async fn ask<A: DeserializeOwned>(&mut self, question: &impl Serialize) -> Result<A, StartFailed> {
        self.process.send(question).await.map_err(too_large)?;
        let frame = self.process.receive().await.map_err(|error| StartFailed::Lost(in_words(&error)))?;
        serde_json::from_slice(&frame).map_err(|_| StartFailed::Lost("its process is not this program's".into()))
    }

    /// A message to the plugin, and its next message that is no log line. An error is why the plugin refuses.
    async fn say(&mut self, message: &HostMessage) -> Result<PluginMessage, StartFailed> {
        self.process.send(message).await.map_err(too_large)?;
        let lost = |error: &ReadError| StartFailed::Lost(in_words(error));
        loop {
            let frame = self.process.receive().await.map_err(|error| lost(&error))?;
            match PluginMessage::decode(&frame).map_err(|error| lost(&error.into()))? {
                PluginMessage::Log { .. } => {}
                PluginMessage::Error { error, .. } => {
                    // It has just been given its secrets, and may repeat one where it says why it refuses.
                    return Err(StartFailed::Refused(redact(&error.message, self.installed.secrets.values())));
                }
                message => return Ok(message),
            }
        }
    }
}

/// Why there is no next message, with what authors of programs forget first.
pub(super) fn in_words(error: &ReadError) -> String {
    match error {
        ReadError::Broken(_) => format!("{error} ({FRAMES_ONLY})"),
        ReadError::Ended | ReadError::EndedWithin => error.to_string(),
    }
}

fn too_large(error: FrameError) -> StartFailed {
    StartFailed::Refused(format!("the configuration cannot be sent: {error}"))
}

/// One step of the start. A person with a debugger takes their time.
async fn within<T>(
    debugger: Debugger,
    installed: &Installed,
    longest: Duration,
    what: &'static str,
    step: impl Future<Output = Result<T, StartFailed>>,
) -> Result<T, StartFailed> {
    installed.awaited.send_replace(Some(what));
    if debugger == Debugger::Awaited {
        return step.await;
    }
    match timeout(longest, step).await {
        Ok(ended) => ended,
        Err(_) => Err(StartFailed::Lost(format!("it took longer than {} s to {what}", longest.as_secs()))),
    }
}
