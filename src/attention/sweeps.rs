//! Sweeps of `erase-again` that do not go on, or were given up.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::about::{found, with};
use super::rechecks::looked_at;
use super::{Attention, Code, Severity};
use crate::audit::Object;
use crate::subject::{InstallationName, TargetName};

/// A sweep writes how far it is with each part that its target tells; what is busy for so long is rarely at work.
const QUIET_MAX: Duration = Duration::from_secs(6 * 3600);

/// The newest sweep of a target, of one installation's people, which is neither done nor cancelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnfinishedSweep {
    pub(crate) target: TargetName,
    pub(crate) mluvii: InstallationName,
    pub(crate) begun: Timestamp,
    /// When it has gone on last.
    pub(crate) moved: Timestamp,
    /// Why it does not go on, or was given up.
    pub(crate) reason: Option<String>,
    pub(crate) is_given_up: bool,
}

/// What failed and is tried again needs a person, too: it is ordered by one, and given up after a day.
pub(super) fn of(sweep: &UnfinishedSweep, now: Timestamp) -> Option<Attention> {
    let UnfinishedSweep { target, mluvii, begun, moved, reason, is_given_up } = sweep;
    let is_quiet = *moved < now && now.duration_since(*moved).unsigned_abs() > QUIET_MAX;
    if !is_given_up && reason.is_none() && !is_quiet {
        return None;
    }
    let state = if *is_given_up { "given_up" } else { "open" };
    let object = Object::target(&looked_at(target, mluvii));
    let mut found = found(Code::SweepStuck, Severity::Attention, object, format!("{begun} {state}"));
    found = with(found, "target", Value::from(&*target.0));
    if *mluvii != InstallationName::unnamed() {
        found = with(found, "mluvii", Value::from(&*mluvii.0));
    }
    found = with(found, "state", Value::from(state));
    if let Some(reason) = reason {
        found = with(found, "reason", Value::from(reason.as_str()));
    }
    Some(Attention { since: Some(*moved), ..found })
}

/// In words, with the command that helps.
pub(super) fn sentence(found: &Attention) -> String {
    let text = |name| found.parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let target = text("target");
    let mluvii = if text("mluvii").is_empty() { String::new() } else { format!(" --mluvii {}", text("mluvii")) };
    let reason = match text("reason") {
        "" => "nobody has gone on with it for hours",
        reason => reason,
    };
    if text("state") == "given_up" {
        return format!(
            "the sweep of `quietus erase-again` at {target} was given up: {reason}; who is there again may not all have been found: see \
             `quietus erase-again status`, and run the command anew"
        );
    }
    format!(
        "the sweep of `quietus erase-again` at {target} does not go on: {reason}; a server tries it again, or end it by `quietus erase-again \
         cancel --target {target}{mluvii}`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).expect("a time")
    }

    fn sweep(reason: Option<&str>, is_given_up: bool) -> UnfinishedSweep {
        UnfinishedSweep {
            target: TargetName("crm".into()),
            mluvii: InstallationName("acme".into()),
            begun: at(1),
            moved: at(2),
            reason: reason.map(str::to_owned),
            is_given_up,
        }
    }

    #[test]
    fn a_sweep_that_goes_on_needs_nobody_and_one_that_does_not_or_was_given_up_does() {
        let told = |sweep: &UnfinishedSweep, hour| of(sweep, at(hour)).map(|found| sentence(&found));
        assert_eq!(told(&sweep(None, false), 8), None, "it is at work");
        assert_eq!(told(&sweep(None, false), 1), None, "by another clock");
        let quiet = told(&sweep(None, false), 9).expect("told");
        assert!(quiet.contains("nobody has gone on with it for hours"), "{quiet}");
        let failed = told(&sweep(Some("it is out"), false), 2).expect("told");
        assert!(failed.contains("it is out; a server tries it again"), "{failed}");
        assert!(failed.contains("`quietus erase-again cancel --target crm --mluvii acme`"), "{failed}");
        let given_up = told(&sweep(Some("it is out"), true), 900).expect("told");
        assert!(given_up.contains("was given up: it is out") && given_up.contains("anew"), "{given_up}");
        let unnamed = UnfinishedSweep { mluvii: InstallationName::unnamed(), ..sweep(None, true) };
        let found = of(&unnamed, at(2)).expect("told");
        assert_eq!((found.object.as_str(), found.parameters.contains_key("mluvii")), ("target:crm", false));
    }

    #[test]
    fn what_is_acknowledged_is_told_again_once_it_is_given_up_and_of_another_one() {
        let mark = |sweep: &UnfinishedSweep| of(sweep, at(9)).expect("told").mark;
        let open = sweep(Some("it is out"), false);
        assert_eq!(mark(&open), mark(&UnfinishedSweep { moved: at(3), ..open.clone() }));
        assert_ne!(mark(&open), mark(&UnfinishedSweep { is_given_up: true, ..open.clone() }));
        assert_ne!(mark(&open), mark(&UnfinishedSweep { begun: at(2), ..open.clone() }));
    }
}
