//! SQL through PostgreSQL's own client, past whatever is under test.

use std::path::Path;
use std::process::{Command, Stdio};

/// Runs SQL as a user in a database. Returns the rows, their columns separated by `|`, or what was said about the error.
pub(crate) fn psql(
    program: &Path,
    (host, port): (&Path, u16),
    database: &str,
    user: &str,
    sql: &str,
) -> Result<String, String> {
    let mut command = Command::new(program);
    // The developer's own settings would lead elsewhere.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
        command.env_remove(name);
    }
    command.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-h"]).arg(host).args(["-p", &port.to_string()]);
    command.args(["-U", user, "-d", database, "-c", sql]);
    command.env("PGCONNECT_TIMEOUT", "30").env("LC_ALL", "C").stdin(Stdio::null());
    let output = command.output().expect("psql runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// A name as SQL writes it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
