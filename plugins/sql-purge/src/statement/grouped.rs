//! A condition with each operand in parentheses, so that the server groups it as it was checked, whatever it thinks which
//! operator goes first. Rewrites a condition to the same one.

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, visit_expressions_mut};

pub(super) fn in_parentheses(mut condition: Expr) -> Expr {
    let _always_continues: ControlFlow<()> = visit_expressions_mut(&mut condition, |expr| {
        match expr {
            Expr::BinaryOp { left, right, .. } => {
                enclose(left);
                enclose(right);
            }
            Expr::UnaryOp { expr, .. } | Expr::In { expr, .. } | Expr::Cast { expr, .. } => enclose(expr),
            _ => {}
        }
        ControlFlow::Continue(())
    });
    condition
}

fn enclose(operand: &mut Box<Expr>) {
    let stands_alone = matches!(
        **operand,
        Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::Value(_)
            | Expr::TypedString { .. }
            | Expr::Nested(_)
            | Expr::Function(_)
            | Expr::Subquery(_)
            | Expr::Exists { .. }
            | Expr::Interval(_)
    );
    if !stands_alone {
        let inner = std::mem::replace(
            &mut **operand,
            Expr::Wildcard(sqlparser::ast::helpers::attached_token::AttachedToken::empty()),
        );
        **operand = Expr::Nested(Box::new(inner));
    }
}
