//! Which kinds of identifiers a condition needs, and what is left of it for a person who lacks some: of `mail = :email OR
//! phone = :phone`, the part about the phone is false for who has none. Only for conditions that are about one person.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, InTarget, Query, SetExpr, Value, visit_expressions, visit_expressions_mut};

use super::placeholder::{any, has_placeholder, read};

/// The kinds of which a person must have all, for one way to match.
pub(super) type Needs = BTreeSet<String>;

/// All ways in which a row can match; none for what was [left out](without).
pub(super) fn ways(condition: &Expr) -> BTreeSet<Needs> {
    match condition {
        _ if *condition == never() => BTreeSet::new(),
        Expr::Nested(inner) => ways(inner),
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            let left = ways(left);
            let right = ways(right);
            left.iter().flat_map(|one| right.iter().map(move |other| one | other)).collect()
        }
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => &ways(left) | &ways(right),
        Expr::In { target: InTarget::List(list), .. } if has_placeholder(condition) => list.iter().map(used).collect(),
        Expr::In { target: InTarget::Subquery(query), .. } if has_placeholder(condition) => of_query(query),
        Expr::BinaryOp { left, right, .. } if has_placeholder(condition) => match (left.as_ref(), right.as_ref()) {
            (Expr::Subquery(query), _) | (_, Expr::Subquery(query)) => of_query(query),
            _ => [used(condition)].into(),
        },
        _ => [Needs::new()].into(),
    }
}

/// The condition without the comparisons with some placeholders, told by kind and number: these are false.
pub(super) fn without(mut condition: Expr, left_out: impl Fn(&str, usize) -> bool) -> Expr {
    let lacks = |expr: &Expr| any_placeholder(expr, &left_out);
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
            used.insert(read(name).0.to_owned());
        }
        ControlFlow::Continue(())
    });
    used
}

fn any_placeholder(expr: &Expr, is: impl Fn(&str, usize) -> bool) -> bool {
    any(expr, |expr| match expr {
        Expr::Value(value) => match &value.value {
            Value::Placeholder(name) => {
                let (kind, number) = read(name);
                is(kind, number)
            }
            _ => false,
        },
        _ => false,
    })
}

fn of_query(query: &Query) -> BTreeSet<Needs> {
    match query.body.as_ref() {
        SetExpr::Select(select) => select.selection.as_ref().map(ways).unwrap_or_default(),
        _ => BTreeSet::new(),
    }
}

fn is_direct(left: &Expr, right: &Expr) -> bool {
    !matches!(left, Expr::Subquery(_)) && !matches!(right, Expr::Subquery(_))
}

fn never() -> Expr {
    let number = |digit: &str| Box::new(Expr::Value(Value::Number(digit.to_owned(), false).into()));
    Expr::Nested(Box::new(Expr::BinaryOp { left: number("1"), op: BinaryOperator::Eq, right: number("0") }))
}
