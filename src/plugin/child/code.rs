//! The file that becomes the plugin: hashed, compared with what the operator pinned, and kept as it was hashed.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use sha2::{Digest as _, Sha256};

use super::besides::{besides, head};
use super::owned::only_ours;
use super::script::Interpreter;
use crate::plugin::launch::{Code, Debugger, Launch};
use crate::plugin::passing::{passes, retry};
use crate::plugin::regular;

/// The largest plugin file, in bytes.
const CODE_BYTES_MAX: u64 = 1 << 30;
/// What an executable in the machine's own format begins with; anything else is run by an interpreter.
const ELF: &[u8; 4] = b"\x7fELF";

/// A file that is what it should be.
pub(super) struct Checked {
    /// As the operator wrote it.
    pub(super) path: PathBuf,
    /// In hexadecimal.
    pub(super) sha256: String,
    /// Why what runs could be another file than the pinned one.
    pub(super) doubt: Option<String>,
    kept: Kept,
}

enum Kept {
    /// A sealed copy in memory: writing over a file that is mapped would crash the process.
    Copy(File),
    /// The same of a script, which its interpreter opens again by its descriptor.
    Script(File, Interpreter),
    /// The file that was hashed, whatever is at its path now.
    Opened(File),
    /// The path: a debugger or an interpreter has to find the file by it.
    Path,
}

/// What is done with a file, before it is read.
enum Keep {
    Copy,
    Script(Interpreter),
    Opened,
    Path { doubt: Option<String> },
}

/// Why it is not.
pub(super) enum NotChecked {
    Refused(String),
    /// The machine was too busy.
    Busy(String),
}

impl From<String> for NotChecked {
    fn from(why: String) -> Self {
        Self::Refused(why)
    }
}

/// Hashes the launch's file and compares.
pub(super) fn check(launch: &Launch) -> Result<Checked, NotChecked> {
    let path = launch.code.file();
    let wrong = |what: &'static str| {
        move |e: io::Error| {
            let why = format!("cannot {what} {}: {e}", path.display());
            if passes(&e) { NotChecked::Busy(why) } else { NotChecked::Refused(why) }
        }
    };
    let mut file = regular::open(path).map_err(wrong("open"))?;
    let metadata = file.metadata().map_err(wrong("look at"))?;
    let size = metadata.len();
    if size > CODE_BYTES_MAX {
        return Err(format!("{} has {size} bytes; allowed are {CODE_BYTES_MAX}", path.display()).into());
    }
    only_ours(path)?;
    let head = head(&file).map_err(wrong("read"))?;
    let interpreter = Interpreter::of(&head).map_err(|why| format!("{}: {why}", path.display()))?;
    let mut doubts = besides(launch, interpreter.as_ref())?;
    let keep = keep(launch, head.starts_with(ELF), interpreter)?;
    let copy = match &keep {
        Keep::Copy | Keep::Script(_) => memory(|flags| memfd_create("plugin", flags)).map_err(wrong("copy"))?,
        Keep::Opened | Keep::Path { .. } => None,
    };
    if copy.is_none() && launch.sha256.is_some() && matches!(keep, Keep::Copy | Keep::Script(_)) {
        return Err(format!(
            "{} is pinned by `sha256`, and cannot be run as it was hashed: this machine runs nothing from sealed memory \
             (vm.memfd_noexec?); allow that, or remove `sha256`",
            path.display()
        )
        .into());
    }
    // Copied while it is hashed: read a second time, it could be another file.
    let sha256 = hash(&mut file, copy.as_ref()).map_err(wrong("read"))?;
    if let Some(pinned) = launch.sha256.as_ref().filter(|pinned| !pinned.eq_ignore_ascii_case(&sha256)) {
        return Err(format!("{} has the SHA-256 {sha256}, and {pinned} is wanted (`sha256`)", path.display()).into());
    }
    let sealed = |copy| seal(copy, |copy, seals| fcntl_add_seals(copy, seals)).map_err(wrong("seal the copy of"));
    let kept = match (keep, copy) {
        (Keep::Copy, Some(copy)) => Kept::Copy(sealed(copy)?),
        (Keep::Script(by), Some(copy)) => Kept::Script(sealed(copy)?, by),
        (Keep::Copy | Keep::Script(_) | Keep::Opened, _) => Kept::Opened(file),
        (Keep::Path { doubt }, _) => {
            doubts.extend(doubt);
            Kept::Path
        }
    };
    let doubt = Some(doubts.join("; ")).filter(|doubts| !doubts.is_empty());
    Ok(Checked { path: path.to_owned(), sha256, doubt, kept })
}

/// What is pinned must be what is run. What is not need not be copied, except for a library: what may be large is not worth its
/// memory.
fn keep(launch: &Launch, is_elf: bool, interpreter: Option<Interpreter>) -> Result<Keep, String> {
    let is_pinned = launch.sha256.is_some();
    Ok(match (&launch.code, launch.debugger) {
        (_, Debugger::Awaited) if is_pinned => {
            return Err("a debugger has to find the file by its path, where it could be another one by then: remove \
                        `sha256` to debug the plugin"
                .into());
        }
        (_, Debugger::Awaited) => Keep::Path { doubt: None },
        (Code::Library { .. }, _) => Keep::Copy,
        (Code::Exec { .. }, _) => match (is_elf, is_pinned, interpreter) {
            (true, true, _) => Keep::Copy,
            (true, false, _) => Keep::Opened,
            (false, false, _) => Keep::Path { doubt: None },
            (false, true, Some(by)) if by.runs_descriptors() && by.is_plain() => Keep::Script(by),
            (false, true, by) => Keep::Path { doubt: Some(cannot_hold(by.as_ref())) },
        },
    })
}

fn cannot_hold(by: Option<&Interpreter>) -> String {
    if let Some(by) = by.filter(|by| by.runs_descriptors()) {
        let name = by.name();
        return format!(
            "the pin (`sha256`) cannot hold: by what the first line says besides, `{name}` may run something else; name nothing but \
             the interpreter there"
        );
    }
    let by = by.map_or_else(|| "its interpreter".to_owned(), |by| format!("`{}`", by.name()));
    format!(
        "the pin (`sha256`) cannot hold: {by} reads the file again by its path, where it can be another one by then, and files \
         beside it; keep the folder writable for nobody but root"
    )
}

/// A file in memory; `None` where code must not run from such files. `create` is the kernel's.
fn memory(create: impl Fn(MemfdFlags) -> rustix::io::Result<OwnedFd>) -> io::Result<Option<File>> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    retry(|| {
        // Kernels before 6.3 do not know the flag and allow what it asks for.
        match create(flags | MemfdFlags::EXEC).or_else(|_| create(flags)) {
            Ok(made) => Ok(Some(made.into())),
            Err(Errno::ACCESS | Errno::PERM | Errno::INVAL | Errno::NOSYS) => Ok(None),
            Err(other) => Err(other.into()),
        }
    })
}

/// For good: nobody who gets hold of the descriptor can change what was hashed. `add` is the kernel's.
fn seal(copy: File, mut add: impl FnMut(&File, SealFlags) -> rustix::io::Result<()>) -> io::Result<File> {
    let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    // The kernel refuses while it moves one of the pages.
    retry(|| Ok(add(&copy, seals)?))?;
    Ok(copy)
}

fn hash(file: &mut File, mut copy: Option<&File>) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 17];
    loop {
        let read = match file.read(&mut chunk)? {
            0 => return Ok(hex::encode(hash.finalize())),
            read => &chunk[..read],
        };
        hash.update(read);
        if let Some(copy) = &mut copy {
            copy.write_all(read)?;
        }
    }
}

impl Checked {
    /// What is to be loaded, or executed in place of this program.
    pub(super) fn file(&self) -> PathBuf {
        match &self.kept {
            Kept::Copy(file) | Kept::Script(file, _) | Kept::Opened(file) => {
                format!("/proc/self/fd/{}", file.as_raw_fd()).into()
            }
            Kept::Path => self.path.clone(),
        }
    }

    /// Leaves to the interpreter what it has to open.
    pub(super) fn hand_over(&self) -> io::Result<()> {
        match &self.kept {
            Kept::Script(file, _) => Ok(fcntl_setfd(file, FdFlags::empty())?),
            _ => Ok(()),
        }
    }

    /// What the interpreter is told besides.
    pub(super) fn environment(&self) -> Option<(&'static str, &'static str)> {
        match &self.kept {
            Kept::Script(_, by) => by.environment(),
            _ => None,
        }
    }
}

/// Returns when a debugger has attached.
pub(super) fn await_debugger() {
    while !is_traced() {
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_traced() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.strip_prefix("TracerPid:").is_some_and(|pid| pid.trim() != "0"))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rustix::fs::fcntl_get_seals;

    use super::*;

    #[test]
    fn a_busy_kernel_is_asked_again_to_make_the_copy_and_to_seal_it() {
        let refusals = Cell::new(4);
        let busy = |why: Errno| match refusals.get() {
            0 => Ok(()),
            left => {
                refusals.set(left - 1);
                Err(why)
            }
        };
        let made = memory(|flags| busy(Errno::NFILE).and_then(|()| memfd_create("plugin", flags)));
        let copy = made.expect("made in the end").expect("allowed here");
        refusals.set(2);
        let sealed = seal(copy, |copy, seals| busy(Errno::BUSY).and_then(|()| fcntl_add_seals(copy, seals)));
        let seals = fcntl_get_seals(sealed.expect("sealed in the end")).expect("known");
        assert!(seals.contains(SealFlags::WRITE | SealFlags::SEAL) && refusals.get() == 0, "{seals:?}");
    }

    #[test]
    fn what_does_not_pass_is_refused_at_once() {
        let mut asked = 0;
        let copy = memory(|flags| memfd_create("plugin", flags)).expect("made").expect("allowed here");
        let refused = seal(copy, |_, _| {
            asked += 1;
            Err(Errno::PERM)
        });
        assert!(refused.is_err() && asked == 1, "{asked}");
    }
}
