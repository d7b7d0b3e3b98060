//! Whether a file is made for this machine, told by the first bytes of it: what is not is started by a message of the kernel or the
//! loader that names something else, such as "No such file or directory".

use std::ffi::OsStr;
use std::io::Read as _;
use std::path::Path;

use object::elf::{self, Machine};

use super::launch::Code;
use super::regular;

/// Up to the machine, which stands behind the file's identification and kind.
const HEAD: usize = 20;

/// What a file says of itself, where it is an ELF file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Made {
    bits: u8,
    big_endian: bool,
    machine: u16,
}

impl Made {
    /// `None` for other files, such as scripts, and for those that cannot be read.
    pub(super) fn of(file: &Path) -> Option<Self> {
        let mut head = [0; HEAD];
        regular::open(file).ok()?.read_exact(&mut head).ok()?;
        Self::read(&head)
    }

    fn read(head: &[u8; HEAD]) -> Option<Self> {
        if head[..4] != elf::ELFMAG {
            return None;
        }
        let big_endian = head[5] == 2;
        let machine = [head[18], head[19]];
        let machine = if big_endian { u16::from_be_bytes(machine) } else { u16::from_le_bytes(machine) };
        Some(Self { bits: if head[4] == 1 { 32 } else { 64 }, big_endian, machine })
    }

    /// In words.
    pub(super) fn shown(self) -> String {
        let name = match Machine(self.machine) {
            elf::EM_X86_64 => "x86-64".into(),
            elf::EM_AARCH64 => "AArch64".into(),
            elf::EM_RISCV => "RISC-V".into(),
            elf::EM_386 => "x86".into(),
            elf::EM_ARM => "ARM".into(),
            elf::EM_PPC64 => "POWER".into(),
            elf::EM_S390 => "s390x".into(),
            other => format!("machine {}", other.0),
        };
        let bits = if self.bits == 32 { ", 32 bits" } else { "" };
        let order = if self.big_endian { ", big-endian" } else { "" };
        format!("{name}{bits}{order}")
    }
}

/// What to do about it.
pub(super) const BUILD_IT_HERE: &str = "build it for this machine";

/// Where the kernel is told how to run programs of other machines.
const FOREIGN: &str = "/proc/sys/fs/binfmt_misc";

/// Why what a plugin is made of cannot run on this machine; `None` where nothing speaks against it.
pub(super) fn misfit(code: &Code) -> Option<String> {
    let (made, this) = (Made::of(code.file())?, Made::of(Path::new("/proc/self/exe"))?);
    let runs = match code {
        Code::Library { .. } => made == this,
        // Emulators run any. Not the machine itself programs of 32 bits: the sandbox knows its own system calls only.
        Code::Exec { .. } => made == this || runs_foreign(),
    };
    (!runs).then(|| format!("it is made for {}, this machine is {}", made.shown(), this.shown()))
}

fn runs_foreign() -> bool {
    let own = |name: &OsStr| name == "register" || name == "status";
    std::fs::read_dir(FOREIGN).is_ok_and(|mut all| all.any(|one| one.is_ok_and(|one| !own(&one.file_name()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a library for another machine.
    fn foreign() -> Vec<u8> {
        let mut head = std::fs::read("/proc/self/exe").expect("this program")[..HEAD].to_vec();
        // PA-RISC, of which nobody runs this.
        head[18..].copy_from_slice(&15_u16.to_le_bytes());
        head
    }

    #[test]
    fn what_is_made_for_another_machine_is_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let misfit = |bytes: &[u8]| {
            let file = folder.path().join("file");
            std::fs::write(&file, bytes).expect("written");
            misfit(&Code::Library { file })
        };
        assert!(misfit(&foreign()).is_some_and(|why| why.starts_with("it is made for machine 15, this machine is ")));
        let mut small = foreign();
        small[4] = 1;
        assert!(misfit(&small).is_some_and(|why| why.contains("32 bits")));
        assert_eq!(misfit(&std::fs::read("/proc/self/exe").expect("this program")[..HEAD]), None);
        for other in [&b"#!/usr/bin/env python3\n"[..], b"", b"\x7fELF"] {
            assert_eq!(misfit(other), None);
        }
        let file = folder.path().join("file");
        std::fs::write(&file, &small).expect("written");
        let said = super::misfit(&Code::Exec { file, args: Vec::new() });
        assert!(runs_foreign() || said.is_some_and(|why| why.contains("32 bits")), "the sandbox would end it");
    }
}
