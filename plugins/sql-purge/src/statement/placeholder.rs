//! Placeholders: whether an expression has one, or anything else, somewhere within it, and the numbers by which they are told from
//! one another.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Value, Visit, visit_expressions, visit_expressions_mut};

/// Between a placeholder's kind and its number. No kind has it.
const NUMBER: char = '#';

fn is_placeholder(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)))
}

pub(super) fn has_placeholder(node: &impl Visit) -> bool {
    any(node, is_placeholder)
}

/// Whether there is such an expression, at any depth.
pub(super) fn any(node: &impl Visit, is: impl Fn(&Expr) -> bool) -> bool {
    let found =
        visit_expressions(node, |expr| if is(expr) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) });
    found.is_break()
}

/// Each placeholder with a number of its own, as `:email#0`, and their kinds: the same value may fit one column and not another.
pub(super) fn numbered(mut condition: Expr) -> (Expr, Vec<String>) {
    let mut kinds = Vec::new();
    let _always_continues: ControlFlow<()> = visit_expressions_mut(&mut condition, |expr| {
        if let Expr::Value(value) = expr
            && let Value::Placeholder(name) = &mut value.value
        {
            let number = kinds.len();
            kinds.push(read(name).0.to_owned());
            name.push(NUMBER);
            name.push_str(&number.to_string());
        }
        ControlFlow::Continue(())
    });
    (condition, kinds)
}

/// The kind and the number of a placeholder's name; 0 before it has one.
pub(super) fn read(name: &str) -> (&str, usize) {
    let name = name.trim_start_matches(':');
    let (kind, number) = name.split_once(NUMBER).unwrap_or((name, "0"));
    (kind, number.parse().unwrap_or_default())
}
