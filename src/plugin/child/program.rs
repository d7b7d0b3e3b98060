//! A plugin that is a program: this process, confined, becomes it, with the socket as its standard input and output.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode, Stdio};

use quietus_plugin::PluginError;
use quietus_plugin::protocol::PluginMessage;

use super::code::Checked;
use super::native;
use super::script::SEARCHED;
use super::socket::send;

/// All that the program finds in its environment.
const ENVIRONMENT: [(&str, &str); 2] = [("PATH", SEARCHED), ("LANG", "C.UTF-8")];

/// Returns only when that fails; the host learns why.
pub(super) fn become_it(checked: &Checked, args: &[String], mut socket: UnixStream) -> ExitCode {
    let error = execute(checked, args, &socket);
    let why = format!("cannot execute {}: {error}{}", checked.path.display(), advice(&error));
    let error = PluginError::needs_operator(why);
    let _ = send(&mut socket, &PluginMessage::Error { id: None, error });
    ExitCode::FAILURE
}

fn execute(checked: &Checked, args: &[String], socket: &UnixStream) -> io::Error {
    let copy = || socket.try_clone().map(OwnedFd::from).map(Stdio::from);
    let (input, output) = match (copy(), copy(), checked.hand_over()) {
        (Ok(input), Ok(output), Ok(())) => (input, output),
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => return error,
    };
    let mut command = Command::new(checked.file());
    command.arg0(&checked.path).args(args).env_clear().envs(ENVIRONMENT).envs(checked.environment());
    // The process that watches it ignores them, and so has this one until now.
    native::default_signals();
    command.stdin(input).stdout(output).exec()
}

/// What the author should look at. The file itself is there: it has been hashed.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; is it executable? chmod +x FILE",
        io::ErrorKind::NotFound => "; the interpreter in its first line is not there, or may not be read",
        _ => "",
    }
}
