//! What PostgreSQL says of a statement's tables: whether it shows all of their rows, and compares them as they are.

use quietus_plugin::ErrorClass::NeedsOperator;
use tokio_postgres::types::{ToSql, Type};

use super::Session;
use super::codes::trouble;
use crate::database::hidden::{Relation, Rows, Sight, Triggers};
use crate::statement::Checked;
use crate::trouble::Trouble;

/// A table that is not there is none of its rows; the statement itself tells of it. A table's partitions, and what inherits from
/// it, are looked at with it: the rows of some may be on another server. What triggers and rules a table has, all may see.
const TABLES: &str = "SELECT t.name, c.relkind::text IN ('r', 'p'), row_security_active(c.oid), \
    has_any_column_privilege(c.oid, 'SELECT'), \
    EXISTS (SELECT 1 FROM pg_attribute a JOIN pg_collation l ON l.oid = a.attcollation \
    WHERE a.attrelid = c.oid AND a.attname::text = ANY($2) AND NOT l.collisdeterministic), tree.is_elsewhere, tree.has_triggers \
    FROM unnest($1) AS t(name) JOIN pg_class c ON c.oid = to_regclass(t.name) CROSS JOIN LATERAL ( \
    WITH RECURSIVE below(id) AS (SELECT c.oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN below ON i.inhparent = below.id) \
    SELECT bool_or(p.relkind::text = 'f') AS is_elsewhere, bool_or(p.relkind::text <> 'v' AND (p.relhasrules OR EXISTS ( \
    SELECT 1 FROM pg_trigger g WHERE g.tgrelid = p.oid AND NOT g.tgisinternal))) AS has_triggers \
    FROM below JOIN pg_class p ON p.oid = below.id) AS tree";

impl Session {
    pub(in super::super) async fn examine(&mut self, checked: &Checked) -> Result<Sight, Trouble> {
        let written = checked.writes.map(|_| checked.table.to_string());
        let tables: Vec<String> = checked.uses.tables.iter().map(ToString::to_string).collect();
        let columns: Vec<&str> = checked.uses.columns.iter().map(String::as_str).collect();
        let asked: [(&(dyn ToSql + Sync), Type); 2] = [(&tables, Type::TEXT_ARRAY), (&columns, Type::TEXT_ARRAY)];
        let rows = self.client.query_typed(TABLES, &asked).await.map_err(|e| trouble(&e))?;
        let mut sight = Sight::default();
        for row in rows {
            let said = |column: usize| row.try_get::<_, bool>(column).map_err(|e| trouble(&e));
            let name: String = row.try_get(0).map_err(|e| trouble(&e))?;
            let is_written = written.as_ref() == Some(&name);
            let rows = match (said(5)?, said(1)?) {
                (true, _) => Rows::Elsewhere,
                (false, true) => Rows::Here,
                (false, false) => Rows::Selected,
            };
            let relation = Relation { name, rows, is_written, has_policy: said(2)?, is_readable: said(3)? };
            self.trusts.judge(&relation, &mut sight)?;
            if is_written && said(6)? {
                sight.triggers = Triggers::Some;
            }
            // One that is not deterministic takes different texts for equal. Other types are of no concern here.
            if said(4)? {
                return Err(Trouble::said(
                    NeedsOperator,
                    "a column of its condition has a collation that is not deterministic, to which different identifiers can \
                     be equal: give the column another collation",
                ));
            }
        }
        Ok(sight)
    }
}
