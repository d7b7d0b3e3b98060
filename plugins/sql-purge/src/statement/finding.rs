//! A SELECT by which a table says what it knows the person by: its WHERE is checked as that of any other statement, and what it selects is one
//! column, of which each value is told once.

use sqlparser::ast::{Expr, ObjectNamePart, SelectItem, Statement};

use super::{Aimed, Bound, Checked, Purpose, parse, shape, tokens};
use crate::address::Engine;

const SHAPE: &str = "only `SELECT column FROM … WHERE …` is allowed, of one column by its name";

/// A checked SELECT.
pub(crate) struct Finding {
    /// The rows in which it looks.
    pub(crate) checked: Checked,
    /// All before the condition.
    head: String,
}

impl Finding {
    /// Reads and checks; the error says what was found and what is allowed.
    pub(crate) fn parse(sql: &str, engine: Engine, kinds: &[String]) -> Result<Self, String> {
        tokens::check(sql, engine, kinds)?;
        let Statement::Query(query) = parse(sql, engine)? else { return Err(SHAPE.into()) };
        let select = shape::plain(&query)?;
        let table = shape::single(&select.from)?;
        let [SelectItem::UnnamedExpr(column @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)))] =
            select.projection.as_slice()
        else {
            return Err(SHAPE.into());
        };
        let own = table.alias.or_else(|| table.name.0.last().and_then(ObjectNamePart::as_ident));
        // PostgreSQL reads the name of a table as a column: the whole row.
        if matches!((column, own), (Expr::Identifier(name), Some(own)) if name.value.eq_ignore_ascii_case(&own.value)) {
            return Err(format!("a column that is called as its table; {SHAPE}"));
        }
        let [from] = select.from.as_slice() else { return Err(SHAPE.into()) };
        let condition = select.selection.as_ref().ok_or("there is no WHERE: it would tell of everybody")?;
        // Whatever else stands in it would be left out of what is sent.
        if query.to_string() != format!("SELECT {column} FROM {from} WHERE {condition}") {
            return Err(SHAPE.into());
        }
        let rows = format!("SELECT count(*) FROM {from} WHERE {condition}");
        let checked = Checked::parse(&rows, engine, Purpose::Counts, kinds)?;
        if checked.goes_by_name_alone() || checked.goes_by_phone_alone() {
            return Err(
                "by `:phone` or `:name` alone it would tell other systems of somebody else; add another identifier \
                        by AND, such as `phone = :phone AND lower(mail) = lower(:email)`"
                    .into(),
            );
        }
        // Of two values that are equal by the column's collation, each is one.
        let value = match engine {
            Engine::Postgres => format!("({column})::text COLLATE \"C\""),
            Engine::Mysql => format!("CAST(CONVERT({column} USING utf8mb4) AS BINARY)"),
        };
        Ok(Self { checked, head: format!("SELECT DISTINCT {value} FROM {from} WHERE {column} IS NOT NULL AND (") })
    }

    /// The statement for all of these at once, and so many values.
    pub(crate) fn values<'v>(&self, aims: &[&'v Aimed<'v>], values: usize) -> Bound<'v> {
        let mut bound = self.checked.bound(&self.head, aims);
        bound.sql.push_str(&format!(") LIMIT {values}"));
        bound
    }

    /// The rights that it needs.
    pub(crate) fn rights(&self) -> String {
        format!("{}, and SELECT on the column that it returns", self.checked.rights_to_count())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::person::Values;

    fn kinds() -> Vec<String> {
        ["email", "phone", "name", "customer_no"].map(str::to_owned).to_vec()
    }

    fn sent(sql: &str, engine: Engine) -> Result<String, String> {
        let finding = Finding::parse(sql, engine, &kinds())?;
        let values = Values::same(&finding.checked.kinds(), "x");
        let aim = finding.checked.aimed(&values, &BTreeSet::new()).expect("it is about somebody");
        Ok(finding.values(&[&aim], 6).sql)
    }

    #[track_caller]
    fn refused(sql: &str, why: &str) {
        for engine in [Engine::Postgres, Engine::Mysql] {
            let error = sent(sql, engine).expect_err(sql);
            assert!(error.contains(why), "{sql}: {error}");
        }
    }

    #[test]
    fn each_value_of_the_persons_rows_is_asked_for_once_and_no_others() {
        let sql = "SELECT c.no FROM customers c WHERE lower(c.mail) = lower(:email)";
        let postgres = sent(sql, Engine::Postgres).expect("it is taken");
        let expected = "SELECT DISTINCT (c.no)::text COLLATE \"C\" FROM customers c WHERE c.no IS NOT NULL AND (";
        assert!(postgres.starts_with(expected), "{postgres}");
        assert!(postgres.contains("$1") && postgres.ends_with(") LIMIT 6"), "{postgres}");
        let mysql = sent(sql, Engine::Mysql).expect("it is taken");
        assert!(mysql.contains("SELECT DISTINCT CAST(CONVERT(c.no USING utf8mb4) AS BINARY) FROM "), "{mysql}");
    }

    #[test]
    fn what_changes_something_or_tells_of_others_is_refused() {
        refused("DELETE FROM customers WHERE mail = :email", "only `SELECT column");
        refused("SELECT no FROM customers", "no WHERE");
        refused("SELECT no FROM customers WHERE active = 1", "no placeholder");
        refused("SELECT no FROM customers WHERE mail = :email OR active = 1", "an OR has no placeholder");
        refused("SELECT no FROM customers WHERE mail LIKE :email", "LIKE");
        refused("SELECT no FROM customers WHERE mail = ':email'", "quotes");
        refused("SELECT no FROM customers WHERE phone = :phone", "`:phone` or `:name` alone");
        refused("SELECT no FROM customers WHERE mail = :email OR phone = :phone", "`:phone` or `:name` alone");
        refused("SELECT no, mail FROM customers WHERE mail = :email", "one column");
        refused("SELECT * FROM customers WHERE mail = :email", "one column");
        refused("SELECT c.* FROM customers c WHERE c.mail = :email", "one column");
        refused("SELECT max(no) FROM customers WHERE mail = :email", "one column");
        refused("SELECT :email FROM customers WHERE mail = :email", "one column");
        refused("SELECT (SELECT secret FROM others) FROM customers WHERE mail = :email", "one column");
        refused("SELECT Customers FROM customers WHERE mail = :email", "called as its table");
        refused("SELECT DISTINCT no FROM customers WHERE mail = :email", "one column");
        refused("SELECT no FROM customers WHERE mail = :email LIMIT 1", "LIMIT");
        refused("SELECT no FROM customers WHERE mail = :email FOR UPDATE", "a lock");
        refused("SELECT no FROM customers, orders WHERE mail = :email", "more than one table");
        refused("SELECT no FROM customers WHERE mail = :email; DELETE FROM customers", "`;`");
        refused("SELECT no FROM customers WHERE mail = :mail", "is not known");
    }
}
