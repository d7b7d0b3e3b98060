//! Why the file system did not do it, and what that means to the host. No path is told: identifiers stand there.

use std::io;

use quietus_plugin::{ErrorClass, PluginError};
use rustix::io::Errno;

/// `doing` is what was tried, such as "cannot delete a file".
pub(super) fn failed(doing: &str, errno: Errno) -> PluginError {
    match errno {
        // Of this file or folder; others may well be permitted.
        Errno::ACCESS | Errno::PERM => PluginError::permanent(format!(
            "{doing}: not permitted; give quietus's user the right to, and see whether it is immutable (`lsattr`)"
        )),
        Errno::ROFS => PluginError::needs_operator(format!("{doing}: the file system is mounted read-only")),
        Errno::XDEV => {
            PluginError::permanent(format!("{doing}: another file system is mounted there; make it a place of its own"))
        }
        Errno::NOSYS => PluginError::needs_operator(format!("{doing}: the kernel has no openat2 (since Linux 5.6)")),
        Errno::LOOP => linked(doing),
        errno => PluginError::retryable(format!("{doing}: {}", io::Error::from(errno).kind())),
    }
}

/// Of what every look passes: what would be one person's matter elsewhere is everybody's.
pub(super) fn for_everybody(error: PluginError) -> PluginError {
    let class = if error.class == ErrorClass::Permanent { ErrorClass::NeedsOperator } else { error.class };
    PluginError { class, ..error }
}

/// A symbolic link stands in a path.
pub(super) fn linked(doing: &str) -> PluginError {
    PluginError::permanent(format!("{doing}: a symbolic link stands in its place, and none is followed"))
}
