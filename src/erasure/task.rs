//! The name of a task that somebody was given. It follows from the step and its round, and is kept nowhere: what was said of an earlier
//! round can not be taken for the answer to a later one.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::Reportable;
use crate::chain;

/// Digits of a name: there are never so many open tasks that two would share one.
const DIGITS: usize = 12;

/// `t-` and 12 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct TaskId(String);

impl TaskId {
    pub(crate) fn of(step: &Reportable) -> Self {
        let Reportable { erasure, target, stage, round } = step;
        let mut digest = chain::hash(format!("{erasure} {target} {} {round}", stage.as_str()).as_bytes());
        digest.truncate(DIGITS);
        Self(format!("t-{digest}"))
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TaskId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_id = |digits: &str| digits.len() == DIGITS && digits.bytes().all(is_digit);
        if text.strip_prefix("t-").is_some_and(is_id) {
            return Ok(Self(text.to_owned()));
        }
        Err("a task is named by `t-` and 12 hex digits, as `quietus tasks list` shows them")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::{ErasureId, Stage};
    use crate::subject::TargetName;

    fn of(target: &str, round: u32) -> TaskId {
        let target = TargetName(target.into());
        TaskId::of(&Reportable { erasure: ErasureId([7; 16]), target, stage: Stage::Erase, round })
    }

    #[test]
    fn each_round_at_each_target_is_a_task_of_its_own() {
        let id = of("legal", 0);
        assert_eq!(id.to_string().parse(), Ok(id.clone()));
        assert_ne!(id, of("legal", 1));
        assert_ne!(id, of("archive", 0));
    }

    #[test]
    fn what_is_no_task_is_told_apart_from_one_that_is_not_there() {
        for text in ["", "17", "t-", "t-0123456789a", "t-0123456789AB", "e-0123456789ab", "t-0123456789ab0"] {
            assert!(text.parse::<TaskId>().is_err(), "{text}");
        }
    }
}
