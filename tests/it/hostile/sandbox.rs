//! Plugins that look around: at the server's process, its files, its network. What a plugin tries is the name of the
//! person; what came of it, an errno, is counted in its answer.

use std::net::TcpListener;

use serde_json::json;

use super::compiled::Compiled;
use super::trial::{CANARY, Fate, Hostile, Trial, User};

const NOTHING_WRONG: i64 = 0;
const EPERM: i64 = 1;
const EACCES: i64 = 13;

#[test]
fn a_plugin_finds_nothing_of_the_server_its_files_or_its_network() {
    for user in User::all() {
        let compiled = Compiled::new();
        let prober = compiled.compile_of("prober.c", "prober.so", &[]);
        let declared = TcpListener::bind("127.0.0.1:0").expect("a port");
        let declared = declared.local_addr().expect("bound").port();
        let settings = format!("grants = [\"name\"]\nsecrets = {{}}\nports = [{declared}]");
        let trial = Trial::start_as(user, vec![Hostile::library("probe", &prober, Fate::Erases).with(&settings)]);
        let server = trial.server.id();
        let level = trial.plugin("probe")["state"]["detail"]["sandbox"].clone();
        trial.up("probe");

        let environment = std::fs::read(format!("/proc/{server}/environ")).expect("ours");
        let there = String::from_utf8_lossy(&environment).contains(CANARY);
        assert!(there, "there is something to find, or this test tests nothing");
        let process = ["kill", "tgkill", "ptrace", "memory", "setpgid"].map(|verb| (format!("{verb} {server}"), EPERM));
        let mut table: Vec<(String, i64)> = process.into();
        table.extend(["fork", "exec", "setsid", "unshare", "mount", "dumpable"].map(|verb| (verb.to_owned(), EPERM)));
        // With the signal 0, lest the machine suffer where the filter fails.
        table.push(("kill -1".into(), EPERM));
        table.push(("kill 1".into(), EPERM));
        table.push(("environment".into(), NOTHING_WRONG));
        if level == "files" || level == "network" {
            table.extend(
                ["environ", "mem", "maps", "cmdline", "fd/0"].map(|of| (format!("read /proc/{server}/{of}"), EACCES)),
            );
            let own =
                ["quietus.toml", "webhook.secret", "hostile.secret", "api.secret", "quietus.db", "quietus.db-wal"];
            let keys = std::fs::read_dir(trial.deployment.path("keys")).expect("keys");
            let keys = keys.map(|key| key.expect("listed").path());
            let files: Vec<_> = own.iter().map(|name| trial.deployment.path(name)).chain(keys).collect();
            assert!(files.len() > own.len() && files.iter().all(|file| file.is_file()), "{files:?}");
            for file in files {
                for verb in ["read", "write", "unlink"] {
                    table.push((format!("{verb} {}", file.display()), EACCES));
                }
            }
            let new = trial.deployment.path("of-a-plugin").display().to_string();
            for path in ["/etc/passwd", "/etc/shadow", "/tmp", "/root", "/proc/1/environ", "/proc", "/sys"] {
                table.push((format!("read {path}"), EACCES));
            }
            table.extend([format!("write {new}"), "write /tmp/of-a-plugin".into()].map(|what| (what, EACCES)));
        }
        if level == "network" {
            let port = |url: &str| url.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok()).expect("a port");
            let ports = [
                port(&trial.standin.mluvii),
                port(&trial.standin.crm),
                trial.server.address.port(),
                trial.server.metrics.port(),
            ];
            table.extend(ports.map(|port| (format!("connect {port}"), EACCES)));
            table.push(("listen 0".into(), EACCES));
        }

        let sessions: Vec<_> = (1..).zip(&table).map(|(n, (what, _))| (trial.named(0, n, what), what)).collect();
        for ((session, what), (_, errno)) in sessions.into_iter().zip(&table) {
            assert_eq!(trial.outcome(session, "probe")["counts"], json!({ "errno": errno }), "{what}, {user:?}");
        }
        assert!(!trial.deployment.path("of-a-plugin").exists());
        trial.finish();
    }
}
