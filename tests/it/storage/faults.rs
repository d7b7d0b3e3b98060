//! Writes, reads and syncs that fail, with kills, restarts and power cuts, drawn by chance round by round.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{SETTINGS, all_in, deliver, email, rounds};
use crate::harness::{Away, Deployment, Disk, ERASE, Fault, Order, Random, Seed, Server, StandIn, oracle, wait_for};

/// Sessions that end in one round; every other one without consent.
const SESSIONS: i64 = 4;

fn chosen<T: Clone>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize].clone()
}

fn order(random: &mut Random) -> Order {
    let fault = chosen(
        random,
        &[
            Fault::WriteFails,
            Fault::DiskIsFull,
            Fault::WriteIsShort,
            Fault::WriteTears,
            Fault::WriteTearsAndKills,
            Fault::SyncFails,
            Fault::SyncFails,
            Fault::SyncKills,
            Fault::SyncIsSlow,
            Fault::ReadFails,
        ],
    );
    let soon = chosen(random, &[3, 40]);
    let after = random.below(soon) as i64;
    let times = match fault {
        // A disk that goes on failing to read needs a person.
        Fault::ReadFails => chosen(random, &[1, 2]),
        _ => chosen(random, &[1, 1, 2, 10, i64::MAX]),
    };
    let amount = random.below(if fault == Fault::SyncIsSlow { 300 } else { 4_200 }) as i64;
    Order { fault, after, times, amount }
}

/// What befalls the server in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Nothing,
    Kill,
    Restart,
    PowerCut,
}

#[test]
fn whatever_the_disk_does_nothing_is_lost_and_it_goes_on_by_itself() {
    let seed = Seed::new();
    let mut random = seed.random();
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let mut disk = Disk::new(&deployment);
    let mut server = disk.start(&deployment, &SETTINGS);
    let (mut without, mut with) = (BTreeSet::new(), BTreeSet::new());
    let mut acknowledged = BTreeSet::new();
    for round in 0..rounds() {
        let ids: BTreeSet<i64> = (1..=SESSIONS).map(|one| round * SESSIONS + one).collect();
        for &id in &ids {
            let consents = id % 2 == 0;
            standin.begin(id, &email(id), consents.then_some("v1"));
            if consents {
                with.insert(id)
            } else {
                without.insert(id)
            };
        }
        let ordered = order(&mut random);
        let hits = disk.hits();
        disk.order(ordered);
        acknowledged.extend(deliver(&server, ids.iter().copied()));
        std::thread::sleep(Duration::from_millis(random.below(200)));
        let mut fate = chosen(&mut random, &[Fate::Nothing, Fate::Kill, Fate::Restart, Fate::PowerCut, Fate::PowerCut]);
        // Before it is asked whether the order has killed the server: from here on it does not.
        if random.below(2) == 0 || fate == Fate::Nothing {
            disk.mend();
        }
        let kills = [Fault::WriteTearsAndKills, Fault::SyncKills].contains(&ordered.fault);
        if kills && disk.hits() > hits && [Fate::Nothing, Fate::Restart].contains(&fate) {
            fate = Fate::Kill;
        }
        let what = format!("round {round}: {ordered:?}, {fate:?}");
        server = next(server, fate, &mut disk, &deployment, &mut random);
        // What was refused comes again, and the server takes it without a person.
        let mut missing: BTreeSet<i64> = ids.difference(&acknowledged).copied().collect();
        wait_for(&format!("the deliveries to be taken after {what}"), || {
            let taken = deliver(&server, missing.iter().copied());
            missing.retain(|id| !taken.contains(id));
            acknowledged.extend(taken);
            missing.is_empty().then_some(())
        });
        wait_for(&format!("the server to be ready after {what}"), || (server.ready() == 200).then_some(()));
        all_in(&deployment, &acknowledged);
    }
    assert!(disk.hits() > 0, "nothing went wrong");
    let mut receipts = 0;
    while receipts < without.len() as i64 {
        receipts = wait_for("further erasures", || {
            Some(deployment.count("SELECT count(*) FROM receipt")).filter(|count| *count > receipts)
        });
    }
    wait_for("nobody to be needed", || deployment.run(&["status"]).status.success().then_some(()));
    let checked = deployment.run(&["ledger", "check"]);
    assert!(checked.status.success(), "{checked:?}");
    assert!(server.stop().0.success());
    oracle::each_is_erased_once(&deployment, &without);
    oracle::the_receipts_verify(&deployment);
    oracle::nothing_is_left(&standin, &without);
    for id in with {
        assert!(standin.holds(&email(id)), "conversation {id} has a consent and is gone");
    }
}

/// On Linux, what a sync could not write counts as written from then on. SQLite finds it in memory after a kill, and would go on
/// behind it.
#[test]
fn what_could_not_be_synced_is_on_the_disk_before_anything_is_acknowledged_behind_it() {
    let seed = Seed::new();
    let mut random = seed.random();
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), ERASE);
    let mut disk = Disk::new(&deployment);
    let mut server = disk.start(&deployment, &SETTINGS);
    let mut acknowledged = BTreeSet::new();
    for id in 1..=8 {
        disk.order(Order { fault: Fault::SyncFails, after: 0, times: 3, amount: 0 });
        acknowledged.extend(deliver(&server, [100 + id]));
        server.kill();
        disk.mend();
        server = disk.start(&deployment, &SETTINGS);
        acknowledged.extend(deliver(&server, [200 + id]));
        server.kill();
        disk.cut_power(&mut random);
        server = disk.start(&deployment, &SETTINGS);
        all_in(&deployment, &acknowledged);
    }
    assert!(disk.hits() > 0, "no sync has failed");
    assert!(acknowledged.len() >= 8, "{acknowledged:?}");
    server.leaves_work("its mluvii is away");
}

/// The server that goes on.
#[track_caller]
fn next(server: Server, fate: Fate, disk: &mut Disk, deployment: &Deployment, random: &mut Random) -> Server {
    match fate {
        Fate::Nothing => return server,
        Fate::Kill => server.kill(),
        Fate::PowerCut => {
            server.kill();
            disk.cut_power(random);
        }
        Fate::Restart => {
            server.leaves_work("the next one goes on with it");
            // One that is killed by its disk ends otherwise.
            server.stop();
        }
    }
    disk.mend();
    disk.start(deployment, &SETTINGS)
}
