use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;

use super::*;

/// A configuration that is complete.
const COMPLETE: &str = r#"
[mluvii]
client_id = { env = "MLUVII_CLIENT_ID" }
client_secret = { file = "mluvii.secret" }
[[source]]
name = "acme"
auth = [{ basic = { user = "mluvii", password = { file = "webhook.secret" } } }]
"#;

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("quietus.toml");
    std::fs::write(&path, text).expect("the file is written");
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let shown = |error: ConfigError| error.to_string().replace(&format!("{}/", dir.path().display()), "");
    Config::load_with(&path, variables).map_err(shown)
}

#[track_caller]
fn refused(text: &str, variables: &[(&str, &str)]) -> String {
    load(text, variables).expect_err("is refused")
}

#[test]
fn a_complete_file_is_enough_and_the_rest_are_defaults() {
    let config = load(COMPLETE, &[]).expect("loads");
    assert_eq!(config.server.requests_max, 1024);
    assert_eq!(config.log.format, LogFormat::Text);
    assert_eq!(config.keys_dir(), config.base.join("keys"));
    assert_eq!(config.targets(), [TargetName::mluvii()]);
}

#[test]
fn the_example_file_loads() {
    Config::load_with(Path::new("config/quietus.example.toml"), std::iter::empty()).expect("loads");
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = format!("{COMPLETE}\n[server]\nlisten = \"127.0.0.1:1\"\nrequests_max = 7\n");
    let variables = [("QUIETUS__SERVER__LISTEN", "127.0.0.1:2"), ("QUIETUS__LOG__FORMAT", "json"), ("HOME", "x")];
    let config = load(&file, &variables).expect("loads");
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:2");
    assert_eq!(config.server.requests_max, 7);
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn a_misspelt_key_is_refused_and_the_right_one_is_named() {
    assert_snapshot!(refused(&format!("{COMPLETE}[log]\nlevl = \"info\"\n"), &[]), @"quietus.toml: log.levl: there is no such key; did you mean `level`? (allowed: level, format)");
    assert_snapshot!(refused(&format!("{COMPLETE}[servre]\n"), &[]), @"quietus.toml: servre: there is no such key; did you mean `server`? (allowed: server, ledger, log, keys, mluvii, settling, person, erasing, source, consent, rule, plugin)");
}

#[test]
fn values_of_the_wrong_kind_are_refused_all_at_once() {
    let text = format!(
        "{COMPLETE}[server]\nlisten = \"80\"\n[log]\nformat = \"jsno\"\n[settling]\nlimit = \"soon\"\n[erasing]\nrounds_max = -1\n"
    );
    assert_snapshot!(refused(&text, &[]), @"
    quietus.toml: server.listen: not an address and a port, such as `127.0.0.1:8080` or `[::]:8080`
    quietus.toml: log.format: `jsno` is not allowed; did you mean `json`? (allowed: text, json)
    quietus.toml: settling.limit: `soon` is not a length of time; write a whole number and ms, s, m, h or d, such as `15m`
    quietus.toml: erasing.rounds_max: found the number -1, expected a whole number, 0 or greater
    ");
}

#[test]
fn an_element_of_a_list_is_named_as_people_count() {
    let text = format!("{COMPLETE}[[source]]\nname = \"b\"\nauth = []\n[[rule]]\nname = \"r\"\n");
    assert_snapshot!(refused(&text, &[]), @"quietus.toml: rule.1.on: is needed and has no default");
}

#[test]
fn a_rule_that_does_not_compile_is_refused() {
    let rule = "[[rule]]\nname = \"r\"\non = \"session-settled\"\nwhen = \"consnt.state == 'given'\"\n\
                erase = \"session\"\ntargets = [\"mluvii\", \"crm\"]\n";
    assert_snapshot!(refused(&format!("{COMPLETE}{rule}"), &[]), @"
    quietus.toml: rule.1.targets: there is no target `crm`; there are `mluvii`
    quietus.toml: rule.1.when: there is no `consnt`; there are `session`, `consent` and, on `form-submitted`, `form`
    ");
}

#[test]
fn text_that_is_not_toml_is_refused_with_its_line() {
    assert_snapshot!(refused("[log]\nlevel = \"info\"\nformat json\n", &[]), @"quietus.toml, line 3: not TOML: expected `.`, `=`");
}

#[test]
fn what_has_no_default_is_asked_for() {
    assert_snapshot!(refused("", &[]), @"quietus.toml: source: nobody could send anything; write at least one `[[source]]`");
    let (no_source, _) = COMPLETE.split_once("[[source]]").expect("has a source");
    assert_snapshot!(refused(no_source, &[]), @"quietus.toml: source: nobody could send anything; write at least one `[[source]]`");
}

#[test]
fn a_secret_in_the_wrong_place_is_refused_and_not_shown() {
    let text = COMPLETE.replace("{ file = \"mluvii.secret\" }", "\"hunter2\"");
    assert_snapshot!(refused(&text, &[]), @r#"quietus.toml: mluvii.client_secret: a secret does not stand in the configuration; write { file = "…" }, { env = "…" } or { credential = "…" }"#);
    assert_snapshot!(refused(COMPLETE, &[("QUIETUS__MLUVII__CLIENT_SECRET", "hunter2")]), @r#"the environment, QUIETUS__MLUVII__CLIENT_SECRET: a secret does not stand in the configuration; write { file = "…" }, { env = "…" } or { credential = "…" }"#);
    assert_snapshot!(refused(COMPLETE, &[("QUIETUS__SERVER__REQUESTS_MAX", "hunter2")]), @"the environment, QUIETUS__SERVER__REQUESTS_MAX: found text, expected a whole number, 0 or greater");
}

#[test]
fn a_password_in_the_public_address_is_refused() {
    let text = format!("{COMPLETE}[server]\npublic_url = \"https://mluvii:hunter2@hooks.example/x\"\n");
    assert_snapshot!(refused(&text, &[]), @"quietus.toml: server.public_url: it is logged, so no user and no password may stand in it");
}

#[test]
fn an_address_that_nobody_can_call_is_refused() {
    for url in ["quietus-admin.example.com", "https://", "https:///v1", "ftp://a.example", "https://a.example/?at=1"] {
        let text = format!("{COMPLETE}[server]\nadmin_url = \"{url}\"\n");
        assert_eq!(
            refused(&text, &[]),
            "quietus.toml: server.admin_url: it is not an address such as `https://quietus-admin.example.com`"
        );
    }
}

#[test]
fn names_are_used_once_and_targets_have_plain_ones() {
    let more = "[[source]]\nname = \"acme\"\nauth = []\n[[plugin]]\nname = \"A/B\"\nlibrary = \"l.so\"\n\
                [[plugin]]\nname = \"mluvii\"\nlibrary = \"l.so\"\n";
    assert_snapshot!(refused(&format!("{COMPLETE}{more}"), &[]), @"
    quietus.toml: source.2.name: `acme` is taken
    quietus.toml: plugin.1.name: the name `A/B`: allowed are 1 to 64 of a-z, 0-9, `-` and `_`
    quietus.toml: plugin.2.name: `mluvii` is the name of the built-in target
    ");
}

#[test]
fn a_plugins_own_configuration_is_passed_on_as_it_is_written() {
    let plugin =
        "[[plugin]]\nname = \"crm\"\nlibrary = \"l.so\"\n[plugin.config]\nUrl = \"https://x\"\nlist = [1, 2.5, true]\n";
    let config = load(&format!("{COMPLETE}{plugin}"), &[]).expect("loads");
    let own = serde_json::json!({ "Url": "https://x", "list": [1, 2.5, true] });
    assert_eq!(config.plugins[0].config, own);
    assert_eq!(config.targets().len(), 2);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Config::load_with(Path::new("nowhere/quietus.toml"), std::iter::empty()).expect_err("is refused");
    assert_snapshot!(error, @"nowhere/quietus.toml: cannot be read: No such file or directory (os error 2)");
}

#[test]
fn every_section_is_in_the_schema_and_the_other_way_round() {
    let schema = serde_json::to_value(Config::schema()).expect("a schema is JSON");
    let properties = schema["properties"].as_object().expect("an object");
    let mut known = Config::SECTIONS;
    known.sort_unstable();
    assert_eq!(properties.keys().map(String::as_str).collect::<Vec<_>>(), known);
}

#[test]
fn passwords_in_the_wrong_place_are_not_shown() {
    let shown = redact::redacted(serde_json::json!({
        "ledger": { "url": "postgres://q:hunter2@db/quietus" },
        "plugin": [{ "config": { "api-key": "hunter2", "headers": { "Authorization": "hunter2" }, "tokens": ["hunter2"], "url": "https://crm.example" }, "secrets": { "token": { "env": "T" } } }],
    }));
    assert_snapshot!(shown, @r#"{"ledger":{"url":"postgres://[redacted]@db/quietus"},"plugin":[{"config":{"api-key":"[redacted]","headers":{"Authorization":"[redacted]"},"tokens":["[redacted]"],"url":"https://crm.example"},"secrets":{"token":{"env":"T"}}}]}"#);
}

#[test]
fn a_secret_is_read_without_the_line_break_at_its_end() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let read = |content: &str| {
        std::fs::write(dir.path().join("s"), content).expect("the file is written");
        secrets::read_secret(dir.path(), &SecretRef::File("s".into()))
    };
    assert_eq!(read(" a b \r\n").expect("is read").expose(), " a b ");
    assert_eq!(read("a\n\n").expect("is read").expose(), "a\n");
    assert!(read("\n").is_err());
    assert!(read(&"x".repeat(70_000)).is_err());
    assert!(secrets::read_secret(dir.path(), &SecretRef::File("none".into())).is_err());
}

#[test]
fn a_secret_in_the_environment_must_be_set() {
    let read = |name: &str| secrets::read_secret(Path::new("."), &SecretRef::Env(name.into()));
    assert_eq!(read("CARGO_PKG_NAME").expect("cargo sets it").expose(), "quietus");
    assert_snapshot!(read("QUIETUS_TEST_NOT_SET").expect_err("is refused"), @"the environment variable QUIETUS_TEST_NOT_SET is not set");
    let credential = secrets::read_secret(Path::new("."), &SecretRef::Credential("../x".into()));
    assert_snapshot!(credential.expect_err("is refused"), @"`../x` is not the name of a systemd credential");
}

#[test]
fn keys_are_made_once_for_their_owner_only() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let keys = dir.path().join("keys");
    let missing = Keys::load(&keys).err().expect("there are none");
    assert_snapshot!(missing.to_string().replace(&keys.display().to_string(), "keys"), @"there is no key file keys/index.key. A new installation makes its keys with `quietus keys new`. If this installation had keys, restore them from your backup instead: with another index key nobody who is already in the ledger can be found again, and with another seal key nothing that was sealed can be opened");

    let public = Keys::create(&keys).expect("made");
    assert_eq!(read_public(&keys).expect("is read"), public);
    let index = |keys: &Path| Keys::load(keys).expect("load").index.check_value();
    let before = index(&keys);
    for entry in std::fs::read_dir(&keys).expect("is listed") {
        let mode = entry.expect("an entry").metadata().expect("its metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(std::fs::metadata(&keys).expect("is there").permissions().mode() & 0o777, 0o700);

    assert!(matches!(Keys::create(&keys), Err(KeysError::Exists(_))));
    assert_eq!(index(&keys), before);
}

#[test]
fn damaged_or_foreign_key_files_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    Keys::create(&a).expect("made");
    Keys::create(&b).expect("made");
    std::fs::copy(a.join("receipt.pub"), b.join("receipt.pub")).expect("copied");
    assert!(matches!(Keys::load(&b), Err(KeysError::Wrong { .. })));
    std::fs::write(a.join("seal.key"), "abc").expect("written");
    assert!(matches!(Keys::load(&a), Err(KeysError::Wrong { .. })));
    std::fs::remove_file(a.join("index.key")).expect("removed");
    assert!(matches!(Keys::load(&a), Err(KeysError::Missing(_))));
    assert!(matches!(Keys::create(&a), Err(KeysError::Exists(_))));
}
