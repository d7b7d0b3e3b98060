//! Fuzzing of what strangers reach, on stable Rust: the inputs of a corpus (`tests/corpus`), changed again and again. A target says in a few
//! words what came of an input; one that leads to something new is kept, and changed further. So it gets deeper than chance alone
//! would, without an instrumented build.
#![expect(clippy::print_stderr, reason = "a test's output is shown when it fails, or with `--no-capture`")]

mod change;
mod json;

use std::collections::{HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::chance::Chance;
use change::Changes;

/// So many inputs are kept beside the corpus; the oldest go.
const KEPT_MAX: usize = 2_000;

/// What one target is given.
pub(crate) struct Fuzz {
    name: &'static str,
    corpus: Vec<Vec<u8>>,
    kept: VecDeque<Vec<u8>>,
    seen: HashSet<String>,
    chance: Chance,
    seed: u64,
}

impl Fuzz {
    /// With the inputs of `tests/corpus/{name}`.
    pub(crate) fn new(name: &'static str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
        let mut files: Vec<_> =
            std::fs::read_dir(folder).expect("a corpus").map(|file| file.expect("a file")).collect();
        files.sort_by_key(std::fs::DirEntry::path);
        Self::of(name, files.iter().map(|file| std::fs::read(file.path()).expect("readable")).collect())
    }

    /// With inputs that were just made.
    pub(crate) fn of(name: &'static str, corpus: Vec<Vec<u8>>) -> Self {
        let given = std::env::var("QUIETUS_SEED").ok().map(|text| text.parse().expect("a number"));
        let of_clock = || jiff::Timestamp::now().as_nanosecond() as u64;
        let seed = given.unwrap_or_else(of_clock);
        Self { name, corpus, kept: VecDeque::new(), seen: HashSet::new(), chance: Chance::new(seed), seed }
    }

    /// Gives so many inputs to a target, or as many as it takes for `QUIETUS_TEST_FUZZ_S` seconds. The target panics at what it must not do.
    pub(crate) fn run(mut self, inputs: u64, mut target: impl FnMut(&[u8]) -> String) {
        let longest = std::env::var("QUIETUS_TEST_FUZZ_S").ok().map(|text| text.parse().expect("seconds"));
        let longest = longest.map(Duration::from_secs);
        let begin = Instant::now();
        let last = Last::new(self.name);
        for input in self.corpus.clone() {
            self.give(&input, &last, &mut target);
        }
        let mut given = 0;
        while longest.map_or(given < inputs, |longest| begin.elapsed() < longest) {
            let input = self.next();
            self.give(&input, &last, &mut target);
            given += 1;
        }
        last.is_none();
        eprintln!("{}: {given} inputs in {:?}, {} results", self.name, begin.elapsed(), self.seen.len());
    }

    fn next(&mut self) -> Vec<u8> {
        let from_corpus = self.kept.is_empty() || self.chance.one_in(3);
        let pool: &mut dyn Iterator<Item = &Vec<u8>> =
            if from_corpus { &mut self.corpus.iter() } else { &mut self.kept.iter() };
        let pool: Vec<_> = pool.collect();
        let input = pool[self.chance.below(pool.len())].clone();
        let changes = Changes { corpus: &self.corpus, chance: &mut self.chance };
        changes.of(input)
    }

    fn give(&mut self, input: &[u8], last: &Last, target: &mut impl FnMut(&[u8]) -> String) {
        last.is(input);
        let result = catch_unwind(AssertUnwindSafe(|| target(input))).unwrap_or_else(|panic| {
            eprintln!("{} failed, QUIETUS_SEED={}, at the input {}", self.name, self.seed, last.0.display());
            eprintln!("{}", input.escape_ascii());
            resume_unwind(panic)
        });
        if self.seen.insert(result) {
            self.kept.push_back(input.to_vec());
            if self.kept.len() > KEPT_MAX {
                self.kept.pop_front();
            }
        }
    }
}

/// The input that is worked on, in a file: where the process is killed by it, or hangs, it is there.
struct Last(PathBuf);

impl Last {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("quietus-fuzz-{name}-{}", std::process::id())))
    }

    fn is(&self, input: &[u8]) {
        std::fs::write(&self.0, input).expect("writable");
    }

    fn is_none(&self) {
        std::fs::remove_file(&self.0).expect("it was written");
    }
}
