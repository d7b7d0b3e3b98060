//! The program that becomes a plugin's child, and how it is started.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::ops::{Deref, DerefMut};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use quietus_plugin::protocol::encode;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::cgroup::{Cgroup, Delegated};
use super::launch::{Guard, Limits};
use super::lock::lock;
use super::spawner;
use crate::subject::TargetName;

/// A program that becomes a plugin's child. Its last argument is the plugin's name, for people to see.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    executable: PathBuf,
    arguments: Vec<OsString>,
    cgroups: Option<Arc<Delegated>>,
    /// Waits for the children that were given up.
    given_up: TaskTracker,
}

impl Program {
    /// This program's first argument when it is to become a plugin's child; no command for people.
    pub(crate) const PLUGIN_HOST: &str = "plugin-host";

    /// This program, as it runs: a newer one at the same path is not mixed in.
    pub(crate) fn this() -> Self {
        Self::new("/proc/self/exe", [Self::PLUGIN_HOST])
    }

    /// Another program.
    pub(crate) fn new(executable: impl Into<PathBuf>, arguments: impl IntoIterator<Item = &'static str>) -> Self {
        let arguments = arguments.into_iter().map(OsString::from).collect();
        Self { executable: executable.into(), arguments, cgroups: None, given_up: TaskTracker::new() }
    }

    /// Each child in a cgroup of its own, where there is something to divide.
    #[must_use]
    pub(crate) fn divide(mut self, cgroups: Option<Arc<Delegated>>) -> Self {
        self.cgroups = cgroups;
        self
    }

    /// The cgroup for a child; `None` where nothing is delegated.
    pub(super) fn cgroup(&self, plugin: &TargetName, limits: &Limits) -> io::Result<Option<Cgroup>> {
        self.cgroups.as_ref().map(|cgroups| cgroups.make(plugin, limits)).transpose()
    }

    /// Starts the child: clean environment, a process group of its own, the socket as its standard input. One that is to watch
    /// another is told so at once.
    ///
    /// Without `pre_exec`, which would fork the whole server.
    pub(super) fn spawn(&self, plugin: &TargetName, guard: Option<&Guard>) -> io::Result<Spawned> {
        let (mut ours, theirs) = StdStream::pair()?;
        if let Some(guard) = guard {
            // Before anybody reads: it fits into the socket's buffer.
            ours.write_all(&encode(guard).map_err(io::Error::other)?)?;
        }
        // Only our end: the child has no runtime, and would get errors where it should wait.
        ours.set_nonblocking(true)?;
        let mut command = Command::new(&self.executable);
        command
            .args(&self.arguments)
            .arg(&*plugin.0)
            .env_clear()
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = spawner::spawn(command)?;
        let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)).map(Group::led_by);
        let (Some(stdout), Some(stderr), Some(group)) = (child.stdout.take(), child.stderr.take(), group) else {
            return Err(io::Error::other("the child ended before it began"));
        };
        let child = OwnedChild { child: Some(child), given_up: self.given_up.clone() };
        Ok(Spawned { child, group, socket: UnixStream::from_std(ours)?, stdout, stderr })
    }

    /// Waits for the children that were given up: each was killed when it was dropped, and may not have ended yet.
    pub(super) async fn given_up_have_ended(&self) {
        self.given_up.close();
        self.given_up.wait().await;
    }
}

/// A child that was started.
pub(super) struct Spawned {
    pub(super) child: OwnedChild,
    pub(super) group: Group,
    pub(super) socket: UnixStream,
    pub(super) stdout: tokio::process::ChildStdout,
    pub(super) stderr: tokio::process::ChildStderr,
}

/// A child. It is killed and waited for when this is dropped.
pub(super) struct OwnedChild {
    child: Option<Child>,
    given_up: TaskTracker,
}

impl Deref for OwnedChild {
    type Target = Child;

    fn deref(&self) -> &Child {
        self.child.as_ref().expect("it is there until it is dropped")
    }
}

impl DerefMut for OwnedChild {
    fn deref_mut(&mut self) -> &mut Child {
        self.child.as_mut().expect("it is there until it is dropped")
    }
}

impl Drop for OwnedChild {
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = child.start_kill();
        // Where nothing runs any more, nobody can wait for it.
        if let Ok(runtime) = Handle::try_current() {
            self.given_up.spawn_on(async move { drop(child.wait().await) }, &runtime);
        }
    }
}

/// The child's process group; killed when dropped. To be dropped before the child is waited for: until then its id is
/// nobody else's.
pub(super) struct Group {
    pub(super) leader: Pid,
    ender: GroupEnder,
}

impl Group {
    fn led_by(leader: Pid) -> Self {
        Self { leader, ender: GroupEnder(Arc::new(Mutex::new(Some(leader)))) }
    }

    /// To end it from elsewhere.
    pub(super) fn ender(&self) -> GroupEnder {
        self.ender.clone()
    }

    /// Ends what a program has left behind when it ended itself: as long as anything of it holds the line, the line's end
    /// does not tell. Never returns.
    pub(super) async fn end_with_its_leader(&self) -> Infallible {
        // Unlike a wait, this leaves the id to the process. Before Linux 5.3 the calls' own time has to do.
        let leader = pidfd_open(self.leader, PidfdFlags::NONBLOCK).ok();
        #[expect(deprecated, reason = "the other way is unsafe; an owned descriptor stays the same one, as it demands")]
        let leader = leader.and_then(|leader| AsyncFd::with_interest(leader, Interest::READABLE).ok());
        if let Some(leader) = leader
            && leader.readable().await.is_ok()
        {
            self.ender.end();
        }
        std::future::pending().await
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.ender.end();
        // Whoever else has it must not end what gets the same id later.
        *lock(&self.ender.0) = None;
    }
}

/// Ends a group, as long as there is its [`Group`].
#[derive(Clone)]
pub(super) struct GroupEnder(Arc<Mutex<Option<Pid>>>);

impl GroupEnder {
    pub(super) fn end(&self) {
        if let Some(leader) = *lock(&self.0) {
            // It may have ended already.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}
