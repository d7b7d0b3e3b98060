//! The server's side.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use hyper::server::conn::http1::Builder;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Pid, getpgid};
use serde::Serialize;
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::answer::NotDone;
use super::socket::ControlSocket;
use crate::audit::Actor;
use crate::http::Accepting;
use crate::operations::plugins::{self, RunningPlugins};
use crate::operations::{OperationError, actor};
use crate::subject::TargetName;

/// Commands that are answered at once.
const CONNECTIONS_MAX: usize = 8;
/// A slower command is hung up on.
const HEADER_MAX: Duration = Duration::from_secs(5);

/// Answers until the shutdown.
pub(crate) async fn serve(socket: ControlSocket, plugins: RunningPlugins, shutdown: CancellationToken) {
    let router = Router::new()
        .route("/plugins", get(list))
        .route("/plugins/{name}/reload", post(reload))
        .with_state(Arc::new(plugins));
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let accepting = Accepting::new();
    let mut connections = JoinSet::new();
    let answering = async {
        loop {
            while connections.try_join_next().is_some() {}
            // Further ones wait in the kernel, and take none of the server's descriptors.
            let place = Arc::clone(&places).acquire_owned().await;
            let (stream, _) = accepting.next(|| socket.listener.accept()).await;
            if is_of_a_plugin(&stream) {
                continue;
            }
            let router = router.clone().layer(Extension(actor_at(&stream)));
            let connection = Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_MAX)
                // One request each: a command that stays connected would keep one of the few places.
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
            connections.spawn(async move {
                let _ = connection.await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = answering => {}
        () = shutdown.cancelled() => {}
    }
}

/// Who is at the other end, by the kernel's word. Where it has none, nobody is named.
fn actor_at(stream: &UnixStream) -> Actor {
    match stream.peer_cred() {
        Ok(peer) => actor::of_account(peer.uid(), None),
        Err(_) => Actor::cli("unknown"),
    }
}

/// Whether a plugin of this server, or what it has started, is at the other end: it runs as the same user, and may be
/// anything. Its process group is led by a child of this process, and it cannot leave that where the sandbox filters calls.
fn is_of_a_plugin(stream: &UnixStream) -> bool {
    let peer = stream.peer_cred().ok().and_then(|peer| Pid::from_raw(peer.pid()?));
    let Some(group) = peer.and_then(|peer| getpgid(Some(peer)).ok()) else { return true };
    let status = std::fs::read_to_string(format!("/proc/{}/status", group.as_raw_nonzero())).unwrap_or_default();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    parent.is_some_and(|parent| parent.trim() == std::process::id().to_string())
}

async fn list(State(on): State<Arc<RunningPlugins>>) -> Response {
    answer(plugins::list(&on).await)
}

async fn reload(
    State(on): State<Arc<RunningPlugins>>,
    Extension(by): Extension<Actor>,
    Path(name): Path<String>,
) -> Response {
    answer(plugins::reload(&on, &TargetName(name.as_str().into()), &by).await)
}

fn answer<T: Serialize>(result: Result<T, OperationError>) -> Response {
    let error = match result {
        Ok(value) => return Json(value).into_response(),
        Err(error) => error,
    };
    let status = match &error {
        OperationError::NotFound(_) => StatusCode::NOT_FOUND,
        OperationError::Conflict(_) => StatusCode::CONFLICT,
        OperationError::Input(_) => StatusCode::BAD_REQUEST,
        OperationError::Ledger(_) | OperationError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        OperationError::Configuration(_) | OperationError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(NotDone { why: format!("{:#}", anyhow::Error::from(error)) })).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::process::Stdio;

    use super::*;
    use crate::ledger::sqlite::SqliteLedger;

    const ASK: &str = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); \
                       s.sendall(b'GET /plugins HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); print(len(s.recv(100)))";

    #[tokio::test]
    async fn a_process_of_a_plugins_is_not_answered() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("quietus.sock");
        let socket = ControlSocket::bind(&path).expect("bound");
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).expect("made");
        let plugins = RunningPlugins { ledger, hosts: BTreeMap::new(), reread: Arc::new(|_| Err("unused".into())) };
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(socket, plugins, shutdown.clone()));
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
