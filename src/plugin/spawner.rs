//! Starts processes from one thread that lives as long as this process: the kernel ends a child that asks for it when the
//! *thread* that started it ends, and those of a runtime come and go.

use std::io;
use std::sync::OnceLock;
use std::sync::mpsc::{SyncSender, sync_channel};

use tokio::process::{Child, Command};
use tokio::runtime::Handle;

/// What is to be started, the runtime that it belongs to, and who waits for it.
struct Order {
    command: Command,
    runtime: Handle,
    started: SyncSender<io::Result<Child>>,
}

/// Starts a process. Within a runtime, as it is waited for there.
pub(super) fn spawn(command: Command) -> io::Result<Child> {
    let gone = || io::Error::other("the thread that starts processes has ended");
    let runtime = Handle::try_current().map_err(io::Error::other)?;
    let (started, answer) = sync_channel(1);
    spawner()?.send(Order { command, runtime, started }).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

fn spawner() -> io::Result<&'static SyncSender<Order>> {
    static SPAWNER: OnceLock<SyncSender<Order>> = OnceLock::new();
    if let Some(spawner) = SPAWNER.get() {
        return Ok(spawner);
    }
    let (orders, queue) = sync_channel::<Order>(1);
    std::thread::Builder::new().name("spawner".into()).spawn(move || {
        for Order { mut command, runtime, started } in queue {
            let _within = runtime.enter();
            // Who asked may have given up; the child is then killed as it is dropped.
            let _ = started.send(command.kill_on_drop(true).spawn());
        }
    })?;
    Ok(SPAWNER.get_or_init(|| orders))
}
