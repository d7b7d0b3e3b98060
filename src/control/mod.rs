//! How commands speak with a running server: HTTP over a Unix socket that only the server's user can open. For what
//! concerns this one process; what concerns the deployment stands in the ledger. Parses and answers; what is ordered,
//! `operations` does.
//!
//! ```text
//! GET  /plugins               → [ListedPlugin]
//! POST /plugins/NAME/reload   → PluginInfo, or 409 and why everything stays as it is
//! POST /reload                → Reloaded, or 409 and NotReloaded
//! POST /compare               → the path of a file as JSON text; Difference, or 409 and why it is no configuration
//! ```

mod answer;
mod client;
mod server;
mod socket;

pub(crate) use client::{ControlClient, ControlError};
pub(crate) use server::serve;
pub(crate) use socket::ControlSocket;
