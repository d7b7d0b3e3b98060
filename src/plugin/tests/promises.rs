//! What each level of the sandbox promises, and several ways around each promise, none of which leads anywhere. The table is
//! printed, and stands in PLUGINS.md.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use libc::{EACCES, ENOSYS, EPERM};
use serde_json::json;

use super::exec::wayward;
use super::sandbox::Prober;
use super::supervisor::Running;
use super::*;
use crate::plugin::launch::Level;
use crate::target::{Answer, TargetError};

/// What a level adds to those before it.
struct Promise {
    level: Level,
    text: &'static str,
    ways: Vec<Way>,
}

/// A way around it.
enum Way {
    /// Which must be refused.
    Refused(String),
    /// Which must come to no more than that: MiB, or descriptors.
    AtMost(&'static str, i32),
    /// For which the process must be ended, and the call told why.
    Ended(&'static str),
}

const MEMORY_MIB: i32 = 64;
const FILES: i32 = 40;
/// A file in memory, of which no plugin may make one where the kernel knows files.
const IN_MEMORY: &str = "/dev/shm/quietus-of-a-plugin";
/// What a program is allowed all the same.
const OF_LIBRARIES: &str = "a library starts no process and signals nobody";

fn refused(ways: impl IntoIterator<Item = impl Into<String>>) -> Vec<Way> {
    ways.into_iter().map(|way| Way::Refused(way.into())).collect()
}

/// Calls, with nothing in particular as arguments.
fn calls(numbers: &[i64]) -> Vec<Way> {
    refused(numbers.iter().map(|number| format!("sys {number}")))
}

/// What stands outside, for a plugin to reach for.
struct Outside {
    folder: TempDir,
    open: TcpListener,
    closed: TcpListener,
    _local: UnixListener,
}

impl Outside {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        for name in ["secret", "read", "mine/a"] {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            std::fs::write(file, "x").expect("written");
        }
        let port = || TcpListener::bind("127.0.0.1:0").expect("a port");
        let local = UnixListener::bind(folder.path().join("socket")).expect("bound");
        Self { folder, open: port(), closed: port(), _local: local }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "config": { "folder": self.path("mine"), "file": self.path("read") },
            "ports": [port(&self.open)],
            "limits": { "memory_mib": MEMORY_MIB, "files": FILES },
        })
    }
}

fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("known").port()
}

fn promises(outside: &Outside) -> Vec<Promise> {
    let promise = |level, text, ways| Promise { level, text, ways };
    let mut all = basic();
    all.extend(syscalls(outside));
    all.push(promise(Level::Files, "only what the configuration names, and the system's libraries, can be read", {
        let server = std::process::id();
        let paths = ["/etc/passwd", "/root", "/tmp", "/proc", "/sys"].map(|path| format!("read {path}"));
        let mut ways = refused(paths);
        ways.extend(refused([format!("read /proc/{server}/environ"), format!("read /proc/{server}/mem")]));
        ways.extend(refused([format!("read {}", outside.path("secret")), format!("list {}", outside.path("."))]));
        ways
    }));
    all.push(promise(
        Level::Files,
        "only in the folders that the configuration names can anything be written or deleted",
        {
            let secret = outside.path("secret");
            let mut ways = refused(
                ["write", "unlink", "truncate", "rename", "link", "symlink"].map(|verb| format!("{verb} {secret}")),
            );
            ways.extend(refused(["write", "truncate", "empty"].map(|verb| format!("{verb} {}", outside.path("read")))));
            ways.extend(refused([format!("write {}", outside.path("new"))]));
            ways
        },
    ));
    all.push(promise(
        Level::Files,
        "no file is made in memory, where it would escape the limit and outlive its process",
        {
            let mut ways = refused([IN_MEMORY, "/dev/zero"].map(|file| format!("hog-file {file}")));
            ways.extend(refused([IN_MEMORY, "/run/of-a-plugin"].map(|file| format!("write {file}"))));
            ways
        },
    ));
    all.push(promise(
        Level::Network,
        "TCP connects to the ports that the configuration opens, and to 53, and nowhere else",
        {
            let (open, closed) = (port(&outside.open), port(&outside.closed));
            let ways = [
                format!("connect {closed}"),
                format!("fastopen {closed}"),
                format!("fastopen {open}"),
                "listen 0".into(),
            ];
            refused(ways)
        },
    ));
    all
}

fn basic() -> Vec<Promise> {
    let mut limits = refused(["big-stack"]);
    limits.extend(["hog", "hog-late", "hog-break"].map(|way| Way::AtMost(way, MEMORY_MIB)));
    limits.push(Way::AtMost("files", FILES));
    limits.extend(["hog-sealed", "hog-tables"].map(Way::Ended));
    vec![
        Promise {
            level: Level::Basic,
            text: "its memory, with what it may only read any more and page tables, its stack and its open files are limited",
            ways: limits,
        },
        Promise { level: Level::Basic, text: "it has no privileges and gets none", ways: refused(["privileges"]) },
    ]
}

fn syscalls(outside: &Outside) -> Vec<Promise> {
    let server = std::process::id();
    let promise = |text, ways| Promise { level: Level::Syscalls, text, ways };
    vec![
        promise("no system call but those that plugins live by", {
            let mut ways = calls(KERNEL);
            ways.extend(refused(["clone3", "dumpable", "unshare", "mount", "bpf", "io_uring"]));
            #[cfg(target_arch = "x86_64")]
            ways.extend(refused(["x32"]));
            ways
        }),
        promise("it reaches into no other process", {
            let verbs = ["ptrace", "memory", "prlimit", "nice", "affinity", "scheduler", "own"];
            let mut ways = refused(verbs.map(|verb| format!("{verb} {server}")));
            ways.extend(calls(&[
                libc::SYS_process_vm_writev,
                libc::SYS_process_madvise,
                libc::SYS_kcmp,
                libc::SYS_pidfd_getfd,
                libc::SYS_pidfd_send_signal,
                libc::SYS_move_pages,
                libc::SYS_migrate_pages,
            ]));
            ways.extend(refused(["nice-all"]));
            ways
        }),
        promise("mode, owner, times and attributes of files stay, and nobody watches them", {
            let verbs = [
                "chmod",
                "fchmod",
                "fchmodat2",
                "chmod-found",
                "chmod-empty",
                "chown",
                "lchown",
                "fchown",
                "setxattr",
                "lsetxattr",
                "fsetxattr",
                "removexattr",
                "utimensat",
                "utimes",
                "futimens",
                "watch",
                "fifo",
            ];
            let mut ways = refused(verbs.iter().map(|verb| format!("{verb} {}", outside.path("read"))));
            ways.extend(refused(["chmod", "chown", "utimes"].map(|verb| format!("{verb} {}", outside.path("mine/a")))));
            ways.extend(refused(
                ["run-as-owner", "of-the-group"].map(|verb| format!("{verb} {}", outside.path("mine/c"))),
            ));
            ways.extend(calls(&[libc::SYS_fanotify_init, libc::SYS_name_to_handle_at, libc::SYS_open_by_handle_at]));
            ways
        }),
        promise("no memory but that of files escapes the limit or outlives its process", {
            let none = ["hog-shared", "hog-validated", "hog-growing"].map(|way| Way::AtMost(way, 0));
            let mut ways = calls(&[
                libc::SYS_memfd_create,
                libc::SYS_memfd_secret,
                libc::SYS_shmget,
                libc::SYS_shmat,
                libc::SYS_semget,
                libc::SYS_msgget,
                libc::SYS_mq_open,
                libc::SYS_remap_file_pages,
            ]);
            ways.extend(none);
            ways.extend(refused(["socket-buffer", "pipe-buffer"]));
            ways
        }),
        promise(
            "TCP, UDP and name resolution are all of the network, and only where a port is open; it waits for no connection",
            {
                let kinds = [
                    (libc::AF_INET, libc::SOCK_STREAM, 262),
                    (libc::AF_INET6, libc::SOCK_STREAM, 262),
                    (libc::AF_INET, libc::SOCK_STREAM, 132),
                    (libc::AF_INET, libc::SOCK_SEQPACKET, 132),
                    (libc::AF_INET, libc::SOCK_STREAM, 256),
                    (libc::AF_INET, libc::SOCK_DGRAM, 1),
                    (libc::AF_INET, libc::SOCK_DGRAM, 136),
                    (libc::AF_INET, libc::SOCK_RAW, 255),
                    (libc::AF_PACKET, libc::SOCK_RAW, 0),
                    (libc::AF_VSOCK, libc::SOCK_STREAM, 0),
                    (libc::AF_ALG, libc::SOCK_SEQPACKET, 0),
                    (libc::AF_BLUETOOTH, libc::SOCK_RAW, 1),
                    (libc::AF_NETLINK, libc::SOCK_RAW, 9),
                    (43, libc::SOCK_STREAM, 0),
                ];
                let mut ways =
                    refused(kinds.map(|(family, kind, protocol)| format!("socket {family} {kind} {protocol}")));
                ways.extend(refused(["listen-unnamed", "tcp-option 31", "tcp-option 30", "tcp-option 19"]));
                ways.extend(calls(&[libc::SYS_listen, libc::SYS_accept, libc::SYS_accept4]));
                ways
            },
        ),
        promise("no socket in the file system is reached, unless the configuration names one", {
            refused([
                format!("local {}", outside.path("socket")),
                format!("socket {} {} 0", libc::AF_UNIX, libc::SOCK_DGRAM),
                format!("socket {} {} 0", libc::AF_UNIX, libc::SOCK_SEQPACKET),
                "abstract quietus-test".into(),
                "datagrams".into(),
            ])
        }),
        promise(OF_LIBRARIES, {
            let mut ways = refused(["fork", "exec", "kill -1", "kill 1"]);
            ways.extend(refused(["kill", "tgkill"].map(|verb| format!("{verb} {server}"))));
            ways.extend(calls(&[libc::SYS_execveat, libc::SYS_tkill, libc::SYS_pidfd_open]));
            ways.extend(refused([format!("sys {} {}", libc::SYS_clone, libc::SIGCHLD)]));
            ways
        }),
        promise("nothing leaves the group by which all ends, nor its parent, nor its namespaces", {
            let mut ways = calls(&[libc::SYS_setsid, libc::SYS_setpgid, libc::SYS_unshare, libc::SYS_setns]);
            // The signal at its parent's end that is taken back; another parent, a tracer and namespaces, of a thread as well.
            ways.extend(refused([format!("sys {} {}", libc::SYS_prctl, libc::PR_SET_PDEATHSIG)]));
            let flags = [
                libc::CLONE_PARENT,
                libc::CLONE_PTRACE,
                libc::CLONE_NEWUSER,
                libc::CLONE_NEWPID,
                libc::CLONE_NEWNET,
                libc::CLONE_NEWNS,
            ];
            let clone = libc::SYS_clone;
            ways.extend(refused(flags.map(|flag| format!("sys {clone} {}", flag | libc::CLONE_THREAD))));
            ways.extend(refused(flags.map(|flag| format!("sys {clone} {}", flag | libc::SIGCHLD))));
            ways
        }),
    ]
}

/// The kernel and the machine.
const KERNEL: &[i64] = &[
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_fsopen,
    libc::SYS_init_module,
    libc::SYS_io_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mknodat,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_personality,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapon,
    libc::SYS_sync,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

#[tokio::test]
#[expect(clippy::print_stdout, reason = "the table is what was tried")]
async fn no_way_leads_around_what_a_level_promises() {
    println!("{}", try_all(&program(), Level::Basic).await);
}

/// What a level promises holds by itself, and not by what a higher one refuses as well.
#[tokio::test]
async fn on_a_kernel_without_landlock_the_level_below_it_holds_too() {
    let program = without_landlock();
    let table = try_all(&program, Level::Syscalls).await;
    assert!(
        table.lines().any(|row| row.starts_with("| `files`") && row.ends_with("| not on this kernel |")),
        "{table}"
    );
    let outside = Outside::new();
    for file in [IN_MEMORY, "/dev/zero"] {
        let prober = Prober::start_as(program.clone(), outside.settings()).await;
        must_end(&prober, &format!("hog-file {file}")).await;
        prober.stop().await;
    }
    std::fs::remove_file(IN_MEMORY).expect("there, as files are the next level's");
}

/// On a kernel that seems to lack `landlock_create_ruleset`.
fn without_landlock() -> Program {
    let this = std::env::current_exe().expect("known").display().to_string();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/without.py");
    Program::new("/usr/bin/python3", [script, "444", this.leak(), CHILD, "--exact"])
}

/// Tries all ways around what this level and those above it promise; says how many there were.
async fn try_all(program: &Program, from: Level) -> String {
    let outside = Outside::new();
    let mut table = String::from("| level | what it promises | ways around it that were tried |\n|---|---|---|\n");
    for Promise { level, text, ways } in promises(&outside).into_iter().filter(|promise| promise.level >= from) {
        // What uses up memory would be in the way of what comes next.
        let prober = Prober::start_as(program.clone(), outside.settings()).await;
        if prober.level < level {
            let _ = writeln!(table, "| `{}` | {text} | not on this kernel |", level.as_str());
        } else {
            for way in &ways {
                try_way(program, &outside, &prober, text, way).await;
            }
            let _ = writeln!(table, "| `{}` | {text} | {} |", level.as_str(), ways.len());
        }
        prober.stop().await;
    }
    for name in ["secret", "read", "mine/a"] {
        let file = std::fs::metadata(outside.path(name)).expect("still there");
        assert_eq!((file.len(), file.permissions().mode() & 0o444), (1, 0o444), "{name} is as it was");
    }
    table
}

async fn try_way(program: &Program, outside: &Outside, prober: &Prober, text: &str, way: &Way) {
    let fresh = || Prober::start_as(program.clone(), outside.settings());
    match way {
        Way::Refused(what) => {
            let errno = prober.errno(what).await;
            assert!([EPERM, EACCES, ENOSYS].contains(&errno), "{text}: {what}: errno {errno}");
        }
        Way::AtMost(what, most) => {
            let fresh = fresh().await;
            let came = fresh.errno(what).await;
            assert!(came <= *most, "{text}: {what}: {came}");
            fresh.stop().await;
        }
        Way::Ended(what) => {
            let fresh = fresh().await;
            must_end(&fresh, what).await;
            fresh.stop().await;
        }
    }
}

/// Its process is ended for the memory that it has, and that is said.
async fn must_end(prober: &Prober, what: &str) {
    said_why(what, &prober.erase(what).await);
}

fn said_why(what: &str, ended: &Result<Answer, TargetError>) {
    let Err(TargetError::Retryable(why)) = ended else { panic!("{what}: {ended:?}") };
    let said = format!("`limits.memory_mib` is {MEMORY_MIB}");
    assert!(why.contains("its memory came to ") && why.contains(&said), "{what}: {why}");
}

#[test]
fn what_is_promised_stands_in_the_documentation() {
    let documented = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/PLUGINS.md")).expect("there");
    for Promise { level, text, .. } in promises(&Outside::new()) {
        let row = format!("| `{}` | {text} |", level.as_str());
        assert!(documented.contains(&row), "not in PLUGINS.md: {row}");
    }
}

/// A program is held to the same, but for what a program is allowed: children, and signals to them.
#[tokio::test]
async fn a_program_finds_no_way_around_either() {
    let outside = Outside::new();
    let running = Running::with(wayward(json!({ "ports": [port(&outside.open)] })), None).await;
    for Promise { text, ways, .. } in syscalls(&outside) {
        if text == OF_LIBRARIES {
            continue;
        }
        for way in ways {
            // The others are a library's to speak.
            if let Way::Refused(what) = way
                && (what.starts_with("sys ") || what.starts_with("socket "))
            {
                let errno = running.number(&what).await;
                assert!([EPERM, EACCES, ENOSYS].contains(&errno), "{text}: {what}: errno {errno}");
            }
        }
    }
    assert_eq!(running.number("children").await, 0, "it may start others, and speak with them");
    running.stop().await;
}

/// All that it has started counts, whoever its parent is; what several share counts once.
#[tokio::test]
async fn a_programs_memory_is_limited_together_with_that_of_what_it_starts() {
    let limits = json!({ "limits": { "memory_mib": MEMORY_MIB } });
    for what in ["hog-sealed", "hog-tables", "hog-spread"] {
        let running = Running::with(wayward(limits.clone()), None).await;
        said_why(what, &running.erase(what).await);
        running.stop().await;
    }
    let running = Running::with(wayward(limits), None).await;
    assert_eq!(running.number("share").await, 4);
    running.stop().await;
}

/// What a plugin's runtime does every day must go on: an allow-list that forbids it is wrong.
#[tokio::test]
async fn what_plugins_live_by_is_allowed() {
    let outside = Outside::new();
    let prober = Prober::start(outside.settings()).await;
    let open = port(&outside.open);
    let mine = outside.path("mine/b");
    let everyday = [
        format!("connect {open}"),
        format!("socket {} {} 0", libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK),
        format!("socket {} {} 17", libc::AF_INET6, libc::SOCK_DGRAM),
        format!("socket {} {} 0", libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC),
        "thread".into(),
        "affinity 0".into(),
        "own-signal".into(),
        "read /etc/hosts".into(),
        "read /proc/self/status".into(),
        "write /dev/null".into(),
        format!("write {mine}"),
        format!("read {mine}"),
        format!("rewrite {mine}"),
        format!("list {}", outside.path("mine")),
        format!("unlink {mine}"),
    ];
    for what in everyday {
        assert_eq!(prober.errno(&what).await, 0, "{what}");
    }
    prober.stop().await;
}

#[tokio::test]
async fn a_socket_in_the_file_system_is_reached_where_the_operator_names_it() {
    let outside = Outside::new();
    let local = outside.path("socket");
    let prober = Prober::start(json!({ "writes": [local] })).await;
    assert_eq!(prober.errno(&format!("local {local}")).await, 0);
    prober.stop().await;
}

#[tokio::test]
async fn a_plugin_without_a_port_has_no_network_at_all() {
    let outside = Outside::new();
    let prober = Prober::start(json!({})).await;
    for family in [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK] {
        for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM] {
            assert_eq!(prober.errno(&format!("socket {family} {kind} 0")).await, EPERM);
        }
    }
    assert_eq!(prober.errno(&format!("connect {}", port(&outside.open))).await, EPERM);
    prober.stop().await;
}
