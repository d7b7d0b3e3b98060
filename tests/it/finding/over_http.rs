//! http-purge tells other systems an id, in the configuration of its README: the real binary, both plugins in their sandboxes, a system
//! with an HTTP API and a database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quietus_plugin::http::test::{Reply, Seen, Server as Crm};
use serde_json::{Value, json};
use test_servers::postgres;

use super::{calls, folder, plugin};
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

/// Contacts on two pages: Ann on the second one, a look-alike on the first. As long as `keyless`, Ann's has no id.
fn crm(keyless: Arc<AtomicBool>) -> Crm {
    let mut ids = vec!["CRM-4711", "CRM-4712"];
    Crm::start(move |seen: &Seen| {
        if seen.header("authorization") != Some("Bearer the-right-key") {
            return Reply::empty(302).with("Location", "/login");
        }
        if seen.method == "DELETE" {
            ids.retain(|id| seen.target != format!("/api/contacts/{id}"));
            return Reply::empty(204);
        }
        let is_last = seen.target.contains("page=2");
        let (id, email) = if is_last { ("CRM-4711", "Ann@Example.com") } else { ("CRM-4712", "joann@example.com") };
        let mut found = Vec::new();
        if seen.target.contains("ann%40example.com") && ids.contains(&id) {
            found.push(json!({ "email": email }));
            if !(is_last && keyless.load(Ordering::SeqCst)) {
                found[0]["id"] = json!(id);
            }
        }
        let next = if is_last { Value::Null } else { json!("2") };
        Reply::json(200, &json!({ "contacts": found, "next": next }))
    })
}

/// The plugin of the README, at this address.
fn contacts(crm: &Crm) -> String {
    let readme = include_str!("../../../plugins/http-purge/README.md");
    let mut blocks = readme.split("```toml\n").skip(1).filter_map(|block| block.split("```").next());
    let example = blocks.find(|block| block.contains("returns = ")).expect("an example");
    let mut example = example.to_owned();
    for (theirs, ours) in [
        ("https://contacts.example.com", crm.url.as_str()),
        ("/etc/quietus/contacts.token", "contacts.token"),
        ("[plugin.config]\n", "[plugin.config]\nrate = 1000\n"),
    ] {
        assert!(example.contains(theirs), "{theirs}");
        example = example.replace(theirs, ours);
    }
    example
}

/// sql-purge for a warehouse that goes by the other system's ids.
fn warehouse(url: &str) -> String {
    format!(
        r#"
[[plugin]]
name = "warehouse"
library = "libsql_purge.so"
grants = ["crm_id"]

[plugin.config]
url = "{url}"
kinds = ["crm_id"]

[[plugin.config.statement]]
name = "parcels"
sql = "UPDATE parcels SET name = NULL WHERE customer = :crm_id AND name IS NOT NULL"
rows_max = 5
"#
    )
}

#[test]
fn an_id_that_an_http_system_holds_is_what_a_database_erases_by() {
    let (standin, cluster) = (StandIn::start(), postgres::Cluster::start());
    cluster.create_database("warehouse");
    cluster.sql("warehouse", "CREATE TABLE parcels (customer text, name text)");
    cluster.sql("warehouse", "INSERT INTO parcels VALUES ('CRM-4711', 'Ann'), ('CRM-4712', 'Joann')");
    let crm = crm(Arc::new(AtomicBool::new(false)));
    let rules = ERASE.replace("[\"mluvii\"]", "[\"warehouse\", \"mluvii\", \"contacts\"]");
    let with = |contacts: &str| format!("{rules}\n{}{contacts}", warehouse(&cluster.url("warehouse")));
    let silent = contacts(&crm).replace("returns = \"crm_id\"", "returns = \"card_no\"");
    let deployment = Deployment::bare(&standin.mluvii, &with(&silent));
    deployment.write("contacts.token", "the-right-key");
    let checked = deployment.run(&["check"]);
    let text = String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()).into_owned();
    assert_eq!(checked.status.code(), Some(1), "nobody is told an id: {text}");
    assert!(text.contains("nothing produces the kind `crm_id`"), "{text}");

    deployment.configure(&standin.mluvii, &with(&contacts(&crm)));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    let receipt = receipts(&deployment, 1).remove(0);
    let steps = receipt["statement"]["steps"].as_array().expect("steps");
    let outcomes: Vec<_> = steps.iter().map(|step| (&step["target"], &step["outcome"])).collect();
    let erased = json!("erased");
    let expected = [(&json!("contacts"), &erased), (&json!("mluvii"), &erased), (&json!("warehouse"), &erased)];
    assert_eq!(outcomes, expected, "{receipt}");
    assert_eq!(cluster.sql("warehouse", "SELECT name FROM parcels WHERE name IS NOT NULL"), "Joann");
    let deleted: Vec<_> = crm.lines().into_iter().filter(|line| line.starts_with("DELETE")).collect();
    assert_eq!(deleted, ["DELETE /api/contacts/CRM-4711"], "the look-alike stays");
    let ledger = std::fs::read(deployment.path("quietus.db")).expect("a ledger");
    let pages = std::fs::read(deployment.path("quietus.db-wal")).unwrap_or_default();
    let said = format!("{receipt}{}{}", server.log().concat(), String::from_utf8_lossy(&[ledger, pages].concat()));
    assert!(!said.contains("CRM-4711"), "what was found is sealed, and is in no log");
    server.stop();
}

#[test]
fn an_answer_without_the_id_is_not_taken_for_nothing() {
    let (standin, folder) = (StandIn::start(), folder());
    let keyless = Arc::new(AtomicBool::new(true));
    let crm = crm(Arc::clone(&keyless));
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"erp\", \"contacts\"]");
    let erp = plugin(&folder.path().display().to_string(), "erp", "customer_no");
    let contacts = contacts(&crm).replace("returns = \"crm_id\"", "returns = \"customer_no\"");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}\n{contacts}{erp}"));
    deployment.write("contacts.token", "the-right-key");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    let parked = wait_for("a person to be needed", || {
        deployment.json(&["erasures", "list", "--state", "parked"]).get(0).cloned()
    });
    let erasure = parked["id"].as_str().expect("an id");
    let shown = deployment.json(&["erasures", "show", erasure]).to_string();
    assert!(shown.contains("step `contact-ids`") && shown.contains("where `extract` leads"), "{shown}");
    assert!(crm.lines().iter().all(|line| line.starts_with("GET ")), "it did not go on without its find");

    keyless.store(false, Ordering::SeqCst);
    assert!(deployment.run(&["erasures", "retry", erasure]).status.success());
    let receipt = receipts(&deployment, 1).remove(0);
    let steps = receipt["statement"]["steps"].as_array().expect("steps");
    let outcome = |target: &str| steps.iter().find(|step| step["target"] == target).map(|step| step["outcome"].clone());
    // Nobody waits for a person: the other system was asked by nothing, and the receipt does not say that there was nobody.
    let outcomes = (outcome("erp"), outcome("contacts"));
    assert_eq!(outcomes, (Some(json!("unverifiable")), Some(json!("erased"))), "{receipt}");
    assert_eq!(receipt["statement"]["verdict"], "incomplete", "{receipt}");
    assert_eq!(calls(&folder), [""; 0]);
    server.stop();
}
