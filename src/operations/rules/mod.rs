//! Rules: why something was decided, and what other rules would decide.

mod explain;
mod judge;
mod sessions;
mod trial;

pub(in crate::operations) use explain::unknown as unknown_session;
pub(crate) use explain::{Explanation, PastEvaluation, events, explain};
pub(crate) use judge::{JudgedRule, confirm, reject};
pub(crate) use sessions::{begun_before, sessions};
pub(crate) use trial::{Difference, Trial, try_rules};
