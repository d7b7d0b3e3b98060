//! The ids under which the system knows the person, for other systems: only of results that an erasure would call the person's.

use std::collections::BTreeSet;

use quietus_plugin::identity::{is_masked, normal_forms};
use quietus_plugin::{Found, Kind, PluginError};

use super::{Run, in_step};
use crate::plan::{Planned, Returns};
use crate::template::scalar;

impl Run<'_> {
    /// All of them, or an error. What only a person can judge, and what cannot be told, is more than that.
    pub(crate) fn find(&mut self) -> Result<Found, PluginError> {
        let plan = self.plan;
        self.look(&plan.find)?;
        if let Some(step) = self.found.loses() {
            return Err(PluginError::permanent(format!(
                "step `{step}`: a result of the person's has no text or whole number of at most 64 bits where `extract` leads, and nobody \
                 was told any: correct the path; `may_lack` says that a result may have none"
            )));
        }
        let mut told = Found::nothing();
        let mut is_all = !self.found.leaves_any() && self.found.retains_nothing() && self.is_asked_for();
        for (step, returns) in telling(&plan.find) {
            for value in self.values_of(step, returns).map_err(|error| in_step(step, error))? {
                match self.is_readable(&returns.kind, &value) {
                    true => told = told.identifier(returns.kind.clone(), value),
                    false => is_all = false,
                }
            }
        }
        if told.identifiers.len() > Found::IDENTIFIERS_MAX {
            let most = Found::IDENTIFIERS_MAX;
            return Err(PluginError::permanent(format!(
                "`find` finds more than {most} values, and nobody was told any"
            )));
        }
        Ok(if is_all { told } else { told.with_more() })
    }

    /// The different values that a step has found, in an order that does not change.
    fn values_of(&self, step: &Planned, returns: &Returns) -> Result<BTreeSet<String>, PluginError> {
        let found = step.results.extract.iter().flat_map(|(list, _)| self.lists.get(list));
        let mut values: BTreeSet<String> = found.filter_map(scalar).map(|value| value.trim().to_owned()).collect();
        if values.remove("") && !returns.may_lack {
            let text = "a result of the person's has a blank text where `extract` leads, and nobody was told any (see `may_lack`)";
            return Err(PluginError::permanent(text));
        }
        if values.len() > returns.values_max {
            return Err(PluginError::permanent(format!(
                "finds more different values for one person than `values_max` allows ({}), and nobody was told any",
                returns.values_max
            )));
        }
        let longest = Found::VALUE_BYTES_MAX;
        match values.iter().any(|value| value.len() > longest) {
            true => Err(PluginError::permanent(format!(
                "finds a value of more than {longest} bytes, which is no id, and nobody was told any: correct `extract`"
            ))),
            false => Ok(values),
        }
    }

    /// Whether somebody can be known by the value. An address that is shown in part only is anybody's.
    fn is_readable(&self, kind: &Kind, value: &str) -> bool {
        let is_shown = !matches!(kind, Kind::Email | Kind::Phone) || !is_masked(value);
        is_shown && !normal_forms(kind, value, self.request.region).is_empty()
    }

    /// Whether each kind was looked for by what is known of the person, in one of the ways that there are. Else nobody says that there
    /// is nothing.
    fn is_asked_for(&self) -> bool {
        let is_asked =
            |kind: &Kind| telling(&self.plan.find).any(|(step, returns)| returns.kind == *kind && self.has_asked(step));
        telling(&self.plan.find).all(|(_, returns)| is_asked(&returns.kind))
    }

    /// Whether a step was answered, or has nothing to ask for as an earlier one, which was, found nothing.
    fn has_asked(&self, step: &Planned) -> bool {
        let found_nothing = |list: &String| {
            let source = list.split_once('.').and_then(|(name, _)| self.plan.find.iter().find(|one| one.name == name));
            self.lists.get(list).is_empty() && source.is_some_and(|source| self.has_asked(source))
        };
        self.found.has_looked(step) || step.for_each.iter().chain(&step.when).any(found_nothing)
    }
}

/// The steps that tell something, and as what.
fn telling(steps: &[Planned]) -> impl Iterator<Item = (&Planned, &Returns)> {
    steps.iter().filter_map(|step| Some((step, step.returns.as_ref()?)))
}
