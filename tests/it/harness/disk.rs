//! A disk under a test's ledger that goes wrong as the test says, and of which the power is cut.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::server::Refused;
use super::{Deployment, Random, Server};

/// What goes wrong with a call that concerns the ledger or its log. The numbers are those of `tests/plugins/disk.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(crate) enum Fault {
    /// Nothing is written: an I/O error.
    WriteFails = 1,
    /// Nothing is written: the disk is full.
    DiskIsFull = 2,
    /// Only the first bytes are written, and the call says so.
    WriteIsShort = 3,
    /// Only the first bytes are written, and the call fails.
    WriteTears = 4,
    /// Only the first bytes are written, and the process is killed.
    WriteTearsAndKills = 5,
    /// What was written before is on the disk or not; no later call will say.
    SyncFails = 6,
    /// It says that all is on the disk, and has done nothing.
    SyncLies = 7,
    /// The process is killed before it.
    SyncKills = 8,
    SyncIsSlow = 9,
    ReadFails = 10,
}

/// When something goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) fault: Fault,
    /// So many calls of its kind go well first.
    pub(crate) after: i64,
    /// So many go wrong then.
    pub(crate) times: i64,
    /// The bytes that are written all the same, or the milliseconds that it takes.
    pub(crate) amount: i64,
}

/// The size of what is written as a whole or not at all.
const SECTOR: usize = 512;

/// The disk under one deployment's ledger. Whoever writes to the ledger has to be started through it, or a power cut would take
/// that away.
pub(crate) struct Disk {
    folder: TempDir,
    ledger: PathBuf,
    /// What was surely on the disk when the journal began: the ledger and its log, where they were there.
    base: [Option<Vec<u8>>; 2],
}

impl Disk {
    /// Under a deployment that has no ledger yet.
    pub(crate) fn new(deployment: &Deployment) -> Self {
        let folder = TempDir::with_prefix("quietus-disk-").expect("a temporary folder");
        let ledger = fs::canonicalize(deployment.folder()).expect("a folder").join("quietus.db");
        let disk = Self { folder, ledger, base: [None, None] };
        fs::write(disk.orders(), [0; 40]).expect("written");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/disk.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"]).arg(disk.library()).arg(source);
        assert!(cc.status().expect("a C compiler named `cc`").success());
        disk
    }

    /// From now on, calls go wrong.
    pub(crate) fn order(&self, order: Order) {
        let Order { fault, after, times, amount } = order;
        self.write_orders([fault as i64, after, times, amount]);
    }

    /// From now on, no call goes wrong.
    pub(crate) fn mend(&self) {
        self.write_orders([0; 4]);
    }

    /// How many calls have gone wrong so far.
    pub(crate) fn hits(&self) -> i64 {
        let orders = fs::read(self.orders()).expect("the orders");
        i64::from_ne_bytes(orders[32..40].try_into().expect("eight bytes"))
    }

    fn write_orders(&self, orders: [i64; 4]) {
        let bytes: Vec<u8> = orders.into_iter().flat_map(i64::to_ne_bytes).collect();
        // Written over and not replaced: the programs have mapped it.
        let file = fs::OpenOptions::new().write(true).open(self.orders()).expect("the orders");
        // Disarmed first: half of an order must not be obeyed.
        file.write_all_at(&0_i64.to_ne_bytes(), 0).expect("written");
        file.write_all_at(&bytes[8..], 8).expect("written");
        file.write_all_at(&bytes[..8], 0).expect("written");
    }

    /// Starts a server on it, which may refuse to start.
    pub(crate) fn try_start(&self, deployment: &Deployment, settings: &[(&str, &str)]) -> Result<Server, Refused> {
        let mut env = Command::new("env");
        env.arg(format!("LD_PRELOAD={}", self.library().display()));
        for (name, path) in self.environment() {
            env.arg(format!("{name}={}", path.display()));
        }
        Server::try_start_through(env, deployment, settings)
    }

    /// Has a command write to it.
    pub(crate) fn under(&self, command: &mut Command) {
        command.env("LD_PRELOAD", self.library()).envs(self.environment());
    }

    #[track_caller]
    pub(crate) fn start(&self, deployment: &Deployment, settings: &[(&str, &str)]) -> Server {
        self.try_start(deployment, settings).unwrap_or_else(|refused| panic!("{refused:#?}"))
    }

    fn environment(&self) -> [(&'static str, PathBuf); 3] {
        [
            ("QUIETUS_TEST_ORDERS", self.orders()),
            ("QUIETUS_TEST_JOURNAL", self.journal()),
            ("QUIETUS_TEST_LEDGER", self.ledger.clone()),
        ]
    }

    /// After the server was killed: leaves what may be on the disk of a machine that has lost its power at that moment, and makes
    /// it another run of the machine.
    pub(crate) fn cut_power(&mut self, random: &mut Random) {
        let journal = fs::read(self.journal()).expect("a journal");
        assert!(!journal.is_empty(), "the server has not written through this disk");
        let left = after_power_cut(std::mem::take(&mut self.base), &journal, random);
        for (path, file) in [self.ledger.clone(), self.beside("-wal")].iter().zip(&left) {
            match file {
                Some(bytes) => fs::write(path, bytes).expect("written"),
                None => drop(fs::remove_file(path)),
            }
        }
        // The index may be any that was written back; SQLite makes it anew.
        if random.below(2) == 0 {
            drop(fs::remove_file(self.beside("-shm")));
        }
        fs::write(self.beside(".lock"), "1\nanother run of the machine\n").expect("written");
        self.base = left;
        fs::write(self.journal(), "").expect("written");
    }

    fn beside(&self, end: &str) -> PathBuf {
        format!("{}{end}", self.ledger.display()).into()
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join("disk.so")
    }

    fn orders(&self) -> PathBuf {
        self.folder.path().join("orders")
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal")
    }
}

/// What was done to a file.
#[derive(Clone, Debug)]
enum Change {
    Written { at: usize, bytes: Vec<u8> },
    Cut { to: usize },
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Written { at, bytes } => {
                file.resize(file.len().max(at + bytes.len()), 0);
                file[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Self::Cut { to } => file.resize(*to, 0),
        }
    }

    /// The sectors of it that reached the disk, by chance.
    fn torn(&self, random: &mut Random) -> Vec<Self> {
        let Self::Written { at, bytes } = self else { return Vec::new() };
        let mut sectors = Vec::new();
        let mut begin = 0;
        while begin < bytes.len() {
            let end = (SECTOR - (at + begin) % SECTOR + begin).min(bytes.len());
            sectors.push(Self::Written { at: at + begin, bytes: bytes[begin..end].to_vec() });
            begin = end;
        }
        sectors.retain(|_| random.below(2) == 0);
        sectors
    }
}

/// What was not synced, and how much of it reaches the disk all the same.
fn reaches(pending: &[Change], random: &mut Random) -> Vec<Change> {
    match random.below(4) {
        0 => Vec::new(),
        1 => pending.to_vec(),
        // In another order than they were written: any of them, and one only in part.
        _ => {
            let torn = random.below(pending.len().max(1) as u64) as usize;
            let mut all = Vec::new();
            for (index, change) in pending.iter().enumerate() {
                if index == torn {
                    all.extend(change.torn(random));
                } else if random.below(2) == 0 {
                    all.push(change.clone());
                }
            }
            all
        }
    }
}

fn after_power_cut(base: [Option<Vec<u8>>; 2], journal: &[u8], random: &mut Random) -> [Option<Vec<u8>>; 2] {
    let mut files = base;
    let mut pending = [Vec::new(), Vec::new()];
    let mut rest = journal;
    // The last record may be cut off with the process that wrote it.
    while let Some((head, after)) = rest.split_at_checked(16) {
        let (what, file) = (head[0], usize::from(head[1]));
        let length = u32::from_ne_bytes(head[4..8].try_into().expect("four bytes")) as usize;
        let offset = u64::from_ne_bytes(head[8..16].try_into().expect("eight bytes")) as usize;
        let Some((bytes, after)) = after.split_at_checked(length) else { break };
        rest = after;
        let (on_disk, pending) = (&mut files[file], &mut pending[file]);
        let mut write = |changes: Vec<Change>| {
            for change in changes {
                change.apply(on_disk.get_or_insert_default());
            }
        };
        match what {
            b'W' => pending.push(Change::Written { at: offset, bytes: bytes.to_vec() }),
            b'T' => pending.push(Change::Cut { to: offset }),
            b'S' => write(std::mem::take(pending)),
            // What is lost now is in memory only, and counts as written.
            b'F' => write(reaches(&std::mem::take(pending), random)),
            b'U' => {
                pending.clear();
                *on_disk = None;
            }
            other => panic!("the journal says {other}"),
        }
    }
    for (file, pending) in files.iter_mut().zip(pending) {
        let reached = reaches(&pending, random);
        // An entry in a folder is there at once; what is in the file is not.
        if !pending.is_empty() {
            file.get_or_insert_default();
        }
        for change in reached {
            change.apply(file.get_or_insert_default());
        }
    }
    files
}
