//! A plugin as the operator installed it: its settings, its file, its secrets, and what was found of the file. Nothing runs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use quietus_plugin::Manifest;
use quietus_plugin::protocol::Feature;
use tokio::sync::watch;

use super::launch::{Code, Debugger, HostVersion, Launch, Permissions};
use super::locate::locate;
use super::lock::lock;
use super::output::Output;
use super::permissions::permissions_of;
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
    /// What its calls store is stored, so that it is offered.
    pub(super) stores_resume: bool,
    /// The process that waits for a debugger.
    pub(super) awaiting: watch::Sender<Option<u32>>,
    /// What a process of it has not done yet that is being started.
    pub(super) awaited: watch::Sender<Option<&'static str>>,
    /// What the last inspection found.
    inspected: Mutex<Option<Arc<Inspected>>>,
}

/// What inspection found of the file with this hash.
pub(super) struct Inspected {
    pub(super) sha256: String,
    pub(super) manifest: Manifest,
    /// The configuration was validated against the manifest's schema.
    config_valid: AtomicBool,
}

impl Inspected {
    pub(super) fn is_config_valid(&self) -> bool {
        self.config_valid.load(Ordering::Relaxed)
    }

    pub(super) fn note_config_valid(&self) {
        self.config_valid.store(true, Ordering::Relaxed);
    }
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
        Ok(Self {
            settings,
            code,
            secrets,
            debugger: Debugger::None,
            output: Output::Counted,
            stores_resume: false,
            awaiting: watch::Sender::new(None),
            awaited: watch::Sender::new(None),
            inspected: Mutex::default(),
        })
    }

    /// Has its process wait for a debugger, without timeouts, and tells which process that is.
    pub(crate) fn for_debugger(mut self) -> (Self, watch::Receiver<Option<u32>>) {
        self.debugger = Debugger::Awaited;
        let awaiting = self.awaiting.subscribe();
        (self, awaiting)
    }

    /// What a start waits for, for those who tell of it.
    pub(crate) fn awaited(&self) -> watch::Receiver<Option<&'static str>> {
        self.awaited.subscribe()
    }

    /// Does this with what its process writes to its outputs.
    pub(crate) fn with_output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// Offers to store how far steps are: its callers give each call a place where that is stored.
    pub(crate) fn storing_resume(mut self) -> Self {
        self.stores_resume = true;
        self
    }

    /// What the host offers to it.
    pub(super) fn features(&self) -> Vec<Feature> {
        if self.stores_resume { vec![Feature::Resume] } else { Vec::new() }
    }

    /// Grants these kinds of identifiers and no others, where no operator has granted any.
    pub(crate) fn granting(mut self, kinds: Vec<Kind>) -> Self {
        self.settings.grants = kinds;
        self
    }

    /// Whether another one would be started alike. Whether its file has changed, who supervises it looks.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.settings == other.settings && self.code == other.code && self.secrets == other.secrets
    }

    // What is known of the file.

    /// What was found of the file with this hash, if that is the one that was inspected last.
    pub(super) fn inspected(&self, sha256: &str) -> Option<Arc<Inspected>> {
        // What another file declared says nothing of this one.
        lock(&self.inspected).clone().filter(|inspected| inspected.sha256 == sha256)
    }

    /// What the plugin declared when its file was inspected last.
    pub(super) fn last_manifest(&self) -> Option<Manifest> {
        lock(&self.inspected).as_ref().map(|inspected| inspected.manifest.clone())
    }

    pub(super) fn remember(&self, sha256: String, manifest: Manifest) -> Arc<Inspected> {
        let inspected = Arc::new(Inspected { sha256, manifest, config_valid: AtomicBool::new(false) });
        *lock(&self.inspected) = Some(Arc::clone(&inspected));
        inspected
    }

    pub(super) fn forget_inspected(&self) {
        *lock(&self.inspected) = None;
    }

    // What its process may do.

    /// What a plugin with this manifest is allowed: what it declares, looked up in its configuration, and what the operator
    /// adds.
    pub(super) fn permissions_of(&self, manifest: &Manifest) -> Permissions {
        permissions_of(manifest, &self.settings.own_config(), self.settings.granted())
    }

    /// What its next process is allowed, as far as that is known.
    pub(super) fn permissions(&self) -> Permissions {
        let inspected = lock(&self.inspected).clone();
        inspected.map_or_else(|| self.least_permissions(), |inspected| self.permissions_of(&inspected.manifest))
    }

    /// What it is allowed while it is inspected: to read what the operator lets it read, as its own modules may lie there.
    pub(super) fn least_permissions(&self) -> Permissions {
        Permissions { reads: self.settings.reads.clone(), ..Permissions::default() }
    }

    pub(super) fn launch(&self) -> Launch {
        Launch {
            code: self.code.clone(),
            sha256: self.settings.sha256.clone(),
            limits: self.settings.limits,
            sandbox: self.settings.sandbox,
            cgroup: None,
            debugger: self.debugger,
            host: HostVersion::This,
        }
    }
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
