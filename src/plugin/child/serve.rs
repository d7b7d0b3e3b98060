//! The life of a library in the child: loaded, greeted, configured, called until `shutdown` or the end of the socket.

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use quietus_plugin::protocol::{Feature, HostMessage, PROTOCOL, PROTOCOL_MINOR, PluginMessage, Reply, Setup, json};
use quietus_plugin::{Operation, PluginError};
use serde::Serialize;

use super::calls::{Acknowledged, Calls};
use super::code::Checked;
use super::end::end_at_once;
use super::native::Library;
use super::pool::{Job, Pool};
use crate::plugin::frame::{ReadError, read_frame_blocking};
use crate::plugin::launch::HostVersion;

/// Messages that wait for the main thread.
const INBOX_MAX: usize = 64;

/// Loads the library and serves until the end.
pub(super) fn host_library(checked: &Checked, version: HostVersion, socket: UnixStream) -> ExitCode {
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
            // Not by way of the main thread, whose inbox may be full of calls.
            HostMessage::ResumeStored { id, .. } => calls.acknowledge(id, Acknowledged::Stored),
            HostMessage::ResumeRefused { id, .. } => calls.acknowledge(id, Acknowledged::Refused),
            message => {
                // Here, so that a `cancel` that follows finds the call.
                if let HostMessage::Erase { id, timeout_ms, .. }
                | HostMessage::Verify { id, timeout_ms, .. }
                | HostMessage::Find { id, timeout_ms, .. }
                | HostMessage::Sweep { id, timeout_ms, .. }
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

fn next(socket: &mut UnixStream) -> Result<HostMessage, ReadError> {
    Ok(HostMessage::decode(&read_frame_blocking(socket)?)?)
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
    let Ok(HostMessage::Hello { protocol, features, .. }) = inbox.recv() else { return Err(out_of_order("hello")) };
    if protocol != PROTOCOL {
        let text = format!("the host speaks protocol {protocol}, this process speaks {PROTOCOL}");
        return Err(PluginError::needs_operator(text));
    }
    let library = loaded.map_err(PluginError::needs_operator)?;
    let manifest = library.manifest().map_err(PluginError::needs_operator)?;
    let concurrency = manifest.max_concurrency.min(library.max_concurrency());
    let facts = BTreeMap::from([("abi".to_owned(), library.abi())]);
    if features.contains(&Feature::Resume) && manifest.can(&Operation::Resume) {
        calls.store_checkpoints();
    }
    let minor = PROTOCOL_MINOR;
    calls.send(&PluginMessage::Hello { protocol: PROTOCOL, minor, manifest: Box::new(manifest), facts });

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
            HostMessage::Find { id, request, .. } => submit(&pool, calls, id, "find", &request),
            HostMessage::Sweep { id, request, .. } => submit(&pool, calls, id, "sweep", &request),
            HostMessage::Health { id, .. } => submit(&pool, calls, id, "health", &serde_json::json!({})),
            HostMessage::Shutdown => break,
            HostMessage::Unknown { kind, id } => calls.send(&PluginMessage::Unsupported { id, what: kind }),
            // Said by this program to something older than itself; nothing depends on it.
            HostMessage::Unsupported { .. } => {}
            _ => return Err(out_of_order("a call")),
        }
    }
    // First: a plugin's `destroy` must not run beside a call.
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
