//! Chance that can be had again.

use std::time::{SystemTime, UNIX_EPOCH};

/// Random numbers that are the same for the same seed.
pub(crate) struct Random(u64);

impl Random {
    /// The same numbers for the same seed; neighbouring ones have nothing in common.
    pub(crate) fn of(seed: u64) -> Self {
        // SplitMix64: no seed becomes zero, of which xorshift makes nothing else.
        let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Self((mixed ^ (mixed >> 31)) | 1)
    }

    /// A number from 0 to `end`, which it is not.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        // Xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// A seed from the clock, or from `QUIETUS_SEED` to see a failure again; shown when the test fails.
pub(crate) struct Seed(u64);

impl Seed {
    pub(crate) fn new() -> Self {
        let given = std::env::var("QUIETUS_SEED").ok().map(|text| text.parse().expect("a number"));
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
        Self(given.unwrap_or_else(clock))
    }

    /// From here on it is another one.
    pub(crate) fn next(&mut self) {
        self.0 = self.0.wrapping_add(1);
    }

    pub(crate) fn random(&self) -> Random {
        Random::of(self.0)
    }
}

impl Drop for Seed {
    #[expect(clippy::print_stderr, reason = "a test's output is shown when it fails")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to see it again: QUIETUS_SEED={}", self.0);
        }
    }
}
