//! A condition as text with places for values in it: writes a parsed one with the server's own placeholders,
//! with the values in their order beside it.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Value, visit_expressions_mut};

use super::bound::{Bound, Parameter};
use super::placeholder::read;
use crate::address::Engine;
use crate::person::Values;

/// Stands around a placeholder's name in the text. A control character never stands in a checked statement.
const MARK: char = '\u{1}';

/// Text and places in turn; text is first and last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Template {
    first: String,
    rest: Vec<(Place, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    kind: String,
    number: usize,
}

impl Template {
    pub(super) fn of(mut condition: Expr) -> Self {
        let _always_continues: ControlFlow<()> = visit_expressions_mut(&mut condition, |expr| {
            if let Expr::Value(value) = expr
                && let Value::Placeholder(name) = &mut value.value
            {
                *name = format!("{MARK}{name}{MARK}");
            }
            ControlFlow::Continue(())
        });
        let text = condition.to_string();
        let mut parts = text.split(MARK).map(str::to_owned);
        let first = parts.next().unwrap_or_default();
        let mut rest = Vec::new();
        while let (Some(name), Some(text)) = (parts.next(), parts.next()) {
            let (kind, number) = read(&name);
            rest.push((Place { kind: kind.to_owned(), number }, text));
        }
        Self { first, rest }
    }

    /// Appends the condition for these values. Each place has a parameter of its own, as PostgreSQL finds one type for each.
    pub(super) fn bind<'v>(&'v self, values: &Values<'v>, engine: Engine, bound: &mut Bound<'v>) {
        bound.sql.push_str(&self.first);
        for (place, text) in &self.rest {
            let value = values.get(&place.kind);
            bound.parameters.push(Parameter { value, place: place.number });
            match engine {
                Engine::Mysql => bound.sql.push('?'),
                Engine::Postgres => bound.sql.push_str(&format!("${}", bound.parameters.len())),
            }
            bound.sql.push_str(text);
        }
    }
}
