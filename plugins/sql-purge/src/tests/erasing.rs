//! What goes, what stays, and what is said of it.

use super::database::on_both;
use super::*;

#[test]
fn what_is_the_persons_goes_and_the_rest_stays() {
    on_both(|database| {
        filled(database);
        let plugin = plugin(database, &shop());
        assert_eq!(plugin.health(), Ok(()));
        assert_eq!(plugin.erase(ann()), Ok(erased()));
        database.is("SELECT id FROM orders ORDER BY id", "3 4");
        database
            .is("SELECT id, body FROM notes WHERE mail IS NULL ORDER BY id", "1|anonymized 2|anonymized 3|anonymized");
        database.is("SELECT id, body FROM notes WHERE mail IS NOT NULL", "4|d");
        assert_eq!(plugin.verify(ann()), Ok(Answer::absent()));
    });
}

#[test]
fn who_was_never_there_is_absent() {
    on_both(|database| {
        filled(database);
        let plugin = plugin(database, &shop());
        let nobody = Request::from([("email", "eve@x.cz")]);
        assert_eq!(plugin.erase(nobody.clone()), Ok(Answer::absent()));
        assert_eq!(plugin.dry_run(nobody.clone()), Ok(Answer::absent()));
        assert_eq!(plugin.verify(nobody), Ok(Answer::absent()));
        database.is("SELECT count(*) FROM orders", "4");
    });
}

#[test]
fn what_is_asked_for_again_is_told_again() {
    on_both(|database| {
        filled(database);
        let plugin = plugin(database, &shop());
        assert_eq!(plugin.erase(ann()), Ok(erased()));
        assert_eq!(plugin.erase(ann()), Ok(erased()));
        database.sql("INSERT INTO orders VALUES (9, 'ann@x.cz', NULL)");
        assert_eq!(plugin.erase(ann()), Ok(erased().count("orders", 1)));
    });
}

#[test]
fn a_dry_run_shows_what_then_goes_and_writes_nothing() {
    on_both(|database| {
        filled(database);
        let plugin = plugin(database, &shop());
        assert_eq!(plugin.dry_run(ann()), Ok(Answer::residual().count("orders", 2).count("notes", 3)));
        database.is("SELECT count(*) FROM orders", "4");
        database.is("SELECT count(*) FROM notes WHERE body = 'anonymized'", "0");
        assert_eq!(plugin.erase(ann()), Ok(erased()));
        assert_eq!(plugin.dry_run(ann()), Ok(Answer::absent()));
    });
}

#[test]
fn what_is_still_there_is_residual() {
    on_both(|database| {
        filled(database);
        let plugin = plugin(database, &shop());
        plugin.erase(ann()).expect("erased");
        database.sql("INSERT INTO orders VALUES (9, 'ann@x.cz', NULL)");
        assert_eq!(plugin.verify(ann()), Ok(Answer::residual().count("orders", 1)));
    });
}

#[test]
fn all_of_a_persons_values_are_one_statement_and_no_row_is_counted_twice() {
    on_both(|database| {
        filled(database);
        let by_both = json!({ "kinds": ["no"], "statement": [{
            "name": "orders", "rows_max": 3, "sql": "DELETE FROM orders WHERE mail = :email OR phone = :no",
        }]});
        let plugin = plugin(database, &by_both);
        let request =
            Request::from([("email", "ann@x.cz"), ("email", "joann@x.cz"), ("no", "+420 1"), ("no", "+420 3")]);
        assert_eq!(plugin.dry_run(request.clone()), Ok(Answer::residual().count("orders", 2)));
        assert_eq!(plugin.erase(request), Ok(Answer::erased().count("orders", 2)));
        database.is("SELECT id FROM orders ORDER BY id", "2 4");
    });
}

#[test]
fn without_the_identifier_nobody_has_looked() {
    on_both(|database| {
        filled(database);
        let plugin = plugin(database, &shop());
        let unasked = Answer::unverifiable("no statement applies to these identifiers");
        for request in [Request::from([("phone", "+420 777 123 456")]), Request::from([("guest_id", "7")])] {
            assert_eq!(plugin.erase(request.clone()), Ok(unasked.clone()));
            assert_eq!(plugin.dry_run(request.clone()), Ok(unasked.clone()));
            assert_eq!(plugin.verify(request), Ok(unasked.clone()));
        }
        database.is("SELECT count(*) FROM orders", "4");
    });
}

#[test]
fn what_must_be_kept_is_retained_with_its_reason() {
    on_both(|database| {
        filled(database);
        database.sql("CREATE TABLE invoices (id int, mail varchar(100))");
        database.sql("INSERT INTO invoices VALUES (1, 'ann@x.cz'), (2, 'ann@x.cz'), (3, 'bob@x.cz')");
        let mut settings = shop();
        settings["retain"] = json!([{
            "name": "invoices", "sql": "SELECT count(*) FROM invoices WHERE mail = :email",
            "reason": "invoices are kept for ten years",
        }]);
        let plugin = plugin(database, &settings);
        assert_eq!(plugin.health(), Ok(()));
        let kept = Answer::retained("invoices are kept for ten years (2 rows, `invoices`)");
        let would_go = kept.clone().count("orders", 2).count("notes", 3);
        assert_eq!(plugin.dry_run(ann()), Ok(would_go.clone()));
        assert_eq!(plugin.verify(ann()), Ok(Answer::residual().count("orders", 2).count("notes", 3)));
        assert_eq!(plugin.erase(ann()), Ok(would_go));
        assert_eq!(plugin.verify(ann()), Ok(kept));
        database.is("SELECT count(*) FROM invoices", "3");
    });
}

#[test]
fn rows_of_other_tables_are_reached_by_subqueries() {
    on_both(|database| {
        database.sql("CREATE TABLE orders (id int PRIMARY KEY, mail varchar(100))");
        database.sql("CREATE TABLE items (id int PRIMARY KEY, order_id int REFERENCES orders (id))");
        database.sql("INSERT INTO orders VALUES (1, 'ann@x.cz'), (2, 'bob@x.cz')");
        database.sql("INSERT INTO items VALUES (1, 1), (2, 1), (3, 2)");
        let settings = json!({ "statement": [
            { "name": "items", "rows_max": 10,
              "sql": "DELETE FROM items WHERE order_id IN (SELECT o.id FROM orders o WHERE o.mail = :email)" },
            { "name": "orders", "rows_max": 10, "sql": "DELETE FROM orders WHERE mail = :email" },
        ]});
        let answer = plugin(database, &settings).erase(ann());
        assert_eq!(answer, Ok(Answer::erased().count("items", 2).count("orders", 1)));
        database.is("SELECT id FROM items", "3");
    });
}

#[test]
fn a_number_alone_erases_only_where_the_operator_says_so_and_the_answer_says_it() {
    on_both(|database| {
        database.sql("CREATE TABLE orders (id int PRIMARY KEY, mail varchar(100), phone varchar(100))");
        database.sql("INSERT INTO orders VALUES (1, 'ann@x.cz', '777 123 456'), (2, 'bob@x.cz', '777 123 456')");
        database.sql("INSERT INTO orders VALUES (3, NULL, '+420777123456'), (4, NULL, '905 123 456')");
        let by =
            |sql: &str| json!({ "name": "orders", "rows_max": 3, "sql": format!("DELETE FROM orders WHERE {sql}") });
        let alone = by("phone = :phone AND (mail IS NULL OR lower(mail) = lower(:email))");
        for refused in [alone.clone(), by("mail = :email OR phone = :phone"), by("phone = :phone AND name = :name")] {
            let error = configured(&database.url(), &json!({ "statement": [refused] })).err().expect("refused");
            assert!(error.message.contains("`phone_alone = true`"), "{error}");
        }
        let error = configured(&database.url(), &json!({ "phone_alone": true, "statement": [by("name = :name")] }));
        assert!(error.err().is_some_and(|error| error.message.contains("by `:name` alone")));
        let together = json!({ "statement": [by("phone = :phone AND lower(mail) = lower(:email)")] });
        let czech = |identifiers| Request { region: "CZ".parse().ok(), ..identifiers };
        let ann =
            || czech(Request::from([("email", "Ann@X.cz"), ("phone", "+420 777123456"), ("phone", "+421905123456")]));
        assert_eq!(plugin(database, &together).dry_run(ann()), Ok(Answer::residual().count("orders", 1)));
        let answer = plugin(database, &json!({ "phone_alone": true, "statement": [alone] })).erase(ann());
        let answer = answer.expect("an answer");
        assert_eq!(answer.counts, Answer::erased().count("orders", 2).counts);
        assert!(answer.looked_at.concat().contains("by the number alone"), "{answer:?}");
        database.is("SELECT id FROM orders ORDER BY id", "2 4");
    });
}

#[test]
fn what_is_no_identifier_erases_nobody() {
    on_both(|database| {
        database.sql("CREATE TABLE orders (id int PRIMARY KEY, mail varchar(100), phone varchar(100))");
        database.sql("INSERT INTO orders VALUES (1, 'n/a', '000 000 000'), (2, 'n/a', '000 000 000')");
        let settings = json!({ "phone_alone": true, "statement": [{
            "name": "orders", "rows_max": 3, "sql": "DELETE FROM orders WHERE mail = :email OR phone = :phone",
        }]});
        let nobody = Request::from([("email", "n/a"), ("phone", "000 000 000")]);
        let answer = plugin(database, &settings).erase(nobody).expect("an answer");
        assert_eq!((answer.outcome, answer.not_looked_at.len()), (quietus_plugin::Outcome::Unverifiable, 1));
        database.is("SELECT count(*) FROM orders", "2");
    });
}
