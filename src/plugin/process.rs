//! A child process as its parent holds it: started, written to, read from, ended. Knows no message of the protocol.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quietus_plugin::protocol::{FrameError, encode};
use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::cgroup::Cgroup;
use super::frame::{Frame, ReadError, read_frame};
use super::launch::{Code, Guard, Leftovers, Limits};
use super::memory::Watched;
use super::program::{Group, OwnedChild, Program, Spawned};
use crate::subject::TargetName;

/// How long the last bytes of the child's outputs are waited for.
const DRAIN_MAX: Duration = Duration::from_secs(1);

/// A child. It and all that it started are killed when this is dropped.
pub(super) struct Process {
    /// Before the child, as it is dropped first: see [`Group`].
    pub(super) group: Group,
    /// Where it is limited together with what it starts; removed with this.
    pub(super) cgroup: Option<Cgroup>,
    child: OwnedChild,
    pub(super) reader: BufReader<OwnedReadHalf>,
    pub(super) writer: OwnedWriteHalf,
    /// The tasks that read its standard output and error.
    drains: JoinSet<()>,
    /// The task that looks at its memory.
    watching: JoinSet<()>,
    /// Why it was ended for its memory.
    exceeded: Arc<OnceLock<String>>,
}

impl Process {
    /// Starts a child, whose memory is watched; its outputs are the caller's to read, see [`Self::drain`].
    pub(super) fn start(
        program: &Program,
        plugin: &TargetName,
        code: &Code,
        limits: &Limits,
        cgroup: Option<Cgroup>,
        leftovers: Leftovers,
    ) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        let place = || cgroup.as_ref().map(|cgroup| cgroup.path().to_owned());
        // A library lives in the child itself.
        let is_program = matches!(code, Code::Exec { .. });
        let guard = is_program.then(|| Guard { guards: place(), leftovers });
        let (mut process, stdout, stderr) = Self::of(program.spawn(plugin, guard.as_ref())?, cgroup)?;
        let watched = Watched::new(process.group.leader, is_program, limits.memory_mib)?;
        let exceeded = Arc::clone(&process.exceeded);
        process.watching.spawn(watched.end_when_exceeded(process.group.ender(), exceeded));
        Ok((process, stdout, stderr))
    }

    /// Starts a child that runs nothing of a plugin's.
    pub(super) fn start_own(program: &Program, plugin: &TargetName) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        Self::of(program.spawn(plugin, None)?, None)
    }

    fn of(spawned: Spawned, cgroup: Option<Cgroup>) -> io::Result<(Self, ChildStdout, ChildStderr)> {
        let Spawned { child, group, socket, stdout, stderr } = spawned;
        let (reader, writer) = socket.into_split();
        let reader = BufReader::new(reader);
        let (drains, watching) = (JoinSet::new(), JoinSet::new());
        let process = Self { group, cgroup, child, reader, writer, drains, watching, exceeded: Arc::default() };
        Ok((process, stdout, stderr))
    }

    /// Owns a task that reads one of its outputs to the end.
    pub(super) fn drain(&mut self, reading: impl Future<Output = ()> + Send + 'static) {
        self.drains.spawn(reading);
    }

    /// The id of the process, while it has not been waited for.
    pub(super) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Writes one message. A child that has ended is no error here: it may have said why, and the next read returns that.
    pub(super) async fn send(&mut self, message: &impl Serialize) -> Result<(), FrameError> {
        let frame = encode(message)?;
        let _ = self.writer.write_all(&frame).await;
        Ok(())
    }

    /// The JSON of its next message.
    pub(super) async fn receive(&mut self) -> Result<Frame, ReadError> {
        read_frame(&mut self.reader).await
    }

    /// Whether it has written something within that time; reads nothing of it.
    pub(super) async fn is_readable(&mut self, longest: Duration) -> bool {
        timeout(longest, self.reader.fill_buf()).await.is_ok()
    }

    /// Waits for the process to end by itself; `None` when it does not in that time.
    pub(super) async fn wait(&mut self, longest: Duration) -> Option<io::Result<ExitStatus>> {
        timeout(longest, self.child.wait()).await.ok()
    }

    /// Kills what is left of it, waits for the last of its outputs, and says how it ended.
    pub(super) async fn end(self) -> String {
        let Self { mut child, group, mut drains, exceeded, .. } = self;
        // The group before the wait: once the child is waited for, its id may be another process's. Then the child itself,
        // in case it has left its group.
        drop(group);
        let _ = child.start_kill();
        let how = match child.wait().await {
            Ok(status) => describe(status),
            Err(e) => format!("its end is not known: {e}"),
        };
        // Bounded: what has left the group may hold the outputs open for ever.
        let _ = timeout(DRAIN_MAX, async { while drains.join_next().await.is_some() {} }).await;
        exceeded.get().cloned().unwrap_or(how)
    }
}

/// How a process ended, in words.
pub(super) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "unknown end".into(),
    }
}
