//! Rows whose sealed parts are another record's: as whole as they were, and yet they open for nobody.

use serde_json::{Value, json};

use crate::harness::{Away, Deployment, ERASE, PASSWORD, Server, StandIn, client, http, receipts, wait_for};

/// Exchanges a column's bytes between the first and the last row of a table.
fn swap(deployment: &Deployment, table: &str, columns: &[&str]) {
    let ledger = deployment.ledger();
    let other = |column: &&str| format!("{column} = (SELECT {column} FROM was WHERE was.id <> {table}.id)");
    let all: Vec<_> = columns.iter().map(other).collect();
    let ends = format!("id IN ((SELECT MIN(id) FROM {table}), (SELECT MAX(id) FROM {table}))");
    let remember = format!("CREATE TEMP TABLE was AS SELECT * FROM {table} WHERE {ends}");
    let swap = format!("UPDATE {table} SET {} WHERE {ends}", all.join(", "));
    ledger.execute_batch(&format!("{remember}; {swap}; DROP TABLE was")).expect("swapped");
}

#[test]
fn a_swapped_capsule_is_a_damaged_record_and_nobody_is_erased_by_it() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    let mut ids = Vec::new();
    for (session, name) in [(1, "ann"), (2, "eve"), (3, "bob")] {
        let email = format!("{name}@example.com");
        standin.begin(session, &email, Some("v1"));
        standin.just_end(session);
        assert_eq!(server.deliver_end(session), 204);
        deployment.settled(usize::try_from(session).expect("small"));
        deployment.write("whom", &email);
        let whom = format!("@{}", deployment.path("whom").display());
        let asked = deployment.json(&["erase", "--email", &whom, "--after", "2d", "--targets", "mluvii"]);
        ids.push(asked["id"].as_str().expect("an id").to_owned());
    }
    server.leaves_work("none of them is due for two days");
    server.stop();
    swap(&deployment, "capsule", &["wrapped_key", "content"]);
    let server = Server::start(&deployment);
    server.leaves_work("two of them cannot be opened");
    for id in &ids {
        assert!(deployment.run(&["erasures", "retry", id]).status.success());
    }
    let receipt = &receipts(&deployment, 1)[0]["statement"];
    assert_eq!(receipt["erasure"], json!(ids[1]), "it stops no other");
    let damaged = wait_for("both to be told of", || {
        let all = deployment.json(&["attention", "list"]);
        let found = all.as_array()?.iter().find(|one| one["code"] == "records_damaged")?.clone();
        (found["parameters"]["count"] == 2).then_some(found)
    });
    assert_eq!(damaged["severity"], "urgent", "{damaged}");
    assert!(standin.holds("ann@example.com") && standin.holds("bob@example.com") && !standin.holds("eve@example.com"));
}

#[test]
fn a_swapped_delivery_in_quarantine_is_not_shown_as_another() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    for body in ["of ann", "of bob"] {
        let request = client().post(server.url("/webhooks/acme")).basic_auth("mluvii", Some(PASSWORD));
        assert_eq!(http(request.body(body)).0, 202);
    }
    let Value::Array(items) = deployment.json(&["quarantine", "list"]) else { panic!("a list") };
    let show = |id: &Value| {
        let output = deployment.run(&["quarantine", "show", &id.to_string(), "--reveal"]);
        (output.status.success(), [output.stdout, output.stderr].concat())
    };
    assert!(items.iter().all(|item| show(&item["id"]).0));
    swap(&deployment, "quarantine", &["sealed"]);
    for item in &items {
        let (shown, said) = show(&item["id"]);
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!shown && said.contains(&format!("the delivery {} in quarantine is damaged", item["id"])), "{said}");
        assert!(!said.contains("of ann") && !said.contains("of bob"), "{said}");
    }
}

#[test]
fn what_has_to_be_sealed_is_not_acknowledged_while_no_seal_key_is_in_its_folder() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    let deliver_unreadable = || {
        let request = client().post(server.url("/webhooks/acme")).basic_auth("mluvii", Some(PASSWORD));
        http(request.body("not JSON")).0
    };
    let (seals, aside) = (deployment.path("quietus.seals"), deployment.path("aside"));
    std::fs::rename(&seals, &aside).expect("moved");
    assert_eq!((deliver_unreadable(), server.deliver_end(1)), (503, 204));
    std::fs::create_dir(&seals).expect("made");
    assert_eq!(deliver_unreadable(), 503, "an empty folder is where it would be mounted");
    std::fs::remove_dir(&seals).expect("removed");
    std::fs::rename(&aside, &seals).expect("moved back");
    assert_eq!(deliver_unreadable(), 202);
}
