//! A real MariaDB server for a test, and a proxy that cuts connections to it.

mod proxy;
mod server;

pub use proxy::{Cut, Proxy};
pub use server::Server;
