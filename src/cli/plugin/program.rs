//! What becomes a plugin's process.

use crate::plugin::Program;

#[cfg(not(test))]
pub(super) fn program() -> Program {
    Program::this()
}

/// The test program is no `quietus`.
#[cfg(test)]
pub(super) fn program() -> Program {
    crate::plugin::tests::program()
}
