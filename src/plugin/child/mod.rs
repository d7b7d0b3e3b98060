//! The child: the process that a plugin's library lives in. A library's path and the socket on standard input enter;
//! protocol messages leave. It serves one plugin, knows nothing of the server, and ends when the socket does.

mod calls;
mod confine;
mod native;
mod pool;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use quietus_plugin::protocol::{HostMessage, PROTOCOL, PluginMessage, Reply, Setup, body_len};
use quietus_plugin::{Manifest, PluginError};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use calls::Calls;
use native::Library;
use pool::{Job, Pool};

/// Messages that wait for the main thread.
const INBOX_MAX: usize = 64;

/// `quietus plugin-host --library PATH`: loads the library and serves the socket on standard input until it ends.
///
/// To be called at the very start of the process, before there are other threads, as it confines the process.
pub(crate) fn plugin_host_main(library: &Path) -> ExitCode {
    let Ok(confined) = confine::before_loading() else { return ExitCode::FAILURE };
    let Ok((socket, reader)) = take_socket() else { return ExitCode::FAILURE };
    let calls: &'static Calls = Box::leak(Box::new(Calls::new(socket)));
    let (to_main, inbox) = sync_channel(INBOX_MAX);
    let (to_canceller, cancels) = sync_channel(INBOX_MAX);
    std::thread::spawn(move || read(reader, calls, &to_main, &to_canceller));

    match serve(library, confined, calls, &inbox, cancels) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            calls.send(&PluginMessage::Error { id: None, error });
            ExitCode::FAILURE
        }
    }
}

/// The socket, twice; standard input becomes `/dev/null`, so that the library does not read it by accident.
fn take_socket() -> io::Result<(UnixStream, UnixStream)> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    let reader = socket.try_clone()?;
    Ok((socket, reader))
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
    confine::end_at_once();
}

fn next(socket: &mut UnixStream) -> io::Result<HostMessage> {
    let mut header = [0; 4];
    socket.read_exact(&mut header)?;
    let mut body = Zeroizing::new(vec![0; body_len(header).map_err(io::Error::other)?]);
    socket.read_exact(&mut body)?;
    HostMessage::decode(&body).map_err(io::Error::other)
}

/// Hello, configure, then calls until `shutdown`.
fn serve(
    path: &Path,
    confined: BTreeMap<String, String>,
    calls: &'static Calls,
    inbox: &Receiver<HostMessage>,
    cancels: Receiver<u64>,
) -> Result<(), PluginError> {
    // Loaded first, answered second: whatever is wrong is the answer to the host's hello.
    let loaded = load(path);
    let Ok(HostMessage::Hello { protocol }) = inbox.recv() else { return Err(out_of_order("hello")) };
    if protocol != PROTOCOL {
        let text = format!("the host speaks protocol {protocol}, this process speaks {PROTOCOL}");
        return Err(PluginError::needs_operator(text));
    }
    let (library, manifest, sha256) = loaded.map_err(PluginError::needs_operator)?;
    let concurrency = manifest.max_concurrency.min(library.max_concurrency());
    let mut facts = confined;
    facts.insert("sha256".into(), sha256);
    facts.insert("abi".into(), library.abi());
    calls.send(&PluginMessage::Hello { protocol: PROTOCOL, manifest: Box::new(manifest), facts });

    let Ok(HostMessage::Configure { config, secrets }) = inbox.recv() else { return Err(out_of_order("configure")) };
    let setup = Zeroizing::new(serde_json::to_vec(&Setup { config, secrets }).unwrap_or_default());
    let Some(instance) = library.create(calls, &setup) else { return Err(calls.why_refused()) };
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
    match serde_json::to_vec(request) {
        Ok(json) => pool.submit(Job { id, method, request: Zeroizing::new(json) }),
        Err(_) => calls.close(id, Reply::Error { error: PluginError::permanent("the request cannot be written") }),
    }
}

fn out_of_order(expected: &str) -> PluginError {
    PluginError::needs_operator(format!("the host spoke out of order; expected was {expected}"))
}

/// Hashes the library and loads what was hashed: the path is not looked up a second time.
fn load(path: &Path) -> Result<(Library, Manifest, String), String> {
    let shown = path.display();
    let mut file = File::open(path).map_err(|e| format!("cannot open {shown}: {e}"))?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        match file.read(&mut chunk).map_err(|e| format!("cannot read {shown}: {e}"))? {
            0 => break,
            read => hash.update(&chunk[..read]),
        }
    }
    let library = Library::open(&file, path)?;
    let manifest = serde_json::from_slice(library.manifest())
        .map_err(|e| format!("{shown}: its manifest is not one, at column {}", e.column()))?;
    Ok((library, manifest, hex::encode(hash.finalize())))
}
