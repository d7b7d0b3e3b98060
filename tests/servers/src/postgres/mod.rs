//! PostgreSQL, a proxy that cuts connections to it, and a pooler before it.

mod cluster;
mod installed;
mod pooler;
mod proxy;
mod psql;

pub use cluster::{Cluster, Mode};
pub use pooler::{Pooler, Pooling};
pub use proxy::{Cut, Proxy};
