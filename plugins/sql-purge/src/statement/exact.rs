//! MySQL's and MariaDB's `=` follows the column's type and collation: `ä` may be `a`, trailing spaces may not count, and a
//! number is equal to every text that begins with it. A condition enters; the same one leaves, with each comparison held to
//! the bytes as well. The comparison itself stays, so that indexes are used.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, CastKind, DataType, Expr, Ident, InTarget, ObjectName, visit_expressions_mut};

use super::about::{has_placeholder, is_placeholder};

pub(super) fn to_the_byte(mut condition: Expr) -> Expr {
    let _always_continues: ControlFlow<()> = visit_expressions_mut(&mut condition, |expr| {
        if let Expr::In { expr: column, target: InTarget::List(list), negated: false, .. } = expr
            && list.iter().any(has_placeholder)
        {
            let equal = |item: &Expr| held(column, item);
            let all = list.iter().map(equal).reduce(|left, right| joined(left, BinaryOperator::Or, right));
            if let Some(all) = all {
                *expr = Expr::Nested(Box::new(all));
            }
        } else if let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = expr
            && (is_text(left) || is_text(right))
        {
            *expr = held(left, right);
        }
        ControlFlow::Continue(())
    });
    condition
}

/// Whether it is made of a placeholder here, and not in a subquery.
fn is_text(side: &Expr) -> bool {
    !matches!(side, Expr::Subquery(_)) && (is_placeholder(side) || has_placeholder(side))
}

fn held(left: &Expr, right: &Expr) -> Expr {
    let equal = |left, right| joined(left, BinaryOperator::Eq, right);
    let by_type = equal(left.clone(), right.clone());
    let by_bytes = equal(bytes(left), bytes(right));
    Expr::Nested(Box::new(joined(by_type, BinaryOperator::And, by_bytes)))
}

fn joined(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

/// In one character set, and then as bytes.
fn bytes(side: &Expr) -> Expr {
    let text = Expr::Convert {
        is_try: false,
        expr: Box::new(side.clone()),
        data_type: None,
        charset: Some(ObjectName::from(vec![Ident::new("utf8mb4")])),
        target_before_value: false,
        styles: Vec::new(),
    };
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(text), data_type: DataType::Binary(None), format: None }
}
