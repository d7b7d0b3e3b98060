//! A real PostgreSQL server for a test or a benchmark, in a temporary folder, gone with the process that started it
//! however that ends, and a proxy that cuts connections to it. It knows nothing of quietus.

mod cluster;
mod installed;
mod keeper;
mod proxy;
mod psql;
mod template;

pub use cluster::{Cluster, Mode};
pub use proxy::{Cut, Proxy};

use std::time::Duration;

/// The longest that anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two looks at something that is waited for.
const PAUSE: Duration = Duration::from_millis(3);
