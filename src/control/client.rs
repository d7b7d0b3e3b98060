//! The commands' side.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;

use super::answer::NotDone;
use crate::operations::configuration::{Difference, NotReloaded, Reloaded};
use crate::operations::plugins::ListedPlugin;
use crate::plugin::PluginInfo;
use crate::subject::TargetName;

/// Longer than a few reloads can take, each of which loads, configures and asks for the health.
const ANSWER_MAX: Duration = Duration::from_secs(600);

/// A way to the server.
pub(crate) struct ControlClient {
    http: reqwest::Client,
    socket: PathBuf,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    /// Nobody is there.
    #[error("no server answers at {}; is `quietus serve` running, on this machine and as this user?", .0.display())]
    Away(PathBuf),
    /// The server says no, and why.
    #[error("{0}")]
    Refused(String),
    /// It works by the configuration that it had.
    #[error("{}", .0.reason())]
    NotReloaded(NotReloaded),
}

impl ControlClient {
    pub(crate) fn new(socket: &Path) -> Result<Self, ControlError> {
        // A proxy of the environment cannot reach a socket of this machine, and to read which authorities the machine
        // trusts would take longer than the whole exchange.
        let builder = reqwest::Client::builder().unix_socket(socket).timeout(ANSWER_MAX).no_proxy();
        let http = builder.tls_certs_only([]).build();
        let away = |_| ControlError::Away(socket.to_owned());
        Ok(Self { http: http.map_err(away)?, socket: socket.to_owned() })
    }

    /// All plugins of the server.
    pub(crate) async fn plugins(&self) -> Result<Vec<ListedPlugin>, ControlError> {
        self.ask(self.request(Method::GET, "plugins")).await
    }

    /// Has the server take its configuration anew; returns what has changed.
    pub(crate) async fn reload(&self) -> Result<Reloaded, ControlError> {
        self.ask(self.request(Method::POST, "reload")).await
    }

    /// By what a configuration file differs from what the server works by.
    pub(crate) async fn compare(&self, file: &Path) -> Result<Difference, ControlError> {
        self.ask(self.request(Method::POST, "compare").json(file)).await
    }

    /// Has a plugin replaced; returns what runs now.
    pub(crate) async fn reload_plugin(&self, plugin: &TargetName) -> Result<PluginInfo, ControlError> {
        self.ask(self.request(Method::POST, &format!("plugins/{plugin}/reload"))).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://quietus/{path}"))
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ControlError> {
        let away = |_| ControlError::Away(self.socket.clone());
        let answer = request.send().await.map_err(away)?;
        if answer.status().is_success() {
            return answer.json().await.map_err(away);
        }
        let status = answer.status();
        match answer.json::<NotDone>().await {
            Ok(NotDone { not_reloaded: Some(why), .. }) => Err(ControlError::NotReloaded(why)),
            Ok(NotDone { why, .. }) => Err(ControlError::Refused(why)),
            Err(_) => Err(ControlError::Refused(format!("the server answers {status}"))),
        }
    }
}
