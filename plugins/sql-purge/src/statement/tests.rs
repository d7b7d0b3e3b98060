use super::*;

const KINDS: [&str; 3] = ["email", "phone", "customer_no"];

fn parse_for(sql: &str, engine: Engine, purpose: Purpose) -> Result<Checked, String> {
    Checked::parse(sql, engine, purpose, &KINDS.map(str::to_owned))
}

/// What is sent for these values of `email` and the same `phone`.
#[track_caller]
fn sent(engine: Engine, sql: &str, values: &[&str]) -> (String, String) {
    let checked = parse_for(sql, engine, Purpose::Erases).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let aims: Vec<_> = values.iter().map(|value| aim(&checked, value, &[]).expect("about all kinds")).collect();
    let aims: Vec<_> = aims.iter().collect();
    let (erasing, counting) = (checked.erasing(&aims), checked.counting(&aims));
    assert_eq!(erasing.values().collect::<Vec<_>>(), counting.values().collect::<Vec<_>>());
    (erasing.sql, counting.sql)
}

/// For somebody who has this value of every kind, without the comparisons at these places.
fn aim<'v>(checked: &Checked, value: &'v str, without: &[usize]) -> Option<Aimed<'v>> {
    checked.aimed(&Values::same(&checked.kinds(), value), &without.iter().copied().collect())
}

#[track_caller]
fn refused(sql: &str, part: &str) {
    for engine in [Engine::Postgres, Engine::Mysql] {
        let error = parse_for(sql, engine, Purpose::Erases).err().unwrap_or_else(|| panic!("{engine:?} allows {sql}"));
        assert!(error.contains(part), "{engine:?} {sql}: {error}");
    }
}

#[track_caller]
fn allowed(engine: Engine, sql: &str) {
    sent(engine, sql, &["ann@x.cz"]);
}

#[test]
fn a_value_is_a_parameter_and_the_count_is_of_the_same_rows() {
    let (erasing, counting) = sent(
        Engine::Postgres,
        "UPDATE orders SET name = NULL, mail = 'it''s :gone' WHERE lower(mail) = lower(:email) AND NOT kept",
        &["ann@x.cz"],
    );
    assert_eq!(
        erasing,
        "UPDATE orders SET name = NULL, mail = 'it''s :gone' WHERE ((lower(mail) = lower($1)) AND (NOT kept))"
    );
    assert_eq!(counting, "SELECT count(*) FROM orders WHERE ((lower(mail) = lower($1)) AND (NOT kept))");
}

#[test]
fn all_values_are_one_statement() {
    let (erasing, _) = sent(
        Engine::Postgres,
        "delete from shop.orders as o where o.mail = :email or o.no = :customer_no::bigint or o.copy = :email",
        &["a", "b"],
    );
    assert_eq!(
        erasing,
        "DELETE FROM shop.orders AS o WHERE (((o.mail = $1) OR (o.no = ($2::BIGINT))) OR (o.copy = $3)) \
         OR (((o.mail = $4) OR (o.no = ($5::BIGINT))) OR (o.copy = $6))"
    );
}

#[test]
fn mysql_compares_bytes_beside_what_its_collation_says() {
    let (erasing, _) = sent(Engine::Mysql, "DELETE FROM `orders` WHERE lower(mail) = lower(:email)", &["a"]);
    assert_eq!(
        erasing,
        "DELETE FROM `orders` WHERE ((lower(mail) = lower(?) AND \
         CAST(CONVERT(lower(mail) USING utf8mb4) AS BINARY) = CAST(CONVERT(lower(?) USING utf8mb4) AS BINARY)))"
    );
    let checked =
        parse_for("DELETE FROM o WHERE no IN (:email, :phone)", Engine::Mysql, Purpose::Erases).expect("allowed");
    let aimed = aim(&checked, "v", &[]).expect("about all kinds");
    let bound = checked.erasing(&[&aimed]);
    assert_eq!((bound.sql.matches('?').count(), bound.values().len()), (4, 4));
    let places: Vec<usize> = bound.parameters.iter().map(|parameter| parameter.place).collect();
    assert_eq!(places, [0, 0, 1, 1]);
}

#[test]
fn a_comparison_that_is_left_out_leaves_the_others_of_its_kind() {
    for (condition, without, left) in [
        ("no = :email OR code = :email", &[0][..], Some("1 = 0 OR code = $1")),
        ("no = :email OR code = :email", &[1], Some("no = $1 OR 1 = 0")),
        ("no = :email OR code = :email", &[0, 1], None),
        ("no IN (:email, :phone)", &[0], Some("no IN ($1)")),
        ("no = :email AND code = :phone OR id = :email", &[0], Some("1 = 0 AND 1 = 0 OR id = $1")),
        ("no = :email AND (code = :email OR live = 1)", &[1], Some("no = $1 AND 1 = 0 OR live = 1")),
        ("no = :email AND (code = :email OR live = 1)", &[0], None),
        ("id IN (SELECT o.id FROM o WHERE o.no = :email OR o.code = :email)", &[1], Some("o.no = $1 OR 1 = 0")),
        ("id IN (SELECT o.id FROM o WHERE o.no = :email)", &[0], None),
    ] {
        let sql = format!("DELETE FROM t WHERE {condition}");
        let checked = parse_for(&sql, Engine::Postgres, Purpose::Erases).expect("allowed");
        let aimed = aim(&checked, "v", without);
        let sent = aimed.as_ref().map(|aimed| checked.erasing(&[aimed]).sql.replace(['(', ')'], ""));
        match left {
            Some(left) => {
                assert!(sent.as_ref().is_some_and(|sent| sent.contains(&left.replace(['(', ')'], ""))), "{sent:?}")
            }
            None => assert_eq!(sent, None, "{condition}"),
        }
    }
}

#[test]
fn what_people_write_is_allowed() {
    for engine in [Engine::Postgres, Engine::Mysql] {
        allowed(engine, "DELETE FROM orders WHERE mail = :email");
        allowed(engine, "DELETE FROM orders WHERE mail IN (:email, :phone)");
        allowed(engine, "DELETE FROM items WHERE order_id IN (SELECT o.id FROM orders o WHERE o.mail = :email)");
        allowed(engine, "DELETE FROM items WHERE order_id = (SELECT o.id FROM orders AS o WHERE o.mail = :email)");
        allowed(
            engine,
            "UPDATE t SET a = 1, at = now(), b = '12:30:00' WHERE (mail = :email OR phone = :phone) AND a = 0",
        );
        allowed(engine, "DELETE FROM t WHERE no = CAST(:customer_no AS CHAR(10))");
        allowed(engine, "DELETE FROM t WHERE mail = :email AND note LIKE 'x%' AND at > '2020-01-01'");
    }
    allowed(Engine::Postgres, "DELETE FROM \"Orders\" WHERE data->>'mail' = :email AND id::text <> '7'");
    allowed(Engine::Mysql, "DELETE FROM `Orders` WHERE data->>'$.mail' = :email");
}

#[test]
fn text_in_which_a_value_would_be_pasted_is_refused() {
    refused("DELETE FROM t WHERE mail = ':email'", "between quotes");
    refused("DELETE FROM t WHERE mail = concat('x', ':email')", "between quotes");
    refused("DELETE FROM t WHERE mail = '{email}'", "pasted");
    refused("DELETE FROM t WHERE mail = '{{email}}'", "paste");
    refused("DELETE FROM t WHERE mail = '${email}'", "paste");
    refused("DELETE FROM t WHERE mail = %s", "paste");
    refused("DELETE FROM t WHERE mail = '%(email)s'", "paste");
    refused("DELETE FROM t WHERE mail = {email}", "paste");
    refused("DELETE FROM t WHERE mail = ?", "another kind");
    refused("DELETE FROM t WHERE mail = $1", "placeholder");
    refused("DELETE FROM t WHERE mail = @email", "variable");
    refused("DELETE FROM t WHERE mail = : email", "`:`");
    refused("DELETE FROM t WHERE mail = :emial", "`:emial` is not known");
}

#[test]
fn text_that_two_readers_read_differently_is_refused() {
    refused("DELETE FROM t WHERE mail = :email -- all of them", "comment");
    refused("DELETE FROM t WHERE mail = :email /* or 1=1 */", "comment");
    refused("DELETE FROM t /*! WHERE 1=1 OR */ WHERE mail = :email", "comment");
    refused("DELETE FROM t WHERE mail = :email AND x = '\\'", "backslash");
    refused("DELETE FROM t WHERE mail = :email AND x = 'a\u{1}'", "control character");
    refused("DELETE FROM t WHERE mail = :email; DELETE FROM t", "`;`");
    refused("DELETE FROM t WHERE mail = 'a", "quote");
    refused("", "empty");
    for (engine, sql) in [
        (Engine::Postgres, "DELETE FROM t WHERE mail = :email AND x = $$:email$$"),
        (Engine::Postgres, "DELETE FROM t WHERE mail = :email AND x = U&'a'"),
        (Engine::Postgres, "DELETE FROM t WHERE mail = :email AND x = E'a'"),
        (Engine::Mysql, "DELETE FROM t WHERE mail = :email || 1 = 1"),
        (Engine::Mysql, "DELETE FROM t WHERE mail = :email && 1 = 1"),
        (Engine::Mysql, "DELETE FROM t WHERE mail = :email AND x = N'a'"),
        (Engine::Postgres, "DELETE FROM \":email\" WHERE mail = :email"),
        (Engine::Mysql, "DELETE FROM t WHERE mail = :email AND x = \"a\""),
        (Engine::Mysql, "DELETE FROM t WHERE mail = :email # all"),
        (Engine::Mysql, "DELETE FROM `:email` WHERE mail = :email"),
    ] {
        assert!(parse_for(sql, engine, Purpose::Erases).is_err(), "{sql}");
    }
}

#[test]
fn a_condition_that_is_not_about_one_person_is_refused() {
    refused("DELETE FROM t", "no WHERE");
    refused("UPDATE t SET a = 1", "no WHERE");
    refused("DELETE FROM t WHERE a = 1", "no placeholder");
    refused("DELETE FROM t WHERE mail = :email OR a = 1", "OR has no placeholder");
    refused("DELETE FROM t WHERE NOT mail = :email", "everybody else");
    refused("DELETE FROM t WHERE mail <> :email", "beside `<>`");
    refused("DELETE FROM t WHERE mail >= :email", "beside `>=`");
    refused("DELETE FROM t WHERE mail NOT IN (:email)", "NOT IN");
    refused("DELETE FROM t WHERE mail IN ('x', :email)", "beside the placeholders");
    refused("DELETE FROM t WHERE mail LIKE :email", "LIKE");
    refused("DELETE FROM t WHERE mail LIKE concat('%', :email, '%')", "LIKE");
    refused("DELETE FROM t WHERE :email = :email", "both sides");
    refused("DELETE FROM t WHERE 'a' = :email", "not compared with a column");
    refused("DELETE FROM t WHERE (a IS NULL) = :email", "not compared with a column");
    refused("DELETE FROM t WHERE (a = b) = :email", "not compared with a column");
    refused("DELETE FROM t WHERE (NOT a) IN (:email)", "not compared with a column");
    refused("DELETE FROM t WHERE mail = coalesce(mail, :email)", "same side");
    refused("DELETE FROM t WHERE :email IS NOT NULL", "not compared");
    refused("DELETE FROM t WHERE (SELECT max(c.id) FROM c) = :customer_no", "not compared with a column");
    refused("DELETE FROM t WHERE EXISTS (SELECT 1 FROM c WHERE mail = :email)", "EXISTS");
    refused("DELETE FROM t WHERE c IN (SELECT id FROM c WHERE mail = :email)", "full name");
    refused("DELETE FROM t WHERE c IN (SELECT t.id FROM c WHERE mail = :email)", "full name");
    refused("DELETE FROM t WHERE c IN (SELECT c.id FROM c, d WHERE d.mail = :email)", "more than one table");
    refused(
        "DELETE FROM t WHERE c IN (SELECT c.id FROM c JOIN d ON true WHERE d.mail = :email)",
        "more than one table",
    );
    refused("DELETE FROM t WHERE c IN (SELECT x.id FROM c x WHERE x.mail = 'a')", "no placeholder");
    refused("DELETE FROM t WHERE c IN (SELECT c.id FROM c WHERE mail = :email OR 1 = 1)", "no matter whom");
    refused("DELETE FROM t WHERE c NOT IN (SELECT c.id FROM c WHERE mail = :email)", "NOT IN");
    refused("DELETE FROM t WHERE c IN (SELECT c.id FROM c WHERE mail = :email UNION SELECT 1)", "UNION");
    refused("DELETE FROM t WHERE c IN (SELECT c.id FROM c WHERE mail = :email FOR UPDATE)", "lock");
}

#[test]
fn only_one_update_or_delete_of_one_table_is_allowed() {
    refused("TRUNCATE TABLE t", "TRUNCATE: only UPDATE and DELETE");
    refused("DROP TABLE t", "DROP: only");
    refused("INSERT INTO t (mail) VALUES (:email)", "INSERT: only");
    refused("SELECT count(*) FROM t WHERE mail = :email", "SELECT: only");
    refused("CALL erase(:email)", "CALL: only");
    refused("UPDATE t SET mail = :email WHERE mail = :email", "in SET");
    refused("DELETE FROM t WHERE mail = :email RETURNING id", "RETURNING");
    refused("erase everything", "no SQL");
    for (engine, sql) in [
        (Engine::Postgres, "DELETE FROM t USING c WHERE t.c = c.id AND c.mail = :email"),
        (Engine::Postgres, "UPDATE t SET a = 1 FROM c WHERE t.c = c.id AND c.mail = :email"),
        (Engine::Postgres, "WITH x AS (DELETE FROM c RETURNING id) DELETE FROM t WHERE mail = :email"),
        (Engine::Mysql, "DELETE FROM t WHERE mail = :email LIMIT 1"),
        (Engine::Mysql, "DELETE t FROM t JOIN c ON t.c = c.id WHERE c.mail = :email"),
        (Engine::Mysql, "UPDATE t JOIN c ON t.c = c.id SET t.a = 1 WHERE c.mail = :email"),
        (Engine::Mysql, "UPDATE t SET a = 1 WHERE mail = :email ORDER BY id LIMIT 1"),
    ] {
        assert!(parse_for(sql, engine, Purpose::Erases).is_err(), "{sql}");
    }
}

/// <https://www.postgresql.org/docs/current/sql-delete.html>, <https://www.postgresql.org/docs/current/sql-select.html> (ONLY,
/// TABLESAMPLE), <https://dev.mysql.com/doc/refman/8.4/en/partitioning-selection.html>.
#[test]
fn a_part_of_a_table_is_refused_wherever_a_table_stands() {
    use Purpose::{Counts, Erases};
    for (engine, purpose, sql, part) in [
        (Engine::Postgres, Erases, "DELETE FROM ONLY t WHERE mail = :email", "ONLY"),
        (Engine::Postgres, Erases, "DELETE FROM ONLY (t) WHERE mail = :email", "ONLY"),
        (Engine::Postgres, Erases, "UPDATE ONLY t SET a = 1 WHERE mail = :email", "ONLY"),
        (Engine::Postgres, Erases, "DELETE FROM t WHERE c IN (SELECT c.id FROM ONLY c WHERE c.mail = :email)", "ONLY"),
        (Engine::Postgres, Counts, "SELECT count(*) FROM ONLY t WHERE mail = :email", "ONLY"),
        (
            Engine::Postgres,
            Counts,
            "SELECT count(*) FROM t TABLESAMPLE BERNOULLI (1) WHERE mail = :email",
            "TABLESAMPLE",
        ),
        (Engine::Postgres, Counts, "SELECT count(*) FROM t TABLESAMPLE SYSTEM (1) WHERE mail = :email", "TABLESAMPLE"),
        (
            Engine::Postgres,
            Erases,
            "DELETE FROM t WHERE c IN (SELECT c.id FROM c TABLESAMPLE SYSTEM (1) WHERE c.mail = :email)",
            "TABLESAMPLE",
        ),
        (Engine::Mysql, Erases, "DELETE FROM t PARTITION (p0) WHERE mail = :email", "PARTITION"),
        (Engine::Mysql, Erases, "UPDATE t PARTITION (p0) SET a = 1 WHERE mail = :email", "PARTITION"),
        (Engine::Mysql, Counts, "SELECT count(*) FROM t PARTITION (p0, p1) WHERE mail = :email", "PARTITION"),
        (
            Engine::Mysql,
            Erases,
            "DELETE FROM t WHERE c IN (SELECT c.id FROM c PARTITION (p0) WHERE c.mail = :email)",
            "PARTITION",
        ),
    ] {
        let error = parse_for(sql, engine, purpose).err().unwrap_or_else(|| panic!("{sql}"));
        assert!(error.starts_with(part) || error.starts_with("it is no SQL"), "{sql}: {error}");
    }
}

#[test]
fn what_counts_only_counts() {
    for engine in [Engine::Postgres, Engine::Mysql] {
        let counts = |sql| parse_for(sql, engine, Purpose::Counts).map(drop);
        assert_eq!(counts("SELECT count(*) FROM invoices WHERE mail = :email"), Ok(()));
        for sql in [
            "DELETE FROM invoices WHERE mail = :email",
            "SELECT id FROM invoices WHERE mail = :email",
            "SELECT count(id) FROM invoices WHERE mail = :email",
            "SELECT count(*) FROM invoices WHERE mail = :email GROUP BY id",
            "SELECT count(*) FROM invoices WHERE mail = :email FOR UPDATE",
            "SELECT count(*) INTO x FROM invoices WHERE mail = :email",
            "SELECT count(*) FROM invoices",
            "SELECT count(*) FROM a, b WHERE a.mail = :email",
            "WITH x AS (DELETE FROM t RETURNING 1) SELECT count(*) FROM t WHERE mail = :email",
        ] {
            assert!(counts(sql).is_err(), "{engine:?} {sql}");
        }
    }
}

#[track_caller]
fn aimed(sql: &str, has: &[&str], expected: Option<&str>) {
    let checked = parse_for(sql, Engine::Postgres, Purpose::Erases).expect("allowed");
    let values = Values::same(&has.iter().copied().collect(), "v");
    let aimed = checked.aimed(&values, &BTreeSet::new());
    let kinds = checked.kinds_for(&has.iter().copied().collect());
    assert_eq!(aimed.as_ref().map(|aimed| aimed.values.kinds().collect::<Vec<_>>()).unwrap_or_default(), kinds);
    let sql = aimed.map(|aimed| checked.erasing(&[&aimed]).sql);
    assert_eq!(sql.as_deref().map(|sql| sql.trim_start_matches("DELETE FROM t WHERE ")), expected);
}

#[test]
fn what_a_person_lacks_matches_nothing() {
    let either = "DELETE FROM t WHERE mail = :email OR phone = :phone";
    aimed(either, &["email", "phone"], Some("((mail = $1) OR (phone = $2))"));
    aimed(either, &["phone"], Some("(((1 = 0)) OR (phone = $1))"));
    aimed(either, &["customer_no"], None);
    let both = "DELETE FROM t WHERE mail = :email AND (phone = :phone OR no = :customer_no)";
    aimed(both, &["email"], None);
    aimed(both, &["phone", "customer_no"], None);
    aimed(both, &["email", "phone"], Some("((mail = $1) AND ((phone = $2) OR ((1 = 0))))"));
    aimed("DELETE FROM t WHERE x IN (:email, :phone)", &["email"], Some("(x IN ($1))"));
    aimed("DELETE FROM t WHERE lower(x) = concat(:email, :phone)", &["email"], None);
    let within = "DELETE FROM t WHERE a = 1 AND c IN (SELECT c.id FROM c WHERE c.mail = :email OR c.phone = :phone)";
    aimed(within, &["phone"], Some("((a = 1) AND (c IN (SELECT c.id FROM c WHERE ((1 = 0)) OR (c.phone = $1))))"));
    aimed(within, &[], None);
}
