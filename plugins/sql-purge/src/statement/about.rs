//! Whether a condition is about one person: each row that it lets through is equal to an identifier of the person's in some
//! column, by `=` or `IN`. Says what is wrong with a condition.

use sqlparser::ast::{BinaryOperator, Expr, InTarget, ObjectNamePart, Query, SelectItem, UnaryOperator};

use super::placeholder::{any, has_placeholder};
use super::shape::{plain, single};

const ALLOWED: &str = "compare a column with a placeholder by `=` or `IN (…)`, both in functions and casts if needed, \
                       alone or with others in AND and OR";

pub(super) fn one_person(condition: &Expr) -> Result<(), String> {
    if !has_placeholder(condition) {
        return Err("there is no placeholder in WHERE: it would erase no matter whom".into());
    }
    match binds(condition)? {
        true => Ok(()),
        false => Err("a side of an OR has no placeholder: it would erase no matter whom".into()),
    }
}

/// Whether the rows that it lets through are the person's. Without a placeholder it is `false`; one that stands where it
/// does not bind is an error.
fn binds(condition: &Expr) -> Result<bool, String> {
    match condition {
        Expr::Nested(inner) => binds(inner),
        // Not `||` and `&&`: both sides are looked at in any case, so that a placeholder that does not bind is an error
        // even where the other side binds.
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => Ok(binds(left)? | binds(right)?),
        Expr::BinaryOp { left, op: BinaryOperator::Or, right } => Ok(binds(left)? & binds(right)?),
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => match (has_placeholder(left), has_placeholder(right))
        {
            (false, false) => Ok(false),
            (false, true) => compares(left, right),
            (true, false) => compares(right, left),
            (true, true) => Err(format!("placeholders on both sides of `=`; {ALLOWED}")),
        },
        Expr::In { expr, target: InTarget::List(list), negated: false, .. } if list.iter().any(has_placeholder) => {
            match list.iter().all(has_placeholder) {
                true => list.iter().try_fold(true, |_, item| compares(expr, item)),
                false => Err(format!("something beside the placeholders in `IN (…)`; {ALLOWED}")),
            }
        }
        Expr::In { expr, target: InTarget::Subquery(query), negated: false, .. } if has_placeholder(condition) => {
            is_column(expr)?;
            in_query(query)
        }
        other if has_placeholder(other) => Err(unbound(other)),
        _ => Ok(false),
    }
}

/// A column on one side, a placeholder and no column on the other.
fn compares(column: &Expr, placeholder: &Expr) -> Result<bool, String> {
    is_column(column)?;
    match placeholder {
        Expr::Subquery(query) => in_query(query),
        other if has_query(other) => Err(format!("a subquery within something else; {ALLOWED}")),
        other if has_column(other) => Err(format!("a column and a placeholder on the same side of `=`; {ALLOWED}")),
        _ => Ok(true),
    }
}

/// Something of the row's; not whether something is so, as `1` may be that, and is what a stranger can type.
fn is_column(expr: &Expr) -> Result<(), String> {
    match has_column(expr) && !any(expr, is_truth) && !any(expr, |expr| matches!(expr, Expr::Subquery(_))) {
        true => Ok(()),
        false => Err(format!("a placeholder that is not compared with a column; {ALLOWED}")),
    }
}

fn is_truth(expr: &Expr) -> bool {
    use BinaryOperator::{
        Arrow, Divide, HashArrow, HashLongArrow, LongArrow, Minus, Modulo, Multiply, Plus, StringConcat,
    };
    match expr {
        Expr::BinaryOp { op, .. } => !matches!(
            op,
            Arrow | LongArrow | HashArrow | HashLongArrow | StringConcat | Plus | Minus | Multiply | Divide | Modulo
        ),
        Expr::UnaryOp { op, .. } => matches!(op, UnaryOperator::Not | UnaryOperator::BangNot),
        Expr::In { .. } | Expr::Between { .. } | Expr::Exists { .. } => true,
        Expr::Like { .. } | Expr::ILike { .. } | Expr::SimilarTo { .. } | Expr::RLike { .. } => true,
        Expr::IsNull(_) | Expr::IsNotNull(_) | Expr::IsTrue(_) | Expr::IsNotTrue(_) => true,
        Expr::IsFalse(_) | Expr::IsNotFalse(_) | Expr::IsUnknown(_) | Expr::IsNotUnknown(_) => true,
        Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => true,
        _ => false,
    }
}

/// `(SELECT t.id FROM t WHERE …)`. A column without its table would be taken from outside where the table inside has none
/// of that name, and then every row matches; with a second table, all of the first's may be combined with the person's.
fn in_query(query: &Query) -> Result<bool, String> {
    let select = plain(query)?;
    let table = single(&select.from)?;
    let own = table.alias.or_else(|| table.name.0.last().and_then(ObjectNamePart::as_ident));
    let is_own = matches!(select.projection.as_slice(), [SelectItem::UnnamedExpr(Expr::CompoundIdentifier(names))]
        if names.iter().rev().nth(1) == own);
    if !is_own {
        return Err(
            "a subquery that does not select one column of its own by its full name, as `(SELECT t.id FROM t WHERE …)`"
                .into(),
        );
    }
    match select.selection.as_ref().map(binds) {
        Some(Ok(true)) => Ok(true),
        Some(Err(error)) => Err(error),
        _ => Err("a subquery that selects no matter whom".into()),
    }
}

fn unbound(expr: &Expr) -> String {
    let found = match expr {
        Expr::Like { .. } | Expr::ILike { .. } | Expr::SimilarTo { .. } | Expr::RLike { .. } => {
            "a placeholder in LIKE or a regular expression: a `%` that a stranger typed would match everybody".into()
        }
        Expr::BinaryOp { op, .. } => format!("a placeholder beside `{op}`"),
        Expr::UnaryOp { op, .. } => format!("a placeholder under `{op}`, which matches everybody else"),
        Expr::In { negated: true, .. } => "a placeholder in NOT IN, which matches everybody else".into(),
        Expr::Exists { .. } => "a placeholder in EXISTS, which easily matches every row; use `IN (SELECT …)`".into(),
        _ => "a placeholder that is not compared".into(),
    };
    format!("{found}; {ALLOWED}")
}

fn has_query(expr: &Expr) -> bool {
    any(expr, |expr| matches!(expr, Expr::Subquery(_) | Expr::In { .. } | Expr::Exists { .. }))
}

fn has_column(expr: &Expr) -> bool {
    any(expr, |expr| matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)))
}
