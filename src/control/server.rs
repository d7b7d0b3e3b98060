//! The server's side.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio_util::sync::CancellationToken;

use super::NotDone;
use super::socket::ControlSocket;
use crate::plugin::{Installed, PluginHost, PluginView};
use crate::subject::TargetName;

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
    let ControlSocket { listener, .. } = &socket;
    let connections = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let service = hyper_util::service::TowerToHyperService::new(router.clone());
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service);
            let shutdown = shutdown.clone();
            tokio::spawn(async move {
                tokio::select! {
                    _ = connection => {}
                    () = shutdown.cancelled() => {}
                }
            });
        }
    };
    tokio::select! {
        () = connections => {}
        () = shutdown.cancelled() => {}
    }
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
