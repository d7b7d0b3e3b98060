//! A configuration that is wrong is not taken, whatever is wrong with it: the one that is there goes on.

use super::{answers, by_the_one_before, keep, not_taken, processes, reload, source, text};
use crate::harness::{Deployment, ERASE, Server, StandIn, wait_for};

/// What to add or change, and what is said of it.
struct Broken {
    what: &'static str,
    change: fn(&str) -> String,
    expected: &'static [&'static str],
}

const FAILING_TEST: &str = "\n[[test]]\nname = \"kept\"\non = \"session-settled\"\nconsent = { state = \"given\" }\nexpect = [\"no consent, nothing kept\"]\n";

fn all() -> Vec<Broken> {
    let broken = |what, change, expected| Broken { what, change, expected };
    vec![
        broken("no TOML", |good| format!("{good}\n[[rule\n"), &["not TOML", "line"]),
        broken("an unknown key", |good| format!("{good}\n[nonsense]\n"), &["nonsense", "there is no such key"]),
        broken("a rule that asks nonsense", |good| good.replace("'absent'\"", "\""), &["rule.1.when", "line"]),
        broken("a rule that fails its test", |good| format!("{good}{FAILING_TEST}"), &["test `kept`"]),
        broken(
            "a secret that is missing",
            |good| good.replace("password = { file = \"webhook.secret\" }", "password = { file = \"none.secret\" }"),
            &["none.secret", "No such file", "source.1"],
        ),
        broken(
            "a plugin that is gone",
            |good| good.replace("libhttp_purge.so", "libno_purge.so"),
            &["plugin `crm`", "libno_purge.so"],
        ),
        broken(
            "a plugin that refuses its configuration",
            |good| good.replace("rate = 1000", "rate = \"much\""),
            &["plugin `crm`", "rate"],
        ),
        broken(
            "an alert that could not be sent",
            |good| {
                let webhook = "{ url = \"https://hooks.example.com/x\", secret = { file = \"none.whsec\" } }";
                format!("{good}\n[[alert]]\nname = \"ops\"\nwebhook = {webhook}\n")
            },
            &["alert `ops`", "none.whsec"],
        ),
        broken(
            "a ping that could not be sent",
            |good| format!("{good}\n[watch]\nping = {{ url = {{ file = \"none.url\" }} }}\n"),
            &["watch.ping", "none.url"],
        ),
        broken(
            "several things at once",
            |good| format!("{}{FAILING_TEST}", good.replace("file = \"webhook.secret\"", "file = \"none.secret\"")),
            &["none.secret", "test `kept`"],
        ),
    ]
}

#[test]
fn nothing_of_a_wrong_configuration_is_taken_and_a_person_is_told_until_it_is_mended() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, ERASE);
    let server = Server::start(&deployment);
    let good = deployment.configuration();
    keep(&deployment);
    let running = processes(&deployment);
    let mut session = 0;
    for Broken { what, change, expected } in all() {
        let wrong = change(&format!("{good}{}", source("beta")));
        deployment.write("quietus.toml", &wrong);
        let said = reload(&deployment, 3);
        for part in expected {
            assert!(said.contains(part), "{what}: {part} is missing in {said}");
        }
        assert!(said.contains("goes on with the configuration that it had"), "{said}");
        session += 1;
        assert_eq!([answers(&server, "beta", session), answers(&server, "acme", session)], [404, 204], "{what}");
        let told = not_taken(&deployment).unwrap_or_else(|| panic!("{what}: a person is told"));
        let reason = told["parameters"]["reason"].as_str().expect("a text").to_owned();
        assert!(expected.iter().all(|part| reason.contains(part)), "{what}: {reason}");
        let status = text(&by_the_one_before(&deployment, &["status"]));
        assert!(status.contains("works by the configuration that it had"), "{what}: {status}");

        deployment.write("quietus.toml", &good);
        reload(&deployment, 0);
        assert_eq!(not_taken(&deployment), None, "{what}");
    }
    assert_eq!(processes(&deployment), running, "no plugin was started anew");
    // As they are counted, some may just be about to end.
    wait_for("what was tried to be gone", || (server.children() == [running["crm"].to_string()]).then_some(()));
    server.leaves_work("mluvii knows none of these sessions");
}

#[test]
fn what_needs_a_restart_is_named_and_nothing_else_of_it_is_taken() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    let good = deployment.configuration();
    keep(&deployment);
    for (from, to, key) in [
        ("listen = \"127.0.0.1:0\"\nmetrics", "listen = \"127.0.0.1:1\"\nmetrics", "server.listen"),
        ("drain_max", "state_dir = \"elsewhere\"\ndrain_max", "server.state_dir"),
        ("[log]", "[keys]\ndir = \"other\"\n\n[log]", "keys.dir"),
        ("format = \"json\"", "format = \"text\"", "log.format"),
        ("[log]", "[ledger]\nconnections_max = 9\n\n[log]", "ledger.connections_max"),
    ] {
        assert!(good.contains(from), "{from}");
        deployment.write("quietus.toml", &good.replace(from, to));
        deployment.add(&source("beta"));
        let said = reload(&deployment, 9);
        assert!(said.contains(&format!("{key}: a restart is needed")), "{said}");
        assert_eq!(answers(&server, "beta", 1), 404, "{key}");
        let told = not_taken(&deployment).expect("a person is told");
        assert!(told["parameters"]["reason"].as_str().is_some_and(|why| why.contains(key)), "{told}");
    }
    deployment.write("quietus.toml", &good);
    reload(&deployment, 0);
    assert_eq!(not_taken(&deployment), None);
}

#[test]
fn a_restart_ends_what_a_reload_has_refused() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    keep(&deployment);
    deployment.add("[log]\n");
    reload(&deployment, 3);
    assert!(not_taken(&deployment).is_some());
    server.stop();
    assert_eq!(not_taken(&deployment), None, "of a server that is not there, nothing is said");
}
