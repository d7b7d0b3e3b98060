//! The authors' commands on real plugins.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use clap::Parser as _;
use insta::assert_snapshot;
use tempfile::TempDir;

use crate::cli::out::Out;
use crate::cli::{Cli, Exit, run, show_failure};
use crate::plugin::tests::Compiled;

/// `obedient.c` with what it needs.
struct Bench {
    folder: TempDir,
    compiled: Compiled,
}

impl Bench {
    fn new(macros: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("changed");
        let bench = Self { folder, compiled: Compiled::new("obedient.c", macros) };
        std::fs::create_dir(bench.path("data")).expect("made");
        // What the plugin calls ann@x.cz.
        let hash = b"ann@x.cz"
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
        bench.write(&format!("data/{hash:016x}"), "Ann");
        bench.write("token", "hunter2-hunter2\n");
        bench.write("who", "ann@x.cz\n");
        bench.write("plugin.toml", &format!("folder = {:?}\n", bench.path("data")));
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("written");
    }

    /// Runs `quietus plugin`; the exit code, and what it wrote without what differs from machine to machine.
    fn plugin(&self, arguments: &[&str]) -> (u8, String) {
        let arguments = arguments.iter().map(|argument| {
            let argument = argument.replace("LIBRARY", &self.compiled.library.display().to_string());
            argument.replace("HERE", &self.folder.path().display().to_string())
        });
        let all = ["quietus".to_owned(), "plugin".to_owned()].into_iter().chain(arguments);
        let Cli { global, command } = Cli::try_parse_from(all).unwrap_or_else(|error| panic!("{error}"));
        let (mut out, captured) = Out::captured(global.json);
        let code = match run(command, &global, &mut out) {
            Ok(exit) => u8::from(exit == Exit::No),
            Err(failure) => {
                let code = failure.code();
                show_failure(failure, &mut out);
                code
            }
        };
        let text = captured.text().replace(&self.compiled.library.display().to_string(), "LIBRARY");
        (code, text.replace(&self.folder.path().display().to_string(), "HERE"))
    }

    /// The same with the configuration and the secret that it needs.
    fn configured(&self, arguments: &[&str]) -> (u8, String) {
        self.plugin(
            &[arguments, &["LIBRARY", "--plugin-config", "HERE/plugin.toml", "--secret", "token=HERE/token"]].concat(),
        )
    }
}

/// Without the lines that begin with one of these words.
fn without(text: &str, words: &[&str]) -> String {
    let kept = text.lines().filter(|line| !words.iter().any(|word| line.starts_with(word)));
    kept.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_plugin_is_described_with_a_block_to_begin_with() {
    let bench = Bench::new(&[]);
    let (code, said) = bench.plugin(&["describe", "LIBRARY"]);
    assert_eq!(code, 0);
    assert!(said.contains("\nsandbox ") && said.contains("\nsha256 "), "{said}");
    assert_snapshot!(without(&said, &["sandbox", "sha256"]), @r#"
    obedient 1.0.0

    library      LIBRARY
    abi          1.1
    operations   erase, verify, health, dry_run, find, resume
    identifiers  email (required), name
    secrets      token (required)
    writes       what `config.folder` names
    timeouts     erase 10 s, verify 10 s, health 5 s
    concurrency  4 at once
    idempotent   yes

    KEY     TYPE    DEFAULT   DESCRIPTION
    folder  string  required  Where the files are.
    note    string  "none"    Anything.

    [[plugin]]
    name = "obedient"
    library = "LIBRARY"
    grants = ["email", "name"]

    [plugin.secrets]
    token = { file = "/etc/quietus/token" }

    [plugin.config]
    folder = "…"  # Where the files are.
    # note = "none"  # Anything.
    "#);
    let (_, said) = bench.plugin(&["describe", "LIBRARY", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((&json["manifest"]["name"], &json["form"]), (&"obedient".into(), &"library".into()));
    // What is to be pasted is what the configuration takes.
    let block: toml::Table = json["toml"].as_str().expect("text").parse().expect("TOML");
    let plugin: crate::plugin::PluginSettings = block["plugin"][0].clone().try_into().expect("settings");
    plugin.check_name().expect("a name");
}

#[test]
fn a_manifest_makes_no_lines_of_its_own() {
    let (code, said) = Bench::new(&["-DFORGES"]).plugin(&["describe", "LIBRARY"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said.lines().filter(|line| line.starts_with("sandbox")).count(), 1, "{said}");
    assert!(said.starts_with("obedient?sandbox "), "{said}");
}

#[test]
fn a_plugin_for_any_kind_is_asked_without_an_identifier() {
    let (code, said) = Bench::new(&["-DANY_KIND"]).configured(&["run", "--method", "health"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn what_is_no_plugin_is_not_described() {
    let bench = Bench::new(&["-DSYMBOL=another"]);
    assert_snapshot!(bench.plugin(&["describe", "LIBRARY"]).1, @"error: LIBRARY cannot be loaded: LIBRARY has no symbol `quietus_plugin_entry_v1`: it is no quietus plugin of ABI version 1");
    let (code, said) = bench.plugin(&["describe", "HERE/none.so"]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("none.so` was not found"), "{said}");
}

#[test]
fn one_request_is_made_as_the_server_would() {
    let bench = Bench::new(&["-DTATTLES"]);
    let ask = |method: &str| bench.configured(&["run", "--method", method, "--email", "@HERE/who"]);
    let show = |(code, said): (u8, String)| format!("{code}\n{}", without(&said, &["took", "log"]));
    assert_snapshot!(show(ask("dry-run")), @"
    0
    ✓ dry run: residual
    counts  files: 1
    ");
    assert_snapshot!(show(ask("verify")), @"
    1
    ✗ verify: residual
    ");
    assert_snapshot!(show(ask("find")), @"
    0
    ✓ find: 1 customer_no
    ");
    assert_snapshot!(show(ask("erase")), @"
    0
    ✓ erase: erased
    counts  files: 1
    ");
    assert_snapshot!(show(ask("verify")), @"
    0
    ✓ verify: erased
    ");
    assert_snapshot!(show(bench.configured(&["run", "--method", "health"])), @"
    0
    ✓ health: it works
    ");
    assert_snapshot!(show(ask("find")), @"
    0
    ✓ find: nothing else
    ");
    let (_, said) = bench.configured(&["run", "--method", "erase", "--email", "@HERE/who", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((&json["method"], &json["outcome"]), (&"erase".into(), &"absent".into()));
    assert!(json["duration_ms"].is_u64(), "{said}");
    // What it prints is counted, and not shown.
    assert!(said.contains("a plugin wrote to an output of its process") && !said.contains("ann@x.cz"), "{said}");
}

#[test]
fn a_request_that_cannot_be_made_is_explained() {
    let bench = Bench::new(&[]);
    let (code, said) = bench.configured(&["run", "--method", "erase"]);
    assert_eq!(code, 2);
    assert_snapshot!(said, @"error: name a person of the test system, such as --email test@example.com; `--help` shows all kinds");
    let (code, said) = bench.plugin(&["run", "LIBRARY", "--method", "health", "--plugin-config", "{\"folder\":7}"]);
    assert_eq!(code, 1);
    assert_snapshot!(without(&said, &["took", "log"]), @r#"
    ✗ health: not_started: secrets: the plugin requires `token`
    config.folder: a whole number is there; allowed: a text
    "#);
    let (code, said) = bench.plugin(&["run", "LIBRARY", "--method", "health", "--plugin-config", "{\"folder\":"]);
    assert_eq!(code, 3);
    assert_snapshot!(said, @"error: --plugin-config is not JSON, at column 10");
    let (code, said) = bench.plugin(&["run", "LIBRARY", "--method", "health", "--secret", "token=env:QUIETUS_NONE"]);
    assert_eq!(code, 3);
    assert_snapshot!(said, @"error: plugin `under-test`: secrets.token: the environment variable QUIETUS_NONE is not set");
    let seen = bench.configured(&["run", "--method", "verify", "--email", "ann@x.cz"]).1;
    assert!(seen.starts_with("note: other users of this machine can see arguments: test data only"), "{seen}");
    let (code, said) = bench.plugin(&["run", "LIBRARY", "--method", "health", "--config", "HERE/plugin.toml"]);
    assert_eq!(code, 2);
    assert_snapshot!(said, @"error: --config is quietus's configuration, for --plugin NAME; a plugin's own is --plugin-config");
    for wrong in [&["run", "LIBRARY"][..], &["run", "--method", "erase"], &["describe", "LIBRARY", "--plugin", "x"]] {
        assert!(Cli::try_parse_from([&["quietus", "plugin"], wrong].concat()).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_plugin_of_the_configuration_is_taken_with_its_configuration_and_secrets() {
    let bench = Bench::new(&[]);
    let plugin = serde_json::json!({ "name": "crm", "library": bench.compiled.library, "grants": ["email"],
        "config": { "folder": bench.path("data") }, "secrets": { "token": { "file": "token" } } });
    let config = serde_json::json!({
        "mluvii": { "base_url": "http://127.0.0.1:9", "client_id": { "file": "token" }, "client_secret": { "file": "token" } },
        "source": [{ "name": "acme", "auth": [{ "basic": { "user": "mluvii", "password": { "file": "token" } } }] }],
        "plugin": [plugin],
    });
    bench.write("quietus.toml", &toml::to_string(&config).expect("TOML"));
    let of = |plugin| {
        ["run", "--plugin", plugin, "--config", "HERE/quietus.toml", "--method", "verify", "--email", "@HERE/who"]
    };
    let (code, said) = bench.plugin(&of("crm"));
    assert_eq!(code, 1);
    assert!(said.starts_with("✗ verify: residual\n"), "{said}");
    let (code, said) = bench.plugin(&of("mail"));
    assert_eq!((code, said.as_str()), (2, "error: there is no plugin `mail` in the configuration; there are: crm\n"));
}

#[test]
fn a_good_plugin_passes_the_test_and_a_bad_one_is_told_what_to_do() {
    let few = ["test", "--email", "@HERE/who", "--calls", "60"];
    let (code, said) = Bench::new(&[]).configured(&few);
    assert_eq!(code, 0, "{said}");
    let (note, said) = said.split_once('\n').expect("several lines");
    assert!(
        note.ends_with("the person that you named is erased for real, in the system that the configuration names"),
        "{note}"
    );
    assert!(said.starts_with("✓ file-readable                 the file is made for this machine: ELF, "), "{said}");
    assert!(said.ends_with("\n\n✓ 52 passed, 0 failed, 3 not checked\n"), "{said}");

    let bench = Bench::new(&["-DSICK"]);
    let (code, said) = bench.configured(&[&few[..], &["--junit", "HERE/results.xml"]].concat());
    assert_eq!(code, 1);
    let failed = said.split("✗ ").nth(1).expect("a failure").split("✓").next().expect("its lines");
    assert_snapshot!(failed, @"
    health-answers                `health` is answered, and the system can be reached: no
                                    class `retryable`: away
                                    → start the system that it talks to, and give a configuration that reaches it
    ");
    let xml = std::fs::read_to_string(bench.path("results.xml")).expect("written");
    assert!(xml.contains("tests=\"55\" failures=\"1\" errors=\"0\" skipped=\"3\""), "{xml}");
    assert!(xml.contains("name=\"health-answers\"") && xml.contains("<failure message=\"class `retryable`: away\">"));

    let (code, said) = bench.configured(&[&few[..], &["--json"]].concat());
    assert_eq!(code, 1);
    let json: serde_json::Value = serde_json::from_str(&said).expect("JSON and nothing else");
    assert_eq!(json["totals"], serde_json::json!({ "passed": 51, "failed": 1, "skipped": 3 }));
    assert_eq!((&json["checks"][0]["id"], &json["checks"][0]["verdict"]), (&"file-readable".into(), &"passed".into()));
}

#[test]
fn the_help_has_examples() {
    for command in ["describe", "run", "test"] {
        let help = Cli::try_parse_from(["quietus", "plugin", command, "--help"]).err().expect("help").to_string();
        for part in
            ["Examples:\n", "--plugin-config <FILE|JSON>", "--secret <NAME=FILE|NAME=env:VAR>", "--plugin <NAME>"]
        {
            assert!(help.contains(part), "{part} is missing in {help}");
        }
        assert_eq!(help.matches("--config <").count(), 1, "{help}");
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words.contains("test data"), command != "describe", "{help}");
    }
}
