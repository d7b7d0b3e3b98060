//! Real servers for a test or a benchmark, each in a temporary folder and gone with the process that started it, however
//! that ends. It knows nothing of quietus.

mod certificate;
pub mod courier;
pub mod cyrus;
pub mod dovecot;
pub mod exim;
pub mod imap;
mod keeper;
pub mod mariadb;
pub mod nats;
mod owner;
pub mod postgres;
pub mod prometheus;
pub mod rabbitmq;
mod s3;
mod service;
mod template;
mod unpacked;

pub use s3::S3;

use std::time::Duration;

/// The longest that anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two looks at something that is waited for.
const PAUSE: Duration = Duration::from_millis(3);
