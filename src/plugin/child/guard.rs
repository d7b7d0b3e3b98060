//! The process that watches a program from outside of its sandbox, where the program can neither stop nor end it: so that
//! nothing of the program's outlives the server, not even what it has started itself.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, getpid, kill_process, kill_process_group, setpgid};

use super::end::end_at_once;
use super::{native, sandbox};
use crate::plugin::cgroup;
use crate::plugin::launch::{Guard, Leftovers};

/// Starts the process that becomes the program, and ends as it ends. Ends it, and all that it has started, when the server is
/// gone.
pub(super) fn watch(task: &Guard, socket: UnixStream) -> ExitCode {
    let place = task.guards.as_deref();
    // Before anything of the program's runs. At the server's end, the kernel itself sends SIGHUP to a group in which somebody
    // is stopped, and this process is of that group.
    native::ignore_signals();
    if sandbox::outlive_parent().is_err() {
        return ExitCode::FAILURE;
    }
    // On the main thread, with which the program ends if this process is ended.
    let started = enter(place).and_then(|()| start(&socket));
    let Ok(mut program) = started else { return ExitCode::FAILURE };
    if sandbox::enter_for_watching().is_err() {
        end_all(place);
    }
    let server = task.clone();
    std::thread::spawn(move || {
        await_end_of_server();
        end_all(server.guards.as_deref());
    });
    // Open until this process is no more: when the server sees the socket's end, it can see how this process ended.
    let _socket = ManuallyDrop::new(socket);
    let ended = program.wait();
    end_what_is_left(task);
    ended.map_or(ExitCode::FAILURE, end_alike)
}

/// Ends what the program has started and left behind. By the program's end alone, nobody knows whether the server is there to do
/// that, or about to be killed. This process leaves the group first, to tell how the program ended: it joins the server's. Where the
/// server is gone, it cannot, and nobody wants to know.
fn end_what_is_left(task: &Guard) {
    let left = native::group_of_parent().is_some_and(|server| setpgid(None, Some(server)).is_ok());
    if !left {
        end_all(task.guards.as_deref());
    }
    if task.leftovers == Leftovers::Ended {
        let _ = kill_process_group(getpid(), Signal::KILL);
    }
}

fn enter(place: Option<&Path>) -> io::Result<()> {
    place.map_or(Ok(()), cgroup::enter)
}

/// Another one of this process, which is told what to run. In this one's group: by it, all are ended.
fn start(socket: &UnixStream) -> io::Result<Child> {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let socket = OwnedFd::from(socket.try_clone()?);
    Command::new("/proc/self/exe").arg0(name).args(arguments).env_clear().stdin(Stdio::from(socket)).spawn()
}

/// Ends all of the program's, and this process with them.
fn end_all(place: Option<&Path>) {
    if let Some(place) = place {
        cgroup::kill(place);
    }
    end_at_once();
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
        native::default_signals();
        let _ = kill_process(getpid(), signal);
    }
    status.code().and_then(|code| code.try_into().ok()).map_or(ExitCode::FAILURE, |code: u8| ExitCode::from(code))
}
