//! A plugin as the operator installed it: settings that have been read, a file that has been found, secrets. Nothing runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tokio::sync::watch;

use super::launch::{Code, Debugger, HostVersion, Launch, Permissions};
use super::locate::locate;
use super::lock::lock;
use super::output::Output;
use super::settings::PluginSettings;
use crate::keys::{ReadSecret, Secret};
use crate::subject::Kind;

/// All that a start needs.
pub(crate) struct Installed {
    pub(super) settings: PluginSettings,
    pub(super) code: Code,
    pub(super) secrets: BTreeMap<String, Secret>,
    pub(super) debugger: Debugger,
    pub(super) output: Output,
    /// The process that waits for a debugger.
    pub(super) awaiting: watch::Sender<Option<u32>>,
    /// The sandbox permissions of the last start: what the plugin declares is known only then.
    pub(super) permissions: Mutex<Permissions>,
}

/// Settings that no plugin can be started with.
#[derive(Debug, thiserror::Error)]
#[error("plugin `{plugin}`: {why}")]
pub(crate) struct PluginRefused {
    pub(crate) plugin: String,
    pub(crate) why: String,
}

impl Installed {
    /// Finds the file and reads the secrets. `base` is the configuration's folder.
    pub(crate) fn find(settings: PluginSettings, base: &Path, read: ReadSecret<'_>) -> Result<Self, PluginRefused> {
        let refused = |why| PluginRefused { plugin: settings.name.clone(), why };
        settings.check_name().and_then(|()| settings.check_pin()).map_err(refused)?;
        let code = find_code(&settings, base).map_err(refused)?;
        let mut secrets = BTreeMap::new();
        for (name, reference) in &settings.secrets {
            let secret = read(reference).map_err(|e| refused(format!("secrets.{name}: {e}")))?;
            secrets.insert(name.clone(), secret);
        }
        let permissions = Mutex::new(granted(&settings));
        let (debugger, output, awaiting) = (Debugger::None, Output::Counted, watch::Sender::new(None));
        Ok(Self { settings, code, secrets, debugger, output, awaiting, permissions })
    }

    /// Has its process wait for a debugger, without timeouts, and tells which process that is.
    pub(crate) fn for_debugger(mut self) -> (Self, watch::Receiver<Option<u32>>) {
        self.debugger = Debugger::Awaited;
        let awaiting = self.awaiting.subscribe();
        (self, awaiting)
    }

    /// Does this with what its process writes to its outputs.
    pub(crate) fn with_output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// Grants these kinds of identifiers and no others, where no operator has granted any.
    pub(crate) fn granting(mut self, kinds: Vec<Kind>) -> Self {
        self.settings.grants = kinds;
        self
    }

    /// What the sandbox lets it read.
    pub(super) fn reads(&self) -> BTreeSet<PathBuf> {
        lock(&self.permissions).reads.clone()
    }

    pub(super) fn launch(&self, permissions: Permissions) -> Launch {
        Launch {
            code: self.code.clone(),
            sha256: self.settings.sha256.clone(),
            limits: self.settings.limits,
            permissions,
            sandbox: self.settings.sandbox,
            cgroup: None,
            debugger: self.debugger,
            host: HostVersion::This,
        }
    }
}

/// The permissions that the operator grants, in addition to what the plugin declares.
pub(super) fn granted(settings: &PluginSettings) -> Permissions {
    let PluginSettings { ports, reads, writes, .. } = settings;
    Permissions { ports: ports.clone(), reads: reads.clone(), writes: writes.clone() }
}

fn find_code(settings: &PluginSettings, base: &Path) -> Result<Code, String> {
    let program = std::env::current_exe().ok();
    let find = |file: &Path| locate(file, base, program.as_deref());
    match (&settings.library, &settings.exec) {
        (Some(library), None) if settings.args.is_empty() => Ok(Code::Library { file: find(library)? }),
        (Some(_), None) => Err("`args` are for `exec`; a library takes none".into()),
        (None, Some(exec)) => Ok(Code::Exec { file: find(exec)?, args: settings.args.clone() }),
        (Some(_), Some(_)) => Err("it has both `library` and `exec`; it is one of the two".into()),
        (None, None) => Err("it has neither `library` nor `exec`: the plugin's file is missing".into()),
    }
}
