//! A SELECT by which a sweep lists whom a table holds: checked when the configuration is read, and sent within another one that goes through
//! it a page at a time, in the order of its key. No value enters it but the key of the last row.

use quietus_plugin::Kind;
use sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr, Statement};

use super::placeholder::has_placeholder;
use super::{parse, shape, tokens, whole};
use crate::address::Engine;

/// The column by which pages go.
const KEY: &str = "key";

/// A checked SELECT.
pub(crate) struct Listing {
    select: String,
    /// What its other columns are, and their names.
    pub(crate) columns: Vec<(Column, String)>,
    engine: Engine,
}

/// What a column is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Identifier(Kind),
    /// Seconds since 1970.
    Created,
    Changed,
}

impl Listing {
    /// Reads and checks; the error says what was found and what is allowed.
    pub(crate) fn parse(sql: &str, engine: Engine, kinds: &[String]) -> Result<Self, String> {
        tokens::check(sql, engine, kinds)?;
        let parsed = parse(sql, engine)?;
        let text = parsed.to_string();
        let parsed = parse(&text, engine)?;
        if parsed.to_string() != text {
            return Err("it cannot be read with certainty; write it more plainly".into());
        }
        whole::check(&parsed)?;
        if has_placeholder(&parsed) {
            return Err("a placeholder: whom a table holds is listed without knowing whom".into());
        }
        let Statement::Query(query) = parsed else { return Err("only `SELECT … FROM …` is allowed".into()) };
        let select = shape::plain(&query)?;
        if select.selection.is_some() || select.distinct.is_some() || select.top.is_some() {
            return Err("a WHERE, DISTINCT or TOP would leave out people; list all rows".into());
        }
        shape::single(&select.from)?;
        let mut columns = Vec::new();
        let mut has_key = false;
        for item in &select.projection {
            let name = name_of(item)?;
            match (&*name, columns.iter().any(|(_, known)| *known == name) || has_key && name == KEY) {
                (_, true) => return Err(format!("the column `{name}` is there twice")),
                (KEY, false) => has_key = true,
                (_, false) => columns.push((column(&name, kinds)?, name)),
            }
        }
        if !has_key {
            return Err("no column `key`: name the primary key so, such as `id AS key`".into());
        }
        if !columns.iter().any(|(column, _)| matches!(column, Column::Identifier(_))) {
            return Err("no column that is an identifier, such as `mail AS email`".into());
        }
        Ok(Self { select: with_quoted_names(*query, engine), columns, engine })
    }

    /// The statement for so many rows: its first column is the key, the others are text. `is_after` says whether it begins after a key, which is
    /// its only parameter.
    pub(crate) fn page(&self, is_after: bool, rows: u32) -> String {
        let key = self.quoted(KEY);
        let (as_text, place): (fn(&str) -> String, &str) = match self.engine {
            Engine::Postgres => (|column| format!("swept.{column}::text"), "$1"),
            Engine::Mysql => (|column| format!("CAST(swept.{column} AS CHAR)"), "?"),
        };
        // As it is in MySQL: whether it is a number says how it is compared.
        let first = if self.engine == Engine::Postgres { as_text(&key) } else { format!("swept.{key}") };
        let others: String =
            self.columns.iter().map(|(_, name)| format!(", {}", as_text(&self.quoted(name)))).collect();
        let from = if is_after { format!(" WHERE swept.{key} > {place}") } else { String::new() };
        // No later page would have a row without a key, as nothing is after it: the first one has it, and is refused. MySQL sorts so by itself.
        let nulls = if self.engine == Engine::Postgres && !is_after { " NULLS FIRST" } else { "" };
        format!("SELECT {first}{others} FROM ({}) AS swept{from} ORDER BY swept.{key}{nulls} LIMIT {rows}", self.select)
    }

    fn quoted(&self, name: &str) -> String {
        let quote = quote_of(self.engine);
        format!("{quote}{name}{quote}")
    }
}

fn quote_of(engine: Engine) -> char {
    if engine == Engine::Postgres { '"' } else { '`' }
}

/// `key` is a reserved word of MySQL, and must be quoted where it is a name.
fn with_quoted_names(mut query: Query, engine: Engine) -> String {
    if let SetExpr::Select(select) = &mut *query.body {
        for item in &mut select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                *alias = Ident::with_quote(quote_of(engine), alias.value.to_lowercase());
            }
        }
    }
    query.to_string()
}

fn name_of(item: &SelectItem) -> Result<String, String> {
    let ident: &Ident = match item {
        SelectItem::ExprWithAlias { alias, .. } => alias,
        SelectItem::UnnamedExpr(Expr::Identifier(name)) => name,
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names)) => names.last().ok_or("a column without a name")?,
        _ => return Err("a column without a name, or `*`: name each, such as `mail AS email`".into()),
    };
    Ok(ident.value.to_lowercase())
}

/// What a column is by its name; `email_2` is a further e-mail address.
fn column(name: &str, kinds: &[String]) -> Result<Column, String> {
    let base = name.rsplit_once('_').filter(|(_, number)| number.bytes().all(|b| b.is_ascii_digit()));
    let base = base.map_or(name, |(base, _)| base);
    match base {
        "created" => Ok(Column::Created),
        "changed" => Ok(Column::Changed),
        kind if kinds.iter().any(|known| known == kind) && !Kind::from(kind).is_internal_id() => {
            Ok(Column::Identifier(kind.into()))
        }
        _ => Err(format!(
            "the column `{name}` is none that is known: `key`, `created`, `changed`, and kinds such as `email` (more by `kinds`)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(sql: &str, engine: Engine) -> Result<Listing, String> {
        Listing::parse(sql, engine, &["email".into(), "phone".into(), "name".into(), "guest_id".into()])
    }

    #[track_caller]
    fn refused(sql: &str, why: &str) {
        for engine in [Engine::Postgres, Engine::Mysql] {
            let error = listing(sql, engine).err().unwrap_or_else(|| panic!("{sql} is taken"));
            assert!(error.contains(why), "{sql}: {error}");
        }
    }

    #[test]
    fn a_list_is_gone_through_in_the_order_of_its_key() {
        let sql = "SELECT c.id AS key, c.mail AS email, mail2 AS email_2, phone, extract(epoch from made) AS created FROM customers c";
        let listing = listing(sql, Engine::Postgres).expect("a list");
        let columns: Vec<_> = listing.columns.iter().map(|(column, _)| column.clone()).collect();
        let email = Column::Identifier(Kind::Email);
        assert_eq!(columns, [email.clone(), email, Column::Identifier(Kind::Phone), Column::Created]);
        let page = listing.page(true, 3);
        assert!(page.starts_with("SELECT swept.\"key\"::text, swept.\"email\"::text, "), "{page}");
        assert!(page.ends_with(" AS swept WHERE swept.\"key\" > $1 ORDER BY swept.\"key\" LIMIT 3"), "{page}");
        let first = listing.page(false, 3);
        assert!(!first.contains("WHERE") && first.ends_with(" ORDER BY swept.\"key\" NULLS FIRST LIMIT 3"), "{first}");
    }

    #[test]
    fn a_name_that_is_a_reserved_word_is_quoted() {
        let sql = "SELECT id AS Key, mail AS email FROM customers";
        let page = |engine| listing(sql, engine).expect("a list").page(false, 3);
        assert!(page(Engine::Mysql).contains("(SELECT id AS `key`, mail AS `email` FROM customers)"));
        assert!(page(Engine::Postgres).contains("(SELECT id AS \"key\", mail AS \"email\" FROM customers)"));
    }

    #[test]
    fn what_would_leave_people_out_or_change_something_is_refused() {
        refused("SELECT id AS key, mail AS email FROM customers WHERE active = 1", "WHERE");
        refused("SELECT DISTINCT id AS key, mail AS email FROM customers", "DISTINCT");
        refused("SELECT id AS key, mail AS email FROM customers LIMIT 5", "LIMIT");
        refused("SELECT id AS key, mail AS email FROM a JOIN b ON a.id = b.id", "more than one table");
        refused("SELECT id AS key, mail AS email FROM customers FOR UPDATE", "a lock");
        refused("DELETE FROM customers", "only `SELECT");
        refused("SELECT id AS key, mail AS email FROM customers; DELETE FROM customers", "`;`");
        refused("SELECT mail AS email FROM customers", "no column `key`");
        refused("SELECT id AS key, made AS created FROM customers", "no column that is an identifier");
        refused("SELECT * FROM customers", "without a name");
        refused("SELECT id AS key, mail AS email, mail AS email FROM customers", "twice");
        refused("SELECT id AS key, guest AS guest_id FROM customers", "is none that is known");
        refused("SELECT id AS key, mail AS email, :email AS email_2 FROM customers", "placeholder");
    }
}
