//! What each level promises, and the ways around it that are tried.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use serde_json::json;
use tempfile::TempDir;

use crate::plugin::launch::Level;

/// What a level adds to those before it.
pub(super) struct Promise {
    pub(super) level: Level,
    pub(super) text: &'static str,
    pub(super) ways: Vec<Way>,
}

/// A way around it.
pub(super) enum Way {
    /// Which must be refused.
    Refused(String),
    /// Which must come to no more than that: MiB, or descriptors.
    AtMost(&'static str, i32),
    /// For which the process must be ended, and the call told why.
    Ended(&'static str),
}

pub(super) const MEMORY_MIB: i32 = 64;
pub(super) const FILES: i32 = 40;
/// A file in memory, of which no plugin may make one where the kernel knows files.
pub(super) const IN_MEMORY: &str = "/dev/shm/quietus-of-a-plugin";
/// What a program is allowed all the same.
pub(super) const OF_LIBRARIES: &str = "a library starts no process and signals nobody";

fn refused(ways: impl IntoIterator<Item = impl Into<String>>) -> Vec<Way> {
    ways.into_iter().map(|way| Way::Refused(way.into())).collect()
}

/// Calls, with nothing in particular as arguments.
fn calls(numbers: &[i64]) -> Vec<Way> {
    refused(numbers.iter().map(|number| format!("sys {number}")))
}

/// What stands outside, for a plugin to reach for.
pub(super) struct Outside {
    folder: TempDir,
    pub(super) open: TcpListener,
    closed: TcpListener,
    _local: UnixListener,
}

impl Outside {
    pub(super) fn new() -> Self {
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

    pub(super) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(super) fn settings(&self) -> serde_json::Value {
        json!({
            "config": { "folder": self.path("mine"), "file": self.path("read") },
            "ports": [port(&self.open)],
            "limits": { "memory_mib": MEMORY_MIB, "files": FILES },
        })
    }
}

pub(super) fn port(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("known").port()
}

pub(super) fn promises(outside: &Outside) -> Vec<Promise> {
    let promise = |level, text, ways| Promise { level, text, ways };
    let mut all = basic();
    all.extend(syscalls(outside));
    let read = "only what the configuration names, and the system's libraries, can be read; of all else, whether it is there, its \
                size, mode, owner and times, and where a link leads";
    all.push(promise(Level::Files, read, {
        let server = std::process::id();
        let paths = ["/etc/passwd", "/root", "/tmp", "/proc", "/sys"].map(|path| format!("read {path}"));
        let mut ways = refused(paths);
        ways.extend(refused([format!("read /proc/{server}/environ"), format!("read /proc/{server}/mem")]));
        ways.extend(refused([format!("read {}", outside.path("secret")), format!("list {}", outside.path("."))]));
        let attributes =
            ["getxattr", "lgetxattr", "listxattr", "llistxattr", "fgetxattr", "flistxattr", "found-getxattr"];
        ways.extend(refused(attributes.map(|verb| format!("{verb} {}", outside.path("secret")))));
        ways.extend(calls(&[GETXATTRAT, LISTXATTRAT]));
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

pub(super) fn syscalls(outside: &Outside) -> Vec<Promise> {
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
        promise("no device is made", {
            let mut ways =
                refused(["whiteout", "whiteout-both"].map(|verb| format!("{verb} {}", outside.path("mine/a"))));
            ways.extend(calls(&[libc::SYS_mknodat]));
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

/// Since Linux 6.13.
const GETXATTRAT: i64 = 464;
const LISTXATTRAT: i64 = 465;

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
