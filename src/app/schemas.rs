//! The JSON Schemas of plugins' own configurations, of which only the plugins know.

use std::time::Duration;

use tokio::time::timeout;

use crate::config::{Config, Schemas};
use crate::keys::SecretRef;
use crate::plugin::{Installed, Program, TestedPlugin, introduce};

/// For each plugin: what cannot be asked in that time stays unknown.
const LONGEST: Duration = Duration::from_secs(15);

/// Asks each plugin of a configuration, in its sandbox; those that do not answer are the second part. Not with why: that may be in the
/// plugin's own words, which may repeat what it was started with.
pub(crate) async fn schemas(config: &Config, program: Program) -> (Schemas, Vec<String>) {
    let mut schemas = Schemas::new();
    let mut silent = Vec::new();
    for settings in &config.plugins {
        let read = |reference: &SecretRef| config.read_secret(reference);
        let name = settings.name.clone();
        let Ok(installed) = Installed::find(settings.clone(), &config.base, &read) else {
            silent.push(name);
            continue;
        };
        let subject =
            TestedPlugin { installed, program: program.clone(), identifiers: Vec::new(), region: None, calls: 0 };
        match timeout(LONGEST, introduce(&subject)).await {
            Ok(Ok(introduction)) => _ = schemas.insert(name, introduction.manifest.config_schema),
            Ok(Err(_)) | Err(_) => silent.push(name),
        }
    }
    (schemas, silent)
}
