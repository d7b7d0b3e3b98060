//! SIGHUP, a command, a change.

use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::{answers, deliver_to, keep, metric, not_taken, reload, source, text};
use crate::harness::{Away, Database, Deployment, PASSWORD, Server, signal, wait_for};

fn logged(server: &Server, what: &str) -> usize {
    server.log().iter().filter(|line| line.contains(what)).count()
}

#[test]
fn sighup_has_the_configuration_taken_and_the_log_says_what_came_of_it() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("mluvii is away");
    assert_eq!(answers(&server, "beta", 1), 404);
    server.signal("HUP");
    wait_for("the word that nothing has changed", || (logged(&server, "nothing has changed") == 1).then_some(()));

    deployment.add(&source("beta"));
    server.signal("HUP");
    wait_for("the configuration to be taken", || (logged(&server, "the configuration is reloaded") == 1).then_some(()));
    assert_eq!([answers(&server, "beta", 1), answers(&server, "acme", 2)], [204, 204]);

    keep(&deployment);
    deployment.add("[nonsense]\nkey = 1\n");
    server.signal("HUP");
    wait_for("the reason", || (logged(&server, "the configuration is not reloaded") == 1).then_some(()));
    assert_eq!([answers(&server, "beta", 3), answers(&server, "acme", 4)], [204, 204]);
    let told = not_taken(&deployment).expect("a person is needed");
    assert!(told["parameters"]["reason"].as_str().is_some_and(|why| why.contains("nonsense")), "{told}");
    let outcomes = ["applied", "unchanged", "wrong"];
    let counted = outcomes.map(|outcome| metric(&server, &format!("quietus_reloads_total{{outcome=\"{outcome}\"}}")));
    assert_eq!(counted, [1.0; 3]);
    server.moved("quietus_reloads_total");
}

/// A server that is still reading its configuration has done nothing yet. Who changes the file then, and says so, is heard once it listens.
#[test]
fn sighup_from_the_first_moment_of_a_start_on_ends_nothing_and_is_not_lost() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let (file, process) = (deployment.path("quietus.toml"), deployment.path("process"));
    let first = deployment.configuration();
    deployment.write("next.toml", &format!("{first}{}", source("beta")));
    let next = deployment.path("next.toml");
    std::fs::remove_file(&file).expect("it is there");
    assert!(Command::new("mkfifo").arg(&file).status().expect("mkfifo runs").success());
    let writer = std::thread::spawn(move || {
        // Opened once the server reads, which it does until this end is closed.
        let mut pipe = std::fs::OpenOptions::new().write(true).open(&file).expect("the server reads");
        let process = std::fs::read_to_string(process).expect("the shell has written it");
        std::fs::rename(next, file).expect("the next one takes its place");
        signal(process.trim(), "HUP");
        pipe.write_all(first.as_bytes()).expect("the server reads");
    });
    let mut shell = Command::new("sh");
    shell.args(["-c", r#"echo $$ > "$PROCESS"; exec "$0" "$@""#]).env("PROCESS", deployment.path("process"));
    let server = Server::start_through(shell, &deployment, &[]);
    server.leaves_work("mluvii is away");
    writer.join().expect("all was written");
    wait_for("what came early to be honoured", || (answers(&server, "beta", 1) == 204).then_some(()));
}

#[test]
fn a_command_has_it_taken_and_says_what_has_changed() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), &source("beta"));
    let server = Server::start(&deployment);
    server.leaves_work("mluvii is away");
    assert!(reload(&deployment, 0).contains("nothing has changed"));
    let before = server.metrics();
    let digest =
        |metrics: &str| metrics.lines().find(|line| line.starts_with("quietus_configuration_info")).map(str::to_owned);
    assert!(digest(&before).is_some(), "{before}");

    deployment.replace("name = \"beta\"", "name = \"gamma\"");
    deployment.replace("drain_max = \"5s\"", "drain_max = \"5s\"\nrequests_max = 0");
    let said = reload(&deployment, 0);
    for key in ["source.beta", "source.gamma", "server.requests_max"] {
        assert!(said.contains(key), "{said}");
    }
    assert_eq!([answers(&server, "beta", 1), answers(&server, "gamma", 1)], [404, 503], "no request has a place");
    deployment.replace("requests_max = 0", "body_bytes_max = 20");
    let changed = deployment.json(&["reload"]);
    assert_eq!(changed["changed"], serde_json::json!(["server.body_bytes_max", "server.requests_max"]));
    assert_eq!(answers(&server, "gamma", 1), 413);
    deployment.replace("body_bytes_max = 20", "");
    reload(&deployment, 0);
    assert_eq!(answers(&server, "gamma", 1), 204);
    assert_ne!(digest(&before), digest(&server.metrics()));
    let audit = deployment.json(&["audit", "list"]).to_string();
    assert!(audit.contains("configuration.reload"), "{audit}");
}

#[test]
fn without_a_server_a_command_says_that_there_is_none() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    assert!(reload(&deployment, 5).contains("is `quietus serve` running"));
    deployment.write("quietus.toml", "[server\n");
    let said = reload(&deployment, 5);
    assert!(said.contains("is `quietus serve` running"), "{said}");
    deployment.write("quietus.toml", "[ledger]\nurl = \"mysql:x\"\n");
    let said = reload(&deployment, 3);
    assert!(said.contains("ledger.url"), "{said}");
}

/// A file that is written in parts, replaced, broken and mended; a mounted secret that is swapped behind a symbolic link.
#[test]
fn a_change_is_taken_by_itself_where_that_is_wanted_and_a_broken_one_is_told_once() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    for (folder, password) in [("one", PASSWORD), ("two", "another-password-43")] {
        std::fs::create_dir(deployment.path(folder)).expect("a folder");
        deployment.write(&format!("{folder}/secret"), password);
    }
    symlink("one", deployment.path("mounted")).expect("a link");
    deployment.replace("file = \"webhook.secret\"", "file = \"mounted/secret\"");
    deployment.replace("drain_max", "reload_on_change = true\ndrain_max");
    let server = Server::start(&deployment);
    server.leaves_work("mluvii is away");

    let good = deployment.configuration();
    let more = source("beta").replace("webhook.secret", "mounted/secret");
    deployment.write("new.toml", &format!("{good}{more}"));
    std::fs::rename(deployment.path("new.toml"), deployment.path("quietus.toml")).expect("as editors do it");
    wait_for("the new source", || (answers(&server, "beta", 1) == 204).then_some(()));

    symlink("two", deployment.path("mounted.new")).expect("a link");
    std::fs::rename(deployment.path("mounted.new"), deployment.path("mounted")).expect("as Kubernetes does it");
    wait_for("the new secret", || (deliver_to(&server, "beta", "another-password-43", 2) == 204).then_some(()));
    assert_eq!(answers(&server, "beta", 3), 401, "the old one is refused");

    keep(&deployment);
    deployment.write("quietus.toml", &format!("{good}[nonsense]\n"));
    wait_for("a person to be needed", || not_taken(&deployment));
    // A secret that is still missing: looked for beside the file that names it.
    let missing = more.replace("mounted/secret", "late.secret");
    deployment.write("quietus.toml", &format!("{good}{missing}"));
    wait_for("the reason to change", || {
        let told = not_taken(&deployment).expect("it is broken still");
        told["parameters"]["reason"].as_str()?.contains("late.secret").then_some(())
    });
    deployment.write("late.secret", "a-late-secret-44");
    wait_for("the late secret", || (deliver_to(&server, "beta", "a-late-secret-44", 4) == 204).then_some(()));
    assert_eq!(not_taken(&deployment), None);
    assert_eq!(logged(&server, "the configuration is not reloaded"), 2, "{:#?}", server.log());
}

#[test]
fn an_account_without_the_right_to_the_socket_reloads_nothing_and_a_plugin_neither() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    // Marked as what a plugin starts is (see `control/server`).
    let mut marked = Command::new("prlimit");
    marked.arg("--locks=0").arg(env!("CARGO_BIN_EXE_quietus"));
    let output = marked.arg("--config").arg(deployment.path("quietus.toml")).arg("reload").output().expect("it runs");
    assert_ne!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(logged(&server, "nothing has changed"), 0);
}

/// Two servers share a ledger, and each is told by itself; what one does not take concerns that one.
#[test]
fn with_a_ledger_in_postgresql_each_server_is_told_at_its_own_socket() {
    let mluvii = Away::new();
    let database = Database::with_roles();
    let ledger = database.ledger_of("quietus_owner");
    let deployment = Deployment::bare(&mluvii.url(), &ledger);
    deployment.migrate(env!("CARGO_BIN_EXE_quietus").as_ref());
    database.grant();
    deployment.replace(&ledger, &database.ledger_of("quietus"));
    deployment.replace("drain_max", "control = \"here.sock\"\ndrain_max");
    let (one, other) =
        (Server::start(&deployment), Server::start_with(&deployment, &[("SERVER__CONTROL", "other.sock")]));
    for server in [&one, &other] {
        server.leaves_work("mluvii is away");
    }
    deployment.add(&source("beta"));
    assert!(reload(&deployment, 0).contains("source.beta"));
    assert_eq!([answers(&one, "beta", 1), answers(&other, "beta", 2)], [204, 404]);
    other.signal("HUP");
    wait_for("the other one to take it", || (answers(&other, "beta", 2) == 204).then_some(()));
    keep(&deployment);
    deployment.add("[nonsense]\n");
    reload(&deployment, 3);
    let told = not_taken(&deployment).expect("a person is told");
    let place = format!("/{}", one.id());
    assert!(told["parameters"]["server"].as_str().is_some_and(|server| server.ends_with(&place)), "{told}");
}
