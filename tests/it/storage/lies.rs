//! A disk that says that something is on it that is not, until the power is cut. Nobody can keep what such a disk has taken; but
//! what was lost must not be issued a second time.

use std::collections::{BTreeMap, BTreeSet};

use super::{SETTINGS, deliver, email, rounds};
use crate::harness::{Deployment, Disk, ERASE, Fault, Order, Seed, StandIn, oracle, wait_for};

/// The hashes of all receipts, by their numbers.
fn receipts(deployment: &Deployment) -> BTreeMap<i64, String> {
    let ledger = deployment.ledger();
    let mut receipts = ledger.prepare("SELECT sequence, hash FROM receipt").expect("a table");
    let receipts = receipts.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("read");
    receipts.collect::<Result<_, _>>().expect("read")
}

#[test]
fn a_disk_that_lies_makes_no_second_receipt_of_a_number() {
    let seed = Seed::new();
    let mut random = seed.random();
    let mut refused = 0;
    for _ in 0..(rounds() / 5).max(2) {
        let standin = StandIn::start();
        let deployment = Deployment::bare(&standin.mluvii, ERASE);
        let mut disk = Disk::new(&deployment);
        let server = disk.start(&deployment, &SETTINGS);
        let erase = |server: &_, ids: std::ops::RangeInclusive<i64>| {
            ids.clone().for_each(|id| standin.begin(id, &email(id), None));
            assert_eq!(deliver(server, ids.clone()), ids.collect::<BTreeSet<_>>());
        };
        let issued = |count: usize| {
            wait_for("the receipts", || Some(receipts(&deployment)).filter(|receipts| receipts.len() >= count))
        };
        erase(&server, 1..=3);
        issued(3);
        let after = random.below(20) as i64;
        disk.order(Order { fault: Fault::SyncLies, after, times: i64::MAX, amount: 0 });
        erase(&server, 4..=6);
        let before = issued(6);
        wait_for("the newest of them to be known outside of the ledger", || {
            let known: serde_json::Value =
                serde_json::from_slice(&std::fs::read(deployment.path("quietus.state/ledger.json")).ok()?).ok()?;
            (known["receipt"]["sequence"] == 6).then_some(())
        });
        server.kill();
        disk.cut_power(&mut random);
        disk.mend();
        let server = match disk.try_start(&deployment, &SETTINGS) {
            Ok(server) => server,
            Err(told) => {
                assert_eq!(told.code, Some(6), "{told:?}");
                assert!(told.said.contains("restore"), "{told:?}");
                refused += 1;
                continue;
            }
        };
        erase(&server, 7..=9);
        let there = receipts(&deployment).len();
        let now = issued(there.max(3) + 1);
        for (number, hash) in &before {
            assert!(now.get(number).is_none_or(|other| other == hash), "receipt {number} is another one");
        }
        oracle::the_receipts_verify(&deployment);
        server.leaves_work("what a disk has forgotten may never end");
    }
    assert!(refused > 0, "none of the disks has forgotten a receipt");
}
