//! Reads an ELF file: its kind, its symbols, and the libraries that it needs. Loads nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use object::Endianness;
use object::elf::{self, FileHeader64};
use object::read::elf::{FileHeader as _, ProgramHeader as _, SectionTable, Sym as _};
use quietus_plugin::abi::ENTRY_SYMBOL;

use crate::plugin::regular;

/// A larger file is no plugin.
const FILE_BYTES_MAX: u64 = 1 << 30;
/// Where libraries are when nothing else is said.
const FOLDERS: [&str; 6] =
    ["/lib64", "/usr/lib64", "/lib", "/usr/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"];
const FOLDERS_AARCH64: [&str; 2] = ["/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

type Header = FileHeader64<Endianness>;

/// An ELF file of 64 bits.
#[derive(Debug, Default)]
pub(crate) struct Elf {
    /// A shared object; programs that can stand anywhere in memory are such, too.
    pub(crate) shared: bool,
    /// Has an interpreter, so it is a program.
    pub(crate) program: bool,
    pub(crate) exports: BTreeSet<String>,
    /// Symbols that others must provide.
    pub(crate) wants: Vec<String>,
    /// The libraries that it names.
    pub(crate) needs: Vec<String>,
    /// Where it says that they are.
    folders: Vec<PathBuf>,
    /// The newest version of glibc that a symbol is asked for in.
    pub(crate) glibc_wanted: Option<Glibc>,
    /// The newest version of glibc that it provides.
    pub(crate) glibc_offered: Option<Glibc>,
}

/// A version of glibc, such as 2.36.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Glibc(u32, u32);

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Why a file is not one that could be loaded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotElf {
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    #[error("is larger than 1 GiB")]
    TooLarge,
    #[error("is not an ELF file")]
    Other,
    #[error("is an ELF file of 32 bits")]
    Bits32,
    #[error("is a damaged ELF file: {0}")]
    Damaged(object::Error),
}

impl Elf {
    /// Reads the file at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self, NotElf> {
        let mut file = regular::open(path).map_err(NotElf::Unreadable)?;
        if file.metadata().map_err(NotElf::Unreadable)?.len() > FILE_BYTES_MAX {
            return Err(NotElf::TooLarge);
        }
        let mut data = Vec::new();
        file.read_to_end(&mut data).map_err(NotElf::Unreadable)?;
        match (data.get(..4), data.get(4)) {
            (Some(magic), Some(2)) if magic == elf::ELFMAG => {}
            (Some(magic), Some(1)) if magic == elf::ELFMAG => return Err(NotElf::Bits32),
            _ => return Err(NotElf::Other),
        }
        let mut elf = Self::parse(&data).map_err(NotElf::Damaged)?;
        elf.resolve_origin(path);
        Ok(elf)
    }

    fn parse(data: &[u8]) -> object::Result<Self> {
        let header = Header::parse(data)?;
        let endian = header.endian()?;
        let sections = header.sections(endian, data)?;
        let mut found = Self {
            shared: header.e_type(endian) == elf::ET_DYN,
            program: header.program_headers(endian, data)?.iter().any(|part| part.p_type(endian) == elf::PT_INTERP),
            ..Self::default()
        };
        let symbols = sections.symbols(endian, data, elf::SHT_DYNSYM)?;
        for symbol in symbols.iter().filter(|symbol| !symbol.is_local()) {
            let name = text(symbol.name(endian, symbols.strings())?);
            if !symbol.is_undefined(endian) {
                found.exports.insert(name);
            } else if !symbol.is_weak() && !name.is_empty() {
                found.wants.push(name);
            }
        }
        let dynamic = sections.dynamic_table(endian, data)?;
        for entry in &dynamic {
            match entry.tag {
                elf::DT_NEEDED => found.needs.push(text(dynamic.string(entry)?)),
                elf::DT_RUNPATH | elf::DT_RPATH => {
                    found.folders.extend(text(dynamic.string(entry)?).split(':').map(PathBuf::from));
                }
                _ => {}
            }
        }
        found.glibc_wanted = wanted(&sections, endian, data)?;
        found.glibc_offered = offered(&sections, endian, data)?;
        Ok(found)
    }

    /// Whether it exports the one function of a plugin's.
    pub(crate) fn exports_entry(&self) -> bool {
        ENTRY_SYMBOL.to_str().is_ok_and(|entry| self.exports.contains(entry))
    }

    fn resolve_origin(&mut self, path: &Path) {
        let Some(origin) = path.parent().and_then(Path::to_str) else { return };
        for folder in &mut self.folders {
            if let Some(named) = folder.to_str() {
                *folder = named.replace("${ORIGIN}", origin).replace("$ORIGIN", origin).into();
            }
        }
    }

    /// The file of a library that it names.
    fn locate(&self, name: &str) -> Option<PathBuf> {
        if name.contains('/') {
            return Some(PathBuf::from(name)).filter(|path| path.is_file());
        }
        let usual = FOLDERS.iter().chain(&FOLDERS_AARCH64).map(PathBuf::from);
        self.folders.iter().cloned().chain(usual).map(|folder| folder.join(name)).find(|path| path.is_file())
    }

    /// The wanted symbols that no library provides which it or one of those names; an error names a library that is not
    /// in the usual folders, as then nothing can be said.
    pub(crate) fn missing(&self) -> Result<Vec<&str>, String> {
        let mut seen = BTreeSet::new();
        let mut offered = BTreeSet::new();
        let mut next: Vec<PathBuf> = Vec::new();
        for name in &self.needs {
            next.push(self.locate(name).ok_or(name)?);
        }
        while let Some(path) = next.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let elf = Self::read(&path).map_err(|_| path.display().to_string())?;
            for name in &elf.needs {
                next.push(elf.locate(name).ok_or(name)?);
            }
            offered.extend(elf.exports);
        }
        Ok(self.wants.iter().map(String::as_str).filter(|name| !offered.contains(*name)).collect())
    }
}

/// The glibc that this program runs on; `None` for another libc.
pub(crate) fn this_glibc() -> Option<Glibc> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let libc =
        maps.lines().find_map(|line| line.split_whitespace().last().filter(|path| path.ends_with("/libc.so.6")))?;
    Elf::read(Path::new(libc)).ok()?.glibc_offered
}

fn wanted(sections: &SectionTable<'_, Header>, endian: Endianness, data: &[u8]) -> object::Result<Option<Glibc>> {
    let mut newest = None;
    if let Some((mut libraries, link)) = sections.gnu_verneed(endian, data)? {
        let strings = sections.strings(endian, data, link)?;
        while let Some((_, mut versions)) = libraries.next()? {
            while let Some(version) = versions.next()? {
                newest = newest.max(glibc(&text(version.name(endian, strings)?)));
            }
        }
    }
    Ok(newest)
}

fn offered(sections: &SectionTable<'_, Header>, endian: Endianness, data: &[u8]) -> object::Result<Option<Glibc>> {
    let mut newest = None;
    if let Some((mut versions, link)) = sections.gnu_verdef(endian, data)? {
        let strings = sections.strings(endian, data, link)?;
        while let Some((_, mut names)) = versions.next()? {
            if let Some(name) = names.next()? {
                newest = newest.max(glibc(&text(name.name(endian, strings)?)));
            }
        }
    }
    Ok(newest)
}

/// `GLIBC_2.36` or `GLIBC_2.2.5`.
fn glibc(version: &str) -> Option<Glibc> {
    let mut numbers = version.strip_prefix("GLIBC_")?.split('.').map(str::parse);
    Some(Glibc(numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_glibc_are_numbers() {
        assert_eq!(glibc("GLIBC_2.36"), Some(Glibc(2, 36)));
        assert_eq!(glibc("GLIBC_2.2.5"), Some(Glibc(2, 2)));
        assert_eq!(glibc("GLIBC_PRIVATE"), None);
        assert!(Glibc(2, 36) > Glibc(2, 4));
    }

    #[test]
    fn this_program_is_read() {
        let elf = Elf::read(Path::new("/proc/self/exe")).expect("an ELF file");
        assert!(elf.program && elf.glibc_wanted <= this_glibc(), "{:?}", elf.needs);
        assert_eq!(elf.missing(), Ok(Vec::new()));
    }

    #[test]
    fn what_is_no_elf_file_is_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = |bytes: &[u8]| {
            let file = folder.path().join("file");
            std::fs::write(&file, bytes).expect("written");
            Elf::read(&file).expect_err("no ELF file")
        };
        assert!(matches!(read(b"#!/bin/sh"), NotElf::Other));
        assert!(matches!(read(b"\x7fELF\x01 of 32 bits"), NotElf::Bits32));
        assert!(matches!(read(b"\x7fELF\x02 cut off"), NotElf::Damaged(_)));
        assert!(matches!(Elf::read(folder.path().join("none").as_path()), Err(NotElf::Unreadable(_))));
    }
}
