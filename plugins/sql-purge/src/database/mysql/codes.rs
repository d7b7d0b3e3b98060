//! What MySQL's and MariaDB's errors mean, by <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html> and
//! <https://mariadb.com/kb/en/mariadb-error-code-reference/>.

use mysql_async::{DriverError, Error};
use quietus_plugin::ErrorClass::{NeedsOperator, Permanent, Retryable};

use crate::trouble::Trouble;

/// Reads a driver's error.
pub(super) fn trouble(error: &Error) -> Trouble {
    match error {
        Error::Server(said) => of(said.code, &said.state),
        Error::Io(_) | Error::Driver(DriverError::ConnectionClosed | DriverError::PoolDisconnected) => Trouble::lost(),
        Error::Driver(DriverError::PacketTooLarge) => {
            Trouble::said(NeedsOperator, "a statement is larger than the server's max_allowed_packet")
        }
        _ => Trouble::unreadable(),
    }
}

/// Reads the error of a connection that did not come about.
pub(super) fn connecting(error: &Error) -> Trouble {
    match error {
        Error::Driver(DriverError::NoClientSslFlagFromServer) => Trouble::said(
            NeedsOperator,
            "the database takes no TLS: set it up there; `tls = \"off\"` would send everything in the clear",
        ),
        Error::Driver(DriverError::UnknownAuthPlugin { .. } | DriverError::MysqlOldPasswordDisabled) => Trouble::said(
            NeedsOperator,
            "the user's kind of login is not known: use mysql_native_password or caching_sha2_password",
        ),
        Error::Io(mysql_async::IoError::Tls(mysql_async::TlsError::Tls(tls))) => Trouble::unreachable(tls),
        Error::Io(mysql_async::IoError::Io(io)) => Trouble::unreachable(io),
        other => trouble(other),
    }
}

/// Reads the error of a COMMIT: only a conflict's, and group replication's, is known to have rolled back.
pub(super) fn committing(error: &Error) -> Trouble {
    match error {
        Error::Server(said) if matches!(said.code, 1205 | 1213 | 3101) => of(said.code, &said.state),
        _ => Trouble::lost(),
    }
}

/// Two sides of a comparison have no character set in common. Not 3988, by which MySQL says that the column's has no such character
/// (<https://github.com/go-sql-driver/mysql/issues/1298>): it also comes and goes, so that it shows of no row that it is not there.
pub(super) fn says_that_the_value_fits_nowhere(error: &Error) -> bool {
    matches!(error, Error::Server(said) if matches!(said.code, 1267 | 1270 | 1271))
}

fn of(code: u16, state: &str) -> Trouble {
    let (class, text) = match code {
        1044 | 1045 | 1130 | 1251 | 1698 => (NeedsOperator, "the database refuses the user or the password"),
        1820 | 1862 | 3118 | 4151 => (NeedsOperator, "the user's password has expired, or the account is locked"),
        1129 => {
            (NeedsOperator, "the database blocks this host, after many connections that came to nothing: `FLUSH HOSTS`")
        }
        1049 => (NeedsOperator, "there is no such database"),
        1142 | 1143 | 1227 => return Trouble::lacks_right(format!("error {code}")),
        1370 => (NeedsOperator, "the user lacks EXECUTE on a function in it"),
        1146 => (NeedsOperator, "a table is not there"),
        1054 => (NeedsOperator, "a column is not there"),
        1305 | 1630 => (NeedsOperator, "a function is not there"),
        1093 => (NeedsOperator, "the table that is changed is also in a subquery, which MySQL does not accept"),
        1064 | 1149 | 1176 | 1235 | 1267 | 1270 | 1271 => (NeedsOperator, "the database does not accept the statement"),
        1048 => (Permanent, "a NOT NULL constraint refuses it; rolled back"),
        1062 => (Permanent, "a unique constraint refuses it; rolled back"),
        3819 | 4025 => (Permanent, "a CHECK constraint refuses it; rolled back"),
        1216 | 1217 | 1451 | 1452 => (
            Permanent,
            "a foreign key refuses it; rolled back. A statement before it has to erase what refers to these rows",
        ),
        1264 | 1265 | 1292 | 1366 | 1406 => (Permanent, "a value in the table does not fit the statement; rolled back"),
        _ => return passing(code, state),
    };
    Trouble::said(class, format!("{text} (error {code})"))
}

/// What the infrastructure says for a while, of nobody's record; and whatever else there is.
fn passing(code: u16, state: &str) -> Trouble {
    let text = match code {
        1040 | 1203 | 1226 => "the database has too many connections",
        1290 | 1792 | 1836 | 3989 => super::READ_ONLY,
        1047 | 3032 | 3100 | 3101 | 3168 => "the database's group or cluster is not ready, or fails over; rolled back",
        1205 | 3572 => "others held locks on its rows for too long; rolled back",
        1213 | 1614 | 1689 => "a deadlock; rolled back",
        // MariaDB since 11.6 by default: `innodb_snapshot_isolation`.
        1020 | 1412 => "others changed the same rows or tables meanwhile; rolled back",
        1243 | 1461 | 1615 => {
            "a prepared statement is not there any more, or there are too many: a proxy, or a table that was changed"
        }
        // What the operating system refuses: <https://dev.mysql.com/doc/mysql-errors/8.4/en/global-error-reference.html>.
        1..=999 => "the database's machine fails it: its disk, its files or its memory; rolled back",
        1021 | 1028 | 1037 | 1038 | 1041 | 1135 | 1206 | 1637 => {
            "the database lacks memory, disk or another means; rolled back"
        }
        1969 | 3024 => "it took longer than this call may take, and was rolled back",
        // Beyond what values alone can bring about, which is known before.
        3988 => "the database cannot convert a text to the column's character set",
        1053 | 1077 | 1079 | 1152 | 1158..=1161 | 1317 | 1927 | 3169 | 4031 => return Trouble::lost(),
        // A client's own numbers, and ProxySQL's and MaxScale's, come from what stands between.
        2000..=2099 | 9000..=9099 => return Trouble::lost(),
        _ if state.starts_with("08") => return Trouble::lost(),
        _ if state.starts_with("40") => "others changed the same rows meanwhile; rolled back",
        _ => return Trouble::said(Permanent, format!("the database refuses it; rolled back (error {code})")),
    };
    Trouble::said(Retryable, format!("{text} (error {code})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As users of failovers and proxies have reported: <https://github.com/go-sql-driver/mysql/pull/1660> (1290, 1836),
    /// <https://github.com/laravel/framework/issues/56944> (1020), <https://github.com/sysown/proxysql/issues/4823> (1615),
    /// <https://github.com/elixir-ecto/myxql/pull/205> (1243), <https://github.com/sysown/proxysql/issues/938> (1461),
    /// <https://github.com/sequelize/sequelize/issues/17891> (3988 that passes).
    #[test]
    fn what_passes_is_asked_again_and_stops_no_queue() {
        for code in [
            1290, 1792, 1836, 3989, // A failover's read-only moment.
            1047, 3032, 3100, 3101, 3168, // A group's or a cluster's.
            1020, 1205, 1206, 1213, 1412, 1614, 1637, 1689, 3572, // Others' work.
            1243, 1461, 1615, // Prepared statements behind a proxy.
            6, 20, 23, // The operating system's: a temporary file that is gone, a full disk, too many files.
            1021, 1037, 1038, 1040, 1041, 1135, 1203, 1226, 1969, 3024, // Means and time.
            1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1317, 1927, 3169, 4031, 2003, 2006, 2013,
            9001, // The connection.
            3988,
        ] {
            assert_eq!(of(code, "HY000").class(), Retryable, "{code}");
        }
        for state in ["08S01", "40001", "40000"] {
            assert_eq!(of(60_000, state).class(), Retryable, "{state}");
        }
    }

    #[test]
    fn what_only_a_person_can_mend_needs_one() {
        for code in [1044, 1045, 1049, 1054, 1064, 1129, 1142, 1143, 1146, 1227, 1370, 1698, 1820, 3118] {
            assert_eq!(of(code, "42000").class(), NeedsOperator, "{code}");
        }
        for code in [1048, 1062, 1292, 1451, 3819, 1644] {
            assert_eq!(of(code, "23000").class(), Permanent, "{code}");
        }
    }

    #[test]
    fn only_what_is_known_to_be_rolled_back_was_not_committed() {
        let said = |code, state: &str| {
            Error::Server(mysql_async::ServerError { code, message: "words".into(), state: state.into() })
        };
        for (code, is_known) in [(1205, true), (1213, true), (3101, true), (3100, false), (1290, false), (1180, false)]
        {
            assert_eq!(committing(&said(code, "HY000")).answered, is_known, "{code}");
        }
        for code in [1267, 1270, 1271] {
            assert!(says_that_the_value_fits_nowhere(&said(code, "HY000")), "{code}");
        }
    }
}
