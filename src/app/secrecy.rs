//! Hardens a process that holds keys or personal data: no core file, no other process that reads its memory, and no text
//! of a panic, which quotes the data at hand.

use std::io::Write as _;
use std::panic::PanicHookInfo;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::panics::count_panic;

/// To be called at the start of every process that may come to hold keys, secrets or identifiers.
pub(crate) fn harden_process() {
    std::panic::set_hook(Box::new(tell));
    // Lowering a limit and giving up a right cannot be refused; where it is all the same, the program still works.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// Counts a panic, and says where it was, and not what it says: a slice out of bounds quotes its text.
fn tell(panic: &PanicHookInfo<'_>) {
    count_panic();
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    if tracing::dispatcher::has_been_set() {
        tracing::error!(place, "panicked; this is a bug");
    } else {
        // A standard error that is gone must not make a second panic of it.
        let _ = writeln!(std::io::stderr(), "panicked at {place}; this is a bug");
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The hook and the limits are a process's, so the test runs itself as one of its own.
    #[test]
    fn a_panic_shows_its_place_and_not_its_text() {
        const INNER: &str = "QUIETUS_TEST_PANICS";
        if std::env::var_os(INNER).is_some() {
            harden_process();
            assert!(
                std::fs::read_to_string("/proc/self/limits")
                    .expect("limits")
                    .lines()
                    .any(|line| line.split_whitespace().collect::<Vec<_>>()
                        == ["Max", "core", "file", "size", "0", "0", "bytes"])
            );
            assert_eq!(rustix::process::dumpable_behavior().expect("told"), DumpableBehavior::NotDumpable);
            panic!("{}", "canary");
        }
        let this = std::env::current_exe().expect("it runs");
        let name = "app::secrecy::tests::a_panic_shows_its_place_and_not_its_text";
        let inner = Command::new(this).args(["--exact", name, "--nocapture"]).env(INNER, "1").output().expect("runs");
        let said = String::from_utf8_lossy(&[inner.stdout, inner.stderr].concat()).into_owned();
        assert!(said.contains("panicked at src/app/secrecy.rs"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}
