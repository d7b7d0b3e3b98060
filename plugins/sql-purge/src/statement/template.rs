//! A condition as text with places for values in it: writes a parsed one with the server's own placeholders,
//! with the values in their order beside it.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Value, visit_expressions_mut};

use super::bound::Bound;
use crate::address::Engine;
use crate::person::Values;

/// Stands around a kind's name in the text. A control character never stands in a checked statement.
const MARK: char = '\u{1}';

/// Text and kinds in turn; text is first and last.
pub(super) struct Template {
    first: String,
    rest: Vec<(String, String)>,
}

impl Template {
    pub(super) fn of(mut condition: Expr) -> Self {
        let _always_continues: ControlFlow<()> = visit_expressions_mut(&mut condition, |expr| {
            if let Expr::Value(value) = expr
                && let Value::Placeholder(name) = &mut value.value
            {
                *name = format!("{MARK}{}{MARK}", name.trim_start_matches(':'));
            }
            ControlFlow::Continue(())
        });
        let text = condition.to_string();
        let mut parts = text.split(MARK).map(str::to_owned);
        let first = parts.next().unwrap_or_default();
        let mut rest = Vec::new();
        while let (Some(kind), Some(text)) = (parts.next(), parts.next()) {
            rest.push((kind, text));
        }
        Self { first, rest }
    }

    /// Appends the condition for one turn's values.
    pub(super) fn bind<'v>(&'v self, turn: &Values<'v>, engine: Engine, bound: &mut Bound<'v>) {
        bound.sql.push_str(&self.first);
        let mut numbers: Vec<(&str, usize)> = Vec::new();
        for (kind, text) in &self.rest {
            let value = turn.get(kind);
            match engine {
                Engine::Mysql => {
                    bound.push(kind, value);
                    bound.sql.push('?');
                }
                // One number for one value, so that the server finds one type for it.
                Engine::Postgres => {
                    let known = numbers.iter().find(|(known, _)| known == kind).map(|(_, number)| *number);
                    let number = known.unwrap_or_else(|| {
                        bound.push(kind, value);
                        numbers.push((kind, bound.values.len()));
                        bound.values.len()
                    });
                    bound.sql.push_str(&format!("${number}"));
                }
            }
            bound.sql.push_str(text);
        }
    }
}
