//! What the caller of a benchmark wants of it.

use std::time::Duration;

/// Whether the caller wants this part: those that are named as arguments, or all.
pub(crate) fn is_wanted(part: &str) -> bool {
    // Cargo adds `--bench`.
    let mut named = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).peekable();
    named.peek().is_none() || named.any(|named| named == part)
}

/// A number that the caller can choose. Where `QUIETUS_BENCH_SMOKE` is set, not to measure but to see that a benchmark
/// still works, it is the small one.
pub(crate) fn number(variable: &str, measured: u64, small: u64) -> u64 {
    let default = if std::env::var_os("QUIETUS_BENCH_SMOKE").is_some() { small } else { measured };
    std::env::var(variable).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

/// How long one measurement takes at most: so many seconds, or the caller's.
pub(crate) fn longest(measured_s: u64) -> Duration {
    Duration::from_millis(number("QUIETUS_BENCH_MS", measured_s * 1_000, 200))
}
