//! Serving, until told to stop.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::crm::Crm;
use super::served::Served;
use super::state::{StandIn, StandInSettings};
use super::{api, control, courier, gate, token_api};
use crate::keys::Secret;

impl StandIn {
    /// Serves mluvii's API and the control API, and delivers webhooks, until told to stop.
    pub(crate) fn serve(&self, listener: TcpListener, shutdown: CancellationToken) -> std::io::Result<Served> {
        let courier = courier::deliver(self.clone(), shutdown.clone());
        Served::begin(listener, self.router(), &self.0.settings.base_path, shutdown, courier)
    }

    fn router(&self) -> Router {
        let mluvii = Router::new().merge(token_api::router()).merge(api::router(self));
        let mluvii = mluvii.layer(axum::middleware::from_fn_with_state(self.0.gate.clone(), gate::pass));
        let mluvii = match self.0.settings.base_path.as_str() {
            "" => mluvii,
            path => Router::new().nest(path, mluvii),
        };
        mluvii.nest("/standin", control::router(self)).with_state(self.clone())
    }
}

/// Starts a stand-in for mluvii and a CRM that takes `crm_token`, both until told to stop.
pub(crate) async fn start(
    listen: SocketAddr,
    crm_listen: SocketAddr,
    settings: StandInSettings,
    crm_token: Secret,
    shutdown: CancellationToken,
) -> std::io::Result<(Served, Served)> {
    let mluvii = TcpListener::bind(listen).await?;
    let crm = TcpListener::bind(crm_listen).await?;
    let mluvii = StandIn::new(settings).serve(mluvii, shutdown.clone())?;
    let crm = Crm::new(crm_token).serve(crm, shutdown)?;
    Ok((mluvii, crm))
}
