//! The server's side.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Pid, getpgid};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::NotDone;
use super::socket::ControlSocket;
use crate::plugin::{Installed, PluginHost, PluginView};
use crate::subject::TargetName;

/// Commands that are answered at once.
const CONNECTIONS_MAX: usize = 8;
/// A slower command is hung up on.
const HEADER_MAX: Duration = Duration::from_secs(5);
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What can be asked about.
pub(crate) struct Control {
    pub(crate) plugins: BTreeMap<TargetName, Arc<PluginHost>>,
    /// Reads the configuration of a plugin again, its secrets included. May block.
    pub(crate) reread: Reread,
}

/// The error is for the operator.
pub(crate) type Reread = Box<dyn Fn(&TargetName) -> Result<Installed, String> + Send + Sync>;

/// Answers until the shutdown.
pub(crate) async fn serve(socket: ControlSocket, control: Control, shutdown: CancellationToken) {
    let router = Router::new()
        .route("/plugins", get(plugins))
        .route("/plugins/{name}/reload", post(reload))
        .with_state(Arc::new(control));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let accepting = async {
        loop {
            while connections.try_join_next().is_some() {}
            // Further ones wait in the kernel, and take none of the server's descriptors.
            let place = Arc::clone(&places).acquire_owned().await;
            match socket.listener.accept().await {
                Ok((stream, _)) if !is_of_a_plugin(&stream) => {
                    let service = TowerToHyperService::new(router.clone());
                    let connection = Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEADER_MAX)
                        .keep_alive(false)
                        .serve_connection(TokioIo::new(stream), service);
                    connections.spawn(async move {
                        let _ = connection.await;
                        drop(place);
                    });
                }
                Ok(_) => {}
                // As when too many files are open: the next try would fail alike.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    };
    tokio::select! {
        () = accepting => {}
        () = shutdown.cancelled() => {}
    }
}

/// Whether a plugin of this server, or what it has started, is at the other end: it runs as the same user, and may be
/// anything. Its process group is led by a child of this process, and it cannot leave that.
fn is_of_a_plugin(stream: &UnixStream) -> bool {
    let peer = stream.peer_cred().ok().and_then(|peer| Pid::from_raw(peer.pid()?));
    let Some(group) = peer.and_then(|peer| getpgid(Some(peer)).ok()) else { return true };
    let status = std::fs::read_to_string(format!("/proc/{}/status", group.as_raw_nonzero())).unwrap_or_default();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    parent.is_some_and(|parent| parent.trim() == std::process::id().to_string())
}

async fn plugins(State(control): State<Arc<Control>>) -> Json<Vec<PluginView>> {
    Json(control.plugins.values().map(|plugin| plugin.view()).collect())
}

async fn reload(State(control): State<Arc<Control>>, Path(name): Path<String>) -> Response {
    let name = TargetName(name.as_str().into());
    let Some(plugin) = control.plugins.get(&name).map(Arc::clone) else {
        let names: Vec<_> = control.plugins.keys().map(ToString::to_string).collect();
        let why = format!("the server has no plugin `{name}`; it has: {}", names.join(", "));
        return not_done(StatusCode::NOT_FOUND, why);
    };
    let read = tokio::task::spawn_blocking(move || (control.reread)(&name)).await;
    let installed = match read {
        Ok(Ok(installed)) => installed,
        Ok(Err(why)) => return not_done(StatusCode::CONFLICT, why),
        Err(_) => return not_done(StatusCode::INTERNAL_SERVER_ERROR, "the configuration could not be read".into()),
    };
    match plugin.reload(installed).await {
        Ok(info) => Json(info).into_response(),
        Err(why) => not_done(StatusCode::CONFLICT, why),
    }
}

fn not_done(status: StatusCode, why: String) -> Response {
    (status, Json(NotDone { why })).into_response()
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;

    const ASK: &str = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); \
                       s.sendall(b'GET /plugins HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); print(len(s.recv(100)))";

    #[tokio::test]
    async fn a_process_of_a_plugins_is_not_answered() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("quietus.sock");
        let socket = ControlSocket::bind(&path).expect("bound");
        let control = Control { plugins: BTreeMap::new(), reread: Box::new(|_| Err("unused".into())) };
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(socket, control, shutdown.clone()));
        // Like a plugin: in a group of its own, started by this process.
        let asked = |own_group: bool| {
            let mut command = tokio::process::Command::new("python3");
            command.args(["-c", ASK]).arg(&path).stderr(Stdio::null());
            if own_group {
                command.process_group(0);
            }
            async move { String::from_utf8(command.output().await.expect("it runs").stdout).expect("UTF-8") }
        };
        assert_eq!(asked(true).await.trim().parse().unwrap_or(0), 0);
        assert!(asked(false).await.trim().parse::<u32>().expect("a number") > 0, "others are");
        shutdown.cancel();
        serving.await.expect("it ends");
    }
}
