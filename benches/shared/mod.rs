//! What the benchmarks have in common: the machine they run on, the server they start, what their caller wants of them.

pub(crate) mod choice;
pub(crate) mod machine;
pub(crate) mod postgres;

pub(crate) use choice::{is_wanted, longest, number};
