//! The examples of docs/api.md, as they stand there: from the request to the certificate, with curl and with Python.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;

use super::story::FOUR_EYES;
use super::{ADMIN, Api, talked, token};
use crate::harness::{Deployment, RULES, Server, StandIn};
use crate::interop::python;

const API: &str = include_str!("../../../docs/api.md");
const ANN: &str = "ann@example.com";

/// How many seconds an example may wait for what it has ordered, on a machine with much else to do.
const SECONDS_MAX: &str = "100";

/// Somebody's data at mluvii and at a CRM, and two people who can have them erased together.
struct Company {
    server: Server,
    standin: StandIn,
    deployment: Deployment,
}

fn company() -> Company {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &format!("{RULES}{FOUR_EYES}{ADMIN}"));
    let server = Server::start(&deployment);
    talked(&standin, &server, &deployment, ANN);
    standin.add_contact(ANN);
    for role in ["officer", "approver"] {
        let token = token(&deployment, role, &[role], &[]);
        deployment.write(&format!("{role}.token"), &token);
        deployment.write(&format!("{role}.header"), &format!("Authorization: Bearer {token}\n"));
    }
    Company { server, standin, deployment }
}

impl Company {
    /// The example in this language, against this server and in less of a hurry than people have.
    fn example(&self, language: &str, pause: (&str, &str)) -> String {
        let section = API.split("\n## From the letter to the certificate\n").nth(1).expect("the section");
        let block = section.split(&format!("\n```{language}\n")).nth(1).expect("an example");
        let block = block.split("\n```\n").next().expect("its end");
        let base = Api::of(&self.server, None).base;
        [("http://127.0.0.1:8484", base.as_str()), pause].iter().fold(block.to_owned(), |text, (from, to)| {
            assert_eq!(text.matches(*from).count(), 1, "{from}: {text}");
            text.replace(*from, to)
        })
    }

    /// Has an example run, and looks at what came of it.
    fn runs(&self, mut example: Command, input: &str) {
        example.current_dir(self.deployment.folder()).env("PYTHONUTF8", "1");
        example.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = example.spawn().expect("tests/run installs what it needs");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it is read");
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}: {said}{}", output.status, String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("acme/101"), "it shows what would go: {said}");
        let paper = std::fs::read_to_string(self.deployment.path("certificate.html")).expect("the certificate");
        assert!(
            paper.starts_with("<!DOCTYPE html>") && paper.contains("lang=\"cs\"") && paper.contains("R-1"),
            "{paper}"
        );
        assert!(!self.standin.holds(ANN), "their data are gone");
    }
}

#[test]
fn the_example_with_curl_goes_from_the_request_to_the_certificate() {
    let company = company();
    let person = json!([{ "kind": "email", "value": ANN }]);
    let request = json!({ "came": "letter", "verified": "document", "identifiers": person });
    company.deployment.write("request.json", &request.to_string());
    let mut example = Command::new("timeout");
    let script = company.example("sh", ("sleep 60", "sleep 0.1"));
    example.args([SECONDS_MAX, "bash", "-euo", "pipefail", "-c", &script]);
    company.runs(example, "");
}

#[test]
fn the_example_in_python_goes_from_the_request_to_the_certificate() {
    let company = company();
    let mut example = Command::new("timeout");
    let script = company.example("python", ("time.sleep(60)", "time.sleep(0.1)"));
    example.arg(SECONDS_MAX).arg(python()).args(["-c", &script]);
    company.runs(example, &format!("{ANN}\n"));
}
