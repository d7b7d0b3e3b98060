use insta::assert_snapshot;

use super::*;
use crate::subject::Kind;

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

/// What is said, without lines, which would change with what stands before.
#[track_caller]
fn refused(text: &str, variables: &[(&str, &str)]) -> String {
    let line = regex::Regex::new(", line [0-9]+: ").expect("a pattern");
    line.replace_all(&load(text, variables).expect_err("is refused"), ": ").into_owned()
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
fn what_the_environment_sets_is_mended_there_also_where_only_its_meaning_is_wrong() {
    let file = format!("{COMPLETE}[log]\nlevel = \"info\"\n");
    assert_snapshot!(refused(&file, &[("QUIETUS__LOG__LEVEL", "inof")]), @"the environment, QUIETUS__LOG__LEVEL: `inof` is not a filter such as `info` or `quietus=debug,warn`: `inof` is no level; did you mean `info`?");
    assert_snapshot!(refused(&file.replace("info", "inof"), &[("QUIETUS__LOG__FORMAT", "json")]), @"quietus.toml: log.level: `inof` is not a filter such as `info` or `quietus=debug,warn`: `inof` is no level; did you mean `info`?");
}

#[test]
fn a_misspelt_key_is_refused_and_the_right_one_is_named() {
    assert_snapshot!(refused(&format!("{COMPLETE}[log]\nlevl = \"info\"\n"), &[]), @"quietus.toml: log.levl: there is no such key; did you mean `level`? (allowed: level, format)");
    assert_snapshot!(refused(&format!("{COMPLETE}[servre]\n"), &[]), @"quietus.toml: servre: there is no such key; did you mean `server`? (allowed: server, admin, ledger, clock, papers, log, keys, mluvii, settling, person, requests, erasing, retention, watch, source, consent, rule, rules, confirmation, test, plugin, manual, witness, alert)");
}

#[test]
fn values_of_the_wrong_kind_are_refused_all_at_once() {
    let text = format!(
        "{COMPLETE}[server]\nlisten = \"80\"\n[log]\nformat = \"jsno\"\n[settling]\nlimit = \"soon\"\n[erasing]\nrounds_max = -1\n"
    );
    assert_snapshot!(refused(&text, &[]), @"
    quietus.toml: server.listen: not an address and a port, such as `127.0.0.1:8080` or `[::]:8080`
    quietus.toml: log.format: `jsno` is not allowed; did you mean `json`? (allowed: text, json)
    quietus.toml: settling.limit: `soon` is not a length of time; write a whole number and ms, s, m, h, d or y, such as `15m`
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
fn all_problems_of_all_sections_are_told_at_once_with_their_lines() {
    let text = "[log]\nlevl = \"info\"\nformat = 7\n\
                [mluvii]\ncall_max = \"soon\"\n\
                [[rule]]\nname = \"a\"\non = \"session-ended\"\nerase = \"all\"\nafter = 3\ntargets = [\"mluvii\"]\n\
                [[rule]]\nname = \"b\"\non = \"session-ended\"\nerase = \"session\"\ntargets = [\"crm\"]\n\
                when = \"\"\"\nform.submitted and\n  session.id = 7\"\"\"\n\
                [[source]]\nname = \"s\"\nauth = []\nmluvii = \"other\"\n\
                [[test]]\nname = \"t\"\non = \"session-ended\"\nexpcet = []\nform = { submitted = true, prams = {} }\n\
                [retention]\nsessions = \"1d\"\ntombstones = \"1d\"\n";
    assert_snapshot!(load(text, &[]).expect_err("is refused"), @r#"
    quietus.toml, line 3: log.format: found the number 7, expected a word
    quietus.toml, line 2: log.levl: there is no such key; did you mean `level`? (allowed: level, format)
    quietus.toml, line 5: mluvii.call_max: `soon` is not a length of time; write a whole number and ms, s, m, h, d or y, such as `15m`
    quietus.toml, line 10: rule.1.after: 3 of what? Write a unit: "3d" (days), "3h", "3m" (minutes), "3s" or "3ms"
    quietus.toml, line 9: rule.1.erase: `all` is not allowed (allowed: session, guest, person)
    quietus.toml, line 27: test.1.expcet: there is no such key; did you mean `expect`? (allowed: name, on, at, session, consent, form, expect, expect_consent)
    quietus.toml, line 28: test.1.form.prams: there is no such key; did you mean `params`? (allowed: id, origin, submitted, by_client, params)
    quietus.toml, line 31: retention.tombstones: `1d` is shorter than retention.consents: a session whose record has gone would be found anew
    quietus.toml, line 6: rule.1.when: is needed; without it everybody would be meant: write when = "true" where that is so
    quietus.toml, line 16: rule.2.targets: there is no target `crm`; there are `mluvii`
    quietus.toml, line 17: rule.2.when: not an expression: at 1:16: `and` is written `&&`
    quietus.toml, line 17: rule.2.when: not an expression: at 2:14: `=` is written `==`
    quietus.toml, line 28: test.1.form: exists on `form-submitted` only
    quietus.toml, line 24: test.1.expect: is needed: the names of the rules that are to erase; [] where nothing is
    "#);
}

#[test]
fn a_test_that_names_no_rule_is_refused_and_so_is_a_key_that_it_does_not_have() {
    let rule = "[[rule]]\nname = \"retention\"\non = \"session-settled\"\nwhen = \"true\"\nerase = \"session\"\ntargets = [\"mluvii\"]\n";
    let test = "[[test]]\nname = \"t\"\non = \"session-settled\"\nsession = { chanel = \"Chat\" }\n\
                expect = [\n  \"retentoin\",\n  { rule = \"retention\", aftr = \"1d\" },\n]\n";
    assert_snapshot!(load(&format!("{COMPLETE}{rule}{test}"), &[]).expect_err("is refused"), @r#"
    quietus.toml, line 20: test.1.expect.2.aftr: there is no such key; did you mean `after`? (allowed: rule, erase, targets, after, due, approve)
    quietus.toml, line 17: test.1.session.chanel: there is no such key; did you mean `channel`? (allowed: id, tenant, installation, channel, source, duration_s, ended)
    quietus.toml, line 19: test.1.expect.1: there is no rule `retentoin`; did you mean `retention`?
    "#);
}

#[test]
fn text_that_is_not_toml_is_refused_with_its_line() {
    assert_snapshot!(load("[log]\nlevel = \"info\"\nformat json\n", &[]).expect_err("is refused"), @"quietus.toml, line 3: not TOML: expected `.`, `=`");
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
        let text = format!("{COMPLETE}[server]\nreports_url = \"{url}\"\n");
        assert_eq!(
            refused(&text, &[]),
            "quietus.toml: server.reports_url: it is not an address such as `https://quietus-admin.example.com`"
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
    let shown = redact::redacted(
        serde_json::json!({
            "ledger": { "url": "postgres://q:hunter2@db/quietus" },
            "plugin": [{ "config": { "api-key": "hunter2", "headers": { "Authorization": "hunter2" }, "tokens": ["hunter2"], "url": "https://crm.example", "folder": "/srv", "count": 7 }, "args": ["--key", "hunter2"], "name": "crm", "secrets": { "token": { "env": "T" } } }],
        }),
        &[("crm".to_owned(), serde_json::json!({ "properties": { "folder": { "x-quietus-public": true } } }))].into(),
    );
    assert_snapshot!(shown, @r#"{"ledger":{"url":"postgres://[redacted]@db/quietus"},"plugin":[{"args":["[redacted]","[redacted]"],"config":{"api-key":"[redacted]","count":7,"folder":"/srv","headers":{"Authorization":"[redacted]"},"tokens":["[redacted]"],"url":"[redacted]"},"name":"crm","secrets":{"token":{"env":"T"}}}]}"#);
}

#[test]
fn who_is_told_and_by_which_url_is_not_shown() {
    let shown = redact::redacted(
        serde_json::json!({
            "alert": [
                { "name": "ops", "from": "urgent", "webhook": { "url": "https://hooks/hunter2", "proxy": "http://p:1" } },
                { "name": "dpo", "email": { "server": "mx", "from": "Ann <ann@x.cz>", "to": ["bob@x.cz"], "user": "ann" } },
            ],
            "watch": { "webhooks": "10m", "ping": { "url": "https://hc/hunter2", "every": "5m" } },
        }),
        &redact::Schemas::default(),
    );
    assert_snapshot!(shown, @r#"{"alert":[{"from":"urgent","name":"ops","webhook":{"proxy":"http://p:1","url":"[redacted]"}},{"email":{"from":"[redacted]","server":"mx","to":["[redacted]"],"user":"[redacted]"},"name":"dpo"}],"watch":{"ping":{"every":"5m","url":"[redacted]"},"webhooks":"10m"}}"#);
}

#[test]
fn of_a_command_only_the_program_is_shown() {
    let shown = redact::redacted(
        serde_json::json!({
            "witness": { "command": ["/bin/witness", "--token", "hunter2"], "other": ["a", "b"] },
            "keys": { "seals_command": ["keeper", "https://q:hunter2@keys", ["hunter2"]], "of": { "a-command": "keeper hunter2" } },
        }),
        &redact::Schemas::default(),
    );
    assert_snapshot!(shown, @r#"{"keys":{"of":{"a-command":"keeper [redacted]"},"seals_command":["keeper","[redacted]",["[redacted]"]]},"witness":{"command":["/bin/witness","[redacted]","[redacted]"],"other":["a","b"]}}"#);
}

#[test]
fn a_secret_is_read_without_the_line_break_at_its_end() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let read = |content: &str| {
        std::fs::write(dir.path().join("s"), content).expect("the file is written");
        secrets::read_secret(dir.path(), &SecretRef::File("s".into()))
    };
    assert_eq!(read("a b\r\n").expect("is read").expose(), "a b");
    let key = "-----BEGIN KEY-----\na\n-----END KEY-----\n";
    assert_eq!(read(&format!("{key}\n")).expect("is read").expose(), key);
    assert_eq!(read("{\n\t\"a\": 1\n}\n").expect("is read").expose(), "{\n\t\"a\": 1\n}");
    for blank in ["a \n", " a\n", "a\t", "a\n\n", "a\u{a0}\n"] {
        assert!(
            read(blank).expect_err("is refused").to_string().ends_with("begins or ends with a blank; take that away")
        );
    }
    let several = read("old-secret\nnew-secret\n").expect_err("is refused").to_string();
    assert!(several.contains("has several lines"), "{several}");
    for unseen in ["a\u{feff}\n", "a\u{200b}b", "a\0", "\u{ad}a", "a\u{2060}\n", "a\u{202e}b", "a\u{7f}"] {
        let said = read(unseen).expect_err("is refused").to_string();
        assert!(said.contains("has a character in it that is not seen"), "{unseen:?}: {said}");
    }
    let marked = read("\u{feff}a").expect_err("is refused").to_string();
    assert!(marked.ends_with("begins with a byte order mark; take that away"), "{marked}");
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

/// Two companies.
const TWO: &str = r#"
[[mluvii]]
name = "acme"
client_id = { env = "ACME_ID" }
ca_file = "acme.pem"
[[mluvii]]
name = "b-co"
base_url = "https://b.example"
call_max = "5s"
params = { Zakaznik = "customer" }
[[source]]
name = "hooks"
mluvii = "b-co"
auth = []
"#;

#[test]
fn one_unnamed_mluvii_is_an_installation() {
    let config = load(COMPLETE, &[]).expect("loads");
    let [only] = config.mluvii.as_slice() else { panic!("one") };
    assert_eq!(only.name, InstallationName::unnamed());
    assert_eq!(config.sources[0].mluvii, Some(InstallationName::unnamed()));
    let none = COMPLETE.split_once("[[source]]").map(|(_, source)| format!("[[source]]{source}"));
    let config = load(&none.expect("has a source"), &[("QUIETUS__MLUVII__BASE_URL", "https://a.example")]);
    assert_eq!(config.expect("loads").mluvii[0].base_url, "https://a.example");
}

#[test]
fn a_target_of_any_kind_has_a_title_or_one_for_each_language() {
    let titled = |mluvii: &str, plugin: &str, manual: &str| {
        let complete = COMPLETE.replace("[mluvii]", &format!("[mluvii]\ntitle = {mluvii}"));
        format!(
            "{complete}[[plugin]]\nname = \"crm\"\nlibrary = \"libcrm.so\"\ntitle = {plugin}\n\
             [[manual]]\nname = \"legal\"\ntext = \"Shred it.\"\ntitle = {manual}\n"
        )
    };
    let config = load(&titled("\"Chat\"", "{ cs = \"Zákazníci\", en = \"Customers\" }", "\"Archiv\""), &[]);
    let config = config.expect("loads");
    let czech = |title: &Option<crate::subject::Title>| title.as_ref().map(|title| title.czech().to_owned());
    let titles = [&config.mluvii[0].title, &config.plugins[0].title, &config.manual[0].title].map(czech);
    assert_eq!(titles, ["Chat", "Zákazníci", "Archiv"].map(|title| Some(title.to_owned())));
    assert_eq!(config.targets().len(), 3, "no title is a target");
    for (wrong, key) in [
        (titled("\"\"", "\"a\"", "\"a\""), "mluvii.title"),
        (titled("\"a\"", "\" \"", "\"a\""), "plugin.1.title"),
        (titled("\"a\"", "\"a\"", "\"\""), "manual.1.title"),
        (titled("\"a\"", "{ cs = \"a\" }", "\"a\""), "plugin.1.title"),
    ] {
        let why = refused(&wrong, &[]);
        assert!(why.contains(key), "{key}: {why}");
    }
}

#[test]
fn each_installation_is_filled_with_the_defaults() {
    let config = load(TWO, &[]).expect("loads");
    let [acme, other] = config.mluvii.as_slice() else { panic!("two") };
    assert_eq!((&*acme.name.0, &*other.name.0), ("acme", "b-co"));
    assert_eq!((acme.base_url.as_str(), other.base_url.as_str()), ("https://app.mluvii.com", "https://b.example"));
    assert_eq!((acme.call_max.to_string(), other.call_max.to_string()), ("30s".into(), "5s".into()));
    assert_eq!(acme.ca_file.as_deref(), Some(&*config.base.join("acme.pem")));
    assert_eq!(acme.look_up_session, other.look_up_session);
    // Names of fields match without case; a table is merged, not replaced.
    assert_eq!(other.params["zakaznik"].as_str(), "customer");
    assert_eq!((acme.params.len(), other.params.len()), (3, 4));
    assert_eq!(config.sources[0].mluvii.as_ref().map(|name| &*name.0), Some("b-co"));
    assert_eq!(config.targets(), [TargetName::mluvii()]);
}

#[test]
fn the_environment_reaches_each_installation() {
    let variables =
        [("QUIETUS__MLUVII__ACME__CALL_MAX", "1s"), ("QUIETUS__MLUVII__B_CO__BASE_URL", "https://c.example")];
    let config = load(TWO, &variables).expect("loads");
    assert_eq!(config.mluvii[0].call_max.to_string(), "1s");
    assert_eq!(
        (config.mluvii[1].call_max.to_string(), config.mluvii[1].base_url.as_str()),
        ("5s".into(), "https://c.example")
    );
    let named = COMPLETE.replace("[mluvii]", "[mluvii]\nname = \"acme\"");
    for variable in ["QUIETUS__MLUVII__CALL_MAX", "QUIETUS__MLUVII__ACME__CALL_MAX"] {
        let config = load(&named, &[(variable, "1s")]).expect("loads");
        assert_eq!((&*config.mluvii[0].name.0, config.mluvii[0].call_max.to_string()), ("acme", "1s".into()));
    }
    let config = load(COMPLETE, &[("QUIETUS__MLUVII__PARAMS__CUSTOMER_NO", "customer")]).expect("loads");
    assert_eq!(config.mluvii[0].params.len(), 4);
    assert_snapshot!(refused(TWO, &[("QUIETUS__MLUVII__CALL_MAX", "1s")]), @"the environment, QUIETUS__MLUVII__CALL_MAX: there are several installations; name one, as in QUIETUS__MLUVII__ACME__CALL_MAX");
    assert_snapshot!(refused(TWO, &[("QUIETUS__MLUVII__C__CALL_MAX", "1s")]), @"the environment, QUIETUS__MLUVII__C: there is no such installation; there are ACME, B_CO");
}

#[test]
fn a_problem_of_an_installation_names_it() {
    let text = TWO.replace("call_max = \"5s\"", "call_mx = \"5s\"").replace("{ env = \"ACME_ID\" }", "\"hunter2\"");
    let said = refused(&text, &[]);
    assert!(said.contains("quietus.toml: mluvii.acme.client_id: a secret does not stand"), "{said}");
    assert!(said.contains("quietus.toml: mluvii.b-co.call_mx: there is no such key"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let said = refused(TWO, &[("QUIETUS__MLUVII__B_CO__CALL_MAX", "soon")]);
    assert!(said.starts_with("the environment, QUIETUS__MLUVII__B_CO__CALL_MAX: `soon` is not a length"), "{said}");
    let said = refused(&COMPLETE.replace("[mluvii]", "[mluvii]\ncall_max = \"soon\""), &[]);
    assert!(said.starts_with("quietus.toml: mluvii.call_max: `soon` is not a length"), "{said}");
}

#[test]
fn installations_have_plain_names_each_once_and_none_of_a_setting() {
    assert_snapshot!(refused(&TWO.replace("\"b-co\"\nbase", "\"acme\"\nbase"), &[]), @r"
    quietus.toml: mluvii.2.name: `acme` is taken
    ");
    assert_snapshot!(refused(&TWO.replace("name = \"acme\"\n", ""), &[]), @"quietus.toml: mluvii.1.name: is needed where there are several installations");
    assert_snapshot!(refused(&COMPLETE.replace("[mluvii]", "[mluvii]\nname = \"scope\""), &[]), @"quietus.toml: mluvii.name: `scope` is the name of a setting of mluvii; take another for the installation");
    for name in ["A", "a.b", "a/b", "1", "a__b", "-a", "a_"] {
        let said = refused(&COMPLETE.replace("[mluvii]", &format!("[mluvii]\nname = \"{name}\"")), &[]);
        assert!(said.contains(": allowed are 1 to 64 of a-z, 0-9"), "{said}");
    }
    assert_snapshot!(refused(&COMPLETE.replace("[mluvii]", "[mluvii]\nname = 7"), &[]), @"quietus.toml: mluvii.name: found the number 7, expected text");
}

#[test]
fn a_source_names_an_installation_that_is_there() {
    assert_snapshot!(refused(&TWO.replace("mluvii = \"b-co\"\n", ""), &[]), @"quietus.toml: source.1.mluvii: is needed where there are several installations: one of `acme`, `b-co`");
    assert_snapshot!(refused(&TWO.replace("mluvii = \"b-co\"", "mluvii = \"c\""), &[]), @"quietus.toml: source.1.mluvii: there is no mluvii `c`; there are `acme`, `b-co`");
}

#[test]
fn one_company_under_two_names_is_refused() {
    let text = TWO.replace("base_url = \"https://b.example\"", "client_id = { env = \"ACME_ID\" }");
    assert_snapshot!(refused(&text, &[]), @"quietus.toml: mluvii.b-co.client_id: `acme` is the same company: the same address with the same client; one person's sessions would be two persons' to quietus");
}

#[test]
fn field_names_that_differ_only_in_case_and_mean_two_kinds_are_refused() {
    let text = COMPLETE.replace("[mluvii]", "[mluvii]\nparams = { OO1_guest_email = \"name\" }");
    let said = refused(&text, &[]);
    assert!(said.contains("field names match without case"), "{said}");
}

#[test]
fn nothing_typed_becomes_an_internal_id() {
    let text = COMPLETE.replace("[mluvii]", "[mluvii]\nparams = { vip = \"guest_id\" }");
    assert_snapshot!(refused(&text, &[]), @"quietus.toml: mluvii.params.vip: `guest_id` is an id that mluvii gives out; what somebody types never becomes one");
    let text = TWO.replace("\"customer\"", "\"session_id\"");
    assert_snapshot!(refused(&text, &[]), @"quietus.toml: mluvii.b-co.params.zakaznik: `session_id` is an id that mluvii gives out; what somebody types never becomes one");
    let text = format!("{COMPLETE}[person]\nmatch = [[\"email\", \"guest_id\"]]\n");
    assert_snapshot!(refused(&text, &[]), @"quietus.toml: person.match.1: `guest_id` is an id that mluvii gives out, and says nothing of a person");
}

#[test]
fn a_person_is_recognized_by_more_than_a_name_or_a_phone() {
    let with = |sets: &str| format!("{COMPLETE}[person]\nmatch = {sets}\n");
    assert_snapshot!(refused(&with(r#"[["email"], ["name"], ["phone"], []]"#), &[]), @"
    quietus.toml: person.match.2: a name alone is shared by many people; add `email` or `phone`
    quietus.toml: person.match.3: a phone alone is shared in families and offices; add `name` or `email`
    quietus.toml: person.match.4: an empty set would make every session everybody's
    ");
    assert!(refused(&with("[]"), &[]).contains("names no set of kinds"));
    load(&with(r#"[["email"], ["name", "phone"]]"#), &[]).expect("loads");
    let default = load(COMPLETE, &[]).expect("loads").person;
    assert_eq!(default.r#match, [[Kind::Name, Kind::Email, Kind::Phone].into()]);
}

#[test]
fn a_region_is_needed_where_persons_are_reached_by_phone() {
    let rule = "[[rule]]\nname = \"r\"\non = \"form-submitted\"\nwhen = \"true\"\nerase = \"person\"\n\
                approve = true\ntargets = [\"mluvii\"]\n";
    let plugin = "[[plugin]]\nname = \"crm\"\nlibrary = \"l.so\"\ngrants = [\"phone\"]\n";
    assert_snapshot!(refused(&format!("{COMPLETE}{rule}"), &[]), @r#"quietus.toml: person.region: is needed, as a rule reaches persons by phone: where do numbers without a country code belong? Write the country's two letters, such as region = "CZ""#);
    assert_snapshot!(refused(&format!("{COMPLETE}{plugin}"), &[]), @r#"quietus.toml: person.region: is needed, as a plugin is granted `phone`: where do numbers without a country code belong? Write the country's two letters, such as region = "CZ""#);
    load(&format!("{COMPLETE}{rule}{plugin}[person]\nregion = \"CZ\"\n"), &[]).expect("loads");
    load(&format!("{COMPLETE}{rule}[person]\nmatch = [[\"email\"]]\n"), &[]).expect("loads");
    let said = refused(&format!("{COMPLETE}[person]\nregion = \"Czechia\"\n"), &[]);
    assert!(said.contains("person.region: ") && said.contains("two letters"), "{said}");
}

#[test]
fn a_length_of_time_without_a_unit_is_told_which_there_are() {
    let text = format!(
        "{COMPLETE}[[rule]]\nname = \"r\"\non = \"session-settled\"\nwhen = \"true\"\nerase = \"session\"\nafter = 30\ntargets = [\"mluvii\"]\n"
    );
    assert_snapshot!(refused(&text, &[]), @r#"quietus.toml: rule.1.after: 30 of what? Write a unit: "30d" (days), "30h", "30m" (minutes), "30s" or "30ms""#);
}

#[test]
fn kinds_that_lead_nowhere_are_found() {
    let plugin = "[[plugin]]\nname = \"crm\"\nlibrary = \"l.so\"\ngrants = [\"emial\", \"email\", \"customer\"]\n";
    let text = COMPLETE.replace("[mluvii]", "[mluvii]\nparams = { no = \"customer\", plate = \"car\" }");
    let idle = |text: &str| {
        let found = load(text, &[]).expect("loads").idle_kinds(&Default::default());
        found.iter().map(|idle| format!("{}: {}", idle.key, idle.what)).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(idle(&format!("{text}{plugin}")), @"
    plugin.1.grants: nothing produces the kind `emial`: no field in `mluvii.params` has it; did you mean `email`?
    mluvii.params.plate: nobody takes the kind `car`: no plugin is granted it, and `person.match` does not name it
    ");
    let matched = format!("{text}[person]\nmatch = [[\"customer\"], [\"car\", \"tail\"]]\n");
    assert_snapshot!(idle(&matched), @"person.match: nothing produces the kind `tail`: no field in `mluvii.params` has it");
    assert_eq!(idle(COMPLETE), "");
    // What another plugin returns is there, too.
    let returned = ["emial".parse().expect("a kind")].into();
    assert_eq!(load(&format!("{COMPLETE}{plugin}"), &[]).expect("loads").idle_kinds(&returned).len(), 1);
}

#[test]
fn several_installations_are_shown_as_they_are_written() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("quietus.toml");
    std::fs::write(&path, TWO).expect("is written");
    let shown = Config::show(&path, &redact::Schemas::new()).expect("is shown");
    assert_eq!(shown["mluvii"][0]["name"], "acme");
    assert_eq!(shown["mluvii"][1]["base_url"], "https://b.example");
    std::fs::write(&path, toml::to_string(&shown).expect("TOML")).expect("is written");
    assert_eq!(Config::load_with(&path, std::iter::empty()).expect("loads").mluvii.len(), 2);
}

#[test]
fn fingerprints_are_kept_unless_somebody_says_otherwise() {
    let config = load(COMPLETE, &[]).expect("loads");
    assert!(config.erasing.keep_fingerprints);
    assert_eq!(
        (config.retention.fingerprints.to_string(), config.settling.patience.to_string()),
        ("1095d".into(), "1h".into())
    );
    assert!(!config.person.accept_ledger_only);
    let text = format!("{COMPLETE}[settling]\nunknown_share_max = 5\n");
    assert_snapshot!(refused(&text, &[]), @"quietus.toml: settling.unknown_share_max: a share is from 0 to 1, such as 0.05");
}

#[test]
fn what_opens_what_is_erased_is_in_no_folder_that_is_backed_up() {
    for (seals, name) in [("keys", "keys.dir"), ("keys/seals", "keys.dir"), ("archive/seals", "retention.archive_dir")]
    {
        let text =
            format!("{COMPLETE}[keys]\ndir = \"keys\"\nseals = \"{seals}\"\n[retention]\narchive_dir = \"archive\"\n");
        let said = load(&text, &[]).expect_err("is refused").to_string();
        assert!(said.contains(&format!("keys.seals: that is in `{name}`")), "{said}");
    }
}

#[test]
fn looking_again_needs_fingerprints_that_are_kept_for_so_long() {
    let with = |erasing: &str| {
        let kept = "fingerprints = \"500d\"\nsessions = \"407d\"\nerasures = \"600d\"";
        let loaded = load(&format!("{COMPLETE}[erasing]\n{erasing}\n[retention]\n{kept}\n"), &[]);
        loaded.map(|config| config.erasing.recheck.len())
    };
    assert_eq!((with("rounds_max = 3"), with("recheck = [\"1d\", \"30d\", \"400d\"]")), (Ok(0), Ok(3)));
    for (wrong, why) in [
        ("recheck = [\"30d\"]\nkeep_fingerprints = false", "without `erasing.keep_fingerprints`"),
        ("recheck = [\"23h\"]", "`23h` is shorter than a day"),
        ("recheck = [\"30d\", \"30d\"]", "longer than the one before"),
        ("recheck = [\"30d\", \"401d\"]", "longer than retention.sessions (`407d`)"),
        ("recheck = [\"494d\"]", "longer than retention.fingerprints (`500d`)"),
        ("recheck = [\"594d\"]", "longer than retention.erasures (`600d`)"),
    ] {
        let said = with(wrong).expect_err(wrong);
        assert!(said.contains("erasing.recheck") && said.contains(why), "{wrong}: {said}");
    }
}

#[test]
fn a_retention_that_is_shorter_than_what_a_rule_needs_is_refused() {
    let rule = "[[rule]]\nname = \"a year\"\non = \"session-settled\"\nwhen = \"true\"\nerase = \"guest\"\nafter = \"365d\"\n\
                targets = [\"mluvii\"]\n";
    let with = |retention: &str| load(&format!("{COMPLETE}{rule}[retention]\n{retention}\n"), &[]);
    assert_snapshot!(with("sessions = \"90d\"").expect_err("is refused"), @"quietus.toml, line 16: retention.sessions: `90d` is shorter than the 365d after which the rule `a year` erases: by then, nobody would know of the sessions");
    assert_snapshot!(with("tombstones = \"1000d\"").expect_err("is refused"), @"quietus.toml, line 16: retention.tombstones: `1000d` is shorter than retention.consents: a session whose record has gone would be found anew");
    for fine in ["", "sessions = \"365d\"", "sessions = \"forever\"\nconsents = \"forever\"\ntombstones = \"1d\""] {
        with(fine).unwrap_or_else(|wrong| panic!("{fine}: {wrong}"));
    }
}

#[test]
fn a_key_that_is_wrong_hides_nothing_else_of_its_rule() {
    let rule = |name: &str, more: &str| format!("[[rule]]\n{name}\non = \"session-ended\"\n{more}\n");
    let first = rule("name = \"a\"", "when = \"true\"\nerase = \"session\"\ntargets = [\"mluvii\"]");
    let second = rule("name = \"a\"", "when = \"consent.stat == 'given'\"\nerase = \"sesion\"\ntargets = [\"crmm\"]");
    let third = rule("nmae = \"b\"", "when = \"session.id = 7\"\nerase = \"session\"\ntargets = [\"mluvii\"]");
    let said = refused(&format!("{COMPLETE}{first}{second}{third}"), &[]);
    for part in [
        "rule.2.erase: ",
        "rule.2.name: `a` names two rules",
        "rule.2.targets: there is no target `crmm`",
        "rule.2.when: `consent` has no `stat`",
        "rule.3.nmae: there is no such key",
        "rule.3.when: not an expression",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // What stands in for it is never blamed.
    let lost = "[[rule]]\nname = \"c\"\non = \"form-sent\"\nwhen = \"form.submitted\"\nerase = \"person\"\napprove = \"yes\"\ntargets = [1]\n";
    let said = refused(&format!("{COMPLETE}{lost}"), &[]);
    assert!(said.contains("rule.1.on: ") && said.contains("rule.1.approve: "), "{said}");
    assert!(!said.contains("rule.1.when") && !said.contains("is needed with"), "{said}");
}

#[test]
fn thousands_of_keys_have_their_lines_at_once() {
    // Each line was once counted from the beginning of the file.
    let text = "[[rule]]\nname = \"a\"\nwhen = \"true\"\n".repeat(20_000);
    assert_eq!(lines::Lines::of(&text).line("rule.20000.when"), Some(60_000));
}
