//! As what a step of `find` tells other systems what it takes, and how much of it one person may have.

use quietus_plugin::{Found, Kind};

use crate::config::Step;

/// As `values_max`.
const VALUES_MAX: usize = 5;

/// Why a step elsewhere is refused.
pub(super) const NOT_TOLD: &str = "`returns` is for the steps of `find`";

/// As what other systems are told what a step takes.
pub(crate) struct Returns {
    pub(crate) kind: Kind,
    pub(crate) values_max: usize,
    /// A result may show that it has none.
    pub(crate) may_lack: bool,
}

impl Returns {
    pub(super) fn parse(step: &Step) -> Result<Option<Self>, String> {
        let Some(word) = &step.returns else {
            return match step.values_max.is_some() || step.may_lack {
                true => Err("`values_max` and `may_lack` go with `returns`".to_owned()),
                false => Ok(None),
            };
        };
        let values_max = step.values_max.unwrap_or(VALUES_MAX);
        if !(1..=Found::IDENTIFIERS_MAX).contains(&values_max) {
            return Err(format!("`values_max` is 1 to {}", Found::IDENTIFIERS_MAX));
        }
        if step.extract.len() != 1 {
            return Err("`returns` needs one list in `extract`: that is what other systems are told".to_owned());
        }
        // Names are no identifiers to go on by: somebody else is called so, too.
        let kind = word.parse().ok().filter(|kind: &Kind| !kind.is_internal_id() && *kind != Kind::Name);
        let kind = kind.ok_or(
            "`returns` is a kind of a-z, 0-9 and `_`, such as `crm_id`, neither `name` nor an id of mluvii's own",
        )?;
        Ok(Some(Self { kind, values_max, may_lack: step.may_lack }))
    }
}
