//! The server's side.

use std::path::PathBuf;
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
use rustix::process::{Pid, geteuid};
use serde::Serialize;
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::answer::NotDone;
use super::socket::ControlSocket;
use crate::audit::Actor;
use crate::http::Accepting;
use crate::operations::configuration::{self, RunningConfiguration};
use crate::operations::plugins::{self, RunningPlugins};
use crate::operations::{OperationError, actor};
use crate::plugin::is_of_a_plugin;
use crate::subject::TargetName;

/// Commands that are answered at once.
const CONNECTIONS_MAX: usize = 8;
/// A slower command is hung up on.
const HEADER_MAX: Duration = Duration::from_secs(5);

/// Answers until the shutdown.
pub(crate) async fn serve(
    socket: ControlSocket,
    plugins: RunningPlugins,
    configuration: RunningConfiguration,
    shutdown: CancellationToken,
) {
    let configuration = Router::new()
        .route("/reload", post(reload))
        .route("/compare", post(compare))
        .with_state(Arc::new(configuration));
    let router = Router::new()
        .route("/plugins", get(list))
        .route("/plugins/{name}/reload", post(reload_plugin))
        .with_state(Arc::new(plugins))
        .merge(configuration);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let accepting = Accepting::new();
    let mut connections = JoinSet::new();
    let answering = async {
        loop {
            while connections.try_join_next().is_some() {}
            // Further ones wait in the kernel, and take none of the server's descriptors.
            let place = Arc::clone(&places).acquire_owned().await;
            let (stream, _) = accepting.next(|| socket.listener.accept()).await;
            let Some(actor) = answered(&stream) else { continue };
            let router = router.clone().layer(Extension(actor));
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

/// Who is at the other end, by the kernel's word; `None` where nobody is answered. The file's mode alone does not say: it can be
/// changed. And a plugin, of whatever server, runs as the same user and may be anything.
fn answered(stream: &UnixStream) -> Option<Actor> {
    let peer = stream.peer_cred().ok()?;
    let process = Pid::from_raw(peer.pid()?)?;
    (is_ours(peer.uid()) && !is_of_a_plugin(process)).then(|| actor::of_account(peer.uid(), None))
}

/// This server's own user, and root, who may do everything anyway.
fn is_ours(user: u32) -> bool {
    user == geteuid().as_raw() || user == 0
}

async fn list(State(on): State<Arc<RunningPlugins>>) -> Response {
    answer(plugins::list(&on).await)
}

async fn reload(State(on): State<Arc<RunningConfiguration>>, Extension(by): Extension<Actor>) -> Response {
    // Whoever no longer waits for it does not break it off.
    let reloading = tokio::spawn(async move { configuration::reload(&on, &by).await });
    let reloaded = reloading
        .await
        .unwrap_or_else(|_| Err(OperationError::Failed(anyhow::anyhow!("the reload panicked; please report it"))));
    match reloaded {
        Ok(Ok(reloaded)) => Json(reloaded).into_response(),
        Ok(Err(not_reloaded)) => {
            let why = not_reloaded.reason();
            (StatusCode::CONFLICT, Json(NotDone { why, not_reloaded: Some(not_reloaded) })).into_response()
        }
        Err(error) => answer::<()>(Err(error)),
    }
}

async fn compare(State(on): State<Arc<RunningConfiguration>>, Json(file): Json<PathBuf>) -> Response {
    answer(configuration::compare(&on, file).await)
}

async fn reload_plugin(
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
        OperationError::Conflict(_)
        | OperationError::Refused(_)
        | OperationError::NotApproved(_)
        | OperationError::Duplicate(_) => StatusCode::CONFLICT,
        OperationError::Input(_) => StatusCode::BAD_REQUEST,
        OperationError::Ledger(_) | OperationError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        OperationError::Configuration(_) | OperationError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(NotDone { why: format!("{:#}", anyhow::Error::from(error)), not_reloaded: None })).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Stdio;

    use super::*;
    use crate::ledger::sqlite::SqliteLedger;

    const ASK: &str = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); \
                       s.sendall(b'GET /plugins HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); print(len(s.recv(100)))";

    fn open_to_all(socket: &std::path::Path) {
        for path in [socket, socket.parent().expect("a folder")] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("ours");
        }
    }

    #[tokio::test]
    async fn neither_another_user_nor_a_plugin_of_any_server_is_answered() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("quietus.sock");
        let socket = ControlSocket::bind(&path).expect("bound");
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).expect("made");
        let hosts: plugins::Hosts = Arc::new(BTreeMap::new);
        let plugins = RunningPlugins { ledger: ledger.clone(), hosts, reread: Arc::new(|_| Err("unused".into())) };
        let configuration = RunningConfiguration {
            ledger,
            place: "web-1/7".into(),
            reload: Arc::new(|| unreachable!("nobody asks")),
            compare: Arc::new(|_| unreachable!("nobody asks")),
        };
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(serve(socket, plugins, configuration, shutdown.clone()));
        let asked = |through: &[&str]| {
            let mut command = tokio::process::Command::new("env");
            command.args(through).args(["python3", "-c", ASK]).arg(&path).stderr(Stdio::null());
            async move {
                let said = String::from_utf8(command.output().await.expect("it runs").stdout).expect("UTF-8");
                said.trim().parse::<u32>().unwrap_or(0)
            }
        };
        // Like a plugin of any server's: marked, and so is all that it starts, in whatever group.
        for through in [&["prlimit", "--locks=0"][..], &["prlimit", "--locks=0", "setsid", "--wait"]] {
            assert_eq!(asked(through).await, 0, "{through:?}");
        }
        for through in [&[][..], &["setsid", "--wait"]] {
            assert!(asked(through).await > 0, "others are: {through:?}");
        }
        if geteuid().is_root() {
            open_to_all(&path);
            let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
            assert_eq!(asked(&nobody).await, 0, "another user, whatever the file's mode is");
        }
        shutdown.cancel();
        serving.await.expect("it ends");
    }
}
