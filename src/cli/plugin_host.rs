//! `quietus plugin-host`: what the server starts for each plugin; not for people.

use std::process::ExitCode;

use crate::plugin::plugin_host_main;

/// Host one plugin; the socket on standard input says which
#[derive(clap::Args)]
pub(super) struct PluginHost {
    /// Its name, for those who look at the list of processes.
    #[arg(value_name = "NAME")]
    _name: String,
}

impl PluginHost {
    pub(super) fn run(self) -> ExitCode {
        plugin_host_main()
    }
}
