//! What a statement touches, for questions about it to the server: the names in a table and a condition.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Ident, ObjectName, visit_expressions, visit_relations};

/// Names as the statement writes them.
pub(crate) struct Uses {
    pub(crate) tables: BTreeSet<ObjectName>,
    /// Without their tables; as PostgreSQL folds them.
    pub(crate) columns: BTreeSet<String>,
}

impl Uses {
    pub(super) fn of(table: &ObjectName, condition: &Expr) -> Self {
        let mut tables = BTreeSet::from([table.clone()]);
        let mut columns = BTreeSet::new();
        let _always_continues: ControlFlow<()> = visit_relations(condition, |name| {
            tables.insert(name.clone());
            ControlFlow::Continue(())
        });
        let _always_continues: ControlFlow<()> = visit_expressions(condition, |expr| {
            let column = match expr {
                Expr::Identifier(name) => Some(name),
                Expr::CompoundIdentifier(names) => names.last(),
                _ => None,
            };
            columns.extend(column.map(folded));
            ControlFlow::Continue(())
        });
        Self { tables, columns }
    }
}

fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}
