//! The way to the running server.

use super::context::{Global, load, path};
use super::exit::Failure;
use crate::config::Config;
use crate::control::{ControlClient, ControlError};

/// By what the configuration says.
pub(super) fn client(global: &Global) -> Result<ControlClient, Failure> {
    Ok(ControlClient::new(&load(global)?.control_socket().ok_or_else(no_socket)?)?)
}

/// By as much of the configuration as can be read: the server is to be told that it is wrong.
pub(super) fn client_of_what_is_wrong(global: &Global) -> Result<ControlClient, Failure> {
    let path = path(global)?;
    match Config::control_socket_of(&path) {
        Some(socket) => Ok(ControlClient::new(&socket)?),
        // Where nothing can be read, that is what is to be said.
        None => Err(Config::load(&path).err().map_or_else(no_socket, Into::into)),
    }
}

fn no_socket() -> Failure {
    Failure::Usage("no control socket: set `server.control` to a path, as the ledger has none".into())
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        Self::Other(error.into())
    }
}
