//! `quietus check --against-running`.

use super::{reload, source, text};
use crate::harness::{Deployment, ERASE, Server, StandIn};

#[test]
fn the_difference_is_shown_without_secrets_and_says_what_needs_a_restart() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, ERASE);
    let server = Server::start(&deployment);
    let checked = |expected: i32| {
        let output = deployment.run(&["check", "--against-running"]);
        assert_eq!(output.status.code(), Some(expected), "{}", text(&output));
        text(&output)
    };
    assert!(checked(0).contains("the running server works by it"));

    deployment.replace("drain_max = \"5s\"", "drain_max = \"7s\"\npublic_url = \"https://hooks.example.com\"");
    deployment.replace("rate = 1000", "rate = 999");
    deployment.replace("when = \"consent.state == 'absent'\"", "when = \"consent.state == 'withdrawn'\"");
    deployment.add(&source("beta"));
    deployment.write("webhook.secret", "rotated-password-91");
    let said = checked(9);
    for part in [
        "server.drain_max: \"5s\" → \"7s\"",
        "server.public_url: \"https://hooks.example.com\" is added",
        "plugin.crm.config.rate: 1000 → 999",
        "source.beta: ",
        "rule.\"no consent, nothing kept\".when: \"consent.state == 'absent'\" → \"consent.state == 'withdrawn'\"",
        "source.acme.auth.1.basic.password: what it refers to has changed",
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert!(!said.contains("needs a restart") && !said.contains("rotated-password-91"), "{said}");

    deployment.replace("format = \"json\"", "format = \"text\"");
    let said = checked(9);
    assert!(said.contains("log.format: \"json\" → \"text\" (needs a restart)"), "{said}");
    let shown = deployment.json(&["check", "--against-running"]);
    let format = shown["difference"].as_array().expect("a list").iter().find(|one| one["key"] == "log.format");
    assert_eq!(format.expect("it differs")["needs_restart"], true, "{shown}");
    deployment.replace("format = \"text\"", "format = \"json\"");
    reload(&deployment, 0);
    assert!(checked(0).contains("the running server works by it"));

    // Another file, before it is put in the place of the first.
    deployment.write("next.toml", &deployment.configuration().replace("\"7s\"", "\"8s\""));
    let next = deployment.path("next.toml");
    let mut command = crate::harness::quietus();
    let output = command.arg("--config").arg(next).args(["check", "--against-running"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(9), "{}", text(&output));
    assert!(text(&output).contains("server.drain_max: \"7s\" → \"8s\""), "{}", text(&output));

    deployment.add("[nonsense]\n");
    assert!(checked(1).contains("nonsense"));
    server.leaves_work("nothing is");
}

#[test]
fn what_the_environment_of_the_server_says_is_no_difference() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, &[("SETTLING__PAUSE", "3s")]);
    let output = deployment.run(&["check", "--against-running"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    server.stop();
    let output = deployment.run(&["check", "--against-running"]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
}
