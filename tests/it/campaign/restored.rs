//! Backups are made and restored, and the ledger's file is removed, moved or replaced by an older one, under a server and
//! between two; a person does what the start's refusal says. No receipt's number is issued twice, and what was acknowledged is
//! lost only where an older ledger was taken instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::engine::Campaign;
use super::site::{One, Site as _};
use super::{chosen, run, ways};
use crate::harness::{Deployment, ERASE, Random, StandIn, wait_for};

/// What happens to the ledger in a round.
#[derive(Clone, Copy, Debug)]
enum Event {
    Nothing,
    BackedUp,
    /// A backup takes its place.
    Restored,
    /// Its file is removed under the server.
    Removed,
    /// Its file is moved away under the server, and back when that has ended.
    Moved,
    /// Its log is moved away under the server.
    LogMoved,
    /// An older file takes its place, by hand.
    Older,
}

const EVENTS: [Event; 9] = [
    Event::Nothing,
    Event::BackedUp,
    Event::BackedUp,
    Event::BackedUp,
    Event::Restored,
    Event::Removed,
    Event::Moved,
    Event::LogMoved,
    Event::Older,
];

/// The files of a ledger.
const FILES: [&str; 3] = ["quietus.db", "quietus.db-wal", "quietus.db-shm"];

/// What is remembered of the ledger.
const STATE: &str = "quietus.state/ledger.json";

/// A file with the ledger as it once was, and the deliveries that are surely in it.
#[derive(Clone, Debug)]
struct Copy {
    path: PathBuf,
    holds: BTreeSet<usize>,
    /// The newest number that its chain has: a receipt's, or the last of a gap.
    newest: u64,
}

/// The ledger's past.
#[derive(Default)]
struct Past {
    backups: Vec<Copy>,
    /// How many backups were ever made.
    made: usize,
    /// The file of a server that had ended.
    older: Option<Copy>,
    /// Every receipt that was ever seen, by its number.
    receipts: BTreeMap<u64, Value>,
}

#[test]
fn whatever_becomes_of_the_ledgers_file_no_number_is_issued_twice_and_nothing_is_lost_in_silence() {
    run(campaign);
}

fn campaign(random: Random, rounds: u64) {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let mut campaign = Campaign::new(random, standin, One::start(deployment));
    let mut past = Past::default();
    let state = campaign.site.deployment.path(STATE);
    wait_for("the ledger to be remembered", || state.exists().then_some(()));
    back_up(&mut campaign, &mut past);
    for _ in 0..rounds {
        if campaign.random.below(3) == 0 {
            campaign.standin.fault(&ways::of_mluvii(&mut campaign.random));
        }
        campaign.conversations_end();
        let event = chosen(&mut campaign.random, &EVENTS);
        campaign.deliver_while(|campaign| {
            campaign.wait_a_little();
            match event {
                Event::Nothing => campaign.befall(),
                Event::BackedUp => back_up(campaign, &mut past),
                Event::Restored | Event::Removed | Event::Moved | Event::LogMoved | Event::Older => {}
            }
        });
        // What is restored, and what was delivered meanwhile, must not be mixed up.
        happen(&mut campaign, &mut past, event);
    }
    let statements = campaign.settle_one_by_one();
    past.sees(&statements);
    past.is_explained_by(&statements);
}

fn back_up(campaign: &mut Campaign<One>, past: &mut Past) {
    let holds = campaign.post.acknowledged_numbers();
    let path = campaign.site.deployment.path(&format!("backup-{}.db", past.made));
    says(campaign, &["ledger", "backup", "--to", path.to_str().expect("UTF-8")], 0);
    past.backups.push(Copy::of(path, holds));
    past.made += 1;
}

/// The ledger is replaced, in one way or another, and a server goes on with what there is.
fn happen(campaign: &mut Campaign<One>, past: &mut Past, event: Event) {
    match event {
        Event::Nothing | Event::BackedUp => return,
        Event::Restored => {
            end(campaign, past);
            restore(campaign, past);
        }
        Event::Removed => {
            past.sees(&campaign.receipts_are_true());
            for file in FILES {
                drop(fs::remove_file(campaign.site.deployment.path(file)));
            }
            nothing_is_acknowledged(campaign);
            leave(campaign);
            forget_the_last_second(campaign, past);
            is_refused(campaign, "the ledger is gone");
            restore(campaign, past);
        }
        Event::Moved => {
            past.sees(&campaign.receipts_are_true());
            let aside = campaign.site.deployment.path("aside.db");
            fs::rename(campaign.site.deployment.path(FILES[0]), &aside).expect("moved");
            nothing_is_acknowledged(campaign);
            leave(campaign);
            is_refused(campaign, "the ledger is gone");
            fs::rename(aside, campaign.site.deployment.path(FILES[0])).expect("moved");
        }
        Event::LogMoved => {
            let log = campaign.site.deployment.path(FILES[1]);
            if log.exists() {
                fs::rename(&log, campaign.site.deployment.path("aside.db-wal")).expect("moved");
                nothing_is_acknowledged(campaign);
            }
            leave(campaign);
        }
        Event::Older => {
            end(campaign, past);
            if past.older.is_some() {
                forget_the_last_second(campaign, past);
            }
            let Some(older) = past.older.clone() else { return campaign.site.serve() };
            put_back(campaign, &older);
        }
    }
    campaign.site.let_leases_end();
    campaign.site.serve();
}

/// The number of the newest receipt that is remembered outside of the ledger.
fn remembered(campaign: &Campaign<One>) -> u64 {
    let known = fs::read(campaign.site.deployment.path(STATE)).expect("it is remembered");
    let known: Value = serde_json::from_slice(&known).expect("JSON");
    known["receipt"]["sequence"].as_u64().unwrap_or(0)
}

/// What a killed server issued in its last second is known to nobody once its ledger is gone: numbers that only it knew may be
/// issued again, and no copy that has them is used.
fn forget_the_last_second(campaign: &Campaign<One>, past: &mut Past) {
    let newest = remembered(campaign);
    past.receipts.retain(|sequence, _| *sequence <= newest);
    past.backups.retain(|backup| backup.newest <= newest);
    past.older = past.older.take().filter(|older| older.newest <= newest);
}

/// Ends the server, and keeps what there is of the ledger's file where nothing of it is in the log.
fn end(campaign: &mut Campaign<One>, past: &mut Past) {
    past.sees(&campaign.receipts_are_true());
    leave(campaign);
    let log = campaign.site.deployment.path(FILES[1]);
    if past.older.is_none() && log.metadata().map_or(0, |log| log.len()) == 0 {
        let path = campaign.site.deployment.path("older.db");
        fs::copy(campaign.site.deployment.path(FILES[0]), &path).expect("copied");
        past.older = Some(Copy::of(path, campaign.post.acknowledged_numbers()));
    }
}

/// The server ends at once, or as a service manager ends it.
fn leave(campaign: &mut Campaign<One>) {
    let server = campaign.site.take();
    if campaign.random.below(2) == 0 {
        server.kill();
        if campaign.site.deployment.path(FILES[0]).exists() {
            campaign.site.let_leases_end();
        }
        return;
    }
    server.leaves_work("the next one goes on with it");
    let (status, log) = server.stop();
    assert!(status.success(), "{status}: {log:#?}");
}

/// Some backup takes the ledger's place. What is not in it is asked for again, as it says.
fn restore(campaign: &mut Campaign<One>, past: &Past) {
    let backup = chosen(&mut campaign.random, &past.backups);
    let said = says(campaign, &["ledger", "restore", "--from", backup.path.to_str().expect("UTF-8"), "--yes"], 0);
    assert!(said.contains("what was delivered and ordered since the backup is lost, too"), "{said}");
    campaign.post.only_holds(&backup.holds);
}

/// An older file takes the ledger's place, which is accepted.
fn put_back(campaign: &mut Campaign<One>, older: &Copy) {
    for file in &FILES[1..] {
        drop(fs::remove_file(campaign.site.deployment.path(file)));
    }
    fs::copy(&older.path, campaign.site.deployment.path(FILES[0])).expect("copied");
    if remembered(campaign) > older.newest {
        is_refused(campaign, "the ledger is older than it was");
        says(campaign, &["ledger", "accept"], 0);
    }
    campaign.post.only_holds(&older.holds);
}

/// Nothing is acknowledged that comes from here on.
#[track_caller]
fn nothing_is_acknowledged(campaign: &mut Campaign<One>) {
    let before = campaign.post.acknowledged_numbers();
    campaign.conversations_end();
    campaign.deliver_while(|_| {});
    assert_eq!(campaign.post.acknowledged_numbers(), before, "acknowledged into nothing");
}

/// A server does not start, and says why.
#[track_caller]
fn is_refused(campaign: &Campaign<One>, why: &str) {
    let said = says(campaign, &["serve"], 6);
    assert!(said.contains(why), "{said}");
}

/// Runs a command that ends with this code, and returns all that it says.
#[track_caller]
fn says(campaign: &Campaign<One>, arguments: &[&str], code: i32) -> String {
    let output = campaign.site.run(arguments);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    said
}

impl Copy {
    fn of(path: PathBuf, holds: BTreeSet<usize>) -> Self {
        let ledger = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
        let newest = "SELECT coalesce(max(sequence), 0) FROM (SELECT sequence FROM receipt UNION ALL SELECT sequence FROM receipt_gap)";
        let newest = ledger.query_row(newest, [], |row| row.get::<_, i64>(0));
        Self { path, holds, newest: newest.expect("a number").unsigned_abs() }
    }
}

impl Past {
    /// Remembers receipts, of which none has the number of another one.
    #[track_caller]
    fn sees(&mut self, statements: &[Value]) {
        for said in statements {
            let before = self.receipts.entry(number(&said["sequence"])).or_insert_with(|| said.clone());
            assert_eq!(before, said, "a number that was issued twice");
        }
    }

    /// Each receipt that was ever seen is there, or is said to be lost.
    #[track_caller]
    fn is_explained_by(&self, statements: &[Value]) {
        let there: BTreeSet<_> = statements.iter().map(|said| number(&said["sequence"])).collect();
        let gaps = statements.iter().map(|said| &said["gap"]).filter(|gap| !gap.is_null());
        let gaps: Vec<_> = gaps.map(|gap| number(&gap["after"]) + 1..=number(&gap["last"])).collect();
        let unexplained =
            self.receipts.keys().filter(|seen| !there.contains(*seen) && !gaps.iter().any(|gap| gap.contains(*seen)));
        assert_eq!(unexplained.count(), 0, "{there:?} {gaps:?} {:?}", self.receipts.keys());
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}
