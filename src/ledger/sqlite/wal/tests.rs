//! Logs of ledgers whose process was killed: copies of the files of one that is open.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use super::super::schema;
use super::*;

const PAGE: u64 = 4_096;
const FRAME: u64 = FRAME_HEADER_BYTES as u64 + PAGE;

struct Ledger {
    dir: TempDir,
}

impl Ledger {
    fn path(&self) -> PathBuf {
        self.dir.path().join("ledger.db")
    }

    fn beside(&self, end: &str) -> PathBuf {
        beside(&self.path(), end)
    }

    /// The files as they are at this moment; whoever had them open is killed then, and the machine goes on.
    fn killed(&self) -> Self {
        let copy = Self { dir: tempfile::tempdir().expect("a directory") };
        for end in ["", "-wal", "-shm"] {
            fs::copy(self.beside(end), copy.beside(end)).expect("copied");
        }
        drop(Exclusive::take(&copy.path()).expect("nobody has it"));
        copy
    }

    /// The same, and the machine goes down: of the index nothing has come to the disk.
    fn crashed(&self) -> Self {
        let copy = self.killed();
        fs::remove_file(copy.beside("-shm")).expect("removed");
        copy
    }

    /// A copy of what a crash has left.
    fn crashed_again(&self) -> Self {
        let copy = Self { dir: tempfile::tempdir().expect("a directory") };
        for end in ["", "-wal"] {
            fs::copy(self.beside(end), copy.beside(end)).expect("copied");
        }
        copy
    }

    fn write(&self, commits: usize, bytes: usize) -> Connection {
        let connection = schema::open(&self.path()).expect("opens");
        for number in 0..commits {
            let sql = "REPLACE INTO meta (name, value) VALUES (?1, randomblob(?2))";
            connection.execute(sql, (format!("written {number}"), bytes as i64)).expect("written");
        }
        connection
    }

    fn frames(&self) -> u64 {
        (fs::metadata(self.beside("-wal")).expect("a log").len() - HEADER_BYTES as u64) / FRAME
    }

    /// The frames, counted from one, that end a commit.
    fn commits(&self) -> Vec<u64> {
        let log = fs::read(self.beside("-wal")).expect("read");
        let is_commit = |frame: &u64| number(&log, HEADER_BYTES + ((frame - 1) * FRAME) as usize + 4) != 0;
        (1..=self.frames()).filter(is_commit).collect()
    }

    /// Writes over so many bytes of a frame.
    fn damage(&self, frame: u64, from: u64, bytes: usize) {
        let log = OpenOptions::new().write(true).open(self.beside("-wal")).expect("a log");
        let at = HEADER_BYTES as u64 + (frame - 1) * FRAME + from;
        log.write_all_at(&vec![0xa5; bytes], at).expect("written");
    }

    fn cut(&self, frames: u64) {
        let log = OpenOptions::new().write(true).open(self.beside("-wal")).expect("a log");
        log.set_len(HEADER_BYTES as u64 + frames * FRAME).expect("cut");
    }

    /// What a server's start says.
    fn look(&self) -> Result<(), String> {
        let own = Exclusive::take(&self.path()).expect("nobody has it");
        look(&self.path(), Some(&own)).map_err(|error| error.to_string())
    }
}

fn ledger() -> (Ledger, Connection) {
    let ledger = Ledger { dir: tempfile::tempdir().expect("a directory") };
    let connection = ledger.write(8, 9_000);
    (ledger, connection)
}

#[test]
fn a_log_that_is_whole_is_replayed() {
    let (ledger, connection) = ledger();
    assert_eq!(ledger.killed().look(), Ok(()));
    assert_eq!(ledger.crashed().look(), Ok(()));
    // Also while it is moved, started over and cut to nothing.
    for mode in ["PASSIVE", "RESTART", "TRUNCATE"] {
        connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(())).expect("moved");
        assert_eq!(ledger.killed().look(), Ok(()), "{mode}");
        assert_eq!(ledger.crashed().look(), Ok(()), "{mode}");
        drop(ledger.write(2, 100));
        assert_eq!(ledger.killed().look(), Ok(()), "{mode}");
    }
    drop(connection);
    assert!(!ledger.beside("-wal").exists());
    assert_eq!(ledger.look(), Ok(()));
}

#[test]
fn after_a_kill_every_frame_that_is_cut_off_is_missed() {
    let (ledger, _connection) = ledger();
    let commits = ledger.frames();
    for left in [0, 1, commits / 2, commits - 1] {
        let killed = ledger.killed();
        killed.cut(left);
        let refused = killed.look().expect_err("it was cut");
        assert!(refused.contains("whole frames, and"), "{refused}");
        assert!(refused.contains("move `-shm` away"), "{refused}");
    }
    let killed = ledger.killed();
    fs::remove_file(killed.beside("-wal")).expect("removed");
    assert!(killed.look().expect_err("it is gone").contains("its log is gone"));
}

#[test]
fn a_log_that_is_in_the_file_already_is_not_missed() {
    let (ledger, connection) = ledger();
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).expect("moved");
    let killed = ledger.killed();
    fs::remove_file(killed.beside("-wal")).expect("removed");
    assert_eq!(killed.look(), Ok(()));
}

#[test]
fn another_log_is_not_replayed() {
    let (ledger, connection) = ledger();
    let earlier = ledger.killed();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("moved");
    drop(ledger.write(1, 100));
    let killed = ledger.killed();
    fs::copy(earlier.beside("-wal"), killed.beside("-wal")).expect("copied");
    assert!(killed.look().expect_err("it is another one").contains("another one"));
}

#[test]
fn after_a_crash_a_broken_frame_is_noticed_unless_it_is_of_the_last_commit() {
    let (ledger, _connection) = ledger();
    let commits = ledger.commits();
    let [.., before_last, last] = commits[..] else { panic!("{commits:?}") };
    assert_eq!(last, ledger.frames());
    for frame in 1..=last {
        // Of the page, and with the frame's header.
        for (from, bytes) in [(FRAME_HEADER_BYTES as u64 + 100, 4_000 - 100), (0, FRAME as usize)] {
            let crashed = ledger.crashed();
            crashed.damage(frame, from, bytes);
            let noticed = crashed.look().is_err();
            // Without its header, the end of the commit before the last one says nothing of itself.
            let is_known = frame <= before_last && (bytes < FRAME as usize || frame < before_last);
            assert_eq!(noticed, is_known, "frame {frame} of {commits:?}, {bytes} bytes");
            // Cut as the error advises, it is replayed up to there.
            if noticed {
                crashed.cut(frame - 1);
                assert_eq!(crashed.look(), Ok(()));
            }
        }
    }
}

#[test]
fn after_a_crash_a_log_without_its_header_is_noticed() {
    let (ledger, _connection) = ledger();
    let whole = ledger.crashed();
    let header = fs::read(whole.beside("-wal")).expect("a log")[..HEADER_BYTES].to_vec();
    // Each byte, and all of it.
    for damaged in 0..=HEADER_BYTES {
        let mut bytes = header.clone();
        match bytes.get_mut(damaged) {
            Some(byte) => *byte ^= 1,
            None => bytes.fill(0),
        }
        let crashed = whole.crashed_again();
        let log = OpenOptions::new().write(true).open(crashed.beside("-wal")).expect("a log");
        log.write_all_at(&bytes, 0).expect("written");
        let said = crashed.look().expect_err("it was whole");
        assert!(said.contains("not whole from byte 0 on"), "byte {damaged}: {said}");
        // Of frames that belong to nothing, nothing was on the disk.
        for frame in 1..=crashed.frames() {
            crashed.damage(frame, FRAME_HEADER_BYTES as u64 + 100, 100);
        }
        assert_eq!(crashed.look(), Ok(()), "byte {damaged}");
    }
    // Cut as the error advises, and as a file system leaves what was never written.
    let log = OpenOptions::new().write(true).open(whole.beside("-wal")).expect("a log");
    log.write_all_at(&[0; HEADER_BYTES], 0).expect("written");
    log.set_len(0).expect("cut");
    assert_eq!(whole.look(), Ok(()));
    log.set_len(HEADER_BYTES as u64 + 3 * FRAME).expect("longer");
    assert_eq!(whole.look(), Ok(()));
}

/// What a crash of the machine leaves of a commit that nobody was told of, and what is written over it.
#[test]
fn what_is_left_of_commits_that_failed_is_no_damage() {
    let (ledger, connection) = ledger();
    connection.execute("REPLACE INTO meta (name, value) VALUES ('last', randomblob(200000))", []).expect("written");
    let mut crashed = ledger.crashed();
    for bytes in [100_000, 50_000, 100] {
        let last = u64::from(log(&crashed.path()).expect("read").expect("a log").committed);
        let before_last = crashed.commits().into_iter().filter(|commit| *commit < last).max().expect("several");
        // The last commit fails, and its end stays behind the shorter one that is written over it.
        crashed.damage(before_last + 1, 100, 1_000);
        assert_eq!(crashed.look(), Ok(()), "before {bytes}");
        let connection = crashed.write(1, bytes);
        let next = crashed.crashed();
        drop(connection);
        crashed = next;
        assert_eq!(crashed.look(), Ok(()), "after {bytes}");
    }
}
