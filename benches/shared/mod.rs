//! What the benchmarks have in common: the machine they run on, the server they start, what their caller wants of them.

pub(crate) mod machine;
pub(crate) mod postgres;

/// Whether the caller wants this part: those that are named as arguments, or all.
pub(crate) fn is_wanted(part: &str) -> bool {
    // Cargo adds `--bench`.
    let mut named = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).peekable();
    named.peek().is_none() || named.any(|named| named == part)
}

/// A number that the caller can choose.
pub(crate) fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}
