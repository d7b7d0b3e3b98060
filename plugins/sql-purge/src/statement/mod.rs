//! Statements: an operator's SQL is checked when the configuration is read, so that a statement is known to be about one
//! person only, with places for values. A value never becomes part of the text.

mod about;
mod bound;
mod exact;
mod finding;
mod grouped;
mod kinds;
mod listing;
mod placeholder;
mod shape;
mod template;
mod tokens;
mod uses;
mod whole;

use std::collections::BTreeSet;

use sqlparser::ast::{Expr, ObjectName};
use sqlparser::dialect::{Dialect, MySqlDialect, PostgreSqlDialect};
use sqlparser::parser::Parser;

use crate::address::Engine;
use crate::person::Values;
use kinds::Needs;
use shape::Shape;
use template::Template;

pub(crate) use bound::{Bound, Parameter};
pub(crate) use finding::Finding;
pub(crate) use listing::{Column, Listing};
pub(crate) use shape::Purpose;
pub(crate) use uses::Uses;

/// A checked statement of one table.
pub(crate) struct Checked {
    /// All before the condition: `DELETE FROM orders WHERE `.
    head: String,
    /// The same for counting: `SELECT count(*) FROM orders WHERE `.
    count_head: String,
    condition: Expr,
    /// The kinds of its placeholders, by their numbers.
    places: Vec<String>,
    ways: BTreeSet<Needs>,
    /// The right that it needs beside SELECT, where it erases.
    pub(crate) writes: Option<&'static str>,
    /// The table that it erases from or counts in.
    pub(crate) table: ObjectName,
    /// All tables in it, and the columns of its condition.
    pub(crate) uses: Uses,
    engine: Engine,
}

/// A statement's condition for one combination of a person's values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Aimed<'v> {
    condition: Template,
    /// Of the kinds in the condition.
    pub(crate) values: Values<'v>,
}

impl Checked {
    /// Reads and checks; the error says what was found and what is allowed.
    pub(crate) fn parse(sql: &str, engine: Engine, purpose: Purpose, kinds: &[String]) -> Result<Self, String> {
        tokens::check(sql, engine, kinds)?;
        let parsed = parse(sql, engine)?;
        // What is checked is the text that will be sent, and not only the one that was written.
        let text = parsed.to_string();
        let parsed = parse(&text, engine)?;
        if parsed.to_string() != text {
            return Err("it cannot be read with certainty; write it more plainly".into());
        }
        whole::check(&parsed)?;
        let Shape { head, writes, count_head, table, condition } = shape::of(parsed, purpose)?;
        about::one_person(&condition)?;
        let uses = Uses::of(&table, &condition);
        if let Some(unknown) = kinds::used(&condition).iter().find(|kind| !kinds.contains(kind)) {
            let known = kinds.join(", ");
            return Err(format!("`:{unknown}` is not known; kinds are {known} (more by `kinds`)"));
        }
        let ways = kinds::ways(&condition);
        let (condition, places) = placeholder::numbered(grouped::in_parentheses(condition));
        Ok(Self { head, count_head, condition, places, ways, writes, table, uses, engine })
    }

    /// The kinds in it that matter to somebody who has these; none when it cannot be about them.
    pub(crate) fn kinds_for(&self, has: &BTreeSet<&str>) -> Vec<String> {
        let possible = self.ways.iter().filter(|needs| needs.iter().all(|kind| has.contains(kind.as_str())));
        let kinds: BTreeSet<&String> = possible.flatten().collect();
        kinds.into_iter().cloned().collect()
    }

    /// Its condition for these values, without the comparisons at some places; nothing when no row can be the person's then.
    pub(crate) fn aimed<'v>(&self, values: &Values<'v>, without: &BTreeSet<usize>) -> Option<Aimed<'v>> {
        let left_out = |kind: &str, place| !values.has(kind) || without.contains(&place);
        let condition = kinds::without(self.condition.clone(), left_out);
        let kinds: BTreeSet<String> = kinds::ways(&condition).into_iter().flatten().collect();
        if kinds.is_empty() {
            return None;
        }
        // Also what is beside a comparison that was left out, by AND, says nothing any more.
        let condition = kinds::without(condition, |kind, _| !kinds.contains(kind));
        let condition = Template::of(match self.engine {
            Engine::Postgres => condition,
            Engine::Mysql => exact::to_the_byte(condition),
        });
        Some(Aimed { condition, values: values.only(&kinds) })
    }

    /// The statement about all of these at once.
    pub(crate) fn erasing<'v>(&self, aims: &[&'v Aimed<'v>]) -> Bound<'v> {
        self.bound(&self.head, aims)
    }

    /// How many rows it is about.
    pub(crate) fn counting<'v>(&self, aims: &[&'v Aimed<'v>]) -> Bound<'v> {
        self.bound(&self.count_head, aims)
    }

    fn bound<'v>(&self, head: &str, aims: &[&'v Aimed<'v>]) -> Bound<'v> {
        let mut bound = Bound { sql: head.to_owned(), parameters: Vec::new() };
        for (n, aim) in aims.iter().enumerate() {
            bound.sql.push_str(if n == 0 { "(" } else { " OR (" });
            aim.condition.bind(&aim.values, self.engine, &mut bound);
            bound.sql.push(')');
        }
        bound
    }

    /// Whether a row can be the person's by a telephone number and by nothing else that says who it is.
    pub(crate) fn goes_by_phone_alone(&self) -> bool {
        let is_weak = |kind: &String| kind == "phone" || kind == "name";
        self.ways.iter().any(|needs| needs.contains("phone") && needs.iter().all(is_weak))
    }

    /// Whether a row can be the person's by a name and by nothing else.
    pub(crate) fn goes_by_name_alone(&self) -> bool {
        self.ways.iter().any(|needs| needs.len() == 1 && needs.contains("name"))
    }

    /// The rights by which its rows are counted.
    pub(crate) fn rights_to_count(&self) -> String {
        let tables: Vec<String> = self.uses.tables.iter().map(|table| format!("`{table}`")).collect();
        format!("SELECT on {} (their columns in WHERE), and EXECUTE on functions of your own", tables.join(", "))
    }

    /// The right by which it erases.
    pub(crate) fn right_to_erase(&self) -> String {
        let columns = if self.writes == Some("UPDATE") { " (its columns in SET)" } else { "" };
        format!("{} on `{}`{columns}", self.writes.unwrap_or("SELECT"), self.table)
    }

    /// The other tables in it, as a receipt names them.
    pub(crate) fn others(&self) -> Vec<String> {
        self.uses.tables.iter().filter(|other| **other != self.table).map(|other| format!("`{other}`")).collect()
    }

    /// The kind of the placeholder with this number.
    pub(crate) fn kind_at(&self, place: usize) -> Option<&str> {
        self.places.get(place).map(String::as_str)
    }

    /// All kinds in it.
    pub(crate) fn kinds(&self) -> BTreeSet<&str> {
        self.ways.iter().flatten().map(String::as_str).collect()
    }
}

fn parse(sql: &str, engine: Engine) -> Result<sqlparser::ast::Statement, String> {
    let dialect: &dyn Dialect = match engine {
        Engine::Postgres => &PostgreSqlDialect {},
        Engine::Mysql => &MySqlDialect {},
    };
    // The parser's own message repeats the text, in which a value may have been pasted.
    let mut parsed = Parser::parse_sql(dialect, sql).map_err(|error| match error {
        sqlparser::parser::ParserError::RecursionLimitExceeded => "it is nested too deeply",
        _ => "it is no SQL that this plugin can read: one UPDATE, DELETE or SELECT of one table",
    })?;
    match (parsed.pop(), parsed.pop()) {
        (Some(statement), None) => Ok(statement),
        (None, _) => Err("it is empty".into()),
        (Some(_), Some(_)) => Err("several statements: write each as a `[[plugin.config.statement]]`".into()),
    }
}

#[cfg(test)]
mod tests;
