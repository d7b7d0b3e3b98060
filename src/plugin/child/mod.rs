//! The child: the process that a plugin lives in. A launch and then protocol messages enter through the socket on standard
//! input; messages leave. It serves one plugin, knows nothing of the server, and ends when the socket does.

mod calls;
mod code;
mod native;
mod pool;
mod program;
mod sandbox;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use quietus_plugin::PluginError;
use quietus_plugin::protocol::{HostMessage, PROTOCOL, PluginMessage, Reply, Setup, body_len, encode, json};
use rustix::process::{Signal, getpgrp, getpid, kill_process, kill_process_group};
use serde::Serialize;
use zeroize::Zeroizing;

use super::cgroup;
use super::launch::{Code, Confined, Debugger, HostVersion, Launch, Task};
use calls::Calls;
use code::Checked;
use native::Library;
use pool::{Job, Pool};

/// Messages that wait for the main thread.
const INBOX_MAX: usize = 64;

/// `quietus plugin-host`: confines itself, becomes the plugin that it is told on standard input, and serves that socket
/// until it ends.
///
/// To be called at the very start of the process, before there are other threads, as it confines the process.
pub(crate) fn plugin_host_main() -> ExitCode {
    if sandbox::close_descriptors().is_err() {
        return ExitCode::FAILURE;
    }
    let Ok(mut socket) = take_socket() else { return ExitCode::FAILURE };
    match read_task(&mut socket) {
        Ok(Task::Host(launch)) => host(&launch, socket),
        Ok(Task::ValidateSchema(check)) if sandbox::enter_for_nothing().is_ok() => {
            let _ = send(&mut socket, &check.validate());
            ExitCode::SUCCESS
        }
        Ok(Task::ValidateSchema(_)) | Err(_) => ExitCode::FAILURE,
    }
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
        Code::Library { .. } => host_library(&checked, launch.host, socket),
        Code::Exec { args, .. } => program::guard(&checked, args, socket),
    }
}

/// The socket; standard input becomes `/dev/null`, so that a library does not read it by accident.
fn take_socket() -> io::Result<UnixStream> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    Ok(socket)
}

fn read_task(socket: &mut UnixStream) -> io::Result<Task> {
    serde_json::from_slice(&frame(socket)?).map_err(io::Error::other)
}

fn send(socket: &mut UnixStream, message: &impl Serialize) -> io::Result<()> {
    socket.write_all(&encode(message).map_err(io::Error::other)?)
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

/// Loads the library and serves until the end.
fn host_library(checked: &Checked, version: HostVersion, socket: UnixStream) -> ExitCode {
    let Ok(reader) = socket.try_clone() else { return ExitCode::FAILURE };
    let calls: &'static Calls = Box::leak(Box::new(Calls::new(socket)));
    let (to_main, inbox) = sync_channel(INBOX_MAX);
    let (to_canceller, cancels) = sync_channel(INBOX_MAX);
    std::thread::spawn(move || read(reader, calls, &to_main, &to_canceller));
    match serve(checked, version, calls, &inbox, cancels) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            calls.send(&PluginMessage::Error { id: None, error });
            ExitCode::FAILURE
        }
    }
}

/// Reads messages until the socket ends, and then ends the process. Never waits for the plugin.
fn read(mut socket: UnixStream, calls: &Calls, to_main: &SyncSender<HostMessage>, to_canceller: &SyncSender<u64>) {
    while let Ok(message) = next(&mut socket) {
        match message {
            HostMessage::Cancel { id } => {
                if calls.cancel(id) {
                    // When the plugin's `cancel` hangs, the flag must do.
                    let _ = to_canceller.try_send(id);
                }
            }
            message => {
                // Here, so that a `cancel` that follows finds the call.
                if let HostMessage::Erase { id, timeout_ms, .. }
                | HostMessage::Verify { id, timeout_ms, .. }
                | HostMessage::Health { id, timeout_ms } = message
                {
                    calls.open(id, timeout_ms);
                }
                if to_main.send(message).is_err() {
                    break;
                }
            }
        }
    }
    end_at_once();
}

fn next(socket: &mut UnixStream) -> io::Result<HostMessage> {
    HostMessage::decode(&frame(socket)?).map_err(io::Error::other)
}

/// The JSON of the next frame.
fn frame(socket: &mut UnixStream) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut header = [0; 4];
    socket.read_exact(&mut header)?;
    let mut body = Zeroizing::new(vec![0; body_len(header).map_err(io::Error::other)?]);
    socket.read_exact(&mut body)?;
    Ok(body)
}

/// Ends the process without running anything of the plugin's: no destructors, no exit handlers. What the library has
/// started ends with it, as long as it is in the process's own group: nobody else is left to end it.
fn end_at_once() {
    if getpgrp() == getpid() {
        let _ = kill_process_group(getpid(), Signal::KILL);
    }
    let _ = kill_process(getpid(), Signal::KILL);
}

/// Hello, configure, then calls until `shutdown`.
fn serve(
    checked: &Checked,
    version: HostVersion,
    calls: &'static Calls,
    inbox: &Receiver<HostMessage>,
    cancels: Receiver<u64>,
) -> Result<(), PluginError> {
    // Loaded first, answered second: whatever is wrong is the answer to the host's hello.
    let loaded = Library::open(checked);
    let Ok(HostMessage::Hello { protocol }) = inbox.recv() else { return Err(out_of_order("hello")) };
    if protocol != PROTOCOL {
        let text = format!("the host speaks protocol {protocol}, this process speaks {PROTOCOL}");
        return Err(PluginError::needs_operator(text));
    }
    let library = loaded.map_err(PluginError::needs_operator)?;
    let manifest = library.manifest().map_err(PluginError::needs_operator)?;
    let concurrency = manifest.max_concurrency.min(library.max_concurrency());
    let facts = BTreeMap::from([("abi".to_owned(), library.abi())]);
    calls.send(&PluginMessage::Hello { protocol: PROTOCOL, manifest: Box::new(manifest), facts });

    let Ok(HostMessage::Configure { config, secrets }) = inbox.recv() else { return Err(out_of_order("configure")) };
    let setup = json(&Setup { config, secrets }).map_err(|e| PluginError::needs_operator(e.to_string()))?;
    let Some(instance) = library.create(version, calls, &setup) else { return Err(calls.why_refused()) };
    let instance = Arc::new(instance);
    let pool = Pool::start(Arc::clone(&instance), calls, concurrency, cancels);
    calls.send(&PluginMessage::Ready);

    while let Ok(message) = inbox.recv() {
        match message {
            HostMessage::Erase { id, request, .. } => submit(&pool, calls, id, "erase", &request),
            HostMessage::Verify { id, request, .. } => submit(&pool, calls, id, "verify", &request),
            HostMessage::Health { id, .. } => submit(&pool, calls, id, "health", &serde_json::json!({})),
            HostMessage::Shutdown => break,
            HostMessage::Unknown { kind, id } => calls.send(&PluginMessage::Unsupported { id, what: kind }),
            // Said by this program to something older than itself; nothing depends on it.
            HostMessage::Unsupported { .. } => {}
            _ => return Err(out_of_order("a call")),
        }
    }
    pool.finish();
    instance.destroy();
    Ok(())
}

fn submit(pool: &Pool, calls: &Calls, id: u64, method: &'static str, request: &impl Serialize) {
    match json(request) {
        Ok(request) => pool.submit(Job { id, method, request }),
        Err(_) => calls.close(id, Reply::Error { error: PluginError::permanent("the request cannot be written") }),
    }
}

fn out_of_order(expected: &str) -> PluginError {
    PluginError::needs_operator(format!("the host spoke out of order; expected was {expected}"))
}
