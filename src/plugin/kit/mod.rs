//! The conformance kit: runs checks against one plugin and returns a finding per check. It starts the plugin as the
//! supervisor does, in the same process and sandbox, and then also sends what no host would send.
//!
//! A check has a stable id, a sentence that holds when it passes, and a verdict. No check can hang: every wait has an end,
//! and a failed check leaves no process behind for the next one.

mod bench;
mod configuration;
mod elf;
mod ending;
mod endurance;
mod erasing;
mod file;
mod finding;
mod hostile;
mod leak_scanner;
mod manifest;
mod person;
mod privacy;
mod timing;
mod tolerance;
mod usage;
mod wire;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::MutexGuard;

use quietus_plugin::Manifest;
use quietus_plugin::identity::Region;
use serde_json::{Value, json};

use super::installed::{Installed, granted};
use super::launch::{Code, Launch, Level, Permissions};
use super::lock::lock;
use super::permissions::permissions;
use super::program::{Program, Spawned};
use super::redact::redact;
use crate::keys::Secret;
use crate::subject::Kind;
use bench::Bench;
use elf::{Elf, NotElf};
use wire::{SharedScanner, Told, Wire};

pub(crate) use finding::{Event, Finding, Verdict};

/// A plugin under test.
pub(crate) struct Subject {
    pub(crate) installed: Installed,
    pub(crate) program: Program,
    /// A person of the test system.
    pub(crate) identifiers: Vec<(Kind, Secret)>,
    /// Where phone numbers without a country code belong.
    pub(crate) region: Option<Region>,
    /// How many calls show that nothing grows.
    pub(crate) calls: u32,
}

/// What a plugin's file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    Library,
    Exec,
}

impl Form {
    /// Told by the file itself: a shared object that is no program is a library, whatever it lacks; all else is a program.
    pub(crate) fn of(file: &Path) -> Self {
        match Elf::read(file) {
            Ok(elf) if elf.exports_entry() || (elf.shared && !elf.program) => Self::Library,
            Err(NotElf::Bits32 | NotElf::Damaged(_)) => Self::Library,
            Ok(_) | Err(_) => Self::Exec,
        }
    }
}

impl Subject {
    fn spawn(&self) -> io::Result<Spawned> {
        self.program.spawn(&self.installed.settings.target())
    }

    /// With what it was found to declare that it reaches.
    fn launch(&self) -> Launch {
        self.installed.launch(self.permissions().clone())
    }

    /// Takes in what it declares; the next process of it reaches that.
    fn learn_permissions(&self, manifest: &Manifest) {
        let settings = &self.installed.settings;
        *self.permissions() = permissions(manifest, &settings.own_config(), granted(settings));
    }

    /// A panic elsewhere leaves it whole.
    fn permissions(&self) -> MutexGuard<'_, Permissions> {
        lock(&self.installed.permissions)
    }

    fn file(&self) -> &Path {
        self.installed.code.file()
    }

    fn form(&self) -> Form {
        match self.installed.code {
            Code::Library { .. } => Form::Library,
            Code::Exec { .. } => Form::Exec,
        }
    }

    /// The plugin's own configuration.
    fn config(&self) -> Value {
        self.installed.settings.own_config()
    }

    fn secrets(&self) -> &BTreeMap<String, Secret> {
        &self.installed.secrets
    }

    /// Text of the plugin's, without what is known to be personal or secret.
    fn shown(&self, text: &str) -> String {
        redact(text, self.secrets().values().chain(self.identifiers.iter().map(|(_, value)| value)))
    }

    /// The secrets, as `configure` carries them.
    fn exposed_secrets(&self) -> Value {
        self.secrets().iter().map(|(name, secret)| (name.clone(), json!(secret.expose()))).collect()
    }
}

/// What a plugin says of itself before it is configured.
#[derive(Debug)]
pub(crate) struct Introduction {
    pub(crate) manifest: Manifest,
    /// What the sandbox reached.
    pub(crate) sandbox: Level,
    pub(crate) facts: BTreeMap<String, String>,
}

/// Starts the plugin, says hello, and ends it; the subject knows then what it reaches. The error says why that did not work.
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

/// Runs all checks.
pub(crate) async fn conform(subject: Subject, watch: &mut dyn FnMut(Event<'_>)) -> Vec<Finding> {
    let mut bench = Bench::new(subject, watch);
    file::run(&mut bench).await;
    manifest::run(&mut bench).await;
    configuration::run(&mut bench).await;
    erasing::run(&mut bench).await;
    hostile::run(&mut bench).await;
    timing::run(&mut bench).await;
    tolerance::run(&mut bench).await;
    endurance::run(&mut bench).await;
    ending::run(&mut bench).await;
    // Last, as it looks back on all that was said.
    privacy::run(&mut bench).await;
    bench.finish().await
}

#[cfg(test)]
mod tests;
