//! The way to the running server.

use crate::cli::context::{Global, load};
use crate::cli::exit::Failure;
use crate::control::{ControlClient, ControlError};

pub(super) fn client(global: &Global) -> Result<ControlClient, Failure> {
    let missing = || Failure::Usage("no control socket: set `server.control` to a path, as the ledger has none".into());
    Ok(ControlClient::new(&load(global)?.control_socket().ok_or_else(missing)?)?)
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        Self::Other(error.into())
    }
}
