//! What PostgreSQL's errors mean, by <https://www.postgresql.org/docs/current/errcodes-appendix.html>.

use std::error::Error as _;

use quietus_plugin::ErrorClass::{NeedsOperator, Permanent, Retryable};

use crate::trouble::Trouble;

/// Reads a driver's error.
pub(super) fn trouble(error: &tokio_postgres::Error) -> Trouble {
    if let Some(said) = error.as_db_error() {
        return of(said.code().code());
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
        None => Trouble::said(Permanent, "the database's answer cannot be read"),
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

fn of(code: &str) -> Trouble {
    let (class, text) = match code {
        "28P01" | "28000" => (NeedsOperator, "the database refuses the user or the password"),
        "3D000" => (NeedsOperator, "there is no such database"),
        "42501" => (NeedsOperator, "the user lacks a permission"),
        "42P01" | "3F000" => (NeedsOperator, "a table is not there"),
        "42703" => (NeedsOperator, "a column is not there"),
        "42883" => (NeedsOperator, "a function, or an operator between these types, is not there"),
        // A failover passes: as a matter of the operator's, it would stop the queue until a person acts.
        "25006" => (Retryable, "the database is read-only: a replica, or one that recovers"),
        "53300" => (Retryable, "the database has too many connections"),
        "57P03" => (Retryable, "the database starts or stops"),
        "57P01" | "57P02" | "57P05" => return Trouble::lost(),
        "57014" => (Retryable, "it took longer than this call may take, and was rolled back"),
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
            Some("40" | "53" | "57" | "58") => (Retryable, "the database cannot do it now; rolled back"),
            Some("23") => (Permanent, "a constraint refuses it; rolled back"),
            Some("22") => (Permanent, "a value in the table does not fit the statement; rolled back"),
            _ => (Permanent, "the database refuses it; rolled back"),
        },
    };
    Trouble::said(class, format!("{text} (SQLSTATE {code})"))
}
