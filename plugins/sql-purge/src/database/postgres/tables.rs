//! What PostgreSQL says of a statement's tables: whether it shows all of their rows, and compares them as they are.

use quietus_plugin::ErrorClass::NeedsOperator;
use tokio_postgres::types::{ToSql, Type};

use super::Session;
use super::codes::trouble;
use crate::database::hidden::{Relation, Sight};
use crate::statement::Uses;
use crate::trouble::Trouble;

/// A table that is not there is none of its rows; the statement itself tells of it.
const TABLES: &str = "SELECT t.name, c.relkind::text IN ('r', 'p'), row_security_active(c.oid), \
    has_any_column_privilege(c.oid, 'SELECT'), \
    EXISTS (SELECT 1 FROM pg_attribute a JOIN pg_collation l ON l.oid = a.attcollation \
    WHERE a.attrelid = c.oid AND a.attname::text = ANY($2) AND NOT l.collisdeterministic) \
    FROM unnest($1) AS t(name) JOIN pg_class c ON c.oid = to_regclass(t.name)";

impl Session {
    pub(in super::super) async fn examine(&mut self, uses: &Uses) -> Result<Sight, Trouble> {
        let tables: Vec<String> = uses.tables.iter().map(ToString::to_string).collect();
        let columns: Vec<&str> = uses.columns.iter().map(String::as_str).collect();
        let asked: [(&(dyn ToSql + Sync), Type); 2] = [(&tables, Type::TEXT_ARRAY), (&columns, Type::TEXT_ARRAY)];
        let rows = self.client.query_typed(TABLES, &asked).await.map_err(|e| trouble(&e))?;
        let mut sight = Sight::default();
        for row in rows {
            let said = |column: usize| row.try_get::<_, bool>(column).map_err(|e| trouble(&e));
            let relation = Relation {
                name: row.try_get(0).map_err(|e| trouble(&e))?,
                is_table: said(1)?,
                has_policy: said(2)?,
                is_readable: said(3)?,
            };
            self.trusts.judge(&relation, &mut sight)?;
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
