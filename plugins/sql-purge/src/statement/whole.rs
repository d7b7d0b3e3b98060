//! Whether each table in a statement is the whole table: a part of it is not all of the person's rows.

use std::ops::ControlFlow;

use sqlparser::ast::{Statement, TableFactor, TableInheritance, Visit as _, Visitor};

/// Refuses what looks at a part of a table, wherever a table stands.
pub(super) fn check(statement: &Statement) -> Result<(), String> {
    match statement.visit(&mut Parts) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(part) => Err(format!("{part}: it would leave rows of the person; name the table alone")),
    }
}

struct Parts;

impl Visitor for Parts {
    type Break = &'static str;

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        let part = match factor {
            TableFactor::Table { inheritance: Some(TableInheritance::Only { .. }), .. } => "ONLY",
            TableFactor::Table { partitions, .. } if !partitions.is_empty() => "PARTITION",
            TableFactor::Table { sample: Some(_), .. } | TableFactor::Derived { sample: Some(_), .. } => "TABLESAMPLE",
            TableFactor::Table { version: Some(_), .. } => "a version of a table",
            TableFactor::Table { with_hints, .. } if !with_hints.is_empty() => "a hint beside a table",
            TableFactor::Table { json_path: Some(_), .. } => "a path into a table",
            _ => return ControlFlow::Continue(()),
        };
        ControlFlow::Break(part)
    }
}
