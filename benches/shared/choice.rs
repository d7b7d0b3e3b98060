//! What the caller of a benchmark wants of it.

use std::time::Duration;

/// Whether the caller wants this part of these: those that are named as arguments, or all where none is.
pub(crate) fn is_wanted(part: &str, of: &[&str]) -> bool {
    // Cargo adds `--bench`.
    let named: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_named = |part: &str| named.iter().any(|named| named == part);
    is_named(part) || !of.iter().any(|other| is_named(other))
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
