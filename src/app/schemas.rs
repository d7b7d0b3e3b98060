//! The JSON Schemas of plugins' own configurations, of which only the plugins know.

use std::time::Duration;

use tokio::time::timeout;

use crate::causes::with_causes;
use crate::config::{Config, Schemas};
use crate::keys::SecretRef;
use crate::plugin::{Installed, Program, TestedPlugin, introduce};

/// For each plugin: what cannot be asked in that time stays unknown.
const LONGEST: Duration = Duration::from_secs(15);

/// Asks each plugin of a configuration, in its sandbox; those that do not answer are the second part, each with why.
pub(crate) async fn schemas(config: &Config, program: Program) -> (Schemas, Vec<(String, String)>) {
    let mut schemas = Schemas::new();
    let mut silent = Vec::new();
    for settings in &config.plugins {
        let read = |reference: &SecretRef| config.read_secret(reference);
        let name = settings.name.clone();
        let installed = match Installed::find(settings.clone(), &config.base, &read) {
            Ok(installed) => installed,
            Err(error) => {
                silent.push((name, with_causes(&error).to_string()));
                continue;
            }
        };
        let subject =
            TestedPlugin { installed, program: program.clone(), identifiers: Vec::new(), region: None, calls: 0 };
        match timeout(LONGEST, introduce(&subject)).await {
            Ok(Ok(introduction)) => _ = schemas.insert(name, introduction.manifest.config_schema),
            Ok(Err(why)) => silent.push((name, why)),
            Err(_) => silent.push((name, format!("no answer within {} s", LONGEST.as_secs()))),
        }
    }
    (schemas, silent)
}
