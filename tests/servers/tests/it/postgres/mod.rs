//! PostgreSQL, and the proxy before it.

mod client;
mod cluster;
mod proxy;
