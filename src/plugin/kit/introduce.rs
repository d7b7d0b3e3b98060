//! What a plugin says of itself, without configuring it.

use serde_json::Value;

use super::leak_scanner::SharedScanner;
use super::subject::Subject;
use super::wire::{Introduction, Told, Wire};

/// Starts the plugin, says hello, and ends it; the subject knows its permissions then. The error says why that did not work.
pub(crate) async fn introduce(subject: &Subject) -> Result<Introduction, String> {
    let mut wire =
        Wire::start(subject, &SharedScanner::default()).map_err(|e| format!("cannot start its process: {e}"))?;
    let told = wire.hello(&subject.launch(), Value::Null).await;
    wire.end().await;
    match told {
        Ok(Told::Yes(said)) => {
            subject.learn_permissions(&said.manifest);
            Ok(said)
        }
        Ok(Told::No(error)) => Err(subject.shown(&error.message)),
        Err(lost) => Err(lost.to_string()),
    }
}
