//! `quietus plugin`: for those who run plugins, and for those who write them. Each command has a file of its own.

mod list;
mod reload;

use super::exit::{Exit, Failure};
use super::out::Out;
use super::{Global, on_installation};
use crate::config::Config;
use crate::control::{ControlClient, ControlError};

/// What can be done about plugins.
#[derive(clap::Subcommand)]
pub(super) enum Plugin {
    List(list::List),
    Reload(reload::Reload),
}

impl Plugin {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => on_installation(global, async |on| list.run(on, out).await),
            Self::Reload(reload) => reload.run(global, out),
        }
    }
}

/// The way to the running server.
fn control(config: &Config) -> Result<ControlClient, Failure> {
    let missing = || Failure::Usage("no control socket: set `server.control` to a path, as the ledger has none".into());
    Ok(ControlClient::new(&config.control_socket().ok_or_else(missing)?)?)
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        Self::Other(error.into())
    }
}
