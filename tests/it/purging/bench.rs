//! A plugin that comes with quietus, in the real sandbox, by the command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::quietus;

/// A library beside the program, and what it is configured with.
pub(super) struct Bench {
    folder: TempDir,
    library: &'static str,
    config: Value,
    secrets: Vec<String>,
    person: Vec<&'static str>,
}

impl Bench {
    /// Of a library such as `libcrm_purge.so`; `secrets` are names and values, `person` what the command line says of one.
    pub(super) fn new(library: &'static str, config: Value, secrets: &[(&str, &str)], person: &[&'static str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        for (name, value) in secrets {
            std::fs::write(folder.path().join(name), value).expect("written");
        }
        let secrets = secrets.iter().map(|(name, _)| format!("{name}={name}")).collect();
        Self { folder, library, config, secrets, person: person.to_vec() }
    }

    /// `quietus plugin …`.
    fn run(&self, arguments: &[&str]) -> Output {
        let program: PathBuf = quietus().get_program().into();
        let library = program.parent().unwrap_or(Path::new(".")).join(self.library);
        let mut command: Command = quietus();
        command.arg("plugin").arg(arguments[0]).arg(library).args(&arguments[1..]);
        command.args(["--plugin-config", &self.config.to_string()]).args(&self.person);
        for secret in &self.secrets {
            command.args(["--secret", secret]);
        }
        command.current_dir(self.folder.path()).output().expect("quietus runs")
    }

    /// The outcome and the counts of a call that goes well.
    #[track_caller]
    pub(super) fn answer(&self, method: &str) -> (String, Value) {
        let output = self.run(&["run", "--method", method, "--json"]);
        assert!(output.status.success(), "{method}: {}", text(&output));
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (told["outcome"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned(), told["counts"].clone())
    }

    /// What the dry run shows goes, and is not there afterwards.
    #[track_caller]
    pub(super) fn erases_what_it_has_shown(&self, counts: &Value) {
        assert_eq!(self.answer("dry-run"), ("residual".to_owned(), counts.clone()));
        assert_eq!(self.answer("erase"), ("erased".to_owned(), counts.clone()));
        assert_eq!(self.answer("verify").0, "absent");
    }

    /// The conformance kit passes, and its essential checks were not left out.
    #[track_caller]
    pub(super) fn passes_the_kit(&self) {
        let tested = self.run(&["test", "--calls", "100"]);
        let said = text(&tested);
        assert!(tested.status.success(), "{said}");
        for check in ["erase-answers", "erase-again", "verify-after-erase", "hostile-answered"] {
            assert!(said.lines().any(|line| line.starts_with('✓') && line.contains(check)), "{check}: {said}");
        }
    }
}

/// Everything that a command said.
fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}
