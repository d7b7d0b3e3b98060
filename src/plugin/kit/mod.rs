//! The conformance kit: runs checks against one plugin and returns a finding per check. It starts the plugin as the
//! supervisor does, in the same process and sandbox, and then also sends what no host would send.
//!
//! A check has a stable id, a sentence that holds when it passes, and a verdict. No check can hang: every wait has an end,
//! and a failed check leaves no process behind for the next one.

mod answered;
mod bench;
mod configuration;
mod elf;
mod ending;
mod endurance;
mod erasing;
mod file;
mod find;
mod finding;
mod hostile;
mod introduce;
mod leak_scanner;
mod manifest;
mod person;
mod privacy;
mod resume;
mod sweep;
mod tested;
mod timing;
mod tolerance;
mod usage;
mod wire;

pub(crate) use finding::{Event, Finding, Verdict};
pub(crate) use introduce::introduce;
pub(crate) use tested::{Form, Introduction, TestedPlugin};

use bench::Bench;

/// Runs all checks.
pub(crate) async fn conform(subject: TestedPlugin, watch: &mut dyn FnMut(Event<'_>)) -> Vec<Finding> {
    let mut bench = Bench::new(subject, watch);
    file::run(&mut bench).await;
    manifest::run(&mut bench).await;
    configuration::run(&mut bench).await;
    find::run(&mut bench).await;
    let held = sweep::run(&mut bench).await;
    erasing::run(&mut bench).await;
    sweep::run_afterwards(&mut bench, &held).await;
    hostile::run(&mut bench).await;
    timing::run(&mut bench).await;
    tolerance::run(&mut bench).await;
    endurance::run(&mut bench).await;
    ending::run(&mut bench).await;
    // Last, as they look back on all that was said.
    erasing::run_of_it_all(&mut bench).await;
    privacy::run(&mut bench).await;
    bench.finish().await
}

#[cfg(test)]
mod tests;
