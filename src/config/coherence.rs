//! What only all sections together show: names that are used twice, or that refer to nothing.

use std::collections::BTreeSet;

use super::Config;
use super::layers::Layers;
use crate::policy::Policy;
use crate::subject::TargetName;

/// Names stand in paths, receipts and metrics.
const NAME_CHARS_MAX: usize = 64;

/// Notes every problem.
pub(super) fn check(config: &Config, layers: &mut Layers) {
    if config.sources.is_empty() {
        layers.problem("source", "nobody could send anything; write at least one `[[source]]`");
    }
    names("source", config.sources.iter().map(|source| source.name.as_str()), &[], layers);
    names("plugin", config.plugins.iter().map(|plugin| plugin.name.as_str()), &[TargetName::MLUVII], layers);
    if let Err(error) = config.ledger.path(&config.base) {
        layers.problem("ledger.url", error.to_string());
    }
    if let Err(error) = tracing_subscriber::EnvFilter::try_new(&config.log.level) {
        layers.problem("log.level", format!("not a filter of log lines: {error}"));
    }
    for bad in Policy::compile(&config.consent_rules, &config.rules, &config.targets()).err().into_iter().flatten() {
        layers.problem(super::problem::counted_from_one(&bad.key), bad.problem);
    }
}

fn names<'a>(list: &str, names: impl Iterator<Item = &'a str>, taken: &[&str], layers: &mut Layers) {
    let mut seen = BTreeSet::from_iter(taken.iter().copied());
    for (index, name) in names.enumerate() {
        let key = format!("{list}.{}.name", index + 1);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(plain) {
            layers.problem(
                &key,
                format!("{name:?} is not allowed; write up to {NAME_CHARS_MAX} of a-z, 0-9, `-` and `_`"),
            );
        }
        if !seen.insert(name) {
            layers.problem(&key, format!("`{name}` is taken"));
        }
    }
}
