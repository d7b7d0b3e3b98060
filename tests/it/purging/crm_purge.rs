//! crm-purge in the real sandbox, against a HubSpot that searches fuzzily and deletes for real.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use quietus_plugin::http::test::{Reply, Seen, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::quietus;

/// Ann's two contacts, and somebody whose address ends like hers.
fn hubspot() -> Server {
    let mut contacts = vec![("1", "ann@x.cz"), ("2", "ANN@x.cz"), ("3", "joann@x.cz")];
    Server::start(move |seen: &Seen| match (seen.method.as_str(), seen.target.as_str()) {
        _ if seen.header("authorization") != Some("Bearer a-long-token-of-hubspot") => Reply::empty(401),
        ("GET", "/crm/v3/objects/contacts?limit=1") => Reply::json(200, &json!({ "results": [] })),
        ("POST", "/crm/v3/objects/contacts/search") => {
            let body = seen.json();
            let value = &body["filterGroups"][0]["filters"][0]["value"];
            let value = value.as_str().unwrap_or_default().to_lowercase();
            let found = contacts.iter().filter(|(_, email)| email.to_lowercase().contains(&value));
            let found: Vec<_> =
                found.map(|(id, email)| json!({ "id": id, "properties": { "email": email } })).collect();
            Reply::json(200, &json!({ "total": found.len(), "results": found }))
        }
        ("POST", "/crm/v3/objects/contacts/gdpr-delete") => {
            let before = contacts.len();
            contacts.retain(|(id, _)| seen.json() != json!({ "objectId": id }));
            Reply::empty(if contacts.len() < before { 204 } else { 404 })
        }
        _ => Reply::empty(405),
    })
}

struct Plugin {
    folder: TempDir,
    config: String,
}

impl Plugin {
    fn of(hubspot: &Server) -> Self {
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("token"), "a-long-token-of-hubspot").expect("written");
        let config = json!({
            "vendor": "hubspot", "base_url": hubspot.url, "auth": { "bearer": { "secret": "token" } },
            "by": ["email", "phone"], "rate": 1000, "search_rate": 1000, "verify_after": "1s",
        });
        Self { folder, config: config.to_string() }
    }

    /// `quietus plugin …` on the library beside the program.
    fn run(&self, arguments: &[&str]) -> Output {
        let program: PathBuf = quietus().get_program().into();
        let library = program.parent().unwrap_or(Path::new(".")).join("libcrm_purge.so");
        let mut command: Command = quietus();
        command.arg("plugin").arg(arguments[0]).arg(library).args(&arguments[1..]);
        command.args(["--config", &self.config, "--secret", "token=token", "--email", "ann@x.cz"]);
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
fn crm_purge_passes_the_kit() {
    let hubspot = hubspot();
    let tested = Plugin::of(&hubspot).run(&["test", "--calls", "200"]);
    let said = String::from_utf8_lossy(&[tested.stdout.as_slice(), &tested.stderr].concat()).into_owned();
    assert!(tested.status.success(), "{said}");
    for check in ["erase-answers", "erase-again", "verify-after-erase", "dry-run-repeats", "hostile-answered"] {
        assert!(said.lines().any(|line| line.starts_with('✓') && line.contains(check)), "{check}: {said}");
    }
}

#[test]
fn crm_purge_erases_what_its_dry_run_has_shown() {
    let hubspot = hubspot();
    let plugin = Plugin::of(&hubspot);
    let both = json!({ "contacts": 2 });
    assert_eq!(plugin.answer("dry-run"), ("residual".to_owned(), both.clone()));
    assert_eq!(plugin.answer("erase"), ("erased".to_owned(), both));
    assert_eq!(plugin.answer("verify").0, "absent");
    let deletions = hubspot.seen().into_iter().filter(|seen| seen.target.ends_with("gdpr-delete"));
    assert_eq!(deletions.map(|seen| seen.body).collect::<Vec<_>>(), [r#"{"objectId":"1"}"#, r#"{"objectId":"2"}"#]);
}
