//! MySQL's and MariaDB's `=` follows the column's type and collation: `ä` may be `a`, trailing spaces may not count, and a
//! number is equal to every text that begins with it. Rewrites a condition, with each comparison held to
//! the bytes as well. The comparison itself stays, so that indexes are used.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, InTarget, ObjectName, Query, SelectItem, SetExpr, visit_expressions_mut,
};

use super::placeholder::has_placeholder;

pub(super) fn to_the_byte(mut condition: Expr) -> Expr {
    let _always_continues: ControlFlow<()> = visit_expressions_mut(&mut condition, |expr| {
        if let Expr::In { expr: column, target: InTarget::List(list), negated: false, .. } = expr
            && list.iter().any(has_placeholder)
        {
            let each = list.iter().map(|item| held(column, item));
            let all = each.reduce(|left, right| joined(left, BinaryOperator::Or, right));
            if let Some(all) = all {
                *expr = Expr::Nested(Box::new(all));
            }
        } else if let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = expr
            && (has_placeholder(left.as_ref()) || has_placeholder(right.as_ref()))
        {
            *expr = held(left, right);
        } else if let Expr::In { expr: column, target: InTarget::Subquery(query), negated: false, .. } = expr
            && has_placeholder(query.as_ref())
            && let Some(by_bytes) = in_bytes(column, query)
        {
            *expr = Expr::Nested(Box::new(joined(expr.clone(), BinaryOperator::And, by_bytes)));
        }
        ControlFlow::Continue(())
    });
    condition
}

/// The column among the bytes of what a subquery selects.
fn in_bytes(column: &Expr, query: &Query) -> Option<Expr> {
    let mut query = query.clone();
    let SetExpr::Select(select) = query.body.as_mut() else { return None };
    let [SelectItem::UnnamedExpr(selected)] = select.projection.as_mut_slice() else { return None };
    *selected = key_bytes(selected);
    let target = InTarget::Subquery(Box::new(query));
    Some(Expr::In { expr: Box::new(key_bytes(column)), target, negated: false, global: false })
}

fn held(left: &Expr, right: &Expr) -> Expr {
    let equal = |left, right| joined(left, BinaryOperator::Eq, right);
    let by_type = equal(left.clone(), right.clone());
    let bytes = if is_query(left) || is_query(right) { key_bytes } else { bytes };
    let by_bytes = equal(bytes(left), bytes(right));
    Expr::Nested(Box::new(joined(by_type, BinaryOperator::And, by_bytes)))
}

fn is_query(side: &Expr) -> bool {
    matches!(side, Expr::Subquery(_))
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
    binary(text)
}

/// The bytes of a key, which may be no text: where it cannot be in the one character set, its own.
fn key_bytes(side: &Expr) -> Expr {
    let args = [bytes(side), binary(side.clone())].map(|arg| FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)));
    let args = FunctionArgumentList { duplicate_treatment: None, args: args.into(), clauses: Vec::new() };
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("COALESCE")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(args),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn binary(side: Expr) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(side), data_type: DataType::Binary(None), format: None }
}
