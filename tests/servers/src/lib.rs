//! Real servers for a test or a benchmark, each in a temporary folder and gone with the process that started it, however
//! that ends. It knows nothing of quietus.

mod keeper;
pub mod mariadb;
mod owner;
pub mod postgres;
mod service;
mod template;

use std::time::Duration;

/// The longest that anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two looks at something that is waited for.
const PAUSE: Duration = Duration::from_millis(3);
