//! files in the real sandbox, on real files and a real S3 storage, beside which others' lie.

use std::path::PathBuf;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use test_servers::S3;

use super::bench::Bench;
use crate::harness::{client, http};

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

    fn bench(&self) -> Bench {
        let local = json!({ "root": self.root(), "path": "*/{session_id}-*.wav" });
        let s3 = json!({
            "endpoint": self.storage.url(), "bucket": "bucket-one", "key": "rec/{session_id}.wav", "rate": 1000,
            "access_key_id": "AKIATEST", "secret_access_key": "key",
        });
        let config = json!({ "place": [{ "name": "disk", "local": local }, { "name": "cloud", "s3": s3 }] });
        Bench::new("libfiles.so", config, &[("key", "a-long-secret-access-key")], &["--session-id", "4711"])
    }
}

#[test]
fn files_passes_the_kit() {
    System::new().bench().passes_the_kit();
}

#[test]
fn files_erases_what_its_dry_run_has_shown() {
    let system = System::new();
    system.bench().erases_what_it_has_shown(&json!({ "files": 2, "objects": 1, "versions": 3 }));
    let left = std::fs::read_dir(system.root().join("2026")).expect("there");
    let mut left: Vec<_> = left.map(|entry| entry.expect("read").file_name()).collect();
    left.sort();
    assert_eq!(left, ["4711.txt", "47110-1.wav"]);
    let listed = system.ask(Method::GET, "/bucket-one?versions", "");
    assert_eq!(listed.matches("<Key>").count(), 1, "{listed}");
    assert!(listed.contains("<Key>rec/4711.wav.bak</Key>"), "{listed}");
}
