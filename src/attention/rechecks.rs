//! What needs a person of what was looked at again, after receipts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::about::{found, with};
use super::{Attention, Code, Severity};
use crate::audit::Object;
use crate::erasure::RecheckOutcome;
use crate::subject::{InstallationName, TargetName};

/// Looks at a target that came to one outcome, and that nothing has followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UnsettledRechecks {
    pub(crate) target: TargetName,
    pub(crate) mluvii: InstallationName,
    pub(crate) outcome: RecheckOutcome,
    pub(crate) count: u64,
    /// When the first of them was looked at, and the last.
    pub(crate) since: Timestamp,
    pub(crate) newest: Timestamp,
    /// The first end of their erasures.
    pub(crate) erased_since: Timestamp,
}

pub(super) fn of(all: &[UnsettledRechecks]) -> Vec<Attention> {
    let left = all.iter().filter(|one| one.outcome == RecheckOutcome::Residual);
    let mut told: Vec<_> = left.map(|one| told_of(Code::RecheckResidual, Severity::Urgent, one)).collect();
    // Whatever has to be looked at, at one place, is one thing.
    let mut unclear: BTreeMap<_, UnsettledRechecks> = BTreeMap::new();
    for one in all.iter().filter(|one| matches!(one.outcome, RecheckOutcome::Unclear | RecheckOutcome::Held)) {
        let at =
            unclear.entry((&one.target, &one.mluvii)).or_insert_with(|| UnsettledRechecks { count: 0, ..one.clone() });
        at.count += one.count;
        at.since = at.since.min(one.since);
        at.newest = at.newest.max(one.newest);
        at.erased_since = at.erased_since.min(one.erased_since);
    }
    told.extend(unclear.values().map(|one| told_of(Code::RecheckUnclear, Severity::Notice, one)));
    told
}

fn told_of(code: Code, severity: Severity, one: &UnsettledRechecks) -> Attention {
    let UnsettledRechecks { target, mluvii, count, since, newest, erased_since, .. } = one;
    let object = Object::target(&looked_at(target, mluvii));
    let mut about = found(code, severity, object, format!("{count} {newest}"));
    about = with(about, "target", Value::from(&*target.0));
    if *mluvii != InstallationName::unnamed() {
        about = with(about, "mluvii", Value::from(&*mluvii.0));
    }
    about = with(about, "count", (*count).into());
    // A day, as `erase-again` takes it: whoever was erased on it is among them.
    about = with(about, "erased_since", Value::from(erased_since.strftime("%Y-%m-%d").to_string()));
    Attention { since: Some(*since), ..about }
}

/// A target, of the people of one installation.
pub(crate) fn looked_at(target: &TargetName, mluvii: &InstallationName) -> TargetName {
    if target.is_mluvii() || *mluvii == InstallationName::unnamed() {
        return target.called_for(mluvii);
    }
    TargetName(format!("{target}/{mluvii}").into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400 + 60).expect("a time")
    }

    fn one(target: &str, outcome: RecheckOutcome, day: i64) -> UnsettledRechecks {
        UnsettledRechecks {
            target: TargetName(target.into()),
            mluvii: InstallationName("acme".into()),
            outcome,
            count: 2,
            since: at(day),
            newest: at(day + 1),
            erased_since: at(day - 30),
        }
    }

    #[test]
    fn what_is_left_is_urgent_and_what_is_unclear_or_held_is_told_once_for_a_place() {
        let all = [
            one("crm", RecheckOutcome::Residual, 40),
            one("crm", RecheckOutcome::Unclear, 41),
            one("crm", RecheckOutcome::Held, 40),
            one("mluvii", RecheckOutcome::Residual, 40),
        ];
        let line = |one: &Attention| {
            format!("{} {} {} {}", one.severity.as_str(), one.code.as_str(), one.object, json!(one.parameters))
        };
        let day = |day: i64| at(day).strftime("%Y-%m-%d").to_string();
        let of = |count: u64, target: &str| {
            json!({ "count": count, "erased_since": day(10), "mluvii": "acme", "target": target }).to_string()
        };
        let expected = [
            format!("urgent recheck_residual target:crm/acme {}", of(2, "crm")),
            format!("urgent recheck_residual target:mluvii/acme {}", of(2, "mluvii")),
            format!("notice recheck_unclear target:crm/acme {}", of(4, "crm")),
        ];
        assert_eq!(super::of(&all).iter().map(line).collect::<Vec<_>>(), expected);
    }
}
