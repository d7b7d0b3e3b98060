//! A plugin under test, and what is needed to call it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use quietus_plugin::Manifest;
use quietus_plugin::identity::Region;
use serde_json::{Value, json};
use tokio::process::{ChildStderr, ChildStdout};

use super::elf::{Elf, NotElf};
use crate::keys::Secret;
use crate::plugin::installed::Installed;
use crate::plugin::launch::{Code, Launch, Leftovers, Level, Permissions};
use crate::plugin::process::Process;
use crate::plugin::program::Program;
use crate::plugin::redact::redact;
use crate::subject::Kind;

/// A plugin under test.
pub(crate) struct TestedPlugin {
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

/// What a plugin says of itself before it is configured.
#[derive(Debug)]
pub(crate) struct Introduction {
    pub(crate) manifest: Manifest,
    /// What the sandbox reached.
    pub(crate) sandbox: Level,
    pub(crate) facts: BTreeMap<String, String>,
}

impl TestedPlugin {
    pub(super) fn start(&self) -> io::Result<(Process, ChildStdout, ChildStderr)> {
        let settings = &self.installed.settings;
        Process::start(
            &self.program,
            &settings.target(),
            &self.installed.code,
            &settings.limits,
            None,
            Leftovers::Counted,
        )
    }

    pub(super) fn launch(&self) -> Launch {
        self.installed.launch()
    }

    /// What its next process is allowed.
    pub(super) fn permissions(&self) -> Permissions {
        self.installed.permissions()
    }

    /// Takes in what it said of itself.
    pub(super) fn remember(&self, introduction: &Introduction) {
        let sha256 = introduction.facts.get("sha256").cloned().unwrap_or_default();
        self.installed.remember(sha256, introduction.manifest.clone());
    }

    pub(super) fn file(&self) -> &Path {
        self.installed.code.file()
    }

    pub(super) fn form(&self) -> Form {
        match self.installed.code {
            Code::Library { .. } => Form::Library,
            Code::Exec { .. } => Form::Exec,
        }
    }

    /// The plugin's own configuration.
    pub(super) fn config(&self) -> Value {
        self.installed.settings.own_config()
    }

    pub(super) fn secrets(&self) -> &BTreeMap<String, Secret> {
        &self.installed.secrets
    }

    /// Text of the plugin's, without what is known to be personal or secret.
    pub(super) fn shown(&self, text: &str) -> String {
        redact(text, self.secrets().values().chain(self.identifiers.iter().map(|(_, value)| value)))
    }

    /// The secrets, as `configure` carries them.
    pub(super) fn exposed_secrets(&self) -> Value {
        self.secrets().iter().map(|(name, secret)| (name.clone(), json!(secret.expose()))).collect()
    }
}
