//! Kinds of identifiers that lead nowhere: granted and never there, or gathered and never used. They are found by
//! `quietus check` and keep no server from starting.

use std::collections::BTreeSet;

use super::Config;
use crate::erasure::{Exchange, circle};
use crate::likeness::did_you_mean;
use crate::plugin::PluginSettings;
use crate::subject::{InstallationName, Kind, Params, TargetName};
use crate::worker::given;

/// A kind that leads nowhere, or that leads in a circle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdleKind {
    /// The key, counted from 1.
    pub(crate) key: String,
    pub(crate) what: String,
}

impl Config {
    /// Kinds in `grants` that nothing produces, and kinds in `params` that nobody takes. `returned`: what plugins say that they
    /// know persons by.
    pub(crate) fn idle_kinds(&self, returned: &BTreeSet<Kind>) -> Vec<IdleKind> {
        // What mluvii itself tells, whatever `params` say.
        let built_in = given(&Params::new());
        let produced: BTreeSet<&Kind> =
            self.mluvii.iter().flat_map(|settings| settings.params.values()).chain(&built_in).chain(returned).collect();
        let granted: BTreeSet<&Kind> = self.plugins.iter().flat_map(|plugin| &plugin.grants).collect();
        let matched = || self.person.r#match.iter().flatten();
        // By the built-in kinds sessions of several people are told apart, whether a set names them or not.
        let taken: BTreeSet<&Kind> = granted.iter().copied().chain(matched()).chain(&built_in).collect();
        let mut idle = Vec::new();
        for (index, plugin) in self.plugins.iter().enumerate() {
            for kind in plugin.grants.iter().filter(|kind| !produced.contains(kind)) {
                idle.push(IdleKind { key: format!("plugin.{}.grants", index + 1), what: never_there(kind, &produced) });
            }
        }
        for kind in matched().filter(|kind| !produced.contains(kind)) {
            idle.push(IdleKind { key: "person.match".into(), what: never_there(kind, &produced) });
        }
        // Who erases by hand is shown whatever is known of a person.
        let anything_is_taken = !self.manual.is_empty();
        for settings in self.mluvii.iter().filter(|_| !anything_is_taken) {
            for (name, kind) in settings.params.iter().filter(|(_, kind)| !taken.contains(kind)) {
                let what = format!(
                    "nobody takes the kind `{kind}`: no plugin is granted it, and `person.match` does not name it"
                );
                let unnamed = settings.name == InstallationName::unnamed();
                let installation = if unnamed { "mluvii".to_owned() } else { format!("mluvii.{}", settings.name) };
                idle.push(IdleKind { key: format!("{installation}.params.{name}"), what });
            }
        }
        idle
    }
}

impl Config {
    /// Plugins each of which waits for what the next one returns, so that none of them could be asked first; `all` is what each of them
    /// returns and requires.
    pub(crate) fn circles(&self, all: &[Exchange]) -> Option<IdleKind> {
        self.mluvii.iter().find_map(|settings| {
            let circle = circle(all, &given(&settings.params))?;
            let others = circle.iter().skip(1).chain(&circle[..1]);
            let waits = |((name, kind), (other, _)): (&(&TargetName, &Kind), &(&TargetName, &Kind))| {
                format!("`{name}` waits for the `{kind}` of `{other}`")
            };
            let waits = circle.iter().zip(others).map(waits).collect::<Vec<_>>().join(", ");
            let index = self.plugins.iter().position(|plugin| plugin.target() == *circle[0].0)?;
            Some(IdleKind {
                key: format!("plugin.{}.grants", index + 1),
                what: format!("nobody could be asked first what is known of a person: {waits}"),
            })
        })
    }

    /// What a plugin returns and requires, with what it is granted.
    pub(crate) fn exchange(settings: &PluginSettings, returns: BTreeSet<Kind>, requires: BTreeSet<Kind>) -> Exchange {
        Exchange { name: settings.target(), returns, takes: settings.grants.iter().cloned().collect(), requires }
    }
}

fn never_there(kind: &Kind, produced: &BTreeSet<&Kind>) -> String {
    let meant = did_you_mean(kind.as_str(), produced.iter().map(|known| known.as_str()));
    format!("nothing produces the kind `{kind}`: no field in `mluvii.params` has it{meant}")
}
