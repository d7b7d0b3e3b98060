//! Rows that are there and not shown: nobody says that they are absent.

use quietus_plugin::ErrorClass::{NeedsOperator, Retryable};
use quietus_plugin::Outcome;

use super::amiss::fails;
use super::*;
use crate::address::Engine;
use crate::told;

/// The shop, and a user who sees nothing of Ann's orders by a policy.
fn policed(user: &str) -> Database {
    let database = Database::new(Engine::Postgres);
    filled(&database);
    database.sql(&format!("CREATE ROLE {user} LOGIN; GRANT ALL ON orders, notes TO {user}"));
    database.sql("ALTER TABLE orders ENABLE ROW LEVEL SECURITY");
    database.sql(&format!("CREATE POLICY own ON orders TO {user} USING (id > 2)"));
    database
}

fn as_user(database: &Database, user: &str, settings: &Value) -> Host {
    configured(&database.url_at(user, database.port()), settings).expect("configured")
}

fn with(mut settings: Value, key: &str, value: Value) -> Value {
    settings[key] = value;
    settings
}

#[track_caller]
fn all_fail(plugin: &Host, part: &str) {
    fails(plugin.health(), NeedsOperator, part);
    for answer in [plugin.erase(ann()), plugin.dry_run(ann()), plugin.verify(ann())] {
        fails(answer, NeedsOperator, part);
    }
}

#[test]
fn what_a_policy_hides_is_not_absent() {
    let database = policed("narrow");
    all_fail(&as_user(&database, "narrow", &shop()), "statement `orders`: row-level security hides rows of `orders`");
    let kept = json!([{ "name": "kept", "sql": "SELECT count(*) FROM orders WHERE mail = :email", "reason": "law" }]);
    let keeps = with(json!({ "statement": [notes()] }), "retain", kept);
    all_fail(&as_user(&database, "narrow", &keeps), "statement `kept`: row-level security hides rows of `orders`");
    let through = json!({ "statement": [{ "name": "items", "rows_max": 9,
        "sql": "DELETE FROM notes WHERE id IN (SELECT o.id FROM orders o WHERE o.mail = :email)" }] });
    all_fail(&as_user(&database, "narrow", &through), "row-level security hides rows of `orders`");
    database.is("SELECT count(*) FROM orders", "4");
    database.sql("ALTER ROLE narrow BYPASSRLS");
    assert_eq!(as_user(&database, "narrow", &shop()).erase(ann()), Ok(erased()));
}

#[test]
fn an_owner_under_its_own_policies_is_told_too() {
    let database = policed("owner");
    database.sql("ALTER TABLE orders OWNER TO owner; GRANT CREATE ON SCHEMA public TO owner");
    assert_eq!(
        as_user(&database, "owner", &shop()).dry_run(ann()),
        Ok(Answer::residual().count("orders", 2).count("notes", 3))
    );
    database.sql("ALTER TABLE orders FORCE ROW LEVEL SECURITY");
    all_fail(&as_user(&database, "owner", &shop()), "row-level security hides rows of `orders`");
}

#[test]
fn a_policy_that_is_meant_is_repeated_on_the_receipt() {
    let database = policed("trusted");
    let settings = with(shop(), "row_security", json!("trusted"));
    let plugin = as_user(&database, "trusted", &settings);
    assert_eq!(plugin.health(), Ok(()));
    let limit = "of `orders` only the rows that row-level security shows to the user (`row_security = \"trusted\"`)";
    let said =
        [limit, "rows of `notes` by email (statement `notes`)", "rows of `orders` by email (statement `orders`)"];
    for (answer, outcome, rows) in [
        (plugin.0.dry_run(ann()), Outcome::Residual, 3),
        (plugin.0.erase(ann()), Outcome::Erased, 3),
        (plugin.0.verify(ann()), Outcome::Absent, 0),
    ] {
        let answer = answer.expect("an answer");
        assert_eq!((answer.outcome, answer.counts.get("notes").copied().unwrap_or_default()), (outcome, rows));
        assert_eq!(answer.looked_at, said);
    }
    database.is("SELECT count(*) FROM orders", "4");
    // Also where the server is set up to refuse.
    database.sql("ALTER ROLE trusted SET row_security = off");
    assert_eq!(plugin.health(), Ok(()));
    assert_eq!(plugin.verify(ann()), Ok(Answer::absent().looked_at(limit)));
    let error = configured("mysql://q@127.0.0.1:1/shop", &settings).err().expect("refused");
    assert!(error.message.contains("`row_security` has no meaning here"), "{}", error.message);
}

/// The host keeps 200 characters of each text.
#[test]
fn limits_of_several_tables_are_texts_of_their_own_so_that_none_is_cut() {
    let database = policed("several");
    database.sql("ALTER TABLE notes ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON notes TO several USING (true)");
    let of_both = json!({ "name": "both", "rows_max": 9,
        "sql": "DELETE FROM notes WHERE id IN (SELECT o.id FROM orders o WHERE lower(o.mail) = lower(:email))" });
    let settings = json!({ "row_security": "trusted", "statement": [of_both, orders()] });
    let answer = as_user(&database, "several", &settings).0.dry_run(ann()).expect("an answer");
    let limits = ["notes", "orders"].map(told::policed);
    assert_eq!(answer.looked_at[..2], limits, "each once, before what a long list may lose");
    assert_eq!(answer.looked_at.len(), 4, "{answer:?}");
    assert!(answer.looked_at.iter().all(|text| text.chars().count() <= 200), "{answer:?}");
}

#[test]
fn a_view_may_hide_rows_and_is_believed_only_where_the_operator_says_so() {
    super::database::on_both(|database| {
        filled(database);
        database.sql("CREATE VIEW seen AS SELECT * FROM orders WHERE id > 2");
        let kept = json!([{ "name": "kept", "sql": "SELECT count(*) FROM seen WHERE mail = :email", "reason": "law" }]);
        let settings = with(shop(), "retain", kept);
        all_fail(&plugin(database, &settings), "statement `kept`: `seen` is a view");
        let plugin = plugin(database, &with(settings, "views", json!("trusted")));
        assert_eq!(plugin.health(), Ok(()));
        let answer = plugin.0.erase(ann()).expect("an answer");
        assert_eq!((answer.outcome, &answer.counts), (Outcome::Erased, &erased().counts));
        let limit =
            "of `seen`, which is no table or has rows elsewhere, only the rows that it shows (`views = \"trusted\"`)";
        assert!(answer.looked_at.iter().any(|place| place == limit), "{answer:?}");
    });
}

/// Partitions on another server are a table's as any others, and the statement names only the table:
/// <https://www.postgresql.org/docs/current/ddl-partitioning.html>, <https://www.postgresql.org/docs/current/postgres-fdw.html>.
#[test]
fn rows_on_another_server_are_said_and_none_is_erased_there() {
    let database = Database::new(Engine::Postgres);
    filled(&database);
    let name = database.sql("SELECT current_database()");
    database.sql("CREATE TABLE far (id int, mail varchar(12000)); INSERT INTO far VALUES (7, 'ann@x.cz')");
    database.sql(&format!(
        "CREATE EXTENSION postgres_fdw; CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw \
         OPTIONS (host '127.0.0.1', port '{}', dbname '{name}'); \
         CREATE USER MAPPING FOR postgres SERVER other OPTIONS (user 'postgres')",
        database.port()
    ));
    database.sql("CREATE TABLE split (id int, mail varchar(12000)) PARTITION BY RANGE (id)");
    database.sql("CREATE TABLE near PARTITION OF split FOR VALUES FROM (0) TO (5)");
    database.sql("CREATE FOREIGN TABLE away PARTITION OF split FOR VALUES FROM (5) TO (9) SERVER other OPTIONS (table_name 'far')");
    database.sql("CREATE TABLE above (id int, mail varchar(12000)); CREATE TABLE below () INHERITS (above)");
    database.sql("CREATE FOREIGN TABLE beside () INHERITS (above) SERVER other OPTIONS (table_name 'far')");
    for table in ["split", "away", "above"] {
        let erases = json!([{ "name": "s", "rows_max": 9, "sql": format!("DELETE FROM {table} WHERE mail = :email") }]);
        for settings in [json!({ "statement": erases }), json!({ "statement": erases, "views": "trusted" })] {
            all_fail(&plugin(&database, &settings), "where no transaction of this database holds");
        }
        let kept = format!("SELECT count(*) FROM {table} WHERE mail = :email");
        let settings = with(shop(), "retain", json!([{ "name": "kept", "sql": kept, "reason": "law" }]));
        all_fail(&plugin(&database, &settings), "shows rows of another server");
        let answer = plugin(&database, &with(settings, "views", json!("trusted"))).0.dry_run(ann()).expect("an answer");
        assert_eq!(answer.outcome, Outcome::Retained, "{table}");
        assert!(answer.looked_at.concat().contains(&told::viewed(table)), "{answer:?}");
    }
    database.is("SELECT count(*) FROM far", "1");
    let here = json!({ "statement": [{ "name": "s", "rows_max": 9, "sql": "DELETE FROM near WHERE mail = :email" }] });
    assert_eq!(plugin(&database, &here).erase(ann()), Ok(Answer::absent()), "a partition that is here");
}

/// A MERGE table shows the rows of others: <https://mariadb.com/kb/en/merge/>.
#[test]
fn rows_of_other_tables_are_said_too() {
    let database = Database::new(Engine::Mysql);
    filled(&database);
    database
        .sql("CREATE TABLE old (id int, mail varchar(200)) ENGINE = MyISAM; INSERT INTO old VALUES (1, 'ann@x.cz')");
    database.sql("CREATE TABLE every (id int, mail varchar(200)) ENGINE = MERGE UNION = (old)");
    let kept = json!([{ "name": "kept", "sql": "SELECT count(*) FROM every WHERE mail = :email", "reason": "law" }]);
    let settings = with(shop(), "retain", kept);
    all_fail(&plugin(&database, &settings), "shows rows of another server, a file or other tables");
    let answer = plugin(&database, &with(settings, "views", json!("trusted"))).0.dry_run(ann()).expect("an answer");
    assert!(answer.looked_at.concat().contains(&told::viewed("every")), "{answer:?}");
    let erases = json!([{ "name": "s", "rows_max": 9, "sql": "DELETE FROM every WHERE mail = :email" }]);
    all_fail(
        &plugin(&database, &json!({ "statement": erases, "views": "trusted" })),
        "where no transaction of this database holds",
    );
}

#[test]
fn what_a_policy_hides_behind_a_view_is_not_absent_either() {
    let database = policed("behind");
    database.sql("GRANT CREATE ON SCHEMA public TO behind");
    database.sql("SET ROLE behind; CREATE VIEW seen AS SELECT * FROM orders; RESET ROLE; GRANT ALL ON seen TO behind");
    let settings = json!({ "views": "trusted", "statement": [
        { "name": "seen", "rows_max": 9, "sql": "DELETE FROM seen WHERE lower(mail) = lower(:email)" },
    ]});
    all_fail(
        &as_user(&database, "behind", &settings),
        "statement `seen`: row-level security hides rows of a table behind it",
    );
}

#[test]
fn who_is_not_there_is_not_absent_from_a_server_that_follows_another() {
    let database = Database::new(Engine::Postgres);
    filled(&database);
    let name = database.sql("SELECT current_database()");
    database.sql(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
    let eve = Request::from([("email", "eve@x.cz")]);
    fails(plugin(&database, &shop()).erase(eve), Retryable, "read-only");
}

#[test]
fn a_standby_says_that_it_is_one() {
    let primary = test_servers::postgres::Cluster::start();
    primary.sql("postgres", "CREATE TABLE orders (mail text)");
    let standby = primary.standby("quietus");
    let plugin = configured(&standby.url("postgres"), &json!({ "statement": [orders()] })).expect("configured");
    assert_eq!(plugin.health(), Ok(()));
    fails(plugin.erase(ann()), Retryable, "read-only");
    let answer = plugin.verify(ann()).expect("an answer");
    assert_eq!(answer.not_looked_at, [told::FOLLOWED]);
    standby.promote();
    assert_eq!(plugin.erase(ann()), Ok(Answer::absent()));
}
