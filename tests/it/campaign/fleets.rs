//! Two servers on one PostgreSQL database: servers are killed, frozen and cut off, the database crashes, and mluvii fails.

use std::net::SocketAddr;

use test_servers::postgres::Cut;

use super::engine::Campaign;
use super::site::{SETTINGS, Site, freeze};
use super::{chosen, run, ways};
use crate::harness::{Deployment, ERASE, Fleet, Random, StandIn};

pub(super) const MEMBERS: usize = 2;

/// What befalls the fleet in a round.
#[derive(Clone, Copy, Debug)]
enum Event {
    Kill,
    Restart,
    Freeze,
    /// The database ends at once, and recovers.
    Crash,
    /// The connections of one server are cut.
    Cut,
    /// One of them is cut when it commits next.
    CutCommit(Cut),
    Nothing,
}

const EVENTS: [Event; 8] = [
    Event::Kill,
    Event::Restart,
    Event::Freeze,
    Event::Crash,
    Event::Cut,
    Event::CutCommit(Cut::BeforeCommitReaches),
    Event::CutCommit(Cut::AfterCommitBeforeAnswer),
    Event::Nothing,
];

#[test]
fn whatever_goes_wrong_in_a_fleet_and_its_database_nothing_is_lost_or_done_twice() {
    run(campaign);
}

fn campaign(random: Random, rounds: u64) {
    let standin = StandIn::start();
    let fleet = Fleet::start(&standin, ERASE, MEMBERS, &SETTINGS);
    let mut campaign = Campaign::new(random, standin, fleet);
    for _ in 0..rounds {
        if campaign.random.below(2) == 0 {
            campaign.standin.fault(&ways::of_mluvii(&mut campaign.random));
        }
        campaign.conversations_end();
        campaign.deliver_while(|campaign| {
            campaign.wait_a_little();
            campaign.befall();
        });
        campaign.look_now_and_then();
    }
    campaign.settle_one_by_one();
}

/// Kills a server; nobody waits here for its leases. Another one takes its place.
fn kill(fleet: &mut Fleet, member: usize) {
    let server = fleet.members[member].server.take().expect("it runs");
    let place = format!("%/{}", server.id());
    server.kill();
    fleet.database.sql(&format!(
        "UPDATE task SET due = 0 WHERE holder IN (SELECT number FROM process WHERE place LIKE '{place}')"
    ));
    fleet.start_member(member);
}

/// Stops a server in the middle of its work; another one takes its place.
fn restart(fleet: &mut Fleet, member: usize) {
    let server = fleet.members[member].server.take().expect("it runs");
    server.leaves_work("the other one goes on with it");
    let (status, log) = server.stop();
    assert!(status.success(), "{status}: {log:#?}");
    fleet.start_member(member);
}

impl Site for Fleet {
    fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    fn befall(&mut self, random: &mut Random) {
        let member = random.below(self.members.len() as u64) as usize;
        match chosen(random, &EVENTS) {
            Event::Nothing => {}
            Event::Kill => kill(self, member),
            Event::Restart => restart(self, member),
            Event::Freeze => freeze(self.members[member].server(), random),
            Event::Crash => self.database.crash(),
            Event::Cut => self.members[member].proxy.cut(),
            Event::CutCommit(cut) => self.members[member].proxy.cut_at(cut),
        }
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.members.iter().filter_map(|member| Some(member.server.as_ref()?.address)).collect()
    }

    fn recorded(&self) -> Vec<i64> {
        let rows = self.database.sql("SELECT session FROM event ORDER BY session");
        rows.lines().map(|line| line.parse().expect("a number")).collect()
    }

    fn change(&self, sql: &str) {
        self.database.sql(sql);
    }

    fn id_in_sql(&self, digits: &str) -> String {
        format!("'\\x{digits}'")
    }

    fn stop(&mut self) {
        Self::stop(self);
    }
}
