//! Which kinds of identifiers a condition needs, and what is left of it for a person who lacks some: of `mail = :email OR
//! phone = :phone`, the part about the phone is false for who has none. Only for conditions that are about one person.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, InTarget, Query, SetExpr, Value, visit_expressions, visit_expressions_mut};

use super::placeholder::has_placeholder;

/// The kinds of which a person must have all, for one way to match.
pub(super) type Needs = BTreeSet<String>;

/// All ways in which a row can match.
pub(super) fn ways(condition: &Expr) -> Vec<Needs> {
    match condition {
        Expr::Nested(inner) => ways(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let left = ways(left);
            let right = ways(right);
            left.iter().flat_map(|one| right.iter().map(move |other| one | other)).collect()
        }
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } if has_placeholder(condition) => {
            [ways(left), ways(right)].concat()
        }
        Expr::In { target: InTarget::List(list), .. } if has_placeholder(condition) => list.iter().map(used).collect(),
        Expr::In { target: InTarget::Subquery(query), .. } if has_placeholder(condition) => of_query(query),
        Expr::BinaryOp { left, right, .. } if has_placeholder(condition) => match (left.as_ref(), right.as_ref()) {
            (Expr::Subquery(query), _) | (_, Expr::Subquery(query)) => of_query(query),
            _ => vec![used(condition)],
        },
        _ => vec![Needs::new()],
    }
}

/// The condition for somebody who has these kinds: comparisons with others are false.
pub(super) fn for_who_has(mut condition: Expr, has: &BTreeSet<&str>) -> Expr {
    let lacks = |expr: &Expr| used(expr).iter().any(|kind| !has.contains(kind.as_str()));
    let _always_continues: ControlFlow<()> = visit_expressions_mut(&mut condition, |expr| {
        match expr {
            Expr::In { target: InTarget::List(list), .. } if list.iter().any(lacks) => {
                list.retain(|item| !lacks(item));
                if list.is_empty() {
                    *expr = never();
                }
            }
            Expr::BinaryOp { left, op: BinaryOperator::Eq, right }
                if is_direct(left, right) && (lacks(left) || lacks(right)) =>
            {
                *expr = never();
            }
            _ => {}
        }
        ControlFlow::Continue(())
    });
    condition
}

/// All kinds in an expression.
pub(super) fn used(expr: &Expr) -> Needs {
    let mut used = Needs::new();
    let _always_continues: ControlFlow<()> = visit_expressions(expr, |expr| {
        if let Expr::Value(value) = expr
            && let Value::Placeholder(name) = &value.value
        {
            used.insert(name.trim_start_matches(':').to_owned());
        }
        ControlFlow::Continue(())
    });
    used
}

fn of_query(query: &Query) -> Vec<Needs> {
    match query.body.as_ref() {
        SetExpr::Select(select) => select.selection.as_ref().map(ways).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn is_direct(left: &Expr, right: &Expr) -> bool {
    !matches!(left, Expr::Subquery(_)) && !matches!(right, Expr::Subquery(_))
}

fn never() -> Expr {
    let number = |digit: &str| Box::new(Expr::Value(Value::Number(digit.to_owned(), false).into()));
    Expr::Nested(Box::new(Expr::BinaryOp { left: number("1"), op: BinaryOperator::Eq, right: number("0") }))
}
