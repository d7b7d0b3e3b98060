//! Files of this machine: erases files below the root by their names, and nothing outside of it ever.
//!
//! What is there is found first, so that nothing is touched when it is too much or not what it should be. Each folder on
//! the way is opened from within the one above it, without following links, and what is erased is erased through that.

mod ahead;
mod find;
mod folder;
mod remove;
mod root;
mod rules;
mod trouble;
mod wipe;

use quietus_plugin::{Call, PluginError};

use crate::config::{Local, Mode};
use crate::place::{Job, Left, Place, Sight};
use crate::template::{Name, Naming, Template};
use crate::told::{self, Told};
use root::Root;
use rules::Rules;

/// Files of one person, unless the operator says otherwise.
const FILES_MAX: u64 = 1000;

/// A folder of this machine.
struct Tree {
    root: Root,
    rules: Rules,
}

/// The error says which setting is wrong.
pub(crate) fn make(config: Local, kinds: &[String]) -> Result<(Template, Box<dyn Place>), String> {
    let template = Template::parse(&config.path, Naming::Files, kinds).map_err(|why| format!("path: {why}"))?;
    let root = Root::make(&config, &template)?;
    let rules = Rules {
        mode: config.mode,
        recursive: config.recursive,
        others: config.others,
        files_max: config.files_max.unwrap_or(FILES_MAX),
    };
    if rules.files_max == 0 {
        return Err("files_max: it is at least 1".into());
    }
    Ok((template, Box::new(Tree { root, rules })))
}

impl Place for Tree {
    fn look(&self, names: &[Name], call: &Call) -> Result<Sight, PluginError> {
        Ok(find::find(&self.root, &self.root.open()?, names, self.rules, call)?.sight)
    }

    fn erase(&self, names: &[Name], job: &mut Job<'_>) -> Result<Left, PluginError> {
        let root = self.root.open()?;
        let found = find::find(&self.root, &root, names, self.rules, job.call)?;
        if let Some(obstacle) = found.sight.obstacle {
            return Err(obstacle);
        }
        remove::remove(&root, &found, self.rules, job)?;
        Ok(Left { kept: None, closed: found.sight.closed })
    }

    fn told(&self, place: &str, kinds: &str) -> Told {
        Told {
            looked_at: told::files(place, kinds),
            not_looked_at: [told::OTHER_FILES, told::COPIES_OF_FILES].map(str::to_owned).into(),
            keeps: (self.rules.mode == Mode::Delete).then_some(("files", told::DELETED_FILES)),
        }
    }

    fn health(&self, _: &Call) -> Result<(), PluginError> {
        self.root.health()
    }
}

#[cfg(test)]
mod tests;
