//! Kinds of identifiers that lead nowhere: granted and never there, or gathered and never used. They are found by
//! `quietus check` and keep no server from starting.

use std::collections::BTreeSet;

use super::Config;
use crate::likeness::did_you_mean;
use crate::subject::{InstallationName, Kind};

/// A kind that leads nowhere.
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
        let built_in = [Kind::Email, Kind::Phone, Kind::Name, Kind::GuestId, Kind::SessionId];
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
        for settings in &self.mluvii {
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

fn never_there(kind: &Kind, produced: &BTreeSet<&Kind>) -> String {
    let meant = did_you_mean(kind.as_str(), produced.iter().map(|known| known.as_str()));
    format!("nothing produces the kind `{kind}`: no field in `mluvii.params` has it{meant}")
}
