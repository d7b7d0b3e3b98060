//! What only all sections together show: names that are used twice, or that refer to nothing.

use std::collections::BTreeSet;

use super::Config;
use super::layers::Layers;
use crate::policy::Policy;

/// Notes every problem.
pub(super) fn check(config: &Config, layers: &mut Layers) {
    if config.sources.is_empty() {
        layers.problem("source", "nobody could send anything; write at least one `[[source]]`");
    }
    used_once("source", config.sources.iter().map(|source| source.name.as_str()), layers);
    used_once("plugin", config.plugins.iter().map(|plugin| plugin.name.as_str()), layers);
    for (index, plugin) in config.plugins.iter().enumerate() {
        if let Err(wrong) = plugin.check_name() {
            layers.problem(format!("plugin.{}.name", index + 1), wrong);
        }
    }
    let (public, admin) = (config.server.public_url.as_deref(), config.server.admin_url.as_deref());
    if public.is_some_and(names_a_user) {
        layers.problem("server.public_url", "it is logged, so no user and no password may stand in it");
    }
    if admin.is_some_and(names_a_user) {
        layers.problem("server.admin_url", "others are told it, so no user and no password may stand in it");
    }
    if admin.is_some_and(|url| !is_base(url)) {
        layers.problem("server.admin_url", "it is not an address such as `https://quietus-admin.example.com`");
    }
    if admin.is_none() && config.server.admin_listen.is_some_and(|listen| !listen.ip().is_loopback()) {
        layers.problem("server.admin_url", "it is missing: what are others to call, to reach `admin_listen`?");
    }
    if let Err(error) = config.ledger_place() {
        layers.problem("ledger.url", error.to_string());
    }
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&config.log.level) {
        layers.problem("log.level", format!("not a filter of log lines: {error}"));
    }
    for bad in Policy::compile(&config.consent_rules, &config.rules, &config.targets()).err().into_iter().flatten() {
        layers.problem(super::problem::counted_from_one(&bad.key), bad.problem);
    }
}

/// Whether a path can be put behind an address, to be called.
fn is_base(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['?', '#', ' ']))
}

/// Whether an address has a user or a password in it.
fn names_a_user(url: &str) -> bool {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?', '#']).next();
    authority.is_some_and(|authority| authority.contains('@'))
}

fn used_once<'a>(list: &str, names: impl Iterator<Item = &'a str>, layers: &mut Layers) {
    let mut seen = BTreeSet::new();
    for (index, name) in names.enumerate() {
        if !seen.insert(name) {
            layers.problem(format!("{list}.{}.name", index + 1), format!("`{name}` is taken"));
        }
    }
}
