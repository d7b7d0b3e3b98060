//! files in the real sandbox, on real files and a real S3 storage, beside which others' lie.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_servers::S3;

use crate::harness::{client, http, quietus};

/// What is the person's, and what is not.
struct System {
    folder: TempDir,
    storage: S3,
}

impl System {
    fn new() -> Self {
        let system = Self { folder: TempDir::new().expect("a folder"), storage: S3::start() };
        for file in ["2026/4711-1.wav", "2026/4711-2.wav", "2026/47110-1.wav", "2026/4711.txt"] {
            let file = system.root().join(file);
            std::fs::create_dir_all(file.parent().expect("in a folder")).expect("made");
            std::fs::write(file, "what was said").expect("written");
        }
        let on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
        system.ask(Method::PUT, "/bucket-one", "");
        system.ask(Method::PUT, "/bucket-one?versioning", on);
        for key in ["rec/4711.wav", "rec/4711.wav", "rec/4711.wav.bak"] {
            system.ask(Method::PUT, &format!("/bucket-one/{key}"), "what was said");
        }
        system.ask(Method::DELETE, "/bucket-one/rec/4711.wav", "");
        std::fs::write(system.folder.path().join("key"), "a-long-secret-access-key").expect("written");
        system
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    fn ask(&self, method: Method, target: &str, body: &'static str) -> String {
        let who =
            "AWS4-HMAC-SHA256 Credential=AKIATEST/20261124/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
        let request = client().request(method, format!("{}{target}", self.storage.url()));
        let (status, body) = http(request.header("Authorization", who).body(body));
        assert!((200..300).contains(&status), "{target}: {status} {body}");
        body
    }

    /// `quietus plugin …` on the library beside the program.
    fn run(&self, arguments: &[&str]) -> Output {
        let program: PathBuf = quietus().get_program().into();
        let library = program.parent().unwrap_or(Path::new(".")).join("libfiles.so");
        let local = json!({ "root": self.root(), "path": "*/{session_id}-*.wav" });
        let s3 = json!({
            "endpoint": self.storage.url(), "bucket": "bucket-one", "key": "rec/{session_id}.wav", "rate": 1000,
            "access_key_id": "AKIATEST", "secret_access_key": "key",
        });
        let config = json!({ "place": [{ "name": "disk", "local": local }, { "name": "cloud", "s3": s3 }] });
        let mut command: Command = quietus();
        command.arg("plugin").arg(arguments[0]).arg(library).args(&arguments[1..]);
        command.args(["--config", &config.to_string(), "--secret", "key=key", "--session-id", "4711"]);
        command.current_dir(self.folder.path()).output().expect("quietus runs")
    }

    #[track_caller]
    fn answer(&self, method: &str) -> (String, Value) {
        let output = self.run(&["run", "--method", method, "--json"]);
        let said = String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{method}: {said}");
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (told["outcome"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned(), told["counts"].clone())
    }
}

#[test]
fn files_passes_the_kit() {
    let tested = System::new().run(&["test", "--calls", "200"]);
    let said = String::from_utf8_lossy(&[tested.stdout.as_slice(), &tested.stderr].concat()).into_owned();
    assert!(tested.status.success(), "{said}");
    let checks = [
        "erase-answers",
        "erase-again",
        "verify-after-erase",
        "dry-run-repeats",
        "dry-run-writes-nothing",
        "hostile-answered",
    ];
    for check in checks {
        assert!(said.lines().any(|line| line.starts_with('✓') && line.contains(check)), "{check}: {said}");
    }
}

#[test]
fn files_erases_what_its_dry_run_has_shown() {
    let system = System::new();
    let all = json!({ "files": 2, "objects": 1, "versions": 3 });
    assert_eq!(system.answer("dry-run"), ("residual".to_owned(), all.clone()));
    assert_eq!(system.answer("erase"), ("erased".to_owned(), all));
    assert_eq!(system.answer("verify").0, "absent");
    let left = std::fs::read_dir(system.root().join("2026")).expect("there");
    let mut left: Vec<_> = left.map(|entry| entry.expect("read").file_name()).collect();
    left.sort();
    assert_eq!(left, ["4711.txt", "47110-1.wav"]);
    let listed = system.ask(Method::GET, "/bucket-one?versions", "");
    assert_eq!(listed.matches("<Key>").count(), 1, "{listed}");
    assert!(listed.contains("<Key>rec/4711.wav.bak</Key>"), "{listed}");
}
