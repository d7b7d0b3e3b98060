//! What the child does, in order: descriptors, task, file, sandbox, plugin.

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use serde::Deserialize;

use super::code::{self, Checked};
use super::socket::{self, send};
use super::{program, sandbox, serve};
use crate::plugin::cgroup;
use crate::plugin::frame::read_frame_blocking;
use crate::plugin::launch::{Code, Confined, Debugger, Launch};
use crate::plugin::schema::SchemaCheck;

/// The first frame: what the child is for.
#[derive(Deserialize)]
#[serde(untagged)]
enum Task {
    /// Validates a configuration against a schema.
    ValidateSchema(SchemaCheck),
    /// Becomes a plugin.
    Host(Box<Launch>),
}

/// `quietus plugin-host`: confines itself, becomes the plugin that it is told on standard input, and serves that socket
/// until it ends.
///
/// To be called at the very start of the process, before there are other threads, as it confines the process.
pub(crate) fn plugin_host_main() -> ExitCode {
    if sandbox::close_descriptors().is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(mut socket) = socket::take() else { return ExitCode::FAILURE };
    match read_task(&mut socket) {
        Some(Task::Host(launch)) => host(&launch, socket),
        Some(Task::ValidateSchema(check)) if sandbox::enter_for_nothing().is_ok() => {
            let _ = send(&mut socket, &check.validate());
            ExitCode::SUCCESS
        }
        Some(Task::ValidateSchema(_)) | None => ExitCode::FAILURE,
    }
}

fn read_task(socket: &mut UnixStream) -> Option<Task> {
    serde_json::from_slice(&read_frame_blocking(socket).ok()?).ok()
}

/// Becomes the plugin of the launch.
fn host(launch: &Launch, mut socket: UnixStream) -> ExitCode {
    let checked = match confine(launch, &mut socket) {
        Ok(checked) => checked,
        Err(why) => {
            let _ = send(&mut socket, &Confined::Refused { why });
            return ExitCode::FAILURE;
        }
    };
    if launch.debugger == Debugger::Awaited {
        code::await_debugger();
    }
    match &launch.code {
        Code::Library { .. } => serve::host_library(&checked, launch.host, socket),
        Code::Exec { args, .. } => program::guard(&checked, args, socket),
    }
}

/// Looks at the code, confines the process, and says so.
fn confine(launch: &Launch, socket: &mut UnixStream) -> Result<Checked, String> {
    let checked = code::check(launch)?;
    if let Some(path) = &launch.cgroup {
        cgroup::enter(path).map_err(|e| format!("cannot enter the cgroup {}: {e}", path.display()))?;
    }
    let level = sandbox::enter(launch)?;
    let facts = BTreeMap::from([("sha256".to_owned(), checked.sha256.clone())]);
    send(socket, &Confined::Entered { level, facts }).map_err(|e| e.to_string())?;
    Ok(checked)
}
