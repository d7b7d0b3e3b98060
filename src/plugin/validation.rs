//! Schema validation in a process of its own. The schema comes from the plugin, and a hostile one can take years to
//! evaluate: so it is evaluated where it is sandboxed and can be killed.

use std::time::Duration;

use tokio::time::timeout;

use super::process::Process;
use super::program::Program;
use super::schema::SchemaCheck;
use crate::subject::TargetName;

/// How long validation may take; an honest schema takes milliseconds.
const LONGEST: Duration = Duration::from_secs(5);

/// The violations, one line each; none when the configuration is valid.
pub(super) async fn violations(check: &SchemaCheck, program: &Program, plugin: &TargetName) -> Vec<String> {
    if !check.has_schema() {
        return Vec::new();
    }
    match timeout(LONGEST, validate(check, program, plugin)).await {
        Ok(Some(violations)) => violations,
        Ok(None) => vec!["config: it could not be validated against the plugin's JSON Schema".into()],
        Err(_) => vec![format!("the plugin's JSON Schema takes longer than {} s to evaluate", LONGEST.as_secs())],
    }
}

async fn validate(check: &SchemaCheck, program: &Program, plugin: &TargetName) -> Option<Vec<String>> {
    // The process is killed when these are dropped. Its outputs are not read: nothing of the plugin's runs in it.
    let (mut process, _stdout, _stderr) = Process::start_own(program, plugin).ok()?;
    process.send(check).await.ok()?;
    serde_json::from_slice(&process.receive().await.ok()?).ok()
}
