//! A command as a person on a terminal runs it.

use std::process::{Command, Stdio};

use super::Deployment;
use crate::interop::python;

impl Deployment {
    /// Runs a command on a terminal, and returns what is shown there.
    #[track_caller]
    pub(crate) fn on_terminal(&self, arguments: &[&str]) -> String {
        let program = "import os, pty, sys\nsys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";
        let mut command = Command::new(python());
        command.args(["-c", program, env!("CARGO_BIN_EXE_quietus"), "--config"]).arg(self.path("quietus.toml"));
        let output = command.args(arguments).stdin(Stdio::null()).output().expect("a terminal");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
        shown
    }
}
