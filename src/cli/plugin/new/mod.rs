//! `quietus plugin new`: a plugin to begin with. The projects are the repository's own examples, under another name.

mod file;
mod project;
mod sdk;

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{GOOD, Out};
use file::File;
use project::Language;

const EXAMPLES: &str = "\
Examples:
  quietus plugin new crm-purge --lang rust
  quietus plugin new mailbox --lang python --into ~/plugins/mailbox";

/// Begin a plugin: a project that builds, with tests that pass
///
/// What it makes deletes the file {folder}/{guest_id}.json, looks again, and says in a dry run what would go: small, and
/// complete. It needs nothing of quietus's source; a project in Rust has the SDK with it, one in C the header.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct New {
    /// The plugin's name: a-z, 0-9 and `-`, beginning with a letter
    #[arg(value_parser = plain_name)]
    name: String,
    /// What it is written in
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Language,
    /// The folder, which must be new or empty [default: the name]
    #[arg(long, value_name = "FOLDER")]
    into: Option<PathBuf>,
}

impl New {
    pub(in crate::cli) fn run(self, out: &mut Out) -> Result<Exit, Failure> {
        let folder = self.into.unwrap_or_else(|| PathBuf::from(&self.name));
        if folder.exists() && fs::read_dir(&folder)?.next().is_some() {
            let shown = folder.display();
            return Err(Failure::Usage(format!("{shown} is not empty; name another folder with --into FOLDER")));
        }
        let files = project::files(self.lang, &self.name);
        for file in &files {
            write(&folder, file)
                .map_err(|e| anyhow::anyhow!("cannot write {}: {e}", folder.join(&file.path).display()))?;
        }
        if out.is_json() {
            let paths: Vec<_> = files.iter().map(|file| &file.path).collect();
            out.json(&json!({ "folder": folder, "files": paths }))?;
            return Ok(Exit::Done);
        }
        out.marked(GOOD, "✓", format_args!("{} has a plugin that works; its README.md says more", folder.display()))?;
        out.line(format_args!("  cd {}", folder.display()))?;
        for command in project::commands(self.lang, &self.name) {
            out.line(format_args!("  {command}"))?;
        }
        Ok(Exit::Done)
    }
}

fn plain_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && text.len() <= 64 && text.chars().all(plain) && !text.ends_with('-') {
        return Ok(text.to_owned());
    }
    Err("allowed are 1 to 64 of a-z, 0-9 and `-`, beginning with a letter".into())
}

fn write(folder: &Path, file: &File) -> io::Result<()> {
    let path = folder.join(&file.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(&path, &file.text)?;
    if file.is_executable() { fs::set_permissions(&path, Permissions::from_mode(0o755)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_be_a_package_a_library_and_a_plugin() {
        for name in ["crm", "crm-purge", "a1"] {
            assert!(plain_name(name).is_ok(), "{name}");
        }
        for name in ["", "1a", "-a", "a-", "Crm", "a_b", "a/b", "..", "a b", &"a".repeat(65)] {
            assert!(plain_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn what_a_project_is_tried_on_is_a_folder_of_its_own() {
        for lang in [Language::Rust, Language::C, Language::Python, Language::Node] {
            let commands = project::commands(lang, "crm-purge");
            let uses = |command: &&String| command.contains("--plugin-config");
            assert!(commands.iter().filter(uses).all(|command| command.contains(r#"'{"folder": "guests"}'"#)));
            let made = commands.iter().position(|command| command.starts_with("mkdir -p guests "));
            assert!(made < commands.iter().position(|command| uses(&command)) && made.is_some(), "{commands:?}");
        }
    }

    #[test]
    fn nothing_in_a_project_names_the_example_or_the_repository() {
        for lang in [Language::Rust, Language::C, Language::Python, Language::Node] {
            for file in
                project::files(lang, "crm-purge").iter().filter(|file| !file.path.starts_with("quietus-plugin/"))
            {
                for word in ["folder-", "libfolder", "../sdk"] {
                    assert!(!file.text.contains(word), "{lang:?}: {}: {word}", file.path);
                }
            }
        }
    }
}
