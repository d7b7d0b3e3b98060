//! The file that becomes the plugin: hashed, compared with what the operator pinned, and kept as it was hashed.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use sha2::{Digest as _, Sha256};

use crate::plugin::launch::{Code, Debugger, Launch};

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
    kept: Kept,
}

enum Kept {
    /// A sealed copy in memory: writing over a file that is mapped would crash the process.
    Copy(File),
    /// The file that was hashed, whatever is at its path now.
    Opened(File),
    /// The path: a debugger or an interpreter has to find the file by it.
    Path,
}

/// Hashes the launch's file and compares.
pub(super) fn check(launch: &Launch) -> Result<Checked, String> {
    let path = launch.code.file();
    let wrong = |what: &'static str| move |e: io::Error| format!("cannot {what} {}: {e}", path.display());
    let mut file = File::open(path).map_err(wrong("open"))?;
    let size = file.metadata().map_err(wrong("look at"))?.len();
    if size > CODE_BYTES_MAX {
        return Err(format!("{} has {size} bytes; allowed are {CODE_BYTES_MAX}", path.display()));
    }
    let mut begins = [0; ELF.len()];
    let is_elf = file.read_at(&mut begins, 0).map_err(wrong("read"))? == ELF.len() && begins == *ELF;
    let copy = match (&launch.code, launch.debugger) {
        (_, Debugger::Awaited) => None,
        (Code::Library { .. }, _) => memory(),
        // What is pinned must be what is executed. Else a copy of what may be large is not worth its memory.
        (Code::Exec { .. }, _) if is_elf && launch.sha256.is_some() => memory(),
        (Code::Exec { .. }, _) => None,
    };
    // Copied while it is hashed: read a second time, it could be another file.
    let sha256 = hash(&mut file, copy.as_ref()).map_err(wrong("read"))?;
    if let Some(pinned) = launch.sha256.as_ref().filter(|pinned| !pinned.eq_ignore_ascii_case(&sha256)) {
        return Err(format!("{} has the SHA-256 {sha256}, and {pinned} is wanted (`sha256`)", path.display()));
    }
    let kept = match (copy, &launch.code) {
        (Some(copy), _) => {
            // For good: nobody who gets hold of the descriptor can change what was hashed.
            let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
            fcntl_add_seals(&copy, seals).map_err(|e| format!("cannot seal the copy of {}: {e}", path.display()))?;
            Kept::Copy(copy)
        }
        (None, _) if launch.debugger == Debugger::Awaited => Kept::Path,
        (None, Code::Exec { .. }) if !is_elf => Kept::Path,
        (None, _) => Kept::Opened(file),
    };
    Ok(Checked { path: path.to_owned(), sha256, kept })
}

/// A file in memory; `None` where code must not run from such files.
fn memory() -> Option<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // Kernels before 6.3 do not know the flag and allow what it asks for.
    let made = memfd_create("plugin", flags | MemfdFlags::EXEC).or_else(|_| memfd_create("plugin", flags));
    made.ok().map(File::from)
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
            Kept::Copy(file) | Kept::Opened(file) => format!("/proc/self/fd/{}", file.as_raw_fd()).into(),
            Kept::Path => self.path.clone(),
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
