//! What the child does, in order: descriptors, its end with its parent, task, file, sandbox, plugin.

use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::code::{self, NotChecked};
use super::socket::{self, send};
use super::{guard, program, sandbox, serve};
use crate::plugin::cgroup;
use crate::plugin::frame::read_frame_blocking;
use crate::plugin::launch::{Code, Confined, Debugger, Guard, Launch, Level, Permissions, Prepared};
use crate::plugin::passing::retry;
use crate::plugin::schema::SchemaCheck;

/// The first frame: what the child is for.
#[derive(Deserialize)]
#[serde(untagged)]
enum Task {
    /// Validates a configuration against a schema.
    ValidateSchema(SchemaCheck),
    /// Watches a program that is a plugin.
    Guard(Guard),
    /// Becomes a plugin.
    Host(Box<Launch>),
}

/// `quietus plugin-host`: confines itself, becomes the plugin that it is told on standard input, and serves that socket
/// until it ends.
///
/// To be called at the very start of the process, before there are other threads, as it confines the process.
pub(crate) fn plugin_host_main() -> ExitCode {
    if sandbox::close_descriptors().is_err() || sandbox::end_with_parent().is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(mut socket) = socket::take() else { return ExitCode::FAILURE };
    match receive(&mut socket) {
        Some(Task::Host(launch)) => host(&launch, socket),
        Some(Task::Guard(task)) => guard::watch(&task, socket),
        Some(Task::ValidateSchema(check)) if sandbox::enter_for_nothing().is_ok() => {
            let _ = send(&mut socket, &check.validate());
            ExitCode::SUCCESS
        }
        Some(Task::ValidateSchema(_)) | None => ExitCode::FAILURE,
    }
}

/// The parent's next frame. `None`: the parent is gone, or is not this program.
fn receive<T: DeserializeOwned>(socket: &mut UnixStream) -> Option<T> {
    serde_json::from_slice(&read_frame_blocking(socket).ok()?).ok()
}

/// Becomes the plugin of the launch.
///
/// The order matters. The file is read first, as the sandbox may forbid it, and what is loaded in the end is what was hashed
/// then. The parent answers the hash with the permissions of the plugin that it belongs to. Nothing of the file runs before the
/// sandbox is entered.
fn host(launch: &Launch, mut socket: UnixStream) -> ExitCode {
    let checked = match code::check(launch) {
        Ok(checked) => checked,
        Err(not) => {
            let answer = match not {
                NotChecked::Refused(why) => Prepared::Refused { why },
                NotChecked::Busy(why) => Prepared::Busy { why },
            };
            let _ = send(&mut socket, &answer);
            return ExitCode::FAILURE;
        }
    };
    let hashed = Prepared::Hashed { sha256: checked.sha256.clone(), doubt: checked.doubt.clone() };
    if send(&mut socket, &hashed).is_err() {
        return ExitCode::FAILURE;
    }
    let Some(permissions) = receive(&mut socket) else { return ExitCode::FAILURE };
    let confined = match confine(launch, &permissions) {
        Ok(level) => Confined::Entered { level, process: std::process::id() },
        Err(why) => Confined::Refused { why },
    };
    if send(&mut socket, &confined).is_err() || matches!(confined, Confined::Refused { .. }) {
        return ExitCode::FAILURE;
    }
    if launch.debugger == Debugger::Awaited {
        code::await_debugger();
    }
    match &launch.code {
        Code::Library { .. } => serve::host_library(&checked, launch.host, socket),
        Code::Exec { args, .. } => program::become_it(&checked, args, socket),
    }
}

/// Confines the process for good. The cgroup comes first: the sandbox would forbid to write to it.
fn confine(launch: &Launch, permissions: &Permissions) -> Result<Level, String> {
    if let Some(path) = &launch.cgroup {
        retry(|| cgroup::enter(path)).map_err(|e| format!("cannot enter the cgroup {}: {e}", path.display()))?;
    }
    sandbox::enter(launch, permissions)
}
