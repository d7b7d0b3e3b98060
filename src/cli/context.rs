//! What commands are run with: the options that all of them take, the configuration, and operations on its ledger.

use std::future::Future;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use crate::app;
use crate::audit::Actor;
use crate::config::Config;
use crate::operations::{Operations, actor};

/// The places where a configuration is looked for when none is named.
const PLACES: [&str; 2] = ["quietus.toml", "/etc/quietus/quietus.toml"];

/// What every command takes.
#[derive(Args)]
pub(super) struct Global {
    /// The configuration file [default: $QUIETUS_CONFIG, ./quietus.toml, /etc/quietus/quietus.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(super) config: Option<PathBuf>,
    /// Write JSON instead of text
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) json: bool,
}

/// Runs a command that waits for the ledger or the network.
pub(super) fn wait<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    // One thread: what plugins log is listened to on the thread of the command, and would be missed on others.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::from)?.block_on(command)
}

/// Runs a command on the configuration's ledger, beside a running server, and closes the ledger.
pub(super) fn with_operations(
    global: &Global,
    command: impl AsyncFnOnce(&Operations) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    wait(async {
        let operations = app::open_operations(load(global)?).await?;
        let end = command(&operations).await;
        // Also after a failure: what waits to be written is written by it.
        operations.close().await;
        end
    })
}

/// Loads the configuration that the arguments name.
pub(super) fn load(global: &Global) -> Result<Config, Failure> {
    Ok(Config::load(&path(global)?)?)
}

/// The configuration file: named by an argument, by $QUIETUS_CONFIG, or found.
pub(super) fn path(global: &Global) -> Result<PathBuf, Failure> {
    let named = global.config.clone().or_else(|| std::env::var_os("QUIETUS_CONFIG").map(PathBuf::from));
    // One that may not be looked at is not one that is missing.
    let is_there = |path: &&Path| path.try_exists().unwrap_or(true);
    let found = || PLACES.iter().map(Path::new).find(is_there).map(Path::to_owned);
    named.or_else(found).ok_or_else(|| {
        let places = PLACES.join(" nor ");
        Failure::Config(anyhow::anyhow!("no configuration: there is neither {places}; name one with --config FILE"))
    })
}

/// Who runs this command. `sudo` says who called it; that is a note, as anybody who is root can say anything there.
pub(super) fn actor() -> Actor {
    let sudo_user = std::env::var("SUDO_USER").ok();
    actor::of_account(rustix::process::getuid().as_raw(), sudo_user.as_deref())
}
