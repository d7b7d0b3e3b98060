//! What MySQL and MariaDB say of a statement's tables: whether they show all of their rows, whether what is done to them can be
//! rolled back, and what copies of their rows the server keeps.

use mysql_async::prelude::Queryable as _;
use quietus_plugin::ErrorClass::NeedsOperator;
use sqlparser::ast::ObjectName;

use super::Session;
use super::codes::trouble;
use crate::database::hidden::{Relation, Rows, Sight, Triggers};
use crate::statement::Checked;
use crate::told::Expires;
use crate::trouble::Trouble;

/// The kind of a table, its engine, and whether that has transactions. A table on which the user has no right is not shown.
const TABLE: &str = "SELECT t.TABLE_TYPE, t.ENGINE, e.TRANSACTIONS FROM information_schema.TABLES t \
    LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE \
    WHERE t.TABLE_SCHEMA = COALESCE(?, DATABASE()) AND t.TABLE_NAME = ?";

/// Whether a table has triggers, and how many rights the user has that show them, as far as the server lists the user's rights.
const TRIGGERS: &str = "SELECT EXISTS (SELECT 1 FROM information_schema.TRIGGERS \
    WHERE EVENT_OBJECT_SCHEMA = COALESCE(?, DATABASE()) AND EVENT_OBJECT_TABLE = ?), EXISTS (SELECT 1 FROM ( \
    SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES UNION ALL \
    SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) UNION ALL \
    SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.TABLE_PRIVILEGES \
    WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ?) rights WHERE PRIVILEGE_TYPE = 'TRIGGER' AND GRANTEE = \
    CONCAT(QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', 1)), '@', QUOTE(SUBSTRING_INDEX(CURRENT_USER(), '@', -1))))";

const BINARY_LOG: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_expire_logs_seconds')";

/// Engines whose tables show rows of another server, of files or of other tables: <https://mariadb.com/kb/en/storage-engines/>,
/// <https://dev.mysql.com/doc/refman/8.4/en/storage-engines.html>. MariaDB's FEDERATED says that it has transactions.
const ELSEWHERE: [&str; 8] = ["FEDERATED", "CONNECT", "SPIDER", "MRG_MYISAM", "BLACKHOLE", "S3", "SPHINX", "OQGRAPH"];

impl Session {
    pub(in super::super) async fn examine(&mut self, checked: &Checked) -> Result<Sight, Trouble> {
        let mut sight = Sight::default();
        for table in &checked.uses.tables {
            let (kind, engine, transactions) = self.table(table).await?;
            let is_view = kind.ends_with("VIEW");
            let is_written = checked.writes.is_some() && *table == checked.table;
            let rows = match (is_view, engine.as_deref().is_some_and(is_elsewhere)) {
                (true, _) => Rows::Selected,
                (false, true) => Rows::Elsewhere,
                (false, false) => Rows::Here,
            };
            if is_written && is_view {
                return Err(Trouble::said(NeedsOperator, format!("`{table}`: it is a view: name the table itself")));
            }
            let relation = Relation { name: table.to_string(), rows, is_written, has_policy: false, is_readable: true };
            self.trusts.judge(&relation, &mut sight)?;
            if is_written {
                suits(transactions.as_deref())?;
                sight.has_history = kind == "SYSTEM VERSIONED";
                sight.triggers = self.triggers(table).await?;
            }
        }
        Ok(sight)
    }

    /// What the server keeps of what went.
    pub(in super::super) async fn keeps(&mut self) -> Result<Vec<String>, Trouble> {
        let variables: Vec<(String, String)> = self.conn.query(BINARY_LOG).await.map_err(|e| trouble(&e))?;
        let of = |name: &str| variables.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let mut keeps = vec![self.maker.storage_keeps()];
        if of("log_bin").is_none_or(|value| !matches!(value, "OFF" | "0")) {
            let expires = match of("binlog_expire_logs_seconds").map(str::parse) {
                Some(Ok(0)) => Expires::Never,
                Some(Ok(seconds)) => Expires::After { seconds },
                _ => Expires::Unknown,
            };
            keeps.push(self.maker.binary_log_keeps(expires));
        }
        Ok(keeps)
    }

    async fn table(&mut self, table: &ObjectName) -> Result<(String, Option<String>, Option<String>), Trouble> {
        let (schema, name) = names(table)?;
        let found = self.conn.exec_first(TABLE, (schema, name)).await.map_err(|e| trouble(&e))?;
        found.ok_or_else(|| {
            Trouble::said(NeedsOperator, format!("the table `{name}` is not there, or the user has no right on it"))
        })
    }

    async fn triggers(&mut self, table: &ObjectName) -> Result<Triggers, Trouble> {
        let (schema, name) = names(table)?;
        let asked = (schema, name, schema, schema, name);
        let said: Option<(bool, bool)> = self.conn.exec_first(TRIGGERS, asked).await.map_err(|e| trouble(&e))?;
        Ok(match said {
            Some((true, _)) => Triggers::Some,
            Some((false, true)) => Triggers::None,
            _ => Triggers::Hidden,
        })
    }
}

fn names(table: &ObjectName) -> Result<(Option<&str>, &str), Trouble> {
    let names: Vec<&str> = table.0.iter().filter_map(|part| part.as_ident()).map(|name| name.value.as_str()).collect();
    match names.as_slice() {
        [name] => Ok((None, *name)),
        [schema, name] => Ok((Some(*schema), *name)),
        _ => Err(Trouble::said(NeedsOperator, "the table's name is not `table` or `schema.table`")),
    }
}

fn is_elsewhere(engine: &str) -> bool {
    ELSEWHERE.iter().any(|known| known.eq_ignore_ascii_case(engine))
}

/// What cannot be rolled back must not be begun.
fn suits(transactions: Option<&str>) -> Result<(), Trouble> {
    match transactions {
        Some("YES") => Ok(()),
        _ => Err(Trouble::said(
            NeedsOperator,
            "the table's engine has no transactions, so that nothing could be rolled back: `ALTER TABLE … ENGINE = InnoDB`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Engines of MariaDB's and MySQL's lists, as `information_schema` writes them; those that are plugins are not in Debian's core
    /// package, so that no server of the tests has them.
    #[test]
    fn what_shows_rows_of_others_is_told_from_a_table() {
        for engine in ["FEDERATED", "CONNECT", "SPIDER", "MRG_MyISAM", "BLACKHOLE", "S3", "SPHINX", "OQGRAPH"] {
            assert!(is_elsewhere(engine), "{engine}");
        }
        for engine in ["InnoDB", "MyISAM", "Aria", "MEMORY", "CSV", "ARCHIVE", "ROCKSDB", "ndbcluster"] {
            assert!(!is_elsewhere(engine), "{engine}");
        }
    }
}
