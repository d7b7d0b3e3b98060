//! `quietus plugin recipe`: configurations of http-purge that are ready for a system. They stand in the plugin's folder, where its
//! own tests run them against stand-ins.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{GOOD, Out};

const EXAMPLES: &str = "\
Examples:
  quietus plugin recipe
  quietus plugin recipe mailchimp | less
  quietus plugin recipe mailchimp --to /etc/quietus/mailchimp.toml";

const TEXTS: [(&str, &str); 4] = [
    ("ecomail", include_str!("../../../plugins/http-purge/recipes/ecomail.toml")),
    ("mailchimp", include_str!("../../../plugins/http-purge/recipes/mailchimp.toml")),
    ("smartemailing", include_str!("../../../plugins/http-purge/recipes/smartemailing.toml")),
    ("zendesk", include_str!("../../../plugins/http-purge/recipes/zendesk.toml")),
];

/// Show systems for which a configuration of http-purge is ready, or print one to begin with
///
/// A recipe is a `[[plugin]]` for quietus's configuration: its comments say which rights to grant, where its secret goes and what
/// stays in the system. `quietus check` tells what is still to be filled in.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct Recipe {
    /// Which one; without it, all are listed
    name: Option<String>,
    /// Write it to this file, which must not be there yet, instead of printing it
    #[arg(long, value_name = "FILE", requires = "name")]
    to: Option<PathBuf>,
}

/// A recipe, with what its first line says of it.
#[derive(Clone, Copy, Serialize)]
struct Told {
    name: &'static str,
    system: &'static str,
    does: &'static str,
}

impl Recipe {
    pub(in crate::cli) fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        let Some(name) = self.name else {
            list(out)?;
            return Ok(Exit::Done);
        };
        let Some((_, text)) = TEXTS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<_> = TEXTS.iter().map(|(name, _)| *name).collect();
            return Err(Failure::Usage(format!("there is no recipe `{name}`; there are: {}", known.join(", "))));
        };
        match self.to {
            Some(path) => {
                write(&path, text)?;
                if out.is_json() {
                    out.json(&serde_json::json!({ "name": name, "file": path }))?;
                } else {
                    let shown = path.display();
                    out.marked(GOOD, "✓", format_args!("{shown} has the recipe; its comments say what to fill in"))?;
                }
            }
            None if out.is_json() => out.json(&serde_json::json!({ "name": name, "toml": text }))?,
            None => text.lines().try_for_each(|line| out.line(line))?,
        }
        Ok(Exit::Done)
    }
}

fn list(out: &mut Out) -> std::io::Result<()> {
    let all = TEXTS.map(|(name, text)| told(name, text));
    if out.is_json() {
        return out.json(&all);
    }
    out.table(
        ["RECIPE", "SYSTEM", "WHAT IT DOES"],
        all.map(|Told { name, system, does }| [name, system, does].map(str::to_owned)),
    )
}

/// The first line of a recipe is `# SYSTEM: what it does`.
fn told(name: &'static str, text: &'static str) -> Told {
    let first = text.lines().next().unwrap_or_default().trim_start_matches(['#', ' ']);
    let (system, does) = first.split_once(": ").unwrap_or((name, first));
    Told { name, system, does }
}

/// A file that is there may hold an operator's own changes: it is never written over.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let new = OpenOptions::new().write(true).create_new(true).open(path);
    let written = new.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::Usage(format!("{} is there already, and nothing was written; name a new file", path.display()))
        }
        _ => Failure::Other(anyhow::anyhow!("cannot write {}: {error}", path.display())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_of_the_plugin_is_listed_and_says_what_it_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/http-purge/recipes");
        let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        let mut files: Vec<_> = files.map(|name| name.to_string_lossy().replace(".toml", "")).collect();
        files.sort();
        assert_eq!(files, TEXTS.map(|(name, _)| name));
        for (name, text) in TEXTS {
            let Told { system, does, .. } = told(name, text);
            assert!(system.to_lowercase() == name && does.len() > 20, "{name}: {system}: {does}");
        }
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mine.toml");
        write(&path, "# mine").expect("written");
        assert!(matches!(write(&path, "# another"), Err(Failure::Usage(why)) if why.contains("is there already")));
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "# mine");
    }
}
