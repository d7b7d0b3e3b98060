//! Whether an expression has a placeholder, or anything else, somewhere within it.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Value, Visit, visit_expressions};

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
