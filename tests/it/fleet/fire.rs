//! A fleet under fire: processes are killed and frozen, the database crashes, connections are cut, and all the while
//! deliveries come in.

use std::time::{Duration, Instant};

use serde_json::json;
use test_servers::postgres::Cut;

use super::calls::Calls;
use super::load::Load;
use super::verdict;
use crate::harness::{ERASE, Fleet, Random, Seed, StandIn, wait_for};

const MEMBERS: usize = 3;

/// How long a process may be silent before its work is somebody else's: `LEASE` in src/worker/mod.rs.
const LEASE: Duration = Duration::from_secs(12);

/// Events of the whole run; `QUIETUS_FLEET_EVENTS` makes it more.
fn events() -> i64 {
    std::env::var("QUIETUS_FLEET_EVENTS").map_or(1_500, |text| text.parse().expect("a number"))
}

/// For about half a minute, or longer at a rate with which the fleet keeps up.
fn per_second(events: i64) -> u32 {
    u32::try_from(events / 30).expect("not that many").clamp(10, 80)
}

#[test]
fn a_fleet_under_fire_loses_nothing_and_does_nothing_twice() {
    let seed = Seed::new();
    let standin = StandIn::start();
    // Calls take long enough to be cut short.
    standin.fault(&json!({ "kind": "delay", "delay_ms": 15, "path": "" }));
    let settings = [("LOG__LEVEL", "info"), ("MLUVII__CONCURRENCY_MAX", "48"), ("SERVER__RECORD_MAX", "500ms")];
    let fleet = Fleet::start(&standin, ERASE, MEMBERS, &settings);
    let events = events();
    let load = Load::start(&standin, &fleet, events, per_second(events));
    let mut fire = Fire {
        fleet,
        load,
        standin,
        random: seed.random(),
        calls: Calls::default(),
        deck: Vec::new(),
        calm: u64::try_from(events / 40).expect("positive").clamp(1, 600),
        troubles: Troubles::default(),
    };
    while !fire.load.is_over() {
        fire.round();
    }
    fire.settle(events);
}

/// What is on fire.
struct Fire {
    fleet: Fleet,
    load: Load,
    standin: StandIn,
    random: Random,
    calls: Calls,
    /// Troubles to come, so that each comes as often as the others.
    deck: Vec<Trouble>,
    /// The most deliveries between two troubles. Those who are killed or frozen keep what they hold for as long as a lease,
    /// so there must be somebody who does it.
    calm: u64,
    troubles: Troubles,
}

/// What happens to the fleet, beside freezing.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// A process is killed, and started anew a little later.
    Kill,
    /// The database crashes and recovers.
    Crash,
    /// All connections of a process are cut at a random instant.
    Cut,
    /// Nothing comes through to the database or back for a while, and no connection ends.
    Stall,
    /// One of its connections is cut when it commits.
    CutCommit(Cut),
    /// The one is cut by which it records deliveries.
    CutRecord(Cut),
}

const DECK: [Trouble; 9] = [
    Trouble::Kill,
    Trouble::Kill,
    Trouble::Crash,
    Trouble::Cut,
    Trouble::Stall,
    Trouble::CutCommit(Cut::BeforeCommitReaches),
    Trouble::CutCommit(Cut::AfterCommitBeforeAnswer),
    Trouble::CutRecord(Cut::BeforeCommitReaches),
    Trouble::CutRecord(Cut::AfterCommitBeforeAnswer),
];

/// How often what happened.
#[derive(Debug, Default)]
struct Troubles {
    kills: u32,
    crashes: u32,
    cuts: u32,
    stalls: u32,
    cuts_at_commit: u32,
    cuts_at_record: u32,
    freezes: u32,
    /// Freezes after which others did the work that was in hand.
    takeovers: u32,
}

/// A process that stands still with work in hand.
struct Frozen {
    member: usize,
    /// Its number in the ledger.
    process: i64,
    since: Instant,
}

impl Fire {
    /// One process stands still for longer than its lease, the first one until others have done its work; meanwhile these
    /// have troubles of their own.
    fn round(&mut self) {
        let Some(frozen) = self.freeze() else { return };
        let mut held = Duration::ZERO;
        while self.still_holds(&frozen) && (self.troubles.takeovers == 0 || held < LEASE * 3 / 2) {
            held = frozen.since.elapsed();
            if self.load.is_over() {
                // Older work comes first, however much of it there is.
                let receipts = self.receipts();
                wait_for("the others' work", || {
                    (self.receipts() > receipts || !self.still_holds(&frozen)).then_some(())
                });
            } else {
                self.trouble(frozen.member);
            }
            self.calls.fetch(&self.standin);
        }
        // A commit that was on its way ends soon; what is held for longer is held until the lease ends.
        if held > LEASE * 3 / 4 && !self.still_holds(&frozen) {
            self.troubles.takeovers += 1;
        }
        self.fleet.members[frozen.member].server().signal("CONT");
        self.calls.fetch(&self.standin);
        self.wait_a_little();
    }

    /// Stops a process that has work in hand; `None` when the load ended before there was one.
    fn freeze(&mut self) -> Option<Frozen> {
        wait_for("a process with work in hand", || {
            if self.load.is_over() {
                return Some(None);
            }
            let member = self.one_of(MEMBERS);
            let process = self.fleet.process(member)?;
            if process["holds"].as_object().is_none_or(|holds| holds.is_empty()) {
                return None;
            }
            self.fleet.members[member].server().signal("STOP");
            let process = process["number"].as_i64().expect("a number");
            let frozen = Frozen { member, process, since: Instant::now() };
            if self.still_holds(&frozen) {
                self.troubles.freezes += 1;
                return Some(Some(frozen));
            }
            self.fleet.members[member].server().signal("CONT");
            None
        })
    }

    fn still_holds(&self, frozen: &Frozen) -> bool {
        self.fleet.database.count(&format!("SELECT count(*) FROM task WHERE holder = {}", frozen.process)) > 0
    }

    fn receipts(&self) -> i64 {
        self.fleet.database.count("SELECT count(*) FROM receipt")
    }

    /// Something happens to one that is not frozen, or to the database, after a random number of deliveries.
    fn trouble(&mut self, frozen: usize) {
        let member = (frozen + 1 + self.one_of(MEMBERS - 1)) % MEMBERS;
        self.wait_a_little();
        if self.deck.is_empty() {
            self.deck = DECK.to_vec();
        }
        let next = self.one_of(self.deck.len());
        match self.deck.swap_remove(next) {
            Trouble::Kill => {
                self.fleet.members[member].server.take().expect("it runs").kill();
                self.wait_a_little();
                self.fleet.start_member(member);
                self.load.moved(&self.fleet, member);
                self.troubles.kills += 1;
            }
            Trouble::Crash => {
                self.fleet.database.crash();
                self.troubles.crashes += 1;
            }
            Trouble::Cut => {
                self.fleet.members[member].proxy.cut();
                self.troubles.cuts += 1;
            }
            Trouble::Stall => {
                self.fleet.members[member].proxy.stall();
                self.wait_a_little();
                self.fleet.members[member].proxy.go_on();
                self.troubles.stalls += 1;
            }
            Trouble::CutCommit(cut) => {
                self.fleet.members[member].proxy.cut_at(cut);
                self.troubles.cuts_at_commit += self.wait_for_the_cut(member);
            }
            Trouble::CutRecord(cut) => {
                self.fleet.members[member].proxy.cut_statement("INSERT INTO inbox", cut);
                self.troubles.cuts_at_record += self.wait_for_the_cut(member);
            }
        }
    }

    /// Waits for a cut that was asked for, as long as there is a load; returns how many there were.
    fn wait_for_the_cut(&self, member: usize) -> u32 {
        let proxy = &self.fleet.members[member].proxy;
        wait_for("a connection to be cut", || (proxy.has_cut() || self.load.is_over()).then_some(()));
        u32::from(proxy.has_cut())
    }

    fn wait_a_little(&mut self) {
        self.load.wait_for_further(1 + self.random.below(self.calm));
    }

    fn one_of(&mut self, count: usize) -> usize {
        usize::try_from(self.random.below(count as u64)).expect("a small number")
    }

    /// After the fire: nothing is lost, nothing was done twice, and nothing is left lying about.
    #[expect(clippy::print_stderr, reason = "what happened in a long run is shown at its end")]
    fn settle(mut self, events: i64) {
        let (refused, begun) = (self.load.refused(), Instant::now());
        let acknowledged = self.load.end();
        assert_eq!(acknowledged, (1..=events).collect(), "all were delivered until they were taken");
        let mut receipts = 0;
        while receipts < events {
            receipts = wait_for("further erasures", || Some(self.receipts()).filter(|count| *count > receipts));
            self.calls.fetch(&self.standin);
        }
        eprintln!(
            "{events} events, {:?}, {refused} not taken at first, settled in {:?}",
            self.troubles,
            begun.elapsed()
        );
        self.fleet.stop();
        self.calls.fetch(&self.standin);
        verdict::all_is_done_once(&self.fleet, &self.standin, &self.calls.writes(), &acknowledged);
        let Troubles { kills, crashes, cuts, stalls, cuts_at_commit, cuts_at_record, takeovers, .. } = self.troubles;
        let each = [kills, crashes, cuts, stalls, cuts_at_commit, cuts_at_record, takeovers];
        assert!(each.iter().all(|times| *times > 0), "there was little fire");
    }
}
