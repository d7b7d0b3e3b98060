//! PostgreSQL, and a proxy that cuts connections to it.

mod cluster;
mod installed;
mod proxy;
mod psql;

pub use cluster::{Cluster, Mode};
pub use proxy::{Cut, Proxy};
