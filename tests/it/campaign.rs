//! The fault campaign: whatever can go wrong, drawn by chance round by round, and what must be true in the end, looked at from
//! outside of the process. One file for each kind; they share the engine, the ways in which systems fail, the person whom the
//! status tells what to do, and the oracle.

mod clocks;
mod duplicates;
mod engine;
mod fleets;
mod letters;
mod mluvii;
mod oracle;
mod person;
mod plugins;
mod post;
mod requests;
mod restored;
mod scopes;
mod site;
mod truth;
mod ways;

use crate::harness::{Random, Seed};

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
    let mut seed = Seed::new();
    let mut left = rounds();
    while left > 0 {
        kind(seed.random(), left.min(ROUNDS));
        left -= left.min(ROUNDS);
        seed.next();
    }
}

/// One of several.
fn chosen<T: Clone>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len() as u64) as usize].clone()
}
