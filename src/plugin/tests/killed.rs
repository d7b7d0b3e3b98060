//! A server is killed while it has a plugin that leaves processes behind. This test program is started again as that server.

use std::process::{Child, Stdio};

use serde_json::json;

use super::exec::wayward;
use super::supervisor::Running;
use super::*;

/// The full name of the test below.
const SERVER: &str = "plugin::tests::killed::as_server";
/// The program, and what it has started.
const PROCESSES: usize = 5;
/// Where it goes wrong, it does not go wrong each time.
const ROUNDS: usize = 6;

/// Becomes a server with one plugin when it is started as [`Server::start`] starts it; otherwise there is nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_server() {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, name, exact, program, more @ ..] = arguments.as_slice() else { return };
    if name != SERVER || exact != "--exact" {
        return;
    }
    let running = Running::with(wayward(json!({ "exec": program, "args": more })), None).await;
    running.info();
    std::fs::write(Path::new(program).with_extension("up"), "").expect("written");
    std::future::pending::<()>().await;
}

struct Server {
    process: Child,
    folder: TempDir,
}

impl Server {
    /// With a plugin that is up.
    fn start(arguments: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let program = folder.path().join("lingering.py");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::copy(root.join("tests/plugins/lingering.py"), &program).expect("copied");
        let mut command = Command::new(std::env::current_exe().expect("known"));
        command.args([SERVER, "--exact"]).arg(&program).args(arguments);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let server = Self { process, folder };
        eventually("it is up", || program.with_extension("up").exists());
        eventually("all of it runs", || server.programs().len() == PROCESSES);
        server
    }

    /// The processes that run the program.
    fn programs(&self) -> Vec<u32> {
        let folder = self.folder.path().as_os_str().as_encoded_bytes();
        let runs_it = |id: &u32| {
            let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            *id != self.process.id() && line.windows(folder.len()).any(|part| part == folder)
        };
        let entries = std::fs::read_dir("/proc").expect("Linux");
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter(runs_it).collect()
    }
}

#[test]
fn nothing_outlives_a_killed_server_whether_the_program_stays_or_ends() {
    // The kernel sends a signal to a group that is left alone with a stopped process in it. And the end of the program is not
    // the end of what it has started.
    for arguments in [&[][..], &["ends"]] {
        for _ in 0..ROUNDS {
            let mut server = Server::start(arguments);
            server.process.kill().expect("it runs");
            server.process.wait().expect("it has ended");
            eventually("everything of the plugin's ends", || server.programs().is_empty());
        }
    }
}
