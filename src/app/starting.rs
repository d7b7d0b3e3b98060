//! The plugins of a configuration that is about to take another one's place are started beside those that run: it is taken only where all
//! of them come up.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::check::unfit;
use super::generation::Generation;
use super::parts::Parts;
use super::server::Server;
use crate::config::Config;
use crate::plugin::{self, CheckRefused, Connect, PluginFindings, PluginSettings};
use crate::subject::{Kind, TargetName};

/// Starts those that are new or changed; returns what is wrong with any of them, or with the kinds of identifiers that they return.
pub(super) async fn started(server: &Server, config: &Config, parts: &Parts, before: &Generation) -> Vec<String> {
    let is_new = |name: &TargetName, plugin| before.plugins.get(name).is_none_or(|old| !Arc::ptr_eq(old, plugin));
    let new = || parts.plugins.iter().filter(|(name, plugin)| is_new(name, plugin));
    for (name, plugin) in new() {
        server.tasks.need(format!("plugin {name}"), plugin.run());
    }
    let mut problems = Vec::new();
    // They start side by side; so the slowest is waited for, and not their sum.
    for (name, plugin) in new() {
        problems.extend(told(name, plugin::findings(&plugin.host, Connect::Offline).await));
    }
    let returned: BTreeSet<Kind> =
        parts.plugins.values().filter_map(|plugin| plugin.host.returned_kinds()).flatten().collect();
    let exchange = |settings: &PluginSettings| {
        let host = &parts.plugins.get(&settings.target())?.host;
        Some(Config::exchange(settings, host.returned_kinds()?, host.required_kinds()))
    };
    let exchanges: Vec<_> = config.plugins.iter().filter_map(exchange).collect();
    // Of a plugin that did not come up it is not known what it returns.
    if problems.is_empty() {
        let idle = config.idle_kinds(&returned).into_iter().chain(config.circles(&exchanges));
        problems.extend(idle.map(|idle| format!("{}: {}", config.shown(&idle.key), idle.what)));
    }
    problems
}

fn told(name: &TargetName, found: Result<PluginFindings, CheckRefused>) -> Vec<String> {
    match found {
        Ok(found) => {
            let unfit = unfit(&format!("plugin {name}"), &found.untaken, &found.unopened);
            unfit.iter().filter_map(super::check::CheckFinding::problem).collect()
        }
        Err(refused) => vec![refused.to_string()],
    }
}
