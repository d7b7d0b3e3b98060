//! The plan: the configuration, checked and parsed. Everything that can be wrong with it is found here, before the
//! first request.

mod name;
mod paging;
mod parts;
mod results;
mod returns;
mod rules;
mod step;
mod telling;

pub(crate) use paging::{CursorInto, PlannedPaging};
pub(crate) use parts::{JsonTemplate, PlannedBody};
pub(crate) use results::{Holder, PlannedMatch, Results, Source};
pub(crate) use returns::Returns;
pub(crate) use step::Planned;

use std::time::Duration;

use quietus_plugin::Secrets;

use crate::config::{Config, Keeps};
use step::Maker;

const KINDS: [&str; 5] = ["email", "phone", "name", "guest_id", "session_id"];
const ITEMS_MAX: usize = 1000;

pub(crate) struct Plan {
    pub(crate) erase: Vec<Planned>,
    pub(crate) verify: Vec<Planned>,
    /// What is looked for to be told to other systems.
    pub(crate) find: Vec<Planned>,
    pub(crate) health: Option<Planned>,
    pub(crate) items_max: usize,
    pub(crate) verify_after: Option<Duration>,
    /// Sentences of the operator's for each answer.
    pub(crate) not_looked_at: Vec<String>,
    /// What the system keeps, and by whose word, for each answer after an erasure.
    pub(crate) keeps: Vec<String>,
}

impl Plan {
    /// The step whose deletion another one completes.
    pub(crate) fn completed_by<'p>(&'p self, step: &Planned) -> Option<&'p Planned> {
        self.erase.iter().find(|first| step.completes.as_ref() == Some(&first.name))
    }

    /// The lists that are stored before anything is deleted, since a search no longer shows what they name afterwards.
    pub(crate) fn stored_lists(&self) -> impl Iterator<Item = &str> {
        self.erase.iter().filter(|step| step.completes.is_some()).filter_map(|step| step.for_each.as_deref())
    }
}

impl Plan {
    /// The steps that delete what a list names first, before another one deletes it for good.
    pub(crate) fn firsts(&self, list: &str) -> Vec<&Planned> {
        let seconds = self.erase.iter().filter(|step| step.for_each.as_deref() == Some(list));
        seconds.filter_map(|step| self.completed_by(step)).collect()
    }

    pub(crate) fn make(config: &Config, secrets: &Secrets) -> Result<Self, String> {
        let mut kinds: Vec<String> = KINDS.map(str::to_owned).to_vec();
        kinds.extend(config.kinds.iter().cloned());
        let maker = Maker { config, secrets, kinds };
        let erase = maker.steps(&config.erase, "erase")?;
        if erase.iter().all(|step| step.reads) {
            return Err("erase: no step erases anything".into());
        }
        let verify = maker.steps(&config.verify, "verify")?;
        let mut find = maker.steps(&config.find, "find")?;
        // What is missed here nobody looks for once more, as `verify` does after an erasure.
        find.iter_mut().for_each(|step| step.must_be_whole = true);
        rules::only_looks(&verify, "verify")?;
        rules::only_looks(&find, "find")?;
        let health = config.health.as_ref().map(|step| maker.health(step)).transpose();
        let health = health.map_err(|why| format!("health: {why}"))?;
        rules::check(&erase, "erase", health.as_ref())?;
        rules::check(&verify, "verify", health.as_ref())?;
        rules::check(&find, "find", health.as_ref())?;
        telling::check(&find)?;
        telling::check_nothing_told(&erase, "erase")?;
        telling::check_nothing_told(&verify, "verify")?;
        Ok(Self {
            erase,
            verify,
            find,
            health,
            items_max: config.items_max.unwrap_or(ITEMS_MAX),
            verify_after: config.verify_after.map(|span| span.0),
            not_looked_at: config.not_looked_at.clone(),
            keeps: config.keeps.iter().map(Keeps::told).collect(),
        })
    }
}
