//! The plugin or the server is killed before or after it commits: the next call goes on from what was stored.

use quietus_plugin::{ErrorClass, ResumeValue};

use super::*;

#[test]
fn all_that_was_erased_is_counted_wherever_it_was_cut_off() {
    super::database::on_both(|database| {
        for (stored, orders) in [(0, "1 2 3 4"), (1, "3 4"), (2, "3 4")] {
            filled(database);
            let plugin = plugin(database, &shop()).stores_at_most(stored);
            // Killed before it commits, after it has committed, and not at all.
            let ended = plugin.erase(ann());
            match stored {
                2 => assert_eq!(ended, Ok(erased())),
                _ => assert_eq!(ended.expect_err("killed").class, ErrorClass::Retryable),
            }
            database.is("SELECT id FROM orders ORDER BY id", orders);
            let plugin = plugin.restarted().expect("configured").stores_at_most(9);
            assert_eq!(plugin.erase(ann()), Ok(erased()), "{stored}");
            assert_eq!(plugin.erase(ann()), Ok(erased()), "{stored}");
            database.is("SELECT id FROM orders ORDER BY id", "3 4");
            let other = Request { idempotency_key: "k-2".into(), ..ann() };
            assert_eq!(plugin.erase(other), Ok(Answer::absent()));
            database.sql("DROP TABLE orders");
            database.sql("DROP TABLE notes");
        }
    });
}

#[test]
fn what_came_after_a_commit_that_nobody_was_told_of_is_counted_beside_it() {
    super::database::on_both(|database| {
        filled(database);
        let plugin = plugin(database, &shop()).stores_at_most(1);
        plugin.erase(ann()).expect_err("killed");
        database.sql("INSERT INTO orders VALUES (9, 'ann@x.cz', NULL)");
        let plugin = plugin.restarted().expect("configured").stores_at_most(9);
        assert_eq!(plugin.erase(ann()), Ok(erased().count("orders", 1)));
    });
}

#[test]
fn a_value_of_another_version_is_as_none() {
    super::database::on_both(|database| {
        filled(database);
        let resume = Some(ResumeValue::new(*b"\x01\x00{\"done\":[7]}"));
        assert_eq!(plugin(database, &shop()).erase(Request { resume, ..ann() }), Ok(erased()));
    });
}
