//! Inspection: what a plugin's file declares, found out before the plugin is launched. The process that tells it has the least
//! permissions, and is ended once it has said hello. The result belongs to the file's hash and is remembered with the
//! installed plugin, so that a restart takes one process and no more.

use std::sync::Arc;

use super::contract::Contract;
use super::installed::{Inspected, Installed};
use super::launch::{Debugger, Level};
use super::launching::{Hello, Launching, StartFailed};
use super::program::Program;
use super::schema::SchemaCheck;
use super::validation::violations;

/// What was seen of a file in a process that was started for that alone.
pub(super) struct Seen {
    pub(super) sha256: String,
    /// The level that its sandbox reached.
    pub(super) sandbox: Level,
    pub(super) hello: Hello,
}

/// Starts a process with the least permissions, has it say hello, and ends it.
pub(super) async fn look(program: &Program, installed: &Installed) -> Result<Seen, StartFailed> {
    // Never with a debugger: it is the launched process that a person wants to debug.
    let mut launching = Launching::start(program, installed, Debugger::None)?;
    match introduce(&mut launching, installed).await {
        Ok(seen) => {
            launching.process.end().await;
            Ok(seen)
        }
        Err(failed) => Err(launching.give_up(failed).await),
    }
}

async fn introduce(launching: &mut Launching<'_>, installed: &Installed) -> Result<Seen, StartFailed> {
    let (sha256, _) = launching.prepare().await?;
    let sandbox = launching.confine(&installed.least_permissions()).await?;
    let hello = launching.hello().await?;
    Ok(Seen { sha256, sandbox, hello })
}

/// Inspects the file with this hash.
pub(super) async fn inspect(
    program: &Program,
    installed: &Installed,
    sha256: &str,
) -> Result<Arc<Inspected>, StartFailed> {
    let seen = look(program, installed).await?;
    if seen.sha256 != sha256 {
        // Somebody writes to it at this moment. The next start finds it whole.
        return Err(StartFailed::Lost("its file changed while it was inspected".into()));
    }
    Ok(installed.remember(seen.sha256, seen.hello.manifest))
}

/// Whether what the file declares and the settings fit; all that does not, in one refusal.
pub(super) async fn compare(
    program: &Program,
    installed: &Installed,
    inspected: &Inspected,
) -> Result<Contract, StartFailed> {
    let Installed { settings, secrets, .. } = installed;
    let contract = Contract::make(&inspected.manifest, settings, secrets);
    let violations = match inspected.is_config_valid() {
        true => Vec::new(),
        false => {
            let check = SchemaCheck::new(&inspected.manifest.config_schema, &settings.own_config());
            violations(&check, program, &settings.target()).await
        }
    };
    // Remembered, so that a restart does not take one more process for it.
    if violations.is_empty() {
        inspected.note_config_valid();
    }
    match contract {
        Ok(contract) if violations.is_empty() => Ok(contract),
        contract => {
            let wrong: Vec<_> = contract.err().unwrap_or_default().into_iter().chain(violations).collect();
            Err(StartFailed::Refused(wrong.join("\n")))
        }
    }
}
