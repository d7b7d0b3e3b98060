//! Targets say what else they know a person by, before any target is asked to erase: what one system knows, such as a
//! customer number, another one is found by. Where no other target may be told it, nobody is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tracing::info;

use super::call::Prepared;
use super::failure::Failure;
use super::output::Output;
use super::parts::Worker;
use super::resolve::opened;
use crate::erasure::Capsule;
use crate::ledger::{ClaimedStep, EraseWork, StepEnd, StepWork};
use crate::subject::{Identifiers, InstallationName, Kind, TargetName, Whom};
use crate::target::{Returns, Target};

impl Worker {
    /// One target says what it knows: from the claim of its step to what is sealed for the others.
    pub(super) async fn find(&self, claimed: ClaimedStep, work: &StepWork) -> Result<Output, Failure> {
        let Prepared::Ask(target, call) = self.prepare(claimed, work)? else {
            return Err(Failure::Permanent("nobody is asked to report what a target knows".into()));
        };
        let found = target.find(&call).await.map_err(Failure::Call)?;
        let known = opened(&work.capsules, |capsule| capsule.open(&self.seal))
            .map_err(|broken| Failure::Permanent(format!("the capsule: {broken}")))?;
        let new: BTreeSet<_> = found.identifiers.0.difference(&known.identifiers.0).cloned().collect();
        info!(
            erasure.id = %work.erasure, target = %work.step.target, new = new.len(), more = found.more,
            "target said what it knows"
        );
        let whom = Whom { identifiers: Identifiers(new), ..Whom::default() };
        let capsule = (!whom.is_empty()).then(|| Capsule::seal(&whom, &self.seal));
        Ok(Output::Step(StepEnd::Found { capsule, more: found.more }))
    }

    /// The targets of an erasure that are to be asked first: those that know what another one may be told. `None` while one of
    /// them is being started.
    pub(super) fn finds(&self, work: &EraseWork) -> Option<BTreeSet<TargetName>> {
        asked_first(&work.targets, work.subject.installation(), &self.targets)
    }
}

/// Those of an erasure's targets that are asked first what else they know; `all` are the targets as they are called. `None`
/// while what one of them returns is not known yet. Nobody waits for one that does not start.
pub(crate) fn asked_first(
    names: &[TargetName],
    installation: &InstallationName,
    all: &BTreeMap<TargetName, Arc<dyn Target>>,
) -> Option<BTreeSet<TargetName>> {
    let mut exchanges = Vec::new();
    for name in names {
        if let Some(target) = all.get(&name.called_for(installation)) {
            exchanges.push(Exchange { name, returns: target.returns(), takes: target.takes() });
        }
    }
    finds(&exchanges)
}

/// What a target may say, and may be told.
struct Exchange<'a> {
    name: &'a TargetName,
    returns: Returns,
    takes: BTreeSet<Kind>,
}

fn finds(all: &[Exchange<'_>]) -> Option<BTreeSet<TargetName>> {
    let mut asked = BTreeSet::new();
    for one in all {
        let mut others = all.iter().filter(|other| other.name != one.name);
        match &one.returns {
            Returns::Kinds(kinds) if others.any(|other| !other.takes.is_disjoint(kinds)) => {
                asked.insert(one.name.clone());
            }
            Returns::NotYet if others.any(|other| !other.takes.is_empty()) => return None,
            Returns::Kinds(_) | Returns::NotYet => {}
            Returns::NotKnown => {
                tracing::warn!(target = %one.name, "what it knows persons by is not asked, as it has not started");
            }
        }
    }
    Some(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(words: &[&str]) -> BTreeSet<Kind> {
        words.iter().map(|word| word.parse().expect("a kind")).collect()
    }

    /// A target, what it may say, and what it may be told.
    type Of<'a> = (&'a str, Returns, &'a [&'a str]);

    fn found(all: &[Of<'_>]) -> Option<Vec<String>> {
        let names: Vec<TargetName> = all.iter().map(|(name, ..)| TargetName((*name).into())).collect();
        let mut exchanges = Vec::new();
        for (name, (_, returns, takes)) in names.iter().zip(all) {
            exchanges.push(Exchange { name, returns: returns.clone(), takes: kinds(takes) });
        }
        finds(&exchanges).map(|found| found.iter().map(ToString::to_string).collect())
    }

    fn says(words: &[&str]) -> Returns {
        Returns::Kinds(kinds(words))
    }

    #[track_caller]
    fn check(all: &[Of<'_>], expected: &[&str]) {
        let expected: Vec<String> = expected.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(found(all), Some(expected));
    }

    #[test]
    fn only_those_are_asked_that_know_what_another_one_may_be_told() {
        let mluvii: Of<'_> = ("mluvii", says(&[]), &[]);
        check(std::slice::from_ref(&mluvii), &[]);
        check(&[mluvii.clone(), ("crm", says(&["customer_no"]), &["email", "customer_no"])], &[]);
        let crm: Of<'_> = ("crm", says(&["customer_no"]), &["email"]);
        check(&[mluvii.clone(), crm.clone(), ("erp", says(&[]), &["email"])], &[]);
        check(&[mluvii, crm.clone(), ("erp", says(&[]), &["customer_no"])], &["crm"]);
        check(&[crm, ("erp", says(&["email"]), &["customer_no"])], &["crm", "erp"]);
    }

    #[test]
    fn one_that_is_being_started_is_waited_for_where_another_one_may_be_told_anything() {
        let erp: Of<'_> = ("erp", says(&[]), &["name"]);
        check(&[("mluvii", says(&[]), &[]), ("crm", Returns::NotYet, &["email"])], &[]);
        assert_eq!(found(&[("crm", Returns::NotYet, &["email"]), erp.clone()]), None);
        check(&[("crm", Returns::NotKnown, &["email"]), erp], &[]);
    }
}
