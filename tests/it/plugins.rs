//! What an operator does with plugins while the server runs.

use serde_json::Value;

use crate::harness::{Deployment, ERASE, Server, StandIn};

/// A program that is a plugin, beside the library that the deployment has.
fn with_mood(mood: &str) -> String {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/wayward.py");
    format!(
        "{ERASE}\n[[plugin]]\nname = \"moody\"\nexec = \"{program}\"\ngrants = [\"name\"]\nconfig = {{ mood = \"{mood}\" }}\n"
    )
}

fn text(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// The row of a plugin in `quietus plugin list`, once all are up.
#[track_caller]
fn row(deployment: &Deployment, name: &str) -> Value {
    crate::harness::wait_for("the plugins to be up", || {
        let listed = deployment.run(&["--json", "plugin", "list"]);
        let rows: Value = serde_json::from_slice(&listed.stdout).ok()?;
        listed.status.success().then(|| rows.as_array()?.iter().find(|row| row["name"] == name).cloned())?
    })
}

#[test]
fn plugins_are_listed_with_what_an_operator_needs_to_know() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &with_mood("good"));
    let server = Server::start(&deployment);
    let crm = row(&deployment, "crm");
    assert_eq!((&crm["state"]["detail"]["name"], &crm["restarts"]), (&"http-purge".into(), &0.into()));
    assert_eq!((&crm["waiting"], &crm["parked"], &crm["last_error"]), (&0.into(), &0.into(), &Value::Null));
    let shown = text(&deployment.run(&["plugin", "list"]));
    for part in ["PLUGIN", "SANDBOX", "moody", "wayward-exec 1", "0 under way, 0 waiting"] {
        assert!(shown.contains(part), "{part} is missing in {shown}");
    }
    let process = row(&deployment, "moody")["state"]["detail"]["process"].to_string();
    assert!(server.children().contains(&process));
}

#[test]
fn a_plugin_is_replaced_by_what_the_configuration_says_now() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, &with_mood("good"));
    let _server = Server::start(&deployment);
    let process = |name: &str| row(&deployment, name)["state"]["detail"]["process"].clone();
    let before = process("moody");

    deployment.configure(&standin.mluvii, &with_mood("sick"));
    let refused = deployment.run(&["plugin", "reload", "moody"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("not healthy: feeling sick"), "{}", text(&refused));
    assert_eq!(process("moody"), before);

    deployment.configure(&standin.mluvii, "not = [valid");
    let refused = deployment.run(&["plugin", "reload", "moody"]);
    assert_eq!(refused.status.code(), Some(3), "the command itself cannot read the configuration");

    deployment.configure(&standin.mluvii, &with_mood("good"));
    let replaced = deployment.run(&["plugin", "reload", "moody"]);
    assert!(replaced.status.success(), "{}", text(&replaced));
    assert_ne!(process("moody"), before);
    assert_eq!(row(&deployment, "moody")["restarts"], 2, "one that was refused, one that took over");
}

#[test]
fn what_cannot_be_reloaded_is_told() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, ERASE);
    let away = deployment.run(&["plugin", "list"]);
    assert_eq!(away.status.code(), Some(5), "there is no server: {}", text(&away));
    let server = Server::start(&deployment);
    let none = deployment.run(&["plugin", "reload", "nobody"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none).contains("has no plugin `nobody`; it has: crm"), "{}", text(&none));
    server.stop();
    let away = deployment.run(&["plugin", "reload", "crm"]);
    assert_eq!(away.status.code(), Some(5));
    assert!(text(&away).contains("is `quietus serve` running"), "{}", text(&away));
    assert!(!deployment.path("quietus.sock").exists());
}

#[test]
fn a_call_that_must_not_be_made_twice_is_parked_when_the_server_stops_in_it() {
    let standin = StandIn::start();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/wayward.py");
    let plugin =
        format!("[[plugin]]\nname = \"once\"\nexec = \"{program}\"\nargs = [\"--once\"]\ngrants = [\"name\"]\n");
    let rules = ERASE.replace("targets = [\"mluvii\"]", "targets = [\"once\"]");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}\n{plugin}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin_with(serde_json::json!({
        "id": 101, "tenant": 62, "guest": "g-1",
        "call_params": [{ "name": "oo1_guest_ident", "value": "hang", "source": "ENTRY_FORM" }],
    }));
    standin.end(101);
    crate::harness::wait_for("the call to be under way", || {
        (deployment.json(&["plugin", "list"])[0]["calls"] == 1).then_some(())
    });
    server.leaves_work("its call hangs");
    server.stop();

    let parked = deployment.json(&["erasures", "list", "--state", "parked"]);
    let id = parked[0]["id"].as_str().unwrap_or_else(|| panic!("nothing is parked: {parked}"));
    let shown = deployment.json(&["erasures", "show", id]).to_string();
    assert!(shown.contains("must not be asked twice"), "{shown}");
}
