//! What one system knows of a person is found before anything is erased, and another one erases by it; and what a plugin has
//! stored of a call outlives the plugin and the server.

mod over_http;

use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use test_servers::postgres;

use crate::harness::{Deployment, ERASE, Server, StandIn, program, receipts, wait_for};

/// A system, and by what it knows persons.
fn plugin(folder: &str, name: &str, kind: &str) -> String {
    format!(
        "{}args = [\"{name}\"]\ngrants = [\"{kind}\"]\nconfig = {{ folder = \"{folder}\" }}\n",
        program(name, "finder.py")
    )
}

/// Three systems in a chain, the last one first: each knows persons by what the next one returns.
fn chain(folder: &str) -> String {
    let rules = ERASE.replace("[\"mluvii\"]", "[\"parcels\", \"shop\", \"mluvii\", \"crm\"]");
    let plugin = |name, kind| plugin(folder, name, kind);
    format!("{rules}\n{}{}{}", plugin("parcels", "order_no"), plugin("shop", "customer_no"), plugin("crm", "email"))
}

/// Two systems; the rule has a session erased at mluvii and at both.
fn rules(folder: &str) -> String {
    let plugin = |name, kind| plugin(folder, name, kind);
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"crm\", \"erp\"]");
    format!("{rules}\n{}{}", plugin("crm", "email"), plugin("erp", "customer_no"))
}

/// A system that tells by what else it knows somebody, and one that is erased by it; no rule names them.
pub(crate) fn plugins(folder: &tempfile::TempDir) -> String {
    let folder = folder.path().display().to_string();
    plugin(&folder, "crm", "email").replace("name = \"crm\"", "name = \"customers\"")
        + &plugin(&folder, "erp", "customer_no")
}

/// A folder into which plugins may write, whoever they run as.
pub(crate) fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("changed");
    folder
}

pub(crate) fn calls(folder: &tempfile::TempDir) -> Vec<String> {
    let calls = std::fs::read_to_string(folder.path().join("calls")).unwrap_or_default();
    calls.lines().map(str::to_owned).collect()
}

#[test]
fn what_one_system_knows_another_one_is_erased_by() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder.path().display().to_string()));
    let waits = folder.path().join("waits");
    std::fs::write(&waits, "").expect("written");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    wait_for("the crm to be asked", || (!calls(&folder).is_empty()).then_some(()));
    let erasures = deployment.json(&["erasures", "list"]);
    for step in erasures[0]["steps"].as_array().expect("steps") {
        let expected = if step["target"] == "crm" { json!("find") } else { json!(null) };
        assert_eq!(step["stage"], expected, "the others wait: {erasures}");
    }
    assert_eq!(standin.calls("/anonymous").len(), 0);
    std::fs::remove_file(&waits).expect("removed");

    let receipts = receipts(&deployment, 1);
    let calls = calls(&folder);
    assert_eq!(calls[0], "crm find", "before anything is erased: {calls:?}");
    assert!(calls.contains(&"erp erase C-ann".to_owned()), "{calls:?}");
    let steps = receipts[0]["statement"]["steps"].as_array().expect("steps");
    let outcomes: Vec<_> = steps.iter().map(|step| (&step["target"], &step["outcome"])).collect();
    let erased = json!("erased");
    let expected = [(&json!("crm"), &erased), (&json!("erp"), &erased), (&json!("mluvii"), &erased)];
    assert_eq!(outcomes, expected);
    assert!(!receipts[0].to_string().contains("C-ann"), "what was found is on no receipt");
    server.stop();
}

#[test]
fn a_dry_run_says_that_a_target_knows_more_than_it_told() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder.path().display().to_string()));
    Server::start(&deployment).stop();
    deployment.write("who", "ann@example.com\n");
    let who = format!("@{}", deployment.path("who").display());
    let dry_run = || deployment.json(&["erase", "--email", &who, "--dry-run"]);
    let says = |dry_run: &serde_json::Value| dry_run["not_reached"].to_string().contains("that only crm knows");
    let all = dry_run();
    assert_eq!((says(&all), &all["identifiers"]["customer_no"]), (false, &json!(1)), "{all}");
    std::fs::write(folder.path().join("more"), "").expect("written");
    let some = dry_run();
    assert_eq!((says(&some), &some["identifiers"]["customer_no"]), (true, &json!(1)));
    assert!(!calls(&folder).iter().any(|call| call.contains("erase C-")), "{:?}", calls(&folder));
}

#[test]
fn a_dry_run_names_no_hold_by_what_only_a_plugin_told() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder.path().display().to_string()));
    Server::start(&deployment).stop();
    deployment.write("who", "ann@example.com\n");
    deployment.write("number", "C-ann\n");
    let who = format!("@{}", deployment.path("who").display());
    let number = format!("customer_no=@{}", deployment.path("number").display());
    let holds = |of: &str, value: &str| deployment.json(&["holds", "add", of, value, "--reason", "legal-claims"]);
    let dry_run = || deployment.json(&["erase", "--email", &who, "--dry-run"]);
    holds("--other", &number);
    let told = dry_run();
    // The erasure is compared by what was given and by its sessions: it would not wait.
    assert_eq!((&told["identifiers"]["customer_no"], told["holds"][0].is_null()), (&json!(1), true), "{told}");
    let hold = holds("--email", &who);
    let given = dry_run();
    assert_eq!((&given["holds"][0]["hold"]["hold"], given["holds"][1].is_null()), (&hold["id"], true), "{given}");
}

#[test]
fn a_killed_plugin_and_a_killed_server_count_all_that_was_erased() {
    let (standin, folder) = (StandIn::start(), folder());
    std::fs::write(folder.path().join("dies"), "").expect("written");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("changed");
    let deployment = Deployment::bare(&standin.mluvii, &rules(&folder.path().display().to_string()));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    wait_for("the plugin to die in its call", || (!folder.path().join("dies").exists()).then_some(()));
    server.kill();

    let server = Server::start(&deployment);
    let receipts = receipts(&deployment, 1);
    let step = &receipts[0]["statement"]["steps"][0];
    assert_eq!((&step["target"], &step["outcome"]), (&json!("crm"), &json!("erased")));
    assert_eq!(step["counts"]["records"], 3);
    let calls = calls(&folder);
    assert!(calls.iter().any(|call| call == "crm erase from 2"), "it went on from what it had stored: {calls:?}");
    server.stop();
}

#[test]
fn what_one_system_knows_the_next_one_is_asked_by_and_a_kill_in_between_loses_nothing() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &chain(&folder.path().display().to_string()));
    let waits = ["waits-crm", "waits-shop"].map(|name| folder.path().join(name));
    waits.iter().for_each(|file| std::fs::write(file, "").expect("written"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    wait_for("the crm to be asked", || (!calls(&folder).is_empty()).then_some(()));
    let erasures = deployment.json(&["erasures", "list"]);
    for step in erasures[0]["steps"].as_array().expect("steps") {
        let expected = if step["target"] == "crm" { json!("find") } else { json!(null) };
        assert_eq!(step["stage"], expected, "whoever needs its answer is not asked yet: {erasures}");
    }
    std::fs::remove_file(&waits[0]).expect("removed");
    wait_for("the shop to be asked", || calls(&folder).contains(&"shop find".to_owned()).then_some(()));
    server.kill();
    assert_eq!(calls(&folder), ["crm find", "shop find"], "nothing is erased before all have answered");
    assert_eq!(standin.calls("/anonymous").len(), 0);
    let ledger = std::fs::read(deployment.path("quietus.db")).expect("a ledger");
    let log = std::fs::read(deployment.path("quietus.db-wal")).unwrap_or_default();
    assert!(!String::from_utf8_lossy(&[ledger, log].concat()).contains("C-ann"), "what is found is sealed");

    std::fs::remove_file(&waits[1]).expect("removed");
    deployment.let_leases_end();
    let server = Server::start(&deployment);
    let receipt = receipts(&deployment, 1).remove(0);
    let calls = calls(&folder);
    assert_eq!(calls.iter().filter(|call| *call == "crm find").count(), 1, "what it said is kept: {calls:?}");
    for expected in ["shop erase C-ann", "parcels erase O-C-ann"] {
        assert!(calls.contains(&expected.to_owned()), "{calls:?}");
    }
    let last_find = calls.iter().rposition(|call| call.ends_with(" find")).expect("somebody was asked");
    let first_erase = calls.iter().position(|call| call.contains(" erase ")).expect("something was erased");
    assert!(last_find < first_erase, "{calls:?}");
    let statement = &receipt["statement"];
    let outcomes = statement["steps"].as_array().expect("steps").iter().map(|step| step["outcome"].clone());
    assert_eq!(outcomes.collect::<Vec<_>>(), vec![json!("erased"); 4], "{receipt}");
    assert!(!statement["reasons"].to_string().contains("not_looked_at"), "{receipt}");
    assert!(!receipt.to_string().contains("C-ann"), "what was found is on no receipt");
    server.stop();
}

#[test]
fn a_dry_run_asks_in_the_same_order() {
    let (standin, folder) = (StandIn::start(), folder());
    let deployment = Deployment::bare(&standin.mluvii, &chain(&folder.path().display().to_string()));
    Server::start(&deployment).stop();
    deployment.write("who", "ann@example.com\n");
    let who = format!("@{}", deployment.path("who").display());
    let preview = deployment.json(&["erase", "--email", &who, "--dry-run"]);
    assert_eq!((&preview["identifiers"]["customer_no"], &preview["identifiers"]["order_no"]), (&json!(1), &json!(1)));
    assert_eq!(calls(&folder)[..2], ["crm find", "shop find"]);
}

#[test]
fn plugins_of_which_none_could_be_asked_first_are_refused_by_the_check() {
    let (standin, folder) = (StandIn::start(), folder());
    let plugin = |name, kind| plugin(&folder.path().display().to_string(), name, kind);
    let in_a_circle = format!("{}{}", plugin("shop", "customer_no"), plugin("back", "order_no"));
    let check = |plugins: &str| {
        let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}\n{plugins}"));
        let output = deployment.run(&["check"]);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code(), text)
    };
    let (code, text) = check(&in_a_circle);
    assert_eq!(code, Some(1), "{text}");
    let named = "`shop` waits for the `customer_no` of `back`, `back` waits for the `order_no` of `shop`";
    assert!(text.contains("plugin.1.grants") && text.contains(named), "{text}");
    // Whoever tells one of them ends it.
    let (code, text) = check(&format!("{in_a_circle}{}", plugin("crm", "email")));
    assert_eq!(code, Some(0), "{text}");
}

/// sql-purge for a shop, which knows whose number an address is if `find` says how.
fn shop(url: &str, find: &str) -> String {
    format!(
        r#"
[[plugin]]
name = "shop"
library = "libsql_purge.so"
grants = ["email"]

[plugin.config]
url = "{url}"

[[plugin.config.statement]]
name = "customers"
sql = "DELETE FROM customers WHERE lower(mail) = lower(:email)"
rows_max = 5
{find}
"#
    )
}

const CUSTOMER_NO: &str = r#"
[[plugin.config.find]]
name = "numbers"
returns = "customer_no"
sql = "SELECT c.no FROM customers c WHERE lower(c.mail) = lower(:email)"
values_max = 1
"#;

#[test]
fn a_number_that_a_database_holds_is_what_another_system_erases_by() {
    let (standin, folder, cluster) = (StandIn::start(), folder(), postgres::Cluster::start());
    cluster.create_database("shop");
    cluster.sql("shop", "CREATE TABLE customers (no text PRIMARY KEY, mail text)");
    cluster.sql("shop", "INSERT INTO customers VALUES ('K-4711', 'Ann@Example.com'), ('K-4712', 'joann@example.com')");
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"erp\", \"shop\"]");
    let erp = plugin(&folder.path().display().to_string(), "erp", "customer_no");
    let with = |find: &str| format!("{rules}\n{}{erp}", shop(&cluster.url("shop"), find));
    let deployment = Deployment::bare(&standin.mluvii, &with(""));
    let checked = deployment.run(&["check"]);
    let text = String::from_utf8_lossy(&[checked.stdout, checked.stderr].concat()).into_owned();
    assert_eq!(checked.status.code(), Some(1), "nobody is told a number: {text}");
    assert!(text.contains("nothing produces the kind `customer_no`"), "{text}");

    deployment.configure(&standin.mluvii, &with(CUSTOMER_NO));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    let receipt = receipts(&deployment, 1).remove(0);
    let steps = receipt["statement"]["steps"].as_array().expect("steps");
    let outcomes: Vec<_> = steps.iter().map(|step| (&step["target"], &step["outcome"])).collect();
    let erased = json!("erased");
    let expected = [(&json!("erp"), &erased), (&json!("mluvii"), &erased), (&json!("shop"), &erased)];
    assert_eq!(outcomes, expected, "{receipt}");
    let calls = calls(&folder);
    assert!(calls.iter().any(|call| call == "erp erase K-4711"), "{calls:?}");
    assert!(!calls.iter().any(|call| call.contains("K-4712")), "Joann is somebody else: {calls:?}");
    assert_eq!(cluster.sql("shop", "SELECT no FROM customers"), "K-4712");
    let ledger = std::fs::read(deployment.path("quietus.db")).expect("a ledger");
    let pages = std::fs::read(deployment.path("quietus.db-wal")).unwrap_or_default();
    let said = format!("{receipt}{}{}", server.log().concat(), String::from_utf8_lossy(&[ledger, pages].concat()));
    assert!(!said.contains("K-4711"), "what was found is sealed, and is in no log");
    server.stop();
}

#[test]
fn a_find_that_cannot_be_made_is_not_taken_for_nothing() {
    let (standin, folder, cluster) = (StandIn::start(), folder(), postgres::Cluster::start());
    cluster.create_database("shop");
    cluster.sql("shop", "CREATE TABLE customers (no text PRIMARY KEY, mail text)");
    cluster.sql("shop", "INSERT INTO customers VALUES ('K-1', 'ann@example.com'), ('K-2', 'ann@example.com')");
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"erp\", \"shop\"]");
    let erp = plugin(&folder.path().display().to_string(), "erp", "customer_no");
    let shop = shop(&cluster.url("shop"), CUSTOMER_NO);
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}\n{shop}{erp}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    // Two numbers of one address are more than one person's: who is meant, a person says.
    let parked = wait_for("a person to be needed", || {
        deployment.json(&["erasures", "list", "--state", "parked"]).get(0).cloned()
    });
    let erasure = parked["id"].as_str().expect("an id");
    let shown = deployment.json(&["erasures", "show", erasure]).to_string();
    assert!(shown.contains("`values_max` allows (1)") && !shown.contains("K-1"), "{shown}");
    assert_eq!(cluster.sql("shop", "SELECT count(*) FROM customers"), "2", "it did not go on without its find");

    cluster.sql("shop", "DELETE FROM customers WHERE no = 'K-2'");
    assert!(deployment.run(&["erasures", "retry", erasure]).status.success());
    let receipt = receipts(&deployment, 1).remove(0);
    let steps = receipt["statement"]["steps"].as_array().expect("steps");
    let outcome = |target: &str| steps.iter().find(|step| step["target"] == target).map(|step| step["outcome"].clone());
    // Nobody waits for a person: the other system was asked by nothing, and the receipt does not say that there was nobody.
    assert_eq!((outcome("erp"), outcome("shop")), (Some(json!("unverifiable")), Some(json!("erased"))), "{receipt}");
    assert_eq!(receipt["statement"]["verdict"], "incomplete", "{receipt}");
    assert_eq!(calls(&folder), [""; 0]);
    server.stop();
}

#[test]
fn the_documented_shop_and_warehouse_are_a_chain() {
    let (standin, cluster) = (StandIn::start(), postgres::Cluster::start());
    cluster.create_database("shop");
    cluster.create_database("warehouse");
    cluster.sql("shop", "CREATE TABLE customers (number int PRIMARY KEY, mail text)");
    cluster.sql("shop", "INSERT INTO customers VALUES (4711, 'Ann@Example.com'), (4712, 'joann@example.com')");
    cluster.sql("warehouse", "CREATE TABLE parcels (customer text, name text, street text)");
    cluster.sql(
        "warehouse",
        "INSERT INTO parcels VALUES ('4711', 'Ann', 'Long 1'), ('4711', 'Ann', NULL), ('4712', 'Joann', 'Short 2')",
    );
    let example =
        include_str!("../../docs/finding.md").split("```").nth(1).and_then(|block| block.strip_prefix("toml\n"));
    let plugins = ["shop", "warehouse"].iter().fold(example.expect("an example").to_owned(), |example, name| {
        example.replace(&format!("postgres://quietus@localhost/{name}"), &cluster.url(name))
    });
    let rules = ERASE.replace("[\"mluvii\"]", "[\"warehouse\", \"mluvii\", \"shop\"]");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}\n{plugins}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", None);
    standin.just_end(101);
    let receipt = receipts(&deployment, 1).remove(0);
    let steps = receipt["statement"]["steps"].as_array().expect("steps");
    let outcomes: Vec<_> = steps.iter().map(|step| step["outcome"].clone()).collect();
    assert_eq!(outcomes, vec![json!("erased"); 3], "{receipt}");
    assert_eq!(cluster.sql("shop", "SELECT number FROM customers"), "4712");
    assert_eq!(cluster.sql("warehouse", "SELECT name, street FROM parcels WHERE name IS NOT NULL"), "Joann|Short 2");
    server.stop();
}
