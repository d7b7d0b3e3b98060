//! Files of this machine: erases files below the root by their names, and nothing outside of it ever.
//!
//! What is there is found first, so that nothing is touched when it is too much or not what it should be. Each folder on
//! the way is opened from within the one above it, without following links, and what is erased is erased through that.

mod ahead;
mod find;
mod folder;
mod remove;
mod rules;
mod trouble;
mod wipe;

use std::path::{Component, PathBuf};

use quietus_plugin::{Call, PluginError};

use crate::config::{Local, Mode};
use crate::place::{Job, Place, Sight};
use crate::template::{Name, Naming, Template};
use crate::told::{self, Told};
use folder::Folder;
use rules::Rules;

/// Files of one person, unless the operator says otherwise.
const FILES_MAX: u64 = 1000;

/// A folder of this machine.
struct Tree {
    root: PathBuf,
    rules: Rules,
}

/// The error says which setting is wrong.
pub(crate) fn make(config: Local, kinds: &[String]) -> Result<(Template, Box<dyn Place>), String> {
    let leads_elsewhere = |part: Component<'_>| !matches!(part, Component::RootDir | Component::Normal(_));
    if !config.root.is_absolute() || config.root.components().any(leads_elsewhere) {
        return Err("root: it is not an absolute path without `..`".into());
    }
    if config.root.parent().is_none() {
        return Err("root: `/` is too much; name the folder that the files are in".into());
    }
    let template = Template::parse(&config.path, Naming::Files, kinds).map_err(|why| format!("path: {why}"))?;
    let rules = Rules {
        mode: config.mode,
        recursive: config.recursive,
        others: config.others,
        files_max: config.files_max.unwrap_or(FILES_MAX),
    };
    if rules.files_max == 0 {
        return Err("files_max: it is at least 1".into());
    }
    Ok((template, Box::new(Tree { root: config.root, rules })))
}

impl Place for Tree {
    fn look(&self, names: &[Name], call: &Call) -> Result<Sight, PluginError> {
        Ok(find::find(&Folder::root(&self.root)?, names, self.rules, call)?.sight)
    }

    fn erase(&self, names: &[Name], job: &mut Job<'_>) -> Result<Option<String>, PluginError> {
        let root = Folder::root(&self.root)?;
        let found = find::find(&root, names, self.rules, job.call)?;
        if let Some(obstacle) = found.sight.obstacle {
            return Err(obstacle);
        }
        remove::remove(&root, &found, self.rules, job)?;
        Ok(None)
    }

    fn told(&self, place: &str, kinds: &str) -> Told {
        Told {
            looked_at: told::files(place, kinds),
            not_looked_at: [told::OTHER_FILES, told::COPIES_OF_FILES].map(str::to_owned).into(),
            keeps: (self.rules.mode == Mode::Delete).then_some(("files", told::DELETED_FILES)),
        }
    }

    fn health(&self, _: &Call) -> Result<(), PluginError> {
        Folder::root(&self.root)?.must_be_writable()
    }
}

#[cfg(test)]
mod tests;
