//! Names of steps, lists and counts: they stand in receipts and errors.

const LEN_MAX: usize = 40;

/// Refuses what is more than letters, a `_` and a `-`.
pub(super) fn plain(name: &str) -> Result<(), String> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b == b'_' || b == b'-';
    if (1..=LEN_MAX).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(format!("`{name}`: allowed are 1 to {LEN_MAX} of a-z, `_` and `-`"))
}
