//! The fault campaign: whatever can go wrong, drawn by chance round by round, and what must be true in the end, looked at from
//! outside of the process. One file for each kind; they share the engine, the ways in which systems fail, the person whom the
//! status tells what to do, and the oracle.

mod duplicates;
mod engine;
mod fleets;
mod letters;
mod mluvii;
mod oracle;
mod person;
mod plugins;
mod post;
mod site;
mod truth;
mod ways;

use crate::harness::{Random, Seed};
use engine::Campaign;
use site::One;

/// Rounds on one deployment. Then it is looked at what must be true, and a new one begins.
const ROUNDS: u64 = 20;

/// How many rounds of each kind; `QUIETUS_ROUNDS` makes it more.
fn rounds() -> u64 {
    std::env::var("QUIETUS_ROUNDS").map_or(ROUNDS, |text| text.parse().expect("a number"))
}

/// Whether there is time for what takes longer than a lease.
fn is_long() -> bool {
    rounds() > 100
}

/// Has a kind of campaign go through its rounds, on as many deployments as they need. Each has a seed of its own, which shows
/// its failure again without the deployments before it.
fn run(kind: impl Fn(Random, u64)) {
    let first = Seed::new();
    let mut left = rounds();
    for nth in 0.. {
        let seed = first.plus(nth);
        kind(seed.random(), left.min(ROUNDS));
        left -= left.min(ROUNDS);
        if left == 0 {
            break;
        }
    }
}

/// What befalls a server in a round.
#[derive(Clone, Copy, Debug)]
enum Event {
    Kill,
    Restart,
    Freeze,
    Nothing,
}

/// Something befalls the one server of a campaign.
fn befall(campaign: &mut Campaign<One>) {
    match chosen(&mut campaign.random, &[Event::Kill, Event::Kill, Event::Restart, Event::Freeze, Event::Nothing]) {
        Event::Nothing => {}
        Event::Freeze => {
            let stillness = ways::stillness(&mut campaign.random);
            campaign.site.server().signal("STOP");
            std::thread::sleep(stillness);
            campaign.site.server().signal("CONT");
        }
        Event::Kill => campaign.site.kill(),
        Event::Restart => campaign.site.restart(),
    }
}

/// One of several.
fn chosen<T: Clone>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize].clone()
}
