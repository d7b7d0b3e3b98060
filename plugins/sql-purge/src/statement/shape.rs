//! The shape of a statement: accepts one UPDATE, DELETE or count of one table, and takes it apart at its WHERE.

use sqlparser::ast::{
    Delete, Expr, FromTable, FunctionArg, FunctionArgExpr, FunctionArguments, GroupByExpr, Ident, ObjectName, Query,
    Select, SelectItem, SetExpr, Statement, TableFactor, TableWithJoins, Update,
};

use super::placeholder::has_placeholder;

/// What a statement is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Erases,
    Counts,
}

/// A statement, taken apart.
pub(super) struct Shape {
    pub(super) head: String,
    /// The right that it needs beside SELECT.
    pub(super) writes: Option<&'static str>,
    pub(super) count_head: String,
    pub(super) table: ObjectName,
    pub(super) condition: Expr,
}

const ONE_TABLE: &str =
    "more than one table: name one, and the others in a subquery, `… IN (SELECT t.id FROM t WHERE …)`";

pub(super) fn of(statement: Statement, purpose: Purpose) -> Result<Shape, String> {
    match (purpose, statement) {
        (Purpose::Erases, Statement::Delete(delete)) => of_delete(delete),
        (Purpose::Erases, Statement::Update(update)) => of_update(update),
        (Purpose::Counts, Statement::Query(query)) => of_count(*query),
        (Purpose::Erases, other) => Err(format!("{}: only UPDATE and DELETE are allowed", verb(&other))),
        (Purpose::Counts, other) => Err(format!("{}: only `SELECT count(*) FROM … WHERE …` is allowed", verb(&other))),
    }
}

fn of_delete(mut delete: Delete) -> Result<Shape, String> {
    if delete.using.is_some() || !delete.tables.is_empty() {
        return Err(ONE_TABLE.into());
    }
    if delete.returning.is_some() || delete.output.is_some() {
        return Err("RETURNING: what it returns would go nowhere".into());
    }
    if !delete.order_by.is_empty() || delete.limit.is_some() {
        return Err("ORDER BY or LIMIT would leave rows of the person; `rows_max` limits".into());
    }
    let condition = delete.selection.take().ok_or_else(no_where)?;
    let FromTable::WithFromKeyword(from) = &delete.from else { return Err("a DELETE without FROM".into()) };
    let table = single(from)?;
    let head = format!("{delete} WHERE ");
    Ok(Shape { head, writes: Some("DELETE"), count_head: counting(&table), table: table.name.clone(), condition })
}

fn of_update(mut update: Update) -> Result<Shape, String> {
    if update.from.is_some() {
        return Err(ONE_TABLE.into());
    }
    if update.returning.is_some() || update.output.is_some() {
        return Err("RETURNING: what it returns would go nowhere".into());
    }
    if !update.order_by.is_empty() || update.limit.is_some() {
        return Err("ORDER BY or LIMIT would leave rows of the person; `rows_max` limits".into());
    }
    if update.or.is_some() {
        return Err("OR before the table".into());
    }
    if update.assignments.iter().any(|set| has_placeholder(&set.value)) {
        return Err("a placeholder in SET would write the identifier into the table; it may stand in WHERE only".into());
    }
    let condition = update.selection.take().ok_or_else(no_where)?;
    let table = single(std::slice::from_ref(&update.table))?;
    let head = format!("{update} WHERE ");
    Ok(Shape { head, writes: Some("UPDATE"), count_head: counting(&table), table: table.name.clone(), condition })
}

fn of_count(query: Query) -> Result<Shape, String> {
    let select = plain(&query)?;
    let [SelectItem::UnnamedExpr(Expr::Function(function))] = select.projection.as_slice() else {
        return Err("only `SELECT count(*)` is allowed".into());
    };
    let is_star = matches!(&function.args, FunctionArguments::List(list)
        if matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]));
    if !function.name.to_string().eq_ignore_ascii_case("count")
        || !is_star
        || function.over.is_some()
        || function.filter.is_some()
    {
        return Err("only `SELECT count(*)` is allowed".into());
    }
    let condition = select.selection.clone().ok_or_else(no_where)?;
    let table = single(&select.from)?;
    Ok(Shape {
        head: counting(&table),
        writes: None,
        count_head: counting(&table),
        table: table.name.clone(),
        condition,
    })
}

/// A SELECT that only looks and has no more to it than tables and a condition.
pub(super) fn plain(query: &Query) -> Result<&Select, String> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return Err("a UNION, VALUES or another query that is no plain SELECT".into());
    };
    let more = query.with.is_some()
        || query.order_by.is_some()
        || query.limit_clause.is_some()
        || query.fetch.is_some()
        || !query.locks.is_empty()
        || query.for_clause.is_some()
        || select.into.is_some()
        || select.having.is_some()
        || !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
    if more {
        return Err(
            "a SELECT with WITH, INTO, GROUP BY, HAVING, ORDER BY, LIMIT or a lock; only WHERE is allowed".into()
        );
    }
    Ok(select)
}

/// The one table, named alone.
pub(super) struct Single<'a> {
    pub(super) name: &'a ObjectName,
    pub(super) alias: Option<&'a Ident>,
    /// As it stands in the statement.
    written: String,
}

pub(super) fn single(tables: &[TableWithJoins]) -> Result<Single<'_>, String> {
    match tables {
        [TableWithJoins { relation: relation @ TableFactor::Table { name, alias, args: None, .. }, joins }]
            if joins.is_empty() =>
        {
            Ok(Single { name, alias: alias.as_ref().map(|alias| &alias.name), written: relation.to_string() })
        }
        _ => Err(ONE_TABLE.into()),
    }
}

fn counting(table: &Single<'_>) -> String {
    format!("SELECT count(*) FROM {} WHERE ", table.written)
}

fn no_where() -> String {
    "there is no WHERE: it would erase everybody".into()
}

/// The first word of what is not allowed.
fn verb(statement: &Statement) -> String {
    let text = statement.to_string();
    text.split_whitespace().next().unwrap_or_default().to_uppercase()
}
