//! Many calls, and whether anything grows by them: descriptors, memory.
//!
//! A first fifth of the calls is not looked at: pools fill, allocators spread over threads, lazy things are made. What
//! grows afterwards must stop: only what grows in both halves of the rest counts. A leak of one descriptor a call, or of
//! 1 KiB a call and 512 KiB in all, is told; less cannot be told from the noise of an allocator, and is not claimed.

use quietus_plugin::protocol::Reply;

use super::bench::{Bench, Method};
use super::person::{Person, fresh_key};
use super::report::{Checked, Not};
use super::usage::Usage;

/// Fewer calls tell nothing.
const CALLS_MIN: u32 = 50;
/// What does not count as growth: descriptors, bytes in all, and bytes by call.
const DESCRIPTORS_SLACK: u64 = 8;
const MEMORY_SLACK: u64 = 512 * 1024;
const MEMORY_BY_CALL: u64 = 1024;

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

/// What the process held after the first calls, after half of the rest, and at the end.
#[derive(Clone, Copy)]
struct Measured {
    first: Usage,
    half: Usage,
    last: Usage,
    /// Between the first and the last.
    calls: u32,
}

async fn many(bench: &mut Bench<'_>) -> Result<(String, Measured), Not> {
    let calls = bench.subject.calls;
    bench.manifest()?;
    if calls < CALLS_MIN {
        return Err(Not::skipped(format!("fewer than {CALLS_MIN} calls tell nothing (--calls)")));
    }
    bench.restart().await;
    let (warm, half) = (calls / 5, calls / 5 + (calls - calls / 5) / 2);
    let (mut at_first, mut at_half) = (None, None);
    let (mut failed, mut class) = (0, String::new());
    for done in 0..calls {
        if done == warm {
            at_first = Some(usage(bench)?);
        } else if done == half {
            at_half = Some(usage(bench)?);
        }
        let nobody = Person::nobody(bench.manifest()?);
        if let Reply::Error { error } = bench.call_about_nobody(Method::Erase, &nobody, &fresh_key()).await? {
            failed += 1;
            class = <&str>::from(error.class).to_owned();
        }
        bench.count(done + 1, calls);
    }
    let last = usage(bench)?;
    let (Some(first), Some(half)) = (at_first, at_half) else { return Err(Not::skipped("nothing was measured")) };
    let said = match failed {
        0 => format!("{calls} calls"),
        failed => format!("{calls} calls, {failed} of them answered with an error, such as `{class}`"),
    };
    Ok((said, Measured { first, half, last, calls: calls - warm }))
}

fn usage(bench: &Bench<'_>) -> Result<Usage, Not> {
    let usage = bench.process().and_then(Usage::of_group);
    usage.ok_or_else(|| Not::skipped("this machine does not tell what a process holds"))
}

fn descriptors(measured: Option<&Measured>) -> Checked {
    let Some(Measured { first, half, last, calls }) = measured else { return Err(not_measured()) };
    let grew = last.descriptors.saturating_sub(first.descriptors);
    let in_both = half.descriptors > first.descriptors && last.descriptors > half.descriptors;
    if grew > DESCRIPTORS_SLACK && (in_both || grew > u64::from(*calls) / 2) {
        let advice = "close what a call opens, also when it fails";
        let why = format!("{} after the first calls, {} after {calls} more", first.descriptors, last.descriptors);
        return Err(Not::failed(why, advice));
    }
    Ok(Some(format!("{} after the first calls, {} at the end", first.descriptors, last.descriptors)))
}

fn memory(measured: Option<&Measured>) -> Checked {
    let Some(Measured { first, half, last, calls }) = measured else { return Err(not_measured()) };
    let grew = last.private.saturating_sub(first.private);
    let by_call = grew / u64::from(*calls).max(1);
    let bound = |grew: u64, calls: u32| grew > MEMORY_BY_CALL * u64::from(calls);
    let in_both = bound(half.private.saturating_sub(first.private), calls / 2)
        && bound(last.private.saturating_sub(half.private), calls / 2);
    if grew > MEMORY_SLACK && in_both {
        let advice = "free what a call allocates; bound what is remembered from call to call";
        return Err(Not::failed(
            format!("{} KiB more after {calls} calls, {by_call} bytes by call", grew / 1024),
            advice,
        ));
    }
    Ok(Some(format!("{} KiB, {by_call} bytes more by call", last.private / 1024)))
}

fn not_measured() -> Not {
    Not::skipped("the calls were not made")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(values: [(u64, u64); 3]) -> Measured {
        let [first, half, last] = values.map(|(descriptors, kib)| Usage { descriptors, private: kib * 1024 });
        Measured { first, half, last, calls: 800 }
    }

    #[test]
    fn only_what_goes_on_growing_counts() {
        let grows = |values| {
            let measured = measured(values);
            (descriptors(Some(&measured)).is_err(), memory(Some(&measured)).is_err())
        };
        assert_eq!(grows([(9, 4000), (9, 4010), (9, 4020)]), (false, false));
        // A pool, a cache: once, and then no more.
        assert_eq!(grows([(9, 4000), (30, 9000), (30, 9000)]), (false, false));
        assert_eq!(grows([(9, 4000), (409, 4400), (809, 4800)]), (true, false));
        assert_eq!(grows([(9, 4000), (9, 5000), (9, 6000)]), (false, true));
        // The places for descriptors, where these are not counted.
        assert_eq!(grows([(64, 4000), (1024, 4000), (1024, 4000)]), (true, false));
    }
}
