//! Pages of the ledger, or parts of its log, that change under a server or between two of them.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::Command;

use super::{SETTINGS, deliver, email, rounds};
use crate::harness::{Deployment, ERASE, Random, Seed, Server, StandIn, oracle, wait_for, wait_within};

/// Sessions of the ledger before it is damaged; every other one with a consent.
const SESSIONS: i64 = 24;

const PAGE: u64 = 4_096;

/// How a place of a file changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// A page is zero.
    Zeroed,
    /// Half a kilobyte of a page is something else.
    Overwritten,
    /// One bit is another one.
    Flipped,
}

fn change(file: &Path, random: &mut Random) -> Change {
    let change = [Change::Zeroed, Change::Overwritten, Change::Flipped][random.below(3) as usize];
    let opened = OpenOptions::new().read(true).write(true).open(file).expect("a file of the ledger");
    let length = opened.metadata().expect("its size").len();
    let page = random.below((length / PAGE).max(1)) * PAGE;
    let (at, bytes) = match change {
        Change::Zeroed => (page, vec![0; PAGE.min(length - page) as usize]),
        Change::Overwritten => {
            let at = page + 512 * random.below(8);
            (at, (0..512.min(length.saturating_sub(at))).map(|_| random.below(256) as u8).collect())
        }
        Change::Flipped => {
            let at = random.below(length);
            let mut byte = [0];
            opened.read_exact_at(&mut byte, at).expect("read");
            (at, vec![byte[0] ^ (1 << random.below(8))])
        }
    };
    opened.write_all_at(&bytes, at).expect("written");
    change
}

/// A deployment whose ledger is a copy of another one's files.
fn copy_of(whole: &Path, mluvii: &str) -> Deployment {
    let deployment = Deployment::bare(mluvii, ERASE);
    fs::remove_dir_all(deployment.path("keys")).expect("removed");
    for file in fs::read_dir(whole).expect("a folder") {
        let copied = Command::new("cp").arg("-a").arg(file.expect("a file").path()).arg(deployment.folder()).status();
        assert!(copied.expect("cp runs").success());
    }
    deployment
}

/// Two folders with the files of one ledger: of a server that was stopped, and of one that was killed.
fn ledgers(standin: &StandIn) -> [tempfile::TempDir; 2] {
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, &SETTINGS);
    for id in 1..=SESSIONS {
        standin.begin(id, &email(id), (id % 2 == 0).then_some("v1"));
    }
    assert_eq!(deliver(&server, 1..=SESSIONS).len() as i64, SESSIONS);
    wait_for("the erasures", || (deployment.count("SELECT count(*) FROM receipt") == SESSIONS / 2).then_some(()));
    let copied = || {
        let folder = tempfile::TempDir::with_prefix("quietus-ledger-").expect("a temporary folder");
        for file in fs::read_dir(deployment.folder()).expect("a folder").map(|file| file.expect("a file").path()) {
            let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            if name.starts_with("quietus.db") || ["keys", "quietus.seals"].contains(&&*name) {
                assert!(Command::new("cp").arg("-a").arg(&file).arg(folder.path()).status().expect("cp").success());
            }
        }
        folder
    };
    server.kill();
    let killed = copied();
    let server = Server::start_with(&deployment, &SETTINGS);
    server.leaves_work("nothing has to be done");
    assert!(server.stop().0.success());
    [copied(), killed]
}

#[test]
fn what_is_damaged_is_said_or_does_no_harm() {
    let seed = Seed::new();
    let mut random = seed.random();
    let standin = StandIn::start();
    let ledgers = ledgers(&standin);
    let mut next = SESSIONS;
    let (mut said, mut silent) = (0, 0);
    for _ in 0..(rounds() / 2) {
        let was_killed = random.below(2) == 1;
        let deployment = copy_of(ledgers[usize::from(was_killed)].path(), &standin.mluvii);
        let name = if was_killed && random.below(2) == 0 { "quietus.db-wal" } else { "quietus.db" };
        let runs = random.below(2) == 0;
        let mut server = runs.then(|| Server::start_with(&deployment, &SETTINGS));
        let changed = change(&deployment.path(name), &mut random);
        if server.is_none() {
            server = Server::try_start_through(Command::new("env"), &deployment, &SETTINGS)
                .map_err(|refused| {
                    assert_eq!(refused.code, Some(6), "{changed:?} {name}: {refused:?}");
                })
                .ok();
        }
        let Some(server) = server else {
            said += 1;
            continue;
        };
        server.leaves_work("its ledger is damaged");
        let [without, with] = [next + 1, next + 2];
        next += 2;
        standin.begin(without, &email(without), None);
        standin.begin(with, &email(with), Some("v1"));
        let taken = deliver(&server, [without, with]);
        let what = format!("{changed:?} in {name}, {}", if runs { "under a server" } else { "between two" });
        // Either it is said, or all goes on as if nothing were.
        let is_said = || {
            let status = deployment.run(&["status"]);
            server.ready() == 503 || status.status.code() != Some(0)
        };
        let mut outcome = None;
        wait_within(std::time::Duration::from_secs(30), || {
            outcome = if is_said() { Some("said") } else { None };
            if outcome.is_none() && taken.len() == 2 && !standin.holds(&email(without)) {
                outcome = Some("goes on");
            }
            outcome
        });
        let outcome =
            outcome.unwrap_or_else(|| panic!("{what}: it is neither said nor does it go on; taken: {taken:?}"));
        if outcome == "said" {
            said += 1;
        } else {
            silent += 1;
            // What is lost without a word would be found here.
            let checked = deployment.run(&["ledger", "check"]);
            if changed != Change::Flipped && checked.status.success() {
                oracle::the_receipts_verify(&deployment);
                assert_eq!(deployment.count("SELECT count(DISTINCT session) FROM event"), SESSIONS + 2, "{what}");
            }
        }
        // Whatever was said, nobody else's conversation is gone.
        for id in (2..=SESSIONS).step_by(2).chain([with]) {
            assert!(standin.holds(&email(id)), "{what}: conversation {id} has a consent and is gone");
        }
    }
    // In a few rounds, all of it may be where nobody looks.
    assert!(said > 0 || said + silent < 50, "no damage was told of, and {silent} were not");
}
