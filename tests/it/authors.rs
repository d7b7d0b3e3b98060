//! A plugin author's first afternoon: a new project, its own tests, and the conformance kit. Each language for real.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::quietus;

/// As a new project's README.md has it.
const CONFIG: &str = r#"{"folder": "guests"}"#;

/// A new project.
struct Project {
    folder: TempDir,
}

impl Project {
    fn new(lang: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let made = quietus().args(["plugin", "new", "my-plugin", "--lang", lang, "--into"]).arg(folder.path()).output();
        succeeded("plugin new", &made.expect("quietus runs"));
        Self { folder }
    }

    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path());
        succeeded(program, &command.output().expect("it runs"));
    }

    /// `quietus plugin …` on the plugin's file.
    fn plugin(&self, arguments: &[&str]) -> Output {
        let mut command = quietus();
        command.arg("plugin").args(arguments).args(["--plugin-config", CONFIG, "--guest-id", "g-1"]);
        command.current_dir(self.folder.path()).output().expect("quietus runs")
    }

    /// Describes, dry-runs, erases, and passes the kit.
    #[track_caller]
    fn works(&self, file: &str) {
        self.works_in();
        self.guest();
        let dry = self.plugin(&["run", file, "--method", "dry-run", "--json"]);
        assert_eq!(outcome(&dry), "residual");
        assert!(self.file().exists());
        let erased = self.plugin(&["run", file, "--method", "erase", "--json"]);
        assert_eq!(outcome(&erased), "erased");
        assert!(!self.file().exists());

        self.guest();
        let report = self.folder.path().join("report.xml");
        let tested = self.plugin(&["test", file, "--junit", report.to_str().expect("UTF-8")]);
        succeeded("plugin test", &tested);
        assert!(std::fs::read_to_string(report).expect("written").contains("<testsuite"));
    }

    /// Packs a plugin in Python into one file.
    #[track_caller]
    fn pack(&self) {
        self.run("python3", &["-m", "zipapp", "src", "-p", "/usr/bin/env python3", "-o", "my-plugin.pyz"]);
    }

    /// Makes the folder that it is tried on.
    fn works_in(&self) {
        std::fs::create_dir(self.folder.path().join("guests")).expect("made");
    }

    fn guest(&self) {
        std::fs::write(self.file(), "{}").expect("written");
    }

    /// What is deleted.
    fn file(&self) -> PathBuf {
        self.folder.path().join("guests/g-1.json")
    }
}

#[track_caller]
fn succeeded(what: &str, output: &Output) {
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&said));
}

#[track_caller]
fn outcome(output: &Output) -> String {
    succeeded("plugin run", output);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let outcome = &told["outcome"];
    outcome.as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
}

#[test]
fn a_new_plugin_in_rust_builds_and_passes_everything() {
    let project = Project::new("rust");
    // The same versions as this repository's, which are there; and one folder for all runs of this test.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::copy(root.join("Cargo.lock"), project.folder.path().join("Cargo.lock")).expect("copied");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-plugin");
    let target = target.to_str().expect("UTF-8");
    project.run("cargo", &["test", "--offline", "--target-dir", target]);
    // What every author changes first.
    let lib = project.folder.path().join("src/lib.rs");
    let logic = std::fs::read_to_string(&lib).expect("there");
    let changed = logic
        .replace("count(\"files\"", "looked_at(\"guests by id\").count(\"records\"")
        .replace("deleted {files}", "{files}");
    assert_ne!(logic, changed);
    std::fs::write(&lib, changed).expect("written");
    project.run("cargo", &["test", "--offline", "--target-dir", target]);
    project.run("cargo", &["build", "--offline", "--target-dir", target]);
    let library = format!("{target}/debug/libmy_plugin.so");
    std::fs::copy(library, project.folder.path().join("libmy_plugin.so")).expect("copied");
    project.works("libmy_plugin.so");
}

#[test]
fn a_new_plugin_in_c_builds_and_passes_everything() {
    let project = Project::new("c");
    project.run("make", &["test"]);
    project.run("make", &[]);
    project.works("libmy_plugin.so");
}

#[test]
fn a_new_plugin_in_python_passes_everything() {
    let project = Project::new("python");
    project.run("python3", &["-B", "-m", "unittest"]);
    project.pack();
    project.works("my-plugin.pyz");
    let plugin = std::fs::read_to_string(project.folder.path().join("src/__main__.py")).expect("there");
    let code = plugin.lines().filter(|line| !line.trim().is_empty());
    assert!(code.count() <= 30, "a plugin in Python is 30 lines");
}

#[test]
fn what_a_plugin_prints_is_shown_to_its_author_alone() {
    let project = Project::new("python");
    project.works_in();
    project.guest();
    let file = project.folder.path().join("src/__main__.py");
    let text = std::fs::read_to_string(&file).expect("there");
    let loud =
        text.replace("\nclass Folder", "\nimport sys\nprint('here\\x1b[31m I am', file=sys.stderr)\nclass Folder");
    std::fs::write(&file, loud).expect("written");
    project.pack();
    let shown = "here\u{fffd}[31m I am\n";
    for (command, shows) in [
        (&["run", "my-plugin.pyz", "--method", "health"][..], false),
        (&["run", "my-plugin.pyz", "--method", "health", "--show-output"], true),
        (&["test", "my-plugin.pyz", "--calls", "1", "--show-output"], true),
    ] {
        let said = project.plugin(command);
        succeeded("quietus plugin", &said);
        let said = String::from_utf8(said.stderr).expect("UTF-8");
        assert_eq!(said.contains(shown), shows, "{command:?}: {said}");
        assert!(shows || !said.contains("here"), "{said}");
    }
}

#[test]
fn a_new_plugin_in_node_passes_everything() {
    let project = Project::new("node");
    project.run("node", &["--test"]);
    project.works("plugin.mjs");
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let project = Project::new("c");
    let before = std::fs::read(project.folder.path().join("plugin.c")).expect("there");
    let again = quietus().args(["plugin", "new", "other", "--lang", "c", "--into"]).arg(project.folder.path()).output();
    assert_eq!(again.expect("quietus runs").status.code(), Some(2));
    assert_eq!(std::fs::read(project.folder.path().join("plugin.c")).expect("there"), before);
}

#[test]
fn a_plugin_for_another_machine_is_told_apart_by_every_command() {
    let folder = TempDir::new().expect("a folder");
    let foreign = folder.path().join("foreign");
    // A program's head, for a machine that nobody has any more.
    let mut head = std::fs::read("/proc/self/exe").expect("this program")[..64].to_vec();
    head[18..20].copy_from_slice(&15_u16.to_le_bytes());
    std::fs::write(&foreign, head).expect("written");
    std::fs::set_permissions(&foreign, PermissionsExt::from_mode(0o755)).expect("changed");
    let config = "[mluvii]\nbase_url = 'http://127.0.0.1:9'\nclient_id = { file = 's' }\nclient_secret = { file = 's' }\n\
                  [[source]]\nname = 'acme'\nauth = [{ basic = { user = 'mluvii', password = { file = 's' } } }]\n";
    // Where the kernel may have emulators, it runs programs of any machine.
    let emulates = Path::new("/proc/sys/fs/binfmt_misc/status").exists();
    for form in if emulates { &["library"][..] } else { &["library", "exec"] } {
        let plugin = format!("{config}[[plugin]]\nname = 'crm'\n{form} = 'foreign'\ngrants = ['email']\n");
        std::fs::write(folder.path().join("quietus.toml"), plugin).expect("written");
        for arguments in
            [&["check"][..], &["plugin", "describe", "--plugin", "crm"], &["plugin", "test", "--plugin", "crm"]]
        {
            let output = quietus().arg("--config").arg(folder.path().join("quietus.toml")).args(arguments).output();
            let output = output.expect("quietus runs");
            let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
            let expected = ["it is made for machine 15, this machine is ", "build it for this machine"];
            assert!(expected.iter().all(|part| said.contains(part)), "{form}, {arguments:?}: {said}");
        }
    }
}
