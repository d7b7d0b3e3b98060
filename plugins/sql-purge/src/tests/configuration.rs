//! What is refused when the configuration is read; the statements' own tests are in `statement/tests.rs`.

use super::*;

/// Nobody listens there: configuring does not connect.
const URL: &str = "postgres://q@127.0.0.1:1/shop";

#[track_caller]
fn refused(url: &str, settings: &Value, part: &str) {
    let error = configured(url, settings).err().expect("refused");
    assert!(error.message.contains(part), "{}", error.message);
    assert_eq!(error.class, quietus_plugin::ErrorClass::NeedsOperator, "{}", error.message);
}

#[test]
fn a_statement_that_is_refused_is_named() {
    for engine in ["postgres", "mysql"] {
        let pasted =
            json!({ "statement": [{ "name": "orders", "rows_max": 1, "sql": "DELETE FROM o WHERE mail = ':email'" }] });
        let text =
            "statement `orders` is refused: `:email` between quotes is text, and no parameter; write `:email` outside";
        refused(&format!("{engine}://q@127.0.0.1:1/shop"), &pasted, text);
    }
    let writes = json!({ "statement": [orders()], "retain": [{ "name": "x", "sql": "DELETE FROM o WHERE mail = :email", "reason": "r" }] });
    refused(URL, &writes, "statement `x` is refused: DELETE: only `SELECT count(*)");
}

#[test]
fn what_the_schema_cannot_say_is_checked() {
    refused(URL, &json!({ "statement": [] }), "`statement`");
    refused(URL, &json!({ "statement": [orders(), orders()] }), "taken");
    refused(
        URL,
        &json!({ "statement": [{ "name": "Orders", "rows_max": 1, "sql": "DELETE FROM o WHERE m = :email" }] }),
        "a-z",
    );
    refused(
        URL,
        &json!({ "statement": [{ "name": "o", "rows_max": 0, "sql": "DELETE FROM o WHERE m = :email" }] }),
        "`rows_max`",
    );
    refused(
        URL,
        &json!({ "statement": [{ "name": "o", "rows_max": 1, "count": "O 1", "sql": "DELETE FROM o WHERE m = :email" }] }),
        "`count`",
    );
    refused(
        URL,
        &json!({ "statement": [orders()], "password": { "secret": "passwort" } }),
        "`passwort` is not configured",
    );
    refused(URL, &json!({ "statement": [orders()], "ca_file": "/none" }), "`ca_file` has no meaning");
    refused("postgres://q@db/shop", &json!({ "statement": [orders()], "ca_file": "/none" }), "ca_file /none");
    refused("postgres://q:p@db/shop", &shop(), "password");
    let own = json!({ "kinds": ["customer_no"], "statement": [{ "name": "o", "rows_max": 1, "sql": "DELETE FROM o WHERE no = :customer_no" }] });
    assert!(configured(URL, &own).is_ok());
}

#[test]
fn the_examples_are_accepted() {
    for example in [include_str!("../../config.toml"), include_str!("../../README.md")] {
        let blocks = example.split("```toml\n").skip(usize::from(example.contains("```")));
        for block in blocks.map(|block| block.split("```").next().unwrap_or_default()) {
            let toml: toml::Table = toml::from_str(block).unwrap_or_else(|error| panic!("{error}: {block}"));
            for plugin in toml["plugin"].as_array().expect("[[plugin]]") {
                let secrets =
                    plugin["secrets"].as_table().expect("secrets").keys().map(|name| (name.clone(), "hunter2"));
                let made = TestHost::<SqlPurge>::with_secrets(&plugin["config"], secrets);
                assert!(made.is_ok(), "{:?}", made.err());
            }
        }
    }
}

#[test]
fn the_sandbox_learns_the_port_and_the_file() {
    let plugin = configured(URL, &shop()).expect("configured");
    assert_eq!(
        (&*plugin.manifest().ports_from, &*plugin.manifest().reads_from),
        (&["/url".to_owned()][..], &["/ca_file".to_owned()][..])
    );
}
