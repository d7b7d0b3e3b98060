//! Whether the log of a ledger that nobody has open has lost something. SQLite replays it up to the first frame that is not
//! whole and says nothing of what came after it. Two things tell more, and cost nothing when receiving:
//!
//! - frames after the broken one. A commit is synced before the next one begins, so a commit that others follow was on the
//!   disk as a whole. The last one alone may have been torn by a crash of the machine, and nobody was told of it. The header
//!   is synced before all of them, so frames that belong together without one have lost it.
//! - the index (`-shm`), which a process that is killed leaves as it was. It says up to where commits were on the disk. After a crash of
//!   the machine it may be an older one, and says less.
//!
//! Formats: <https://www.sqlite.org/fileformat2.html#walformat> and <https://www.sqlite.org/walformat.html>.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::exclusive::{self, Exclusive, Looked};
use super::files::beside;
use crate::ledger::OpenError;

/// How often two files are read that change meanwhile.
const READS_MAX: usize = 5;
const READS_APART: Duration = Duration::from_millis(50);

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// Of a log that is read at once.
const BUFFER_BYTES: usize = 1 << 20;

type Salts = [u8; 8];
type Sum = (u32, u32);
/// How a log's checksums read numbers: in the byte order of the machine that made it.
type Adder = fn([u8; 4]) -> u32;

/// Why the log must not be replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Lost {
    #[error("its log is not whole from byte {0} on, and commits that were on the disk follow")]
    Broken(u64),
    #[error("its log has {there} whole frames, and {known} were committed")]
    Short { there: u32, known: u32 },
    #[error("its log is gone or another one, and of {known} frames that were committed, {moved} are in the file")]
    Gone { known: u32, moved: u32 },
}

impl Lost {
    fn advice(self) -> &'static str {
        match self {
            Self::Broken(_) => {
                "restore a backup. To go on without the rest of the log, cut it there (`truncate -s BYTE`), and move `-shm` away"
            }
            Self::Short { .. } => {
                "restore a backup, or bring the log back. To go on without what it has lost, move `-shm` away"
            }
            Self::Gone { .. } => {
                "restore a backup, or bring the log back. To go on without what it had, move `-shm` and `-wal` away"
            }
        }
    }
}

/// Fails when the log has lost what was committed. Called before this process opens the ledger: SQLite's locks on the index are
/// lost when a descriptor of it is closed. `own` is the lock of the caller, where it has one; while another process
/// has the ledger for itself, that one has looked.
pub(super) fn look(ledger: &Path, own: Option<&Exclusive>) -> Result<(), OpenError> {
    let failed = |error: io::Error| OpenError::Failed { ledger: ledger.display().to_string(), source: error.into() };
    let same_boot = match own {
        Some(own) => own.same_boot,
        None => match exclusive::look(ledger).map_err(failed)? {
            Looked::Held => return Ok(()),
            Looked::Free { same_boot } => same_boot,
        },
    };
    let mut lost = None;
    for _ in 0..READS_MAX {
        let before = index(ledger).map_err(failed)?;
        let log = log(ledger).map_err(failed)?;
        let found = judge(log, before, same_boot);
        let is_still = index(ledger).map_err(failed)? == before && lost == found.err();
        match found {
            Ok(()) => return Ok(()),
            // Seen twice, and nobody writes: another command beside this one would have gone on.
            Err(found) if is_still => {
                let (ledger, what) = (ledger.display().to_string(), found.to_string());
                return Err(OpenError::Damaged { ledger, what, advice: found.advice() });
            }
            Err(found) => lost = Some(found),
        }
        thread::sleep(READS_APART);
    }
    // Somebody is writing to it, so it is in use and SQLite's own business.
    Ok(())
}

fn judge(log: Option<Log>, index: Option<Index>, same_boot: bool) -> Result<(), Lost> {
    if let Some(broken) = log.and_then(|log| log.broken) {
        return Err(Lost::Broken(broken));
    }
    let Some(index) = index else { return Ok(()) };
    match log {
        Some(log) if log.salts == index.salts => {
            if log.committed < index.committed {
                return Err(Lost::Short { there: log.committed, known: index.committed });
            }
            Ok(())
        }
        // After a crash of the machine the index may be that of an earlier log.
        _ if !same_boot => Ok(()),
        // An older log beside a file that has moved on would be replayed over it.
        Some(log) if index.committed > 0 && log.committed > 0 => {
            Err(Lost::Gone { known: index.committed, moved: index.moved })
        }
        _ if index.moved < index.committed => Err(Lost::Gone { known: index.committed, moved: index.moved }),
        _ => Ok(()),
    }
}

/// What the index says of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Index {
    /// Frames up to the last commit.
    committed: u32,
    /// Frames that are in the file.
    moved: u32,
    salts: Salts,
}

fn index(ledger: &Path) -> io::Result<Option<Index>> {
    let Some(file) = open(&beside(ledger, "-shm"))? else { return Ok(None) };
    let mut head = [0; 100];
    match BufReader::new(file).read_exact(&mut head) {
        Ok(()) => Ok(Index::read(&head)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

impl Index {
    /// Two copies of 48 bytes, in the byte order of the machine. While they differ, somebody was writing them.
    fn read(head: &[u8; 100]) -> Option<Self> {
        let number = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().expect("four bytes"));
        let is_written = head[12] == 1 && head[..48] == head[48..96];
        let salts = head[32..40].try_into().expect("eight bytes");
        is_written.then(|| Self { committed: number(16), moved: number(96), salts })
    }
}

/// What is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Log {
    /// Frames up to the last commit that is replayed.
    committed: u32,
    salts: Salts,
    /// Where the first frame begins that is not whole, where commits follow it that were on the disk.
    broken: Option<u64>,
}

fn log(ledger: &Path) -> io::Result<Option<Log>> {
    let Some(mut file) = open(&beside(ledger, "-wal"))? else { return Ok(None) };
    let log = Log::read(BufReader::with_capacity(BUFFER_BYTES, &file))?;
    if log.is_some() {
        return Ok(log);
    }
    let Some(page) = page_bytes(ledger)? else { return Ok(None) };
    for adder in [u32::from_le_bytes as Adder, u32::from_be_bytes] {
        file.seek(SeekFrom::Start(HEADER_BYTES as u64))?;
        let log = Log::without_header(BufReader::with_capacity(BUFFER_BYTES, &file), page, adder)?;
        if log.is_some() {
            return Ok(log);
        }
    }
    Ok(None)
}

/// The size of the ledger's pages, where its file says it.
fn page_bytes(ledger: &Path) -> io::Result<Option<usize>> {
    let Some(mut file) = open(ledger)? else { return Ok(None) };
    let mut head = [0; 18];
    if !filled(&mut file, &mut head)? {
        return Ok(None);
    }
    let told = match u16::from_be_bytes([head[16], head[17]]) {
        // What does not fit into the field.
        1 => 65_536,
        told => usize::from(told),
    };
    Ok(Some(told).filter(|told| is_page_size(*told)))
}

fn is_page_size(bytes: usize) -> bool {
    (512..=65_536).contains(&bytes) && bytes.is_power_of_two()
}

impl Log {
    /// `None` when it has no header, as one that was just begun, or none that is whole.
    fn read(mut log: impl Read) -> io::Result<Option<Self>> {
        let mut header = [0; HEADER_BYTES];
        if !filled(&mut log, &mut header)? {
            return Ok(None);
        }
        let adder: Adder = match number(&header, 0) {
            0x377f_0682 => u32::from_le_bytes,
            0x377f_0683 => u32::from_be_bytes,
            _ => return Ok(None),
        };
        let page = number(&header, 8) as usize;
        let begin = sum(adder, (0, 0), &header[..24]);
        if begin != sum_at(&header, 24) || !is_page_size(page) {
            return Ok(None);
        }
        let salts: Salts = header[16..24].try_into().expect("eight bytes");
        let mut found = Self { committed: 0, salts, broken: None };
        let mut frame = vec![0; FRAME_HEADER_BYTES + page];
        let mut before = Some(begin);
        let mut first_broken = None;
        let mut follows_commit = false;
        let mut at: u32 = 0;
        while filled(&mut log, &mut frame)? {
            at += 1;
            // Of an earlier round of the log, or damaged: nothing can be linked to it.
            if frame[8..16] != salts {
                first_broken.get_or_insert(at);
                before = None;
                follows_commit = false;
                continue;
            }
            let told = sum_at(&frame, 16);
            let is_linked = before.is_some_and(|before| follows(adder, before, &frame));
            let is_commit = number(&frame, 4) != 0;
            // What each frame says of itself links the next one, also where the chain from the beginning is broken.
            before = Some(told);
            if !is_linked {
                first_broken.get_or_insert(at);
            }
            match first_broken {
                None if is_commit => found.committed = at,
                // Linked to that very commit, and not only beyond one: commits that failed leave frames behind, too.
                Some(broken) if is_linked && follows_commit => {
                    found.broken = Some((HEADER_BYTES + (broken as usize - 1) * frame.len()) as u64);
                    break;
                }
                _ => {}
            }
            follows_commit = is_commit;
        }
        Ok(Some(found))
    }

    /// The same of frames whose header is not whole: broken from its beginning, where there is a commit among them that belongs
    /// to the frame before it or after it. What each frame says of itself links the next one.
    fn without_header(mut frames: impl Read, page: usize, adder: Adder) -> io::Result<Option<Self>> {
        let mut frame = vec![0; FRAME_HEADER_BYTES + page];
        let mut before: Option<(Salts, Sum)> = None;
        let mut follows_commit = false;
        while filled(&mut frames, &mut frame)? {
            let salts: Salts = frame[8..16].try_into().expect("eight bytes");
            let is_linked = before.is_some_and(|(of, told)| of == salts && follows(adder, told, &frame));
            let is_commit = number(&frame, 4) != 0;
            if is_linked && (is_commit || follows_commit) {
                return Ok(Some(Self { committed: 0, salts, broken: Some(0) }));
            }
            before = Some((salts, sum_at(&frame, 16)));
            follows_commit = is_commit;
        }
        Ok(None)
    }
}

/// Whether a frame is whole, and follows what has this sum.
fn follows(adder: Adder, before: Sum, frame: &[u8]) -> bool {
    let of_header = sum(adder, before, &frame[..8]);
    sum(adder, of_header, &frame[FRAME_HEADER_BYTES..]) == sum_at(frame, 16)
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn sum_at(bytes: &[u8], at: usize) -> Sum {
    (number(bytes, at), number(bytes, at + 4))
}

/// The log's checksum, continued over further bytes.
fn sum(adder: Adder, from: Sum, bytes: &[u8]) -> Sum {
    bytes.chunks_exact(8).fold(from, |(first, second), pair| {
        let word = |at: usize| adder(pair[at..at + 4].try_into().expect("four bytes"));
        let first = first.wrapping_add(word(0)).wrapping_add(second);
        (first, second.wrapping_add(word(4)).wrapping_add(first))
    })
}

/// Fills the buffer; `false` at the end.
fn filled(log: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn open(path: &Path) -> io::Result<Option<File>> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests;
