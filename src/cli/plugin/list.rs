//! `quietus plugin list`.

use serde::Serialize;

use super::control;
use crate::cli::deployment::Deployment;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, BAD, Out};
use crate::plugin::{PluginState, PluginView};

/// Show the plugins of the running server: state, version, sandbox, restarts, queue, last error (exit code 1 when one is not up)
#[derive(clap::Args)]
pub(in crate::cli) struct List {}

/// A plugin, and what waits for it.
#[derive(Serialize)]
struct Row {
    #[serde(flatten)]
    plugin: PluginView,
    /// Steps of erasures, over all servers on the ledger.
    waiting: u64,
    parked: u64,
}

impl List {
    pub(in crate::cli) async fn run(self, deployment: &Deployment, out: &mut Out) -> Result<Exit, Failure> {
        let plugins = control(&deployment.config)?.plugins().await?;
        let counts = deployment.ledger.counts().await?;
        let row = |plugin: PluginView| {
            let of = |steps: &std::collections::BTreeMap<String, u64>| steps.get(&*plugin.name.0).copied().unwrap_or(0);
            let (waiting, parked) = (of(&counts.waiting_steps), of(&counts.parked_steps));
            Row { plugin, waiting, parked }
        };
        let rows: Vec<_> = plugins.into_iter().map(row).collect();
        if out.is_json() {
            out.json(&rows)?;
        } else {
            write(&rows, out)?;
        }
        Ok(Exit::when(rows.iter().all(|row| matches!(row.plugin.state, PluginState::Up(_)))))
    }
}

fn write(rows: &[Row], out: &mut Out) -> std::io::Result<()> {
    if rows.is_empty() {
        return out.line("the server has no plugins");
    }
    let cells = |Row { plugin, waiting, parked }: &Row| {
        let info = match &plugin.state {
            PluginState::Up(info) => [format!("{} {}", info.name, info.version), info.sandbox.as_str().to_owned()],
            _ => ["-".to_owned(), "-".to_owned()],
        };
        let [version, sandbox] = info;
        let parked = if *parked > 0 { format!(", {parked} parked") } else { String::new() };
        [
            plugin.name.to_string(),
            plugin.state.as_str().to_owned(),
            version,
            sandbox,
            plugin.restarts.to_string(),
            format!("{} under way, {waiting} waiting{parked}", plugin.calls),
        ]
    };
    out.table(["PLUGIN", "STATE", "VERSION", "SANDBOX", "RESTARTS", "QUEUE"], rows.iter().map(cells))?;
    for Row { plugin, .. } in rows {
        if let PluginState::Restarting(why) | PluginState::Failed(why) = &plugin.state {
            out.marked(BAD, "✗", format_args!("{} is {}: {why}", plugin.name, plugin.state.as_str()))?;
        } else if let Some(error) = &plugin.last_error {
            out.line(format_args!("last error of {} at {}: {}", plugin.name, out::time(error.at), error.why))?;
        }
    }
    Ok(())
}
