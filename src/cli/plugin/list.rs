//! `quietus plugin list`.

use crate::cli::context::Global;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, BAD, Out};
use crate::cli::running;
use crate::operations::plugins::ListedPlugin;
use crate::plugin::PluginState;

/// Show the plugins of the running server: state, version, sandbox, restarts, queue, last error (exit code 1 when one is not up)
#[derive(clap::Args)]
pub(in crate::cli) struct List {}

impl List {
    pub(in crate::cli) async fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        let plugins = running::client(global)?.plugins().await?;
        if out.is_json() {
            out.json(&plugins)?;
        } else {
            write(&plugins, out)?;
        }
        Ok(Exit::when(plugins.iter().all(|listed| matches!(listed.plugin.state, PluginState::Up(_)))))
    }
}

fn write(plugins: &[ListedPlugin], out: &mut Out) -> std::io::Result<()> {
    if plugins.is_empty() {
        return out.line("the server has no plugins");
    }
    let cells = |ListedPlugin { plugin, waiting, parked }: &ListedPlugin| {
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
    out.table(["PLUGIN", "STATE", "VERSION", "SANDBOX", "RESTARTS", "QUEUE"], plugins.iter().map(cells))?;
    for ListedPlugin { plugin, .. } in plugins {
        if let PluginState::Restarting(why) | PluginState::Failed(why) = &plugin.state {
            out.marked(BAD, "✗", format_args!("{} is {}: {why}", plugin.name, plugin.state.as_str()))?;
        } else if let Some(error) = &plugin.last_error {
            out.line(format_args!("last error of {} at {}: {}", plugin.name, out::time(error.at), error.why))?;
        }
    }
    Ok(())
}
