//! A plugin that is a program: started with the socket as its standard input and output, and watched. This process stays,
//! so that nothing of the plugin's outlives the server, not even what the program itself has started.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};

use quietus_plugin::PluginError;
use quietus_plugin::protocol::PluginMessage;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, getpid, kill_process};

use super::code::Checked;
use super::end::end_at_once;
use super::socket::send;

/// All that the program finds in its environment.
const ENVIRONMENT: [(&str, &str); 2] = [("PATH", "/usr/local/bin:/usr/bin:/bin"), ("LANG", "C.UTF-8")];

/// Runs the program, and ends as it ends. Ends it, and all that it has started, when the server is gone.
pub(super) fn guard(checked: &Checked, args: &[String], mut socket: UnixStream) -> ExitCode {
    match start(checked, args, &socket) {
        Ok(mut program) => {
            std::thread::spawn(|| {
                await_end_of_server();
                end_at_once();
            });
            // Open until this process is no more: when the server sees the socket's end, it can see how this process ended.
            let _socket = ManuallyDrop::new(socket);
            program.wait().map_or(ExitCode::FAILURE, end_alike)
        }
        Err(error) => {
            let why = format!("cannot execute {}: {error}{}", checked.path.display(), advice(&error));
            let error = PluginError::needs_operator(why);
            let _ = send(&mut socket, &PluginMessage::Error { id: None, error });
            ExitCode::FAILURE
        }
    }
}

fn start(checked: &Checked, args: &[String], socket: &UnixStream) -> io::Result<Child> {
    let copy = || socket.try_clone().map(OwnedFd::from).map(Stdio::from);
    Command::new(checked.file())
        .arg0(&checked.path)
        .args(args)
        .env_clear()
        .envs(ENVIRONMENT)
        .stdin(copy()?)
        .stdout(copy()?)
        .spawn()
}

/// What the author should look at. The file itself is there: it has been hashed.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "; is it executable? chmod +x FILE",
        io::ErrorKind::NotFound => "; the interpreter in its first line is not there, or may not be read",
        _ => "",
    }
}

/// The server reads our standard output to its own end, and nobody else does.
fn await_end_of_server() {
    let Ok(output) = rustix::io::dup(rustix::stdio::stdout()).map(File::from) else { return };
    let mut watched = [PollFd::new(&output, PollFlags::empty())];
    while !watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL) {
        let _ = poll(&mut watched, None);
    }
}

/// With the same code, or by the same signal.
fn end_alike(status: ExitStatus) -> ExitCode {
    if let Some(signal) = status.signal().and_then(Signal::from_named_raw) {
        let _ = kill_process(getpid(), signal);
    }
    status.code().and_then(|code| code.try_into().ok()).map_or(ExitCode::FAILURE, |code: u8| ExitCode::from(code))
}
