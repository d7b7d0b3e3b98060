//! What MySQL and MariaDB say of a statement's tables: whether they show all of their rows, and whether what is done to them can be
//! rolled back.

use mysql_async::prelude::Queryable as _;
use quietus_plugin::ErrorClass::NeedsOperator;
use sqlparser::ast::ObjectName;

use super::Session;
use super::codes::trouble;
use crate::database::hidden::{Relation, Sight};
use crate::statement::Checked;
use crate::trouble::Trouble;

/// The kind of a table, and whether its engine has transactions. A table on which the user has no right is not shown.
const TABLE: &str = "SELECT t.TABLE_TYPE, e.TRANSACTIONS FROM information_schema.TABLES t \
    LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE \
    WHERE t.TABLE_SCHEMA = COALESCE(?, DATABASE()) AND t.TABLE_NAME = ?";

impl Session {
    pub(in super::super) async fn examine(&mut self, checked: &Checked) -> Result<Sight, Trouble> {
        let mut sight = Sight::default();
        for table in &checked.uses.tables {
            let (kind, transactions) = self.table(table).await?;
            let is_view = kind.ends_with("VIEW");
            if checked.writes.is_some() && *table == checked.table {
                suits(table, is_view, transactions.as_deref())?;
                sight.has_history = kind == "SYSTEM VERSIONED";
            }
            let name = table.to_string();
            self.trusts
                .judge(&Relation { name, is_table: !is_view, has_policy: false, is_readable: true }, &mut sight)?;
        }
        Ok(sight)
    }

    async fn table(&mut self, table: &ObjectName) -> Result<(String, Option<String>), Trouble> {
        let names: Vec<&str> =
            table.0.iter().filter_map(|part| part.as_ident()).map(|name| name.value.as_str()).collect();
        let (schema, name) = match names.as_slice() {
            [name] => (None, *name),
            [schema, name] => (Some(*schema), *name),
            _ => return Err(Trouble::said(NeedsOperator, "the table's name is not `table` or `schema.table`")),
        };
        let found = self.conn.exec_first(TABLE, (schema, name)).await.map_err(|e| trouble(&e))?;
        found.ok_or_else(|| {
            Trouble::said(NeedsOperator, format!("the table `{name}` is not there, or the user has no right on it"))
        })
    }
}

/// What cannot be rolled back must not be begun.
fn suits(table: &ObjectName, is_view: bool, transactions: Option<&str>) -> Result<(), Trouble> {
    match transactions {
        Some("YES") => Ok(()),
        _ if is_view => Err(Trouble::said(NeedsOperator, format!("`{table}`: it is a view: name the table itself"))),
        _ => Err(Trouble::said(
            NeedsOperator,
            "the table's engine has no transactions, so that nothing could be rolled back: `ALTER TABLE … ENGINE = InnoDB`",
        )),
    }
}
