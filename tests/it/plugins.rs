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

/// A program that stands in a folder of its own, and is configured with texts that nobody should see.
fn with_texts(folder: &std::path::Path) -> String {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/wayward.py")).expect("there");
    let schema =
        r#"{"type": "object", "properties": {"folder": {"x-quietus-public": True}, "mood": {"enum": ["good"]}}}"#;
    let line = text.lines().find(|line| line.contains("\"config_schema\"")).expect("it has one");
    let program = folder.join("texts.py");
    std::fs::write(&program, text.replace(line, &format!("    \"config_schema\": {schema},"))).expect("written");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
    format!(
        "{ERASE}\n[[plugin]]\nname = \"texts\"\nexec = \"{}\"\nargs = [\"canary-of-an-argument\"]\ngrants = [\"name\"]\n\
         config = {{ folder = \"/srv/seen\", mood = \"good\", note = \"canary-of-a-text\", list = [{{ deep = \"canary-of-depth\" }}], n = 7 }}\n",
        program.display()
    )
}

#[test]
fn no_text_of_a_plugins_configuration_is_shown_but_what_its_schema_marks() {
    let standin = StandIn::start();
    let folder = tempfile::tempdir().expect("a folder");
    // Plugins of root's run as somebody else.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
    let deployment = Deployment::new(&standin, &with_texts(folder.path()));
    for arguments in [&["config", "show"][..], &["--json", "config", "show"]] {
        let shown = text(&deployment.run(arguments));
        assert!(!shown.contains("canary"), "{shown}");
        for part in ["/srv/seen", "good", "[redacted]", "7"] {
            assert!(shown.contains(part), "{part} is missing in {shown}");
        }
    }
    // Nobody can be asked what is public.
    std::fs::write(folder.path().join("texts.py"), "#!/bin/sh\nexit 3\n").expect("written");
    let shown = text(&deployment.run(&["config", "show"]));
    assert!(
        !shown.contains("/srv/seen")
            && shown.contains("plugin texts could not be asked what of its `config` is public"),
        "{shown}"
    );
}

/// The plugin's word for a port opens none.
#[test]
fn check_says_which_declared_port_is_closed() {
    let standin = StandIn::start();
    let folder = tempfile::tempdir().expect("a folder");
    let texts = with_texts(folder.path());
    let program = folder.path().join("texts.py");
    let declaring =
        std::fs::read_to_string(&program).expect("there").replace("\"version\":", "\"ports\": [4711], \"version\":");
    std::fs::write(&program, declaring).expect("written");
    let deployment = Deployment::new(&standin, &texts);
    let checked = text(&deployment.run(&["check"]));
    assert!(
        checked.contains("declares the TCP port 4711, which is closed") && checked.contains("ports = [4711]"),
        "{checked}"
    );
    deployment.configure(&standin.mluvii, &texts.replace("grants = [\"name\"]", "grants = [\"name\"]\nports = [4711]"));
    let checked = text(&deployment.run(&["check"]));
    assert!(!checked.contains("4711"), "{checked}");
}

#[test]
fn a_file_that_everybody_can_write_to_is_an_error() {
    let standin = StandIn::start();
    let folder = tempfile::tempdir().expect("a folder");
    // Plugins of root's run as somebody else.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
    let deployment = Deployment::new(&standin, &with_texts(folder.path()));
    let program = folder.path().join("texts.py");
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o777)).expect("ours");
    let checked = deployment.run(&["check"]);
    assert!(!checked.status.success());
    assert!(text(&checked).contains("writable by every user of this machine"), "{}", text(&checked));
}

#[test]
fn what_does_not_come_up_is_said_within_seconds() {
    let standin = StandIn::start();
    let folder = tempfile::tempdir().expect("a folder");
    // Plugins of root's run as somebody else.
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("ours");
    let deployment = Deployment::new(&standin, &with_texts(folder.path()));
    let program = folder.path().join("texts.py");
    std::fs::write(&program, "#!/bin/sh\nexec sleep 60\n").expect("written");
    let program = program.display().to_string();
    let ran = crate::harness::quietus().args(["plugin", "run", &program, "--method", "health"]).output().expect("runs");
    assert!(text(&ran).contains("after 3 s, the plugin's process has not come to load"), "{}", text(&ran));
    let server = Server::start(&deployment);
    crate::harness::wait_for("the server's word", || {
        server.log().iter().any(|line| line.contains("does not come up yet") && line.contains("texts")).then_some(())
    });
    server.stop();
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
    standin.just_end(101);
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
