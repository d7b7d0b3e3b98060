//! `quietus standin`.

use std::net::SocketAddr;

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::exit::{Exit, Failure};
use super::out::Out;
use crate::keys::Secret;
use crate::span::Span;
use crate::standin::{self, StandInSettings};

/// Run a mluvii stand-in, and a small CRM beside it, for trying things out
///
/// Both hold their data in memory and are driven through a control API under `/standin`; see PLUGINS.md.
#[derive(clap::Args)]
pub(super) struct Standin {
    /// Where mluvii's API is served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// Where the CRM is served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8082")]
    crm_listen: SocketAddr,
    /// The API client that may ask for tokens
    #[arg(long, value_name = "ID", default_value = "quietus")]
    client_id: String,
    /// Its secret
    #[arg(long, value_name = "SECRET", default_value = "standin-secret")]
    client_secret: String,
    /// The CRM's bearer token
    #[arg(long, value_name = "TOKEN", default_value = "standin-token")]
    crm_token: String,
    /// How long a token of mluvii's API lives
    #[arg(long, value_name = "SPAN", default_value = "1h")]
    token_lifetime: Span,
}

impl Standin {
    pub(super) async fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        let mut settings = StandInSettings::new(self.client_id, Secret::new(self.client_secret));
        settings.token_lifetime = self.token_lifetime;
        let shutdown = CancellationToken::new();
        let crm_token = Secret::new(self.crm_token);
        let (mluvii, crm) = standin::start(self.listen, self.crm_listen, settings, crm_token, shutdown.clone()).await?;
        if out.is_json() {
            out.json(&json!({ "mluvii": mluvii.url, "crm": crm.url }))?;
        } else {
            out.line(format_args!("mluvii's stand-in: {}\nCRM: {}\nEnd it with Ctrl-C.", mluvii.url, crm.url))?;
        }
        tokio::signal::ctrl_c().await?;
        shutdown.cancel();
        mluvii.stopped().await;
        crm.stopped().await;
        Ok(Exit::Done)
    }
}
