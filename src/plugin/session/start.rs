//! The start of a session: one process is launched with its final permissions, is compared with what its inspection found, and
//! is configured.

use std::collections::BTreeMap;
use std::sync::Arc;

use quietus_plugin::protocol::{HostMessage, Sensitive};
use tokio::sync::mpsc;

use super::handle::Session;
use super::serve::Driver;
use crate::plugin::contract::Contract;
use crate::plugin::info::PluginInfo;
use crate::plugin::inspect::{compare, inspect};
use crate::plugin::installed::Installed;
use crate::plugin::launch::{Debugger, Level};
use crate::plugin::launching::{Launching, StartFailed};
use crate::plugin::program::Program;
use crate::plugin::redact::redact;

/// Frames that wait to be written.
const OUTBOX_MAX: usize = 64;
/// What a process says of itself, in entries and in characters.
const FACTS_MAX: usize = 16;
const FACT_CHARS_MAX: usize = 128;

const OTHER_MANIFEST: &str = "its manifest is another one than its inspection found";

/// Why an attempt to start failed.
enum Attempt {
    Failed(StartFailed),
    /// The file declares something else than was remembered of its hash: a program reads more than its own file.
    Outdated,
}

impl From<StartFailed> for Attempt {
    fn from(failed: StartFailed) -> Self {
        Self::Failed(failed)
    }
}

impl From<Attempt> for StartFailed {
    fn from(attempt: Attempt) -> Self {
        match attempt {
            Attempt::Failed(failed) => failed,
            Attempt::Outdated => Self::Refused(OTHER_MANIFEST.into()),
        }
    }
}

/// Starts the process, has it load the plugin, compares it with its inspection, and has it configured.
pub(in crate::plugin) async fn start(
    program: &Program,
    installed: &Installed,
) -> Result<(Arc<Session>, Driver), StartFailed> {
    match attempt(program, installed).await {
        Err(Attempt::Outdated) => {
            installed.forget_inspected();
            // Once: a program whose manifest is another one at every start would be started for ever.
            Ok(attempt(program, installed).await?)
        }
        ended => Ok(ended?),
    }
}

async fn attempt(program: &Program, installed: &Installed) -> Result<(Arc<Session>, Driver), Attempt> {
    let mut launching = Launching::start(program, installed, installed.debugger)?;
    match introduce(&mut launching, program, installed).await {
        Ok((contract, info)) => {
            let (sender, outbox) = mpsc::channel(OUTBOX_MAX);
            let session = Session::new(installed, contract, info, sender);
            Ok((Arc::new(session), Driver::new(launching.process, outbox)))
        }
        Err(Attempt::Failed(failed)) => Err(launching.give_up(failed).await.into()),
        Err(Attempt::Outdated) => {
            launching.process.end().await;
            Err(Attempt::Outdated)
        }
    }
}

async fn introduce(
    launching: &mut Launching<'_>,
    program: &Program,
    installed: &Installed,
) -> Result<(Contract, PluginInfo), Attempt> {
    let (sha256, doubt) = launching.prepare().await?;
    let known = installed.inspected(&sha256);
    let is_remembered = known.is_some();
    let inspected = match known {
        Some(inspected) => inspected,
        None => inspect(program, installed, &sha256).await?,
    };
    // Before the process loads anything: what does not fit is refused before it runs with its permissions.
    let contract = compare(program, installed, &inspected).await?;
    let sandbox = launching.confine(&installed.permissions_of(&inspected.manifest)).await?;
    if installed.debugger == Debugger::Awaited {
        installed.awaiting.send_replace(launching.plugin);
    }
    let hello = launching.hello().await?;
    // The permissions and the contract were made of the inspected manifest, so a process with another one must not work.
    if hello.manifest != inspected.manifest {
        return Err(match is_remembered {
            true => Attempt::Outdated,
            false => StartFailed::Refused(OTHER_MANIFEST.into()).into(),
        });
    }
    let secrets = installed.secrets.iter().map(|(name, secret)| (name.clone(), Sensitive::new(secret.expose())));
    let configure = HostMessage::Configure { config: installed.settings.own_config(), secrets: secrets.collect() };
    launching.configure(&configure).await?;
    installed.awaited.send_replace(None);

    let mut facts = BTreeMap::from([("sha256".to_owned(), sha256)]);
    if let Some(cgroup) = &launching.process.cgroup {
        facts.insert("cgroup".into(), cgroup.limits().to_owned());
    }
    // What this program found out is not overwritten by what the plugin says.
    for (name, value) in hello.facts.iter().take(FACTS_MAX) {
        facts.entry(plain(name)).or_insert_with(|| plain(value));
    }
    let info = PluginInfo {
        target: installed.settings.target(),
        name: inspected.manifest.name.clone(),
        version: inspected.manifest.version.clone(),
        sandbox,
        process: launching.process.id().unwrap_or_default(),
        facts,
        doubts: doubts(&contract, sandbox, doubt),
    };
    let contract = match installed.debugger {
        Debugger::None | Debugger::Inspected => contract,
        Debugger::Awaited => contract.without_timeouts(),
    };
    Ok((contract, info))
}

/// What its operator should know of it, though it works.
fn doubts(contract: &Contract, sandbox: Level, of_code: Option<String>) -> Vec<String> {
    let mut doubts: Vec<_> = of_code.into_iter().collect();
    if sandbox < Level::Network {
        doubts.push(format!(
            "its sandbox reaches the level `{}` only, as this kernel offers no more: {}",
            sandbox.as_str(),
            sandbox.lacks()
        ));
    }
    doubts.extend(
        contract.unopened.iter().map(|port| {
            format!("it declares the TCP port {port}, which only the configuration opens: ports = [{port}]")
        }),
    );
    doubts
}

/// A word of the plugin's, as it may be shown.
fn plain(text: &str) -> String {
    redact(&text.chars().take(FACT_CHARS_MAX).collect::<String>(), [])
}
