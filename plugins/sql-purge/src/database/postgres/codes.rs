//! What PostgreSQL's errors mean, by <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use std::error::Error as _;

use quietus_plugin::ErrorClass::{NeedsOperator, Permanent, Retryable};

use crate::database::hidden::policy;
use crate::trouble::Trouble;

/// The function of the server's that refuses what row-level security would filter. Its words are in the server's language, and this
/// is in none: <https://www.postgresql.org/docs/current/protocol-error-fields.html>.
const REFUSES_TO_FILTER: &str = "check_enable_rls";

/// Reads a driver's error.
pub(super) fn trouble(error: &tokio_postgres::Error) -> Trouble {
    if let Some(said) = error.as_db_error() {
        return of(said.code().code(), said.routine());
    }
    if error.is_closed() {
        return Trouble::lost();
    }
    if is_login(error) {
        return Trouble::said(NeedsOperator, "the database asks for a password or another login: check `password`");
    }
    match error.source() {
        Some(source) if source.to_string().contains("does not support TLS") => Trouble::said(
            NeedsOperator,
            "the database takes no TLS: set it up there; `tls = \"off\"` would send everything in the clear",
        ),
        Some(source) if source.downcast_ref::<std::io::Error>().is_some() && !is_connecting(error) => Trouble::lost(),
        Some(_) => Trouble::unreachable(error),
        None => Trouble::unreadable(),
    }
}

/// Whether the two could not agree on a login. The driver tells this by its text only.
fn is_login(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    text.starts_with("invalid configuration") || text.starts_with("authentication error")
}

/// Whether no connection had come about.
fn is_connecting(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    text.starts_with("error connecting") || text.starts_with("error performing TLS")
}

/// The value is no value of the parameter's type, or is not in the database's character set.
pub(super) fn says_that_the_value_fits_nowhere(error: &tokio_postgres::Error) -> bool {
    let code = error.as_db_error().map(|said| said.code().code());
    matches!(code, Some("22P02" | "22003" | "22007" | "22008" | "22021" | "22P05" | "22001" | "23514"))
}

/// The server has not come to a transaction of that number.
pub(super) fn says_that_it_is_in_the_future(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|said| said.code().code() == "22023")
}

fn of(code: &str, routine: Option<&str>) -> Trouble {
    let (class, text) = match code {
        "28P01" | "28000" => (NeedsOperator, "the database refuses the user or the password"),
        "3D000" => (NeedsOperator, "there is no such database"),
        "42501" if routine == Some(REFUSES_TO_FILTER) => {
            return Trouble::said(NeedsOperator, policy("a table behind it"));
        }
        "42501" => return Trouble::lacks_right(format!("SQLSTATE {code}")),
        "42P01" | "3F000" => (NeedsOperator, "a table is not there"),
        "42703" => (NeedsOperator, "a column is not there"),
        "42883" => (NeedsOperator, "a function, or an operator between these types, is not there"),
        "42P18" => (NeedsOperator, "it is not clear of which type a placeholder is: cast it, as in `:email::text`"),
        // PgBouncer and its like give another session to each transaction; the next attempt has another name for it, or another
        // session. A change of a table's definition ends prepared statements, too.
        "42P05" | "26000" => {
            (Retryable, "a pooler shares its sessions, and one has a prepared statement too many or too few")
        }
        "25006" => (Retryable, super::READ_ONLY),
        "53300" => (Retryable, "the database has too many connections"),
        "57P03" => (Retryable, "the database starts or stops"),
        // The session is ended with the first of these, and nobody knows what became of the commit with the last.
        "57P01" | "57P02" | "57P05" | "25P03" | "25P04" | "40003" => return Trouble::lost(),
        "57014" => (Retryable, "it took longer than this call may take, and was rolled back"),
        "55006" | "72000" => (Retryable, "others use or have changed it meanwhile; rolled back"),
        "55P03" => (Retryable, "others held locks on its rows for too long; rolled back"),
        "40001" => (Retryable, "others changed the same rows meanwhile; rolled back"),
        "40P01" => (Retryable, "a deadlock; rolled back"),
        "23503" => (
            Permanent,
            "a foreign key refuses it; rolled back. A statement before it has to erase what refers to these rows",
        ),
        "23502" => (Permanent, "a NOT NULL constraint refuses it; rolled back"),
        "23505" => (Permanent, "a unique constraint refuses it; rolled back"),
        "23514" => (Permanent, "a CHECK constraint refuses it; rolled back"),
        other => match other.get(..2) {
            Some("08") => return Trouble::lost(),
            Some("28") => (NeedsOperator, "the database refuses the user"),
            Some("42") => (NeedsOperator, "the database does not accept the statement"),
            Some("25" | "26" | "40" | "53" | "57" | "58") => (Retryable, "the database cannot do it now; rolled back"),
            Some("23") => (Permanent, "a constraint refuses it; rolled back"),
            Some("22") => (Permanent, "a value in the table does not fit the statement; rolled back"),
            _ => (Permanent, "the database refuses it; rolled back"),
        },
    };
    Trouble::said(class, format!("{text} (SQLSTATE {code})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What poolers and failovers say, as their users have reported it: <https://github.com/pgbouncer/pgbouncer/issues/1118>,
    /// <https://github.com/launchbadge/sqlx/issues/67>, <https://github.com/MagicStack/asyncpg/issues/121>,
    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    #[test]
    fn what_passes_is_asked_again_and_stops_no_queue() {
        for code in [
            "42P05", "26000", // A prepared statement that is there already, or not any more.
            "25006", "57P01", "57P02", "57P03", "57P04", "57P05", // A failover.
            "08P01", "08000", "08003", "08006", "08001", "08004", // PgBouncer's own, whatever it is about.
            "25P02", "25P03", "25P04", "25001", // A transaction that somebody else has ended.
            "53300", "53400", "53200", "53100", "40001", "40P01", "40003", "55P03", "55006", "57014", "58000", "72000",
        ] {
            assert_eq!(of(code, None).class(), Retryable, "{code}");
        }
    }

    #[test]
    fn whether_a_commit_happened_is_open_where_the_session_ended() {
        for code in ["57P01", "57P02", "57P05", "08006", "08P01", "25P03", "25P04", "40003"] {
            assert!(!of(code, None).answered, "{code}");
        }
        for code in ["40001", "40P01", "23503", "25006", "42P05"] {
            assert!(of(code, None).answered, "{code}");
        }
    }

    #[test]
    fn what_only_a_person_can_mend_needs_one() {
        for code in ["28P01", "28000", "3D000", "42501", "42P01", "3F000", "42703", "42883", "42601", "42P18"] {
            assert_eq!(of(code, None).class(), NeedsOperator, "{code}");
        }
        for code in ["23503", "23502", "23505", "23514", "22012", "P0001"] {
            assert_eq!(of(code, None).class(), Permanent, "{code}");
        }
    }

    #[test]
    fn a_policy_is_told_from_a_missing_right() {
        let error = of("42501", Some("check_enable_rls")).in_statement_with("s", "SELECT on `t`");
        assert!(error.message.contains("row-level security hides rows of a table behind it"), "{}", error.message);
        let error = of("42501", Some("aclcheck_error")).in_statement_with("s", "SELECT on `t`");
        assert!(error.message.contains("it needs SELECT on `t` (SQLSTATE 42501)"), "{}", error.message);
    }
}
