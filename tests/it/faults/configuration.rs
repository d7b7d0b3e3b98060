//! A configuration that is wrong: no start, and words that help.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;

use crate::harness::{Away, Deployment, Server, StandIn, quietus};

/// Starts a server that must refuse, and expects its exit code and what it says.
#[track_caller]
fn check(change: impl Fn(&Deployment), code: i32, said: &[&str]) {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    change(&deployment);
    let output = deployment.run(&["serve"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    for word in said {
        assert!(text.contains(word), "`{word}` in: {text}");
    }
    assert!(!text.contains(crate::harness::PASSWORD), "{text}");
    assert!(!deployment.path("quietus.db").exists(), "nothing was begun");
}

#[test]
fn what_is_not_toml_refuses_the_start() {
    check(|on| on.add("\n[[rule]\n"), 3, &["quietus.toml", "line"]);
}

#[test]
fn an_unknown_key_refuses_the_start() {
    check(|on| on.replace("drain_max =", "drain_maxx ="), 3, &["quietus.toml", "server.drain_maxx", "drain_max"]);
}

#[test]
fn a_url_that_names_no_ledger_refuses_the_start() {
    check(|on| on.add("\n[ledger]\nurl = \"mysql:x\"\n"), 3, &["quietus.toml", "ledger.url", "postgres://"]);
    let password = "\n[ledger]\nurl = \"postgres://quietus:hunter2@db.example.com/quietus\"\n";
    check(|on| on.add(password), 3, &["quietus.toml", "ledger.url"]);
}

#[test]
fn a_value_of_the_wrong_kind_refuses_the_start() {
    check(|on| on.replace("drain_max = \"5s\"", "drain_max = \"soon\""), 3, &["quietus.toml", "server.drain_max"]);
}

#[test]
fn a_rule_that_cannot_be_read_refuses_the_start() {
    let rule = "\n[[rule]]\nname = 'r'\non = 'session-settled'\nwhen = 'consent.state = 1'\nerase = 'session'\ntargets = ['mluvii']\n";
    check(|on| on.add(rule), 3, &["quietus.toml", "rule.1.when"]);
    let rule = rule.replace("state = 1", "state == \"absent\"").replace("'mluvii'", "'mluwii'");
    check(|on| on.add(&rule), 3, &["quietus.toml", "rule.1.targets", "mluwii", "mluvii"]);
}

#[test]
fn a_source_that_lets_nobody_or_everybody_in_refuses_the_start() {
    check(|on| on.add("\n[[source]]\nname = 'open'\nauth = []\n"), 3, &["open", "auth"]);
    check(|on| on.write("webhook.secret", ""), 3, &["acme", "auth.1.basic.password"]);
}

#[test]
fn a_missing_secret_refuses_the_start() {
    let remove = |name: &'static str| move |on: &Deployment| std::fs::remove_file(on.path(name)).expect("it is there");
    check(remove("webhook.secret"), 3, &["acme", "auth.1.basic.password", "webhook.secret"]);
    check(remove("api.secret"), 3, &["mluvii.acme.client_id", "api.secret"]);
}

#[test]
fn a_plugin_that_is_not_there_refuses_the_start() {
    let plugin = "\n[[plugin]]\nname = 'crm'\nlibrary = 'libnot_there.so'\n";
    check(|on| on.add(plugin), 3, &["crm", "libnot_there.so"]);
}

#[test]
fn missing_or_broken_keys_refuse_the_start() {
    check(|on| std::fs::remove_dir_all(on.path("keys")).expect("there are keys"), 3, &["keys", "quietus keys new"]);
    let spoil = |on: &Deployment| {
        let key = std::fs::read_dir(on.path("keys")).expect("keys").map(|entry| entry.expect("a key").path());
        key.for_each(|path| std::fs::write(path, "short").expect("writable"));
    };
    check(spoil, 3, &["keys"]);
}

#[test]
fn keys_of_another_installation_refuse_the_start() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    assert_eq!(server.deliver_end(1), 204);
    assert!(server.stop().0.success());
    std::fs::remove_dir_all(deployment.path("keys")).expect("there are keys");
    assert!(deployment.run(&["keys", "new"]).status.success());
    let output = deployment.run(&["serve"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("index key"), "{text}");
}

#[test]
fn mluvii_is_reached_through_the_configured_proxy_only() {
    let standin = StandIn::start();
    let deployment = Deployment::new(&standin, "");
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a proxy");
    let address = format!("http://{}", proxy.local_addr().expect("an address"));
    proxy.set_nonblocking(true).expect("set");
    let mut probe = quietus();
    probe.arg("--config").arg(deployment.path("quietus.toml")).args(["mluvii", "probe", "--json"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        probe.env(name, &address);
    }
    let output = probe.output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("\"token\""), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(standin.calls("/token").len() == 1, "mluvii itself was asked");
    assert!(proxy.accept().is_err(), "nothing went to the environment's proxy");

    // A configured one is used, for what is encrypted.
    deployment.replace(
        &format!("base_url = \"{}\"", standin.mluvii),
        &format!("base_url = \"https://mluvii.example\"\nproxy = \"{address}\""),
    );
    proxy.set_nonblocking(false).expect("set");
    let asked = std::thread::spawn(move || {
        let (mut connection, _) = proxy.accept().expect("is asked");
        let mut line = String::new();
        BufReader::new(&mut connection).read_line(&mut line).expect("a request");
        line
    });
    let output = deployment.run(&["mluvii", "probe"]);
    assert!(!output.status.success());
    assert_eq!(asked.join().expect("no panic").trim_end(), "CONNECT mluvii.example:443 HTTP/1.1");
}
