//! A recipe of http-purge, from the command that prints it to the receipt: the real binary, the plugin in its sandbox, a Zendesk.

use std::collections::BTreeMap;

use quietus_plugin::http::test::{Reply, Seen, Server as Zendesk};
use serde_json::{Value, json};

use crate::harness::{Deployment, Server, StandIn, oracle, receipts};
use crate::main_job::approve;

/// `agent@example.com/token` and the token.
const AUTHORIZATION: &str = "Basic YWdlbnRAZXhhbXBsZS5jb20vdG9rZW46dGhlLXJpZ2h0LWtleQ==";
const TOKEN: &str = "the-right-key";
const RULE: &str = r#"
[settling]
limit = "2h"
pause = "0s"

[[rule]]
name = "the delete-my-data form"
on = "form-submitted"
when = "form.id == 4711 && form.submitted"
erase = "person"
approve = true
targets = ["mluvii", "zendesk"]
"#;

/// Users by number, in the words of Zendesk's API reference: Ann by a secondary address, and a look-alike. `plugins/http-purge` has one
/// that can do more.
fn zendesk() -> Zendesk {
    let mut active = BTreeMap::from([("7", vec!["ann@work.example", "ann@x.cz"]), ("8", vec!["joann@x.cz"])]);
    let mut deleted = Vec::new();
    Zendesk::start(move |seen: &Seen| {
        let path = seen.target.split('?').next().unwrap_or_default();
        let id = path.split('/').find(|segment| segment.parse::<u64>().is_ok()).unwrap_or_default().to_owned();
        let number: Value = id.parse::<u64>().map_or(Value::Null, Into::into);
        match (seen.method.as_str(), path) {
            _ if seen.header("authorization") != Some(AUTHORIZATION) => Reply::json(401, &json!({ "error": "no" })),
            ("GET", "/api/v2/users/me") => Reply::json(200, &json!({ "user": { "id": 1 } })),
            ("GET", "/api/v2/users/search") => {
                let found =
                    active.keys().filter_map(|id| id.parse::<u64>().ok()).map(|id| json!({ "id": id, "email": null }));
                Reply::json(200, &json!({ "users": found.collect::<Vec<_>>(), "next_page": null }))
            }
            ("GET", _) => {
                let address = |value: &&str| json!({ "user_id": number, "type": "email", "value": value });
                let addresses = active.get(id.as_str()).into_iter().flatten().map(address);
                Reply::json(200, &json!({ "identities": addresses.collect::<Vec<_>>(), "next_page": null }))
            }
            ("DELETE", path) if path.starts_with("/api/v2/users/") => match active.remove(id.as_str()) {
                Some(_) => {
                    deleted.push(id);
                    Reply::json(200, &json!({ "user": { "active": false } }))
                }
                None => Reply::empty(404),
            },
            _ => match deleted.iter().position(|known| *known == id) {
                Some(at) => {
                    deleted.remove(at);
                    Reply::json(200, &json!({ "deleted_user": { "active": false } }))
                }
                None => Reply::empty(404),
            },
        }
    })
}

/// A deployment with the recipe as the command writes it; only the address and the pauses are a test's.
fn install(standin: &StandIn, zendesk: &Zendesk) -> Deployment {
    let deployment = Deployment::bare(&standin.mluvii, "");
    let written = deployment.path("zendesk.toml");
    let written = written.to_str().expect("UTF-8");
    assert!(deployment.run(&["plugin", "recipe", "zendesk", "--to", written]).status.success());
    let again = deployment.run(&["plugin", "recipe", "zendesk", "--to", written]);
    assert_eq!(again.status.code(), Some(2), "never over an existing file");
    let recipe = std::fs::read_to_string(written).expect("written");
    let printed = deployment.run(&["plugin", "recipe", "zendesk"]);
    assert_eq!(String::from_utf8_lossy(&printed.stdout), recipe);
    for (theirs, ours) in [
        ("https://example.zendesk.invalid", zendesk.url.as_str()),
        ("/etc/quietus/zendesk.token", "zendesk.token"),
        ("rate = 1\n", "rate = 1000\n"),
        ("verify_after = \"5m\"", "verify_after = \"0s\""),
    ] {
        assert!(recipe.contains(theirs), "{theirs}");
        deployment.write("zendesk.toml", &std::fs::read_to_string(written).expect("read").replace(theirs, ours));
    }
    let recipe = std::fs::read_to_string(written).expect("read");
    deployment.configure(&standin.mluvii, &format!("{RULE}\n{recipe}"));
    deployment
}

#[test]
fn a_recipe_is_printed_checked_and_erases_a_person() {
    let standin = StandIn::start();
    let zendesk = zendesk();
    let deployment = install(&standin, &zendesk);
    let checked = deployment.run(&["check"]);
    assert!(!checked.status.success(), "its secret is not there yet");
    deployment.write("zendesk.token", TOKEN);
    let checked = deployment.run(&["check"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()));

    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@x.cz", Some("v3"));
    standin.end(101);
    deployment.settled(1);
    standin.submit(101, 4711, &json!({ "oo1_guest_email": "ann@x.cz" }));
    approve(&deployment);

    let receipts = receipts(&deployment, 1);
    let steps = receipts[0]["statement"]["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["target"] == "zendesk").expect("a step");
    assert_eq!((&step["outcome"], &step["counts"]), (&json!("erased"), &json!({ "users": 1, "users_for_good": 1 })));
    assert!(step["verified_at"].is_string(), "{step:#}");
    let told = step.to_string();
    for part in [
        "`GET /api/v2/users/search`, by email",
        "texts, subjects and attachments of tickets in Zendesk that name the person",
        "closed tickets of the user, assigned to a permanently deleted user, by the word of Zendesk's help pages",
    ] {
        assert!(told.contains(part), "{part}: {step:#}");
    }
    let deletions = zendesk.lines().into_iter().filter(|line| line.starts_with("DELETE"));
    assert_eq!(deletions.collect::<Vec<_>>(), ["DELETE /api/v2/users/7", "DELETE /api/v2/deleted_users/7"]);
    oracle::the_receipts_verify(&deployment);
}

#[test]
fn recipes_are_listed_for_people_and_for_programs() {
    let listed = crate::harness::quietus().args(["--json", "plugin", "recipe"]).output().expect("quietus runs");
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("JSON");
    let names: Vec<_> = listed.as_array().expect("a list").iter().map(|recipe| recipe["name"].clone()).collect();
    assert_eq!(names, ["ecomail", "mailchimp", "smartemailing", "zendesk"]);
    assert!(
        listed
            .as_array()
            .expect("a list")
            .iter()
            .all(|recipe| recipe["does"].is_string() && recipe["system"].is_string())
    );
    let unknown = crate::harness::quietus().args(["plugin", "recipe", "hubspott"]).output().expect("quietus runs");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("ecomail, mailchimp, smartemailing, zendesk"));
}
