//! MariaDB, and the proxy before it.

mod proxy;
mod server;
