//! Secrets are read anew: those of sources, of mluvii and of plugins.

use serde_json::json;

use super::{answers, deliver_to, processes, reload};
use crate::harness::{CRM_TOKEN, Deployment, ERASE, PASSWORD, Server, StandIn, receipts, wait_for};

const ROTATED: &str = "rotated-password-91";

#[test]
fn a_rotated_secret_is_the_only_one_after_a_reload_and_nothing_of_it_is_shown() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    for id in [1, 2] {
        standin.begin(id, &format!("person{id}@example.com"), None);
    }
    assert_eq!(answers(&server, "acme", 1), 204);
    deployment.write("webhook.secret", ROTATED);
    assert_eq!(answers(&server, "acme", 1), 204, "not before it is told");
    let shown = deployment.run(&["check", "--against-running"]);
    assert_eq!(shown.status.code(), Some(9));
    let said = reload(&deployment, 0);
    assert!(said.contains("source.acme.auth.1.basic.password"), "{said}");
    assert_eq!([answers(&server, "acme", 2), deliver_to(&server, "acme", ROTATED, 2)], [401, 204]);
    receipts(&deployment, 2);
    let all = [said, super::text(&shown), server.log().join("\n"), server.metrics()].concat();
    assert!(!all.contains(PASSWORD) && !all.contains(ROTATED), "a secret is shown");
}

#[test]
fn a_client_of_mluvii_with_other_credentials_takes_the_place_of_the_one_before() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let good = std::fs::read_to_string(deployment.path("api.secret")).expect("it is there");
    deployment.write("api.secret", "an-old-secret");
    let server = Server::start(&deployment);
    standin.begin(1, "ann@example.com", None);
    assert_eq!(answers(&server, "acme", 1), 204);
    wait_for("mluvii to refuse", || (!standin.calls("/token").is_empty()).then_some(()));
    deployment.write("api.secret", &good);
    let said = reload(&deployment, 0);
    assert!(said.contains("mluvii.acme.client_secret"), "{said}");
    receipts(&deployment, 1);
    assert!(!standin.holds("ann@example.com"));
}

#[test]
fn a_plugin_is_started_anew_with_its_new_secret_and_one_without_a_change_stays() {
    let standin = StandIn::start();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/wayward.py");
    let moody = format!(
        "\n[[plugin]]\nname = \"moody\"\nexec = \"{program}\"\ngrants = [\"name\"]\nconfig = {{ mood = \"good\" }}\n"
    );
    let deployment = Deployment::new(&standin, ERASE);
    let server = Server::start(&deployment);
    let first = processes(&deployment);

    deployment.add(&moody);
    assert!(reload(&deployment, 0).contains("plugin.moody"));
    let added = processes(&deployment);
    assert_eq!(added["crm"], first["crm"], "it goes on running");
    assert!(added["moody"].is_number());

    deployment.write("crm.token", &format!("{CRM_TOKEN}\n"));
    assert!(reload(&deployment, 0).contains("plugin.crm.secrets.token"));
    assert_eq!(processes(&deployment), added, "the file has changed, and the secret in it has not");
    deployment.write("crm.token", "another-token-1");
    reload(&deployment, 0);
    let rotated = processes(&deployment);
    assert_ne!(rotated["crm"], added["crm"]);
    assert_eq!(rotated["moody"], added["moody"]);
    deployment.write("crm.token", CRM_TOKEN);
    reload(&deployment, 0);

    deployment.replace(&moody, "");
    reload(&deployment, 0);
    wait_for("what is not wanted any more to end", || (server.children().len() == 1).then_some(()));
    let left = processes(&deployment);
    assert_eq!(left["moody"], serde_json::Value::Null);

    // And it works: with the token that was taken last.
    deployment.replace("targets = [\"mluvii\"]", "targets = [\"mluvii\", \"crm\"]");
    reload(&deployment, 0);
    standin.add_contact("ann@example.com");
    standin.begin(1, "ann@example.com", None);
    standin.just_end(1);
    assert_eq!(answers(&server, "acme", 1), 204);
    let receipt = receipts(&deployment, 1).remove(0);
    assert!(!standin.holds("ann@example.com"), "{}", json!(receipt));
}
