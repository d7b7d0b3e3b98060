//! Rules: why something was decided, and what other rules would decide.

mod confirm;
mod explain;
mod trial;

pub(crate) use confirm::confirm;
pub(crate) use explain::{Explanation, PastEvaluation, explain};
pub(crate) use trial::{Difference, Trial, try_rules};
