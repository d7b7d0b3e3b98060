//! Many calls, and whether anything grows by them: descriptors, memory.
//!
//! A first fifth of the calls, as many at once as the plugin takes, is not looked at: pools fill, allocators spread over
//! threads, lazy things are made. What grows afterwards must stop: only what grows in each quarter of the rest counts. Of
//! 1,000 calls, one leaked descriptor per call is detected, and 4 KiB per call; less cannot be distinguished from the noise of an
//! allocator, and is not claimed. Of a program, 16 MiB are its runtime's.

use std::time::Duration;

use quietus_plugin::protocol::Reply;

use super::bench::{Bench, Method, lost_during};
use super::finding::{Checked, Not};
use super::person::{Person, fresh_key};
use super::tested::Form;
use super::timing::AT_ONCE_MAX;
use super::usage::Usage;

/// Fewer calls tell nothing.
const CALLS_MIN: u32 = 50;
/// Descriptors that may come: a few, and, counted from the start, a pool's.
const DESCRIPTORS_SLACK: u64 = 8;
const DESCRIPTORS_OF_A_POOL: u64 = 64;
/// Bytes that may come: some, some for each thread, and some in each quarter by call.
const MEMORY_SLACK: u64 = 2 << 20;
const MEMORY_BY_THREAD: u64 = 128 * 1024;
const MEMORY_BY_CALL: u64 = 1024;
/// Bytes of garbage that a program's runtime may keep before it collects them.
const MEMORY_OF_A_RUNTIME: u64 = 16 << 20;

pub(super) async fn run(bench: &mut Bench<'_>) {
    let mut measured = None;
    let sentence = "it answers all of many calls in one process";
    bench
        .check("many-calls", sentence, async |bench| {
            let (said, usage) = many(bench).await?;
            measured = Some(usage);
            Ok(Some(said))
        })
        .await;
    let sentence = "many calls leave no descriptors open";
    bench.check("no-descriptor-growth", sentence, async |_| descriptors(measured.as_ref())).await;
    let sentence = "many calls leave no memory behind";
    bench.check("no-memory-growth", sentence, async |_| memory(measured.as_ref())).await;
}

/// What the process held.
#[derive(Clone, Copy)]
struct Measured {
    /// Before the first call.
    fresh: Usage,
    /// After the first calls, and after each quarter of the rest.
    quarters: [Usage; 5],
    /// In the four quarters.
    calls: u32,
    /// Calls at once.
    at_once: u32,
    form: Form,
}

async fn many(bench: &mut Bench<'_>) -> Result<(String, Measured), Not> {
    let calls = bench.subject.calls;
    let at_once = bench.manifest()?.max_concurrency.clamp(1, AT_ONCE_MAX);
    if calls < CALLS_MIN {
        return Err(Not::skipped(format!("fewer than {CALLS_MIN} calls tell nothing (--calls)")));
    }
    bench.start_inspected().await?;
    let fresh = usage(bench)?;
    let warm = calls / 5;
    let mut errors = Errors::default();
    let mut done = 0;
    while done < warm {
        done += batch(bench, at_once.min(warm - done), &mut errors).await?;
        bench.count(done, calls);
    }
    let mut quarters = [usage(bench)?; 5];
    for (quarter, measured) in (1..).zip(&mut quarters[1..]) {
        while done < warm + (calls - warm) * quarter / 4 {
            done += batch(bench, 1, &mut errors).await?;
            bench.count(done, calls);
        }
        *measured = usage(bench)?;
    }
    Ok((errors.in_words(calls), Measured { fresh, quarters, calls: calls - warm, at_once, form: bench.subject.form() }))
}

/// Makes calls at once and waits for their answers; returns how many.
async fn batch(bench: &mut Bench<'_>, size: u32, errors: &mut Errors) -> Result<u32, Not> {
    let longest = bench.longest(Method::Erase);
    // Nothing is listened for: that would be slower with each of them.
    let requests = (0..size).map(|_| Ok(Person::nobody(bench.manifest()?).request(&fresh_key(), false)));
    let requests: Vec<_> = requests.collect::<Result<_, Not>>()?;
    let wire = bench.ready().await?;
    let lost = |lost| lost_during("one of many calls", &lost);
    for request in requests {
        wire.begin("erase", request, longest).await.map_err(lost)?;
    }
    for _ in 0..size {
        let (_, reply) = wire.any_answer(longest + Duration::from_secs(2)).await.map_err(lost)?;
        errors.note(&reply);
    }
    Ok(size)
}

/// Calls that were answered with an error.
#[derive(Default)]
struct Errors {
    count: u32,
    class: &'static str,
}

impl Errors {
    fn note(&mut self, reply: &Reply) {
        if let Reply::Error { error } = reply {
            self.count += 1;
            self.class = error.class.into();
        }
    }

    fn in_words(&self, calls: u32) -> String {
        match self.count {
            0 => format!("{calls} calls"),
            count => format!("{calls} calls, {count} of them answered with an error, such as `{}`", self.class),
        }
    }
}

fn usage(bench: &Bench<'_>) -> Result<Usage, Not> {
    let usage = bench.process().and_then(Usage::of_group);
    usage.ok_or_else(|| Not::skipped("this machine does not tell what a process holds"))
}

fn descriptors(measured: Option<&Measured>) -> Checked {
    let Some(Measured { fresh, quarters, calls, at_once, .. }) = measured else { return Err(not_measured()) };
    let held = quarters.map(|usage| usage.descriptors);
    let [first, .., last] = held;
    // Counted from the start, as a leak soon reaches the limit and then grows no more.
    let of_a_pool = DESCRIPTORS_OF_A_POOL + u64::from(*at_once);
    if last.saturating_sub(fresh.descriptors) > of_a_pool
        || (last.saturating_sub(first) > DESCRIPTORS_SLACK && grows_by(held, 1))
    {
        let why =
            format!("{} at the start, {first} after the first calls, {last} after {calls} more", fresh.descriptors);
        return Err(Not::failed(why, "close what a call opens, also when it fails"));
    }
    Ok(Some(format!("{first} after the first calls, {last} at the end")))
}

fn memory(measured: Option<&Measured>) -> Checked {
    let Some(Measured { quarters, calls, at_once, form, .. }) = measured else { return Err(not_measured()) };
    let held = quarters.map(|usage| usage.private);
    let [first, .., last] = held;
    let grew = last.saturating_sub(first);
    let by_call = grew / u64::from(*calls).max(1);
    let slack = match form {
        Form::Library => MEMORY_SLACK + MEMORY_BY_THREAD * u64::from(*at_once),
        Form::Exec => MEMORY_OF_A_RUNTIME,
    };
    if grew > slack && grows_by(held, MEMORY_BY_CALL * u64::from(calls / 4)) {
        let advice = "free what a call allocates; bound what is remembered from call to call";
        return Err(Not::failed(
            format!("{} KiB more after {calls} calls, {by_call} bytes by call", grew / 1024),
            advice,
        ));
    }
    Ok(Some(format!("{} KiB, {by_call} bytes more by call", last / 1024)))
}

/// Whether it grows in each quarter.
fn grows_by(held: [u64; 5], least: u64) -> bool {
    held.windows(2).all(|pair| pair[1].saturating_sub(pair[0]) >= least)
}

fn not_measured() -> Not {
    Not::skipped("the calls were not made")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Descriptors and KiB.
    fn grows(values: [(u64, u64); 5]) -> (bool, bool) {
        let quarters = values.map(|(descriptors, kib)| Usage { descriptors, private: kib * 1024 });
        let fresh = Usage { descriptors: 9, private: 3000 * 1024 };
        let measured = Measured { fresh, quarters, calls: 800, at_once: 4, form: Form::Library };
        (descriptors(Some(&measured)).is_err(), memory(Some(&measured)).is_err())
    }

    #[test]
    fn only_what_goes_on_growing_counts() {
        assert_eq!(grows([(9, 4000), (9, 4010), (9, 4020), (9, 4030), (9, 4040)]), (false, false));
        // Threads, a pool, a cache: in steps, and then no more.
        assert_eq!(grows([(9, 4000), (30, 5500), (30, 9000), (40, 9000), (40, 9000)]), (false, false));
        assert_eq!(grows([(9, 4000), (12, 4200), (15, 4400), (18, 4600), (21, 4800)]), (true, false));
        assert_eq!(grows([(9, 4000), (9, 5000), (9, 6000), (9, 7000), (9, 8000)]), (false, true));
        // A leak that has reached the limit.
        assert_eq!(grows([(209, 4000), (256, 4000), (256, 4000), (256, 4000), (256, 4000)]), (true, false));
    }
}
