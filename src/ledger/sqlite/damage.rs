//! What is wrong with the ledger's file, once it is known: from then on nothing is written to it. A server notes it beside the
//! file too, so that commands and the next start know of it, whatever parts of the file they read.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::files::{Files, Overwritten};
use super::{LedgerError, integrity};
use crate::attention;
use crate::lock::lock;

/// How often a ledger may seem damaged to one process and be whole.
const PASSED_MAX: u32 = 10;

/// How often it is looked over then, before it is damaged.
const TRIES: u32 = 3;
const TRIES_APART: Duration = Duration::from_millis(50);

/// A damage, as it is written beside the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Noted {
    since: Timestamp,
    pub(super) what: String,
    /// Somebody has written into the file: it may be whole, and say what was so long ago.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) overwritten: bool,
}

/// Who notes a damage beside the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notes {
    /// A server: it has the file for itself.
    Beside,
    /// A command: what it wrote could belong to another user.
    Nowhere,
}

/// The damage of one ledger.
pub(super) struct Damage {
    files: Arc<Files>,
    notes: Notes,
    known: OnceLock<Noted>,
    /// How often something seemed damaged and was whole.
    passed: Mutex<u32>,
}

impl Damage {
    /// Knows what is noted beside the file.
    pub(super) fn of(files: Arc<Files>, notes: Notes) -> Arc<Self> {
        let known = OnceLock::new();
        if let Some(noted) = noted(files.ledger()) {
            known.get_or_init(|| noted);
        }
        Arc::new(Self { files, notes, known, passed: Mutex::new(0) })
    }

    /// Fails once a damage is known.
    pub(super) fn refuse(&self) -> Result<(), LedgerError> {
        match self.known.get() {
            Some(noted) => Err(LedgerError::Damaged(anyhow::Error::msg(noted.what.clone()))),
            None => Ok(()),
        }
    }

    /// What is known, for those who look for what needs a person.
    pub(super) fn known(&self) -> Option<attention::Damage> {
        self.known.get().map(|noted| attention::Damage { since: noted.since, what: noted.what.clone() })
    }

    /// Passes a result on, and remembers the first damage that one tells of. Blocks while the file is looked over, where it is
    /// SQLite that says so: a read that fails with an I/O error is damage to it (`SQLITE_IOERR_CORRUPTFS`).
    pub(super) fn seen<T>(&self, result: Result<T, LedgerError>) -> Result<T, LedgerError> {
        // What fails once a damage is known, follows from that: SQLite's words for it are many.
        if result.is_err() {
            self.refuse()?;
        }
        match result {
            Err(LedgerError::Damaged(cause)) if is_of_sqlite(&cause) && self.is_whole() => {
                tracing::warn!(error = format!("{cause:#}"), "the ledger seemed damaged, and is not");
                Err(LedgerError::Busy(cause))
            }
            Err(LedgerError::Damaged(cause)) => {
                let cause = self.explained(cause);
                self.note(format!("{cause:#}"), cause.is::<Overwritten>());
                Err(LedgerError::Damaged(cause))
            }
            other => other,
        }
    }

    /// Why it is damaged, where SQLite has stumbled over what another program did to the file before we have looked for that.
    fn explained(&self, cause: anyhow::Error) -> anyhow::Error {
        match self.files.unwritten() {
            Err(LedgerError::Damaged(overwritten)) if is_of_sqlite(&cause) => overwritten.context(format!("{cause:#}")),
            _ => cause,
        }
    }

    /// Looks the file over. Only so often: what its check does not find may be damaged all the same, and a disk that fails again and
    /// again needs a person.
    fn is_whole(&self) -> bool {
        // Held meanwhile: whoever stumbles over the same waits for what is found.
        let mut passed = lock(&self.passed);
        if self.known.get().is_some() || *passed >= PASSED_MAX {
            return false;
        }
        *passed += 1;
        for _ in 0..TRIES {
            if !matches!(integrity::at_once(self.files.ledger()), Err(LedgerError::Damaged(_))) {
                return true;
            }
            thread::sleep(TRIES_APART);
        }
        false
    }

    /// Remembers the first damage, and logs it: the one line that there is of it.
    pub(super) fn note(&self, what: String, overwritten: bool) {
        let mut is_new = false;
        let noted = self.known.get_or_init(|| {
            is_new = true;
            Noted { since: Timestamp::now(), what, overwritten }
        });
        if !is_new || self.notes == Notes::Nowhere {
            return;
        }
        tracing::error!(
            error = noted.what,
            "the ledger is damaged: nothing is received or erased until a person has acted"
        );
        if let Err(error) = write(&beside(self.files.ledger()), noted) {
            tracing::warn!(%error, "could not note the damage beside the ledger: commands may not know of it");
        }
    }
}

fn is_of_sqlite(cause: &anyhow::Error) -> bool {
    cause.is::<rusqlite::Error>() || cause.is::<integrity::Found>()
}

/// What a server has noted of a ledger.
pub(super) fn noted(ledger: &Path) -> Option<Noted> {
    match fs::read(beside(ledger)) {
        Ok(text) => Some(serde_json::from_slice(&text).unwrap_or_else(|_| unreadable())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(_) => Some(unreadable()),
    }
}

/// Forgets what was noted.
pub(super) fn forget(ledger: &Path) -> io::Result<()> {
    fs::remove_file(beside(ledger))
}

/// That there was one is known all the same.
fn unreadable() -> Noted {
    let what = "a server has noted a damage, and its note cannot be read".to_owned();
    Noted { since: Timestamp::now(), what, overwritten: false }
}

fn write(beside: &Path, noted: &Noted) -> io::Result<()> {
    use io::Write as _;

    let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(beside)?;
    file.write_all(&serde_json::to_vec(noted)?)?;
    file.sync_all()
}

fn beside(ledger: &Path) -> PathBuf {
    super::files::beside(ledger, "-damage")
}
