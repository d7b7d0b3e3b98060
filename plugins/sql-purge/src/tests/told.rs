//! What an answer says of the search: no more than was looked at, and what the server is known to keep.

use quietus_plugin::ErrorClass::Retryable;
use quietus_plugin::Outcome;
use test_servers::mariadb;

use super::amiss::fails;
use super::database::on_both;
use super::*;
use crate::address::Engine;

#[test]
fn what_was_looked_at_is_named_and_nothing_else() {
    on_both(|database| {
        filled(database);
        let settings = json!({ "kinds": ["no"], "statement": [
            notes(),
            { "name": "by-no", "rows_max": 3, "sql": "DELETE FROM notes WHERE body = :no" },
            { "name": "both", "rows_max": 3, "sql": "DELETE FROM orders WHERE mail = :email OR phone = :no" },
            { "name": "through", "rows_max": 3,
              "sql": "DELETE FROM notes WHERE id IN (SELECT o.id FROM orders o WHERE o.phone = :no)" },
        ]});
        let by_mail = ["rows of `notes` by email (statement `notes`)", "rows of `orders` by email (statement `both`)"];
        let by_no = [
            "rows of `notes` by no (statement `by-no`)",
            "rows of `orders` by no (statement `both`)",
            "rows of `notes` by no, found through `orders` (statement `through`)",
        ];
        for (request, places) in [
            (Request::from([("email", "eve@x.cz")]), &by_mail[..]),
            (Request::from([("no", "7")]), &by_no[..]),
            (Request::from([("guest_id", "7")]), &[][..]),
        ] {
            let plugin = plugin(database, &settings).0;
            for answer in [plugin.dry_run(request.clone()), plugin.erase(request.clone()), plugin.verify(request)] {
                let answer = answer.expect("an answer");
                assert_eq!(answer.looked_at, places);
                assert_eq!((answer.not_looked_at.len(), answer.keeps), (0, None));
            }
        }
    });
}

#[test]
fn a_table_that_keeps_its_earlier_versions_is_told() {
    let database = Database::new(Engine::Mysql);
    filled(&database);
    database.sql("ALTER TABLE orders ADD SYSTEM VERSIONING");
    let plugin = plugin(&database, &shop());
    let history = "arlier versions of rows of `orders` (system versioning)".to_owned();
    let is_kept = |answer: Answer| {
        assert_eq!(answer.keeps, Some(vec![format!("the e{history}")]), "{:?}", answer.outcome);
        assert_eq!(answer.not_looked_at.len(), 0, "{:?}", answer.outcome);
    };
    is_kept(plugin.dry_run(ann()).expect("an answer"));
    is_kept(plugin.erase(ann()).expect("an answer"));
    is_kept(plugin.verify(ann()).expect("an answer"));
    let eve = plugin.erase(Request { idempotency_key: "k-2".into(), ..Request::from([("email", "eve@x.cz")]) });
    let eve = eve.expect("an answer");
    assert_eq!((eve.outcome, eve.keeps, eve.not_looked_at), (Outcome::Absent, None, vec![format!("e{history}")]));
}

#[test]
fn nobody_is_absent_from_a_server_that_is_read_only() {
    let server = mariadb::Server::start_with(&["--read-only"]);
    server.sql("", "CREATE DATABASE shop");
    server.sql("shop", "CREATE TABLE orders (mail varchar(100))");
    let plugin = configured(&server.url_of("root", "shop"), &json!({ "statement": [orders()] })).expect("configured");
    fails(plugin.erase(ann()), Retryable, "read-only");
    let answer = plugin.verify(ann()).expect("an answer");
    assert_eq!(answer.looked_at, ["all of it on a read-only server, which may lag behind another"]);
}
