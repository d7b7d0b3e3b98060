//! The start of a session: a process is launched, says hello, is compared with the settings, and is configured.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quietus_plugin::protocol::{FrameError, HostMessage, PROTOCOL, PluginMessage, Sensitive};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::handle::Session;
use super::serve::{Driver, FRAMES_ONLY, drain, in_words};
use crate::keys::Secret;
use crate::plugin::contract::Contract;
use crate::plugin::info::PluginInfo;
use crate::plugin::installed::{Installed, granted};
use crate::plugin::launch::{Code, Confined, Debugger, Launch, Level, Permissions};
use crate::plugin::lock::lock;
use crate::plugin::output::Lines;
use crate::plugin::permissions::permissions_of;
use crate::plugin::process::Process;
use crate::plugin::program::Program;
use crate::plugin::redact::redact;
use crate::plugin::schema::SchemaCheck;
use crate::plugin::validation::violations;

/// How long loading the library may take.
const HELLO_MAX: Duration = Duration::from_secs(5);
/// How long the plugin may take to be configured.
const CONFIGURE_MAX: Duration = Duration::from_secs(30);
/// Frames that wait to be written.
const OUTBOX_MAX: usize = 64;
/// What a process says of itself, in entries and in characters.
const FACTS_MAX: usize = 16;
const FACT_CHARS_MAX: usize = 128;

/// Why a process did not come up.
pub(in crate::plugin) enum StartFailed {
    /// It would fail alike each time: the library, the configuration, the version.
    Refused(String),
    /// It was lost on the way.
    Lost(String),
    /// The server shuts down.
    Cancelled,
}

/// Starts the process, has it load the plugin, compares it with the settings, and has it configured.
///
/// The sandbox is entered before the plugin is loaded, and what the plugin declares is known after. So the first start of a
/// plugin that declares permissions is for its manifest alone.
pub(in crate::plugin) async fn start(
    program: &Program,
    installed: &Installed,
) -> Result<(Arc<Session>, Driver), StartFailed> {
    for _ in 0..2 {
        let permissions = lock(&installed.permissions).clone();
        match start_within(program, installed, permissions).await {
            Err(Trouble::OtherPermissions(permissions)) => *lock(&installed.permissions) = permissions,
            Err(Trouble::Refused(why)) => return Err(StartFailed::Refused(why)),
            Err(Trouble::Lost(why)) => return Err(StartFailed::Lost(why)),
            Ok(started) => return Ok(started),
        }
    }
    Err(StartFailed::Refused("its manifest says something else each time".into()))
}

enum Trouble {
    Refused(String),
    Lost(String),
    /// It declares other permissions than it was started with.
    OtherPermissions(Permissions),
}

async fn start_within(
    program: &Program,
    installed: &Installed,
    permissions: Permissions,
) -> Result<(Arc<Session>, Driver), Trouble> {
    let target = installed.settings.target();
    let cgroup = program.cgroup(&target, &installed.settings.limits);
    let cgroup = cgroup.map_err(|e| Trouble::Lost(format!("cannot make a cgroup for its process: {e}")))?;
    let started = Process::start(program, &target, cgroup);
    let (mut process, stdout, stderr) = started.map_err(|e| Trouble::Lost(format!("cannot start its process: {e}")))?;
    process.drain(drain(stdout, target.clone(), "standard output", Lines::of(&installed.output)));
    process.drain(drain(stderr, target, "standard error", Lines::of(&installed.output)));

    let mut starting = Starting { process: &mut process, installed };
    let (contract, info) = match starting.introduce(program, permissions).await {
        Ok(introduced) => introduced,
        Err(Trouble::Lost(why)) => {
            let ended = process.end().await;
            let silent = matches!(installed.code, Code::Exec { .. }) && !why.contains(FRAMES_ONLY);
            let advice = if silent { format!(" ({FRAMES_ONLY})") } else { String::new() };
            return Err(Trouble::Lost(format!("{why}; {ended}{advice}")));
        }
        Err(trouble) => {
            process.end().await;
            return Err(trouble);
        }
    };
    let (sender, outbox) = mpsc::channel(OUTBOX_MAX);
    let session = Session::new(contract, info, installed.secrets.values().cloned().collect(), sender);
    Ok((Arc::new(session), Driver::new(process, outbox)))
}

/// A process that is not a session yet.
struct Starting<'a> {
    process: &'a mut Process,
    installed: &'a Installed,
}

impl Starting<'_> {
    async fn introduce(
        &mut self,
        program: &Program,
        permissions: Permissions,
    ) -> Result<(Contract, PluginInfo), Trouble> {
        let Installed { settings, secrets, .. } = self.installed;
        let cgroup = self.process.cgroup.as_ref().map(|cgroup| cgroup.path().to_owned());
        let launch = Launch { cgroup, ..self.installed.launch(permissions) };
        let installed = self.installed;
        let (sandbox, mut facts, first) = within(installed, HELLO_MAX, "load", self.hello(&launch)).await?;
        let PluginMessage::Hello { protocol, manifest, facts: more } = first else {
            return Err(Trouble::Refused("it did not say hello first".into()));
        };
        if protocol != PROTOCOL {
            return Err(Trouble::Refused(format!("it speaks protocol {protocol}, this program speaks {PROTOCOL}")));
        }
        let config = settings.own_config();
        let contract = Contract::make(&manifest, settings, secrets);
        let check = SchemaCheck::new(&manifest.config_schema, &config);
        let violations = violations(&check, program, &settings.target()).await;
        let contract = match (contract, violations) {
            (Ok(contract), violations) if violations.is_empty() => contract,
            (contract, violations) => {
                let wrong: Vec<_> = contract.err().unwrap_or_default().into_iter().chain(violations).collect();
                return Err(Trouble::Refused(wrong.join("\n")));
            }
        };
        let contract = match installed.debugger {
            Debugger::None | Debugger::Inspected => contract,
            Debugger::Awaited => contract.without_timeouts(),
        };
        let permissions = permissions_of(&manifest, &config, granted(settings));
        if permissions != launch.permissions {
            return Err(Trouble::OtherPermissions(permissions));
        }

        let named = secrets.iter().map(|(name, secret)| (name.clone(), Sensitive::new(secret.expose())));
        let configure = HostMessage::Configure { config, secrets: named.collect() };
        let configured = within(installed, CONFIGURE_MAX, "be configured", self.configure(&configure)).await?;
        let PluginMessage::Ready = configured else {
            return Err(Trouble::Refused("it was not ready after it was configured".into()));
        };
        if let Some(cgroup) = &self.process.cgroup {
            facts.insert("cgroup".into(), cgroup.limits().to_owned());
        }
        // What this program found out is not overwritten by what the plugin says.
        for (name, value) in more.iter().take(FACTS_MAX) {
            facts.entry(plain(name)).or_insert_with(|| plain(value));
        }
        let info = PluginInfo {
            target: settings.target(),
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            sandbox,
            process: self.process.id().unwrap_or_default(),
            facts,
        };
        Ok((contract, info))
    }

    /// Launches, and says hello; what the plugin says first.
    async fn hello(&mut self, launch: &Launch) -> Result<(Level, BTreeMap<String, String>, PluginMessage), Trouble> {
        self.process.send(launch).await.map_err(too_large)?;
        let (sandbox, facts) = self.confined().await?;
        if self.installed.debugger == Debugger::Awaited {
            self.installed.awaiting.send_replace(self.process.id());
        }
        self.process.send(&HostMessage::Hello { protocol: PROTOCOL }).await.map_err(too_large)?;
        Ok((sandbox, facts, self.first_message().await?))
    }

    async fn configure(&mut self, configure: &HostMessage) -> Result<PluginMessage, Trouble> {
        self.process.send(configure).await.map_err(too_large)?;
        self.first_message().await
    }

    /// What the child says before anything of the plugin's runs.
    async fn confined(&mut self) -> Result<(Level, BTreeMap<String, String>), Trouble> {
        let frame = self.process.receive().await.map_err(|error| Trouble::Lost(in_words(error)))?;
        match serde_json::from_slice(&frame) {
            Ok(Confined::Entered { level, facts }) => Ok((level, facts)),
            Ok(Confined::Refused { why }) => Err(Trouble::Refused(why)),
            Err(_) => Err(Trouble::Lost("its process is not this program's".into())),
        }
    }

    /// The next message that is no log line. An error is why the plugin refuses.
    async fn first_message(&mut self) -> Result<PluginMessage, Trouble> {
        loop {
            let frame = self.process.receive().await.map_err(|error| Trouble::Lost(in_words(error)))?;
            match PluginMessage::decode(&frame).map_err(|error| Trouble::Lost(in_words(error.into())))? {
                PluginMessage::Log { .. } => {}
                PluginMessage::Error { error, .. } => {
                    let secrets: &BTreeMap<String, Secret> = &self.installed.secrets;
                    return Err(Trouble::Refused(redact(&error.message, secrets.values())));
                }
                message => return Ok(message),
            }
        }
    }
}

fn too_large(error: FrameError) -> Trouble {
    Trouble::Refused(format!("the configuration cannot be sent: {error}"))
}

/// One step of the start. A person with a debugger takes their time.
async fn within<T>(
    installed: &Installed,
    longest: Duration,
    what: &str,
    step: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    if installed.debugger == Debugger::Awaited {
        return step.await;
    }
    let late = |_| Trouble::Lost(format!("it took longer than {} s to {what}", longest.as_secs()));
    timeout(longest, step).await.map_err(late)?
}

/// A word of the plugin's, as it may be shown.
fn plain(text: &str) -> String {
    redact(&text.chars().take(FACT_CHARS_MAX).collect::<String>(), [])
}
