//! Whether a server follows another one, from which it has its rows. An ordinary replica takes changes of everybody, and what is erased
//! there stays on the primary; what is not there need not have arrived.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Error, Row};

use super::Session;
use super::codes::trouble;
use crate::database::terms::Serves;
use crate::told::Maker;
use crate::trouble::Trouble;

/// How many primaries MariaDB follows at the moment, which it shows to everybody:
/// <https://mariadb.com/kb/en/replication-and-binary-log-status-variables/>.
const RUNNING: &str = "SHOW GLOBAL STATUS LIKE 'Slaves_running'";

impl Session {
    pub(super) async fn follows(&mut self) -> Result<Serves, Trouble> {
        // All that it is set up to follow, also where that is stopped or has failed, and the right to see it.
        let (all, right) = match self.maker {
            Maker::Mariadb => ("SHOW ALL SLAVES STATUS", "REPLICA MONITOR"),
            Maker::Mysql => ("SHOW REPLICA STATUS", "REPLICATION CLIENT"),
        };
        if self.maker == Maker::Mariadb {
            let running: Option<(String, String)> = self.conn.query_first(RUNNING).await.map_err(|e| trouble(&e))?;
            if running.is_some_and(|(_, primaries)| primaries != "0") {
                return Ok(Serves::Replica);
            }
        }
        match self.conn.query::<Row, _>(all).await {
            Ok(rows) if rows.iter().any(|row| is_a_primarys(channel(row).as_deref())) => Ok(Serves::Replica),
            Ok(_) => Ok(Serves::All),
            // Whatever the reason: a right, or a server or proxy that does not know such a statement.
            Err(Error::Server(_)) => Ok(Serves::Hidden { right }),
            Err(error) => Err(trouble(&error)),
        }
    }
}

/// The name of a connection to a primary, in MySQL.
fn channel(row: &Row) -> Option<String> {
    row.get_opt::<Option<String>, _>("Channel_Name")?.ok().flatten()
}

/// A group of MySQL's has channels of its own among its members:
/// <https://dev.mysql.com/doc/refman/8.4/en/replication-channels.html>. Those that take no changes are read-only.
fn is_a_primarys(channel: Option<&str>) -> bool {
    channel.is_none_or(|name| !name.starts_with("group_replication_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_a_group_follow_nobody_by_that() {
        assert!(is_a_primarys(None) && is_a_primarys(Some("")) && is_a_primarys(Some("other_site")));
        assert!(!is_a_primarys(Some("group_replication_applier")));
        assert!(!is_a_primarys(Some("group_replication_recovery")));
    }
}
