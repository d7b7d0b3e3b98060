//! Witnesses: places elsewhere that are told of each newest receipt, so that its number and hash are known also where the
//! ledger and all that is beside it are lost or changed together.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;

use crate::external::ExternalCommand;

/// A witness, as it is written: `file` or `command`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WitnessSettings {
    /// By which it is named where it fails.
    pub(crate) name: String,
    /// A file to which a line is appended; best on another machine's disk, or where it can only be appended to.
    pub(crate) file: Option<PathBuf>,
    /// A program and its arguments, which gets the line on its standard input and has 10 seconds.
    pub(crate) command: Option<Vec<String>>,
}

impl WitnessSettings {
    /// What is wrong with it, if something is.
    pub(crate) fn wrong(&self) -> Option<&'static str> {
        match (&self.file, &self.command) {
            (Some(_), None) => None,
            (None, Some(command)) if command.is_empty() => Some("it names no program"),
            (None, Some(_)) => None,
            _ => Some("it is told by a `file` or by a `command`; write one of the two"),
        }
    }
}

/// A place that is told of the newest receipt.
#[derive(Clone, Debug)]
pub(crate) enum Witness {
    File(PathBuf),
    Command(ExternalCommand),
}

impl Witness {
    /// Relative paths start at `base`.
    pub(crate) fn of(settings: &WitnessSettings, base: &Path) -> Option<Self> {
        if let Some(file) = &settings.file {
            return Some(Self::File(base.join(file)));
        }
        ExternalCommand::of(settings.command.as_ref()?, base).map(Self::Command)
    }

    /// Tells it of a line; the error says why it does not know it.
    pub(super) async fn tell(&self, line: String) -> Result<(), String> {
        let witness = self.clone();
        let told = tokio::task::spawn_blocking(move || match witness {
            Self::File(path) => append(&path, &line).map_err(|error| error.to_string()),
            Self::Command(command) => command.tell(&format!("{line}\n")),
        });
        told.await.map_err(|error| error.to_string()).flatten()
    }
}

/// Appends a line, which is on the disk when this returns. What was cut off before, by a full disk, gets its end first: two
/// lines would else be one that says nothing.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    let mut text = format!("{line}\n");
    if file.metadata()?.len() > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            text.insert(0, '\n');
        }
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_told_a_line_each_time_and_a_line_that_was_cut_off_gets_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("heads");
        let witness = Witness::File(path.clone());
        witness.tell("one".into()).await.expect("told");
        OpenOptions::new().append(true).open(&path).expect("opens").write_all(b"tw").expect("written");
        witness.tell("three".into()).await.expect("told");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "one\ntw\nthree\n");
        let nowhere = Witness::File(folder.path().join("none/heads"));
        assert!(nowhere.tell("one".into()).await.is_err());
    }

    #[tokio::test]
    async fn a_command_gets_the_line_and_its_exit_code_says_whether_it_was_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let command = |script: &str| {
            let command = ["sh", "-c", script, "sh", folder.path().to_str().expect("UTF-8")];
            let command = Some(command.map(str::to_owned).to_vec());
            let settings = WitnessSettings { name: "w".into(), file: None, command };
            Witness::of(&settings, folder.path()).expect("a witness")
        };
        command(r#"cat > "$1/told""#).tell("one".into()).await.expect("told");
        assert_eq!(std::fs::read_to_string(folder.path().join("told")).expect("read"), "one\n");
        let failed = command("exit 3").tell("one".into()).await.expect_err("it fails");
        assert!(failed.contains("exit status: 3"), "{failed}");
        let missing =
            Witness::Command(ExternalCommand::of(&["./no-such-program".into()], folder.path()).expect("a name"));
        assert!(missing.tell("one".into()).await.is_err());
    }
}
