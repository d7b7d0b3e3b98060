//! One plugin, as the server sees it: a session that works or why there is none, and its status.
//!
//! [`handle`] is what callers hold; [`supervise`] keeps the process running; [`attribution`] knows which calls have killed it.

mod attribution;
mod handle;
mod reload;
mod restarts;
mod status;
mod supervise;
mod watch;

pub(crate) use handle::PluginHost;
pub(crate) use status::{PluginState, PluginView};
