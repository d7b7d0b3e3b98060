//! What MySQL's and MariaDB's errors mean, by <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html> and
//! <https://mariadb.com/kb/en/mariadb-error-code-reference/>.

use mysql_async::{DriverError, Error};
use quietus_plugin::ErrorClass::{NeedsOperator, Permanent, Retryable};

use crate::trouble::Trouble;

/// Reads a driver's error.
pub(super) fn trouble(error: &Error) -> Trouble {
    match error {
        Error::Server(said) => of(said.code),
        Error::Io(_) | Error::Driver(DriverError::ConnectionClosed | DriverError::PoolDisconnected) => Trouble::lost(),
        Error::Driver(DriverError::PacketTooLarge) => {
            Trouble::said(NeedsOperator, "a statement is larger than the server's max_allowed_packet")
        }
        _ => Trouble::said(Permanent, "the database's answer cannot be read"),
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

/// Reads the error of a COMMIT: only a conflict's is known to have rolled back.
pub(super) fn committing(error: &Error) -> Trouble {
    match error {
        Error::Server(said) if matches!(said.code, 1205 | 1213) => of(said.code),
        _ => Trouble::lost(),
    }
}

/// Two sides of a comparison have no character set in common.
pub(super) fn is_a_conflict_of_collations(error: &Error) -> bool {
    matches!(error, Error::Server(said) if matches!(said.code, 1267 | 1270 | 1271))
}

fn of(code: u16) -> Trouble {
    let (class, text) = match code {
        1044 | 1045 | 1130 | 1251 | 1698 => (NeedsOperator, "the database refuses the user or the password"),
        1049 => (NeedsOperator, "there is no such database"),
        1142 | 1143 | 1227 | 1370 => (NeedsOperator, "the user lacks a permission"),
        1146 => (NeedsOperator, "a table is not there"),
        1054 => (NeedsOperator, "a column is not there"),
        1305 | 1630 => (NeedsOperator, "a function is not there"),
        1093 => (NeedsOperator, "the table that is changed is also in a subquery, which MySQL does not accept"),
        1064 | 1149 | 1176 | 1235 | 1267 | 1270 | 1271 => (NeedsOperator, "the database does not accept the statement"),
        1040 | 1203 | 1226 => (Retryable, "the database has too many connections"),
        // A failover passes: as a matter of the operator's, it would stop the queue until a person acts.
        1290 | 1792 | 1836 => (Retryable, "the database is read-only: a replica, or one that recovers"),
        1205 => (Retryable, "others held locks on its rows for too long; rolled back"),
        1213 => (Retryable, "a deadlock; rolled back"),
        1969 | 3024 => (Retryable, "it took longer than this call may take, and was rolled back"),
        1053 | 1152 | 1159 | 1161 | 1317 | 1927 => return Trouble::lost(),
        1216 | 1217 | 1451 | 1452 => (
            Permanent,
            "a foreign key refuses it; rolled back. A statement before it has to erase what refers to these rows",
        ),
        1048 => (Permanent, "a NOT NULL constraint refuses it; rolled back"),
        1062 => (Permanent, "a unique constraint refuses it; rolled back"),
        3819 | 4025 => (Permanent, "a CHECK constraint refuses it; rolled back"),
        1264 | 1265 | 1292 | 1366 | 1406 => (Permanent, "a value in the table does not fit the statement; rolled back"),
        _ => (Permanent, "the database refuses it; rolled back"),
    };
    Trouble::said(class, format!("{text} (error {code})"))
}
