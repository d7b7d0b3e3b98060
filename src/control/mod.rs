//! How commands speak with a running server: HTTP over a Unix socket that only the server's user can open. What is asked
//! here is about this one process; what is about the installation stands in the ledger.
//!
//! ```text
//! GET  /plugins               → [PluginView]
//! POST /plugins/NAME/reload   → PluginInfo, or 409 and why everything stays as it is
//! ```

mod client;
mod server;
mod socket;

pub(crate) use client::{ControlClient, ControlError};
pub(crate) use server::{Control, serve};
pub(crate) use socket::ControlSocket;

use serde::{Deserialize, Serialize};

/// What is answered when something is not done.
#[derive(Serialize, Deserialize)]
struct NotDone {
    why: String,
}
