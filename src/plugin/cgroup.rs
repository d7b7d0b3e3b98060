//! Limits for a plugin's process together with all that it starts, where a part of the cgroup tree is delegated to the
//! server (cgroup v2, `Delegate=memory pids` of systemd). Elsewhere the limits of each process alone have to do.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use super::launch::Limits;
use crate::subject::TargetName;

/// What systemd marks delegated cgroups with (systemd.io/CGROUP_DELEGATION); without it, root could divide anything.
const MARKS: [&str; 2] = ["user.delegate", "trusted.delegate"];
/// The server's own leaf: a cgroup that has limits for its children holds no processes itself.
const SERVER: &str = "server";
const PLUGIN: &str = "plugin-";
/// A killed process is gone from its cgroup a moment later.
const EMPTY_TRIES: u32 = 20;
const EMPTY_PAUSE: Duration = Duration::from_millis(5);

/// A cgroup that is ours to divide.
#[derive(Debug)]
pub(crate) struct Delegated {
    root: PathBuf,
    made: AtomicU64,
}

impl Delegated {
    /// Takes what is delegated to this process, which moves into a leaf of its own. `None` where nothing is.
    pub(crate) fn take() -> Option<Self> {
        let own = own_cgroup()?;
        let root = match own.file_name() {
            Some(name) if name == SERVER => own.parent()?.to_owned(),
            _ => own,
        };
        let delegated = MARKS.iter().any(|mark| rustix::fs::getxattr(&root, *mark, &mut [0_u8; 8][..]).is_ok());
        if !delegated {
            return None;
        }
        match Self::divide(&root) {
            Ok(()) => Some(Self { root, made: AtomicU64::new(0) }),
            Err(error) => {
                tracing::warn!(cgroup = %root.display(), %error, "a delegated cgroup could not be divided");
                None
            }
        }
    }

    fn divide(root: &Path) -> io::Result<()> {
        let server = root.join(SERVER);
        fs::create_dir_all(&server)?;
        write(&server.join("cgroup.procs"), &std::process::id().to_string())?;
        for entry in fs::read_dir(root)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PLUGIN) {
                // Of a server that was killed.
                remove(&entry.path());
            }
        }
        // After the server has moved: the kernel divides no cgroup in which processes are.
        let there = fs::read_to_string(root.join("cgroup.controllers"))?;
        let wanted = ["memory", "pids"].into_iter().filter(|wanted| there.split_whitespace().any(|c| c == *wanted));
        let wanted: Vec<_> = wanted.map(|controller| format!("+{controller}")).collect();
        if wanted.is_empty() { Ok(()) } else { write(&root.join("cgroup.subtree_control"), &wanted.join(" ")) }
    }

    /// A cgroup for one process of a plugin's.
    pub(super) fn make(&self, plugin: &TargetName, limits: &Limits) -> io::Result<Cgroup> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let path = self.root.join(format!("{PLUGIN}{plugin}-{number}"));
        fs::create_dir(&path)?;
        let mut cgroup = Cgroup { path, limits: String::new() };
        let memory = (u64::from(limits.memory_mib) << 20).to_string();
        let processes = limits.processes.to_string();
        // No swap: what is beyond the limit would go there, secrets and identifiers with it, instead of ending the
        // process.
        for (file, limit) in [("memory.max", memory.as_str()), ("memory.swap.max", "0"), ("pids.max", &processes)] {
            // Not every controller is available everywhere; the limits that hold are shown to the operator.
            if write(&cgroup.path.join(file), limit).is_ok() {
                cgroup.limits += &format!(" {file}={limit}");
            }
        }
        Ok(cgroup)
    }
}

/// A plugin's cgroup. Its processes end, and it is removed, when it is dropped.
#[derive(Debug)]
pub(super) struct Cgroup {
    path: PathBuf,
    limits: String,
}

impl Cgroup {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The limits that hold, for the operator.
    pub(super) fn limits(&self) -> &str {
        if self.limits.is_empty() {
            "no limits: neither `memory` nor `pids` is delegated"
        } else {
            self.limits.trim_start()
        }
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        let path = std::mem::take(&mut self.path);
        // It may take a moment, and this may be a thread of the runtime's.
        std::thread::spawn(move || remove(&path));
    }
}

/// Into a file that is there: a cgroup's are not made by writing.
fn write(file: &Path, text: &str) -> io::Result<()> {
    fs::OpenOptions::new().write(true).open(file)?.write_all(text.as_bytes())
}

/// Ends all processes in it. Since Linux 5.14; before, the process group has to do.
pub(super) fn kill(cgroup: &Path) {
    let _ = write(&cgroup.join("cgroup.kill"), "1");
}

fn remove(cgroup: &Path) {
    kill(cgroup);
    for _ in 0..EMPTY_TRIES {
        match fs::remove_dir(cgroup) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => sleep(EMPTY_PAUSE),
            _ => return,
        }
    }
}

/// Moves this process into a cgroup.
pub(super) fn enter(cgroup: &Path) -> io::Result<()> {
    write(&cgroup.join("cgroup.procs"), "0")
}

/// The cgroup of this process, in the file system.
fn own_cgroup() -> Option<PathBuf> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(mount_point(&fs::read_to_string("/proc/self/mounts").ok()?)?.join(own))
}

/// Where cgroup v2 is mounted.
fn mount_point(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        // proc(5): what is mounted, where, and of which type.
        let mut fields = line.split(' ').skip(1);
        let at = fields.next()?;
        let kind = fields.next()?;
        (kind == "cgroup2").then(|| at.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unified_hierarchy_is_found_beside_others() {
        let mounts = "proc /proc proc rw 0 0\ncgroup /sys/fs/cgroup/pids cgroup rw,pids 0 0\n\
                      cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        assert_eq!(mount_point(mounts), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(mount_point("proc /proc proc rw 0 0\n"), None);
    }
}
