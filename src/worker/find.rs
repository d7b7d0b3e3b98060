//! Targets say what else they know a person by, before other targets are asked to erase: what one system knows, such as a
//! customer number, another one is found by. Who needs what another one returns is asked after it. Where no other target may be told it,
//! nobody is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tracing::debug;

use super::call::Prepared;
use super::failure::{Failure, unopened_record};
use super::output::Output;
use super::parts::Worker;
use super::resolve::opened;
use crate::erasure::life::Finds;
use crate::erasure::{Capsule, Exchange, rounds};
use crate::ledger::{ClaimedStep, EraseWork, StepEnd, StepWork, TargetState};
use crate::subject::{Identifiers, InstallationName, Kind, Params, TargetName, Whom};
use crate::target::{Found, Returns, Target};

/// How long to wait for a target that is being started.
const STARTING_PAUSE: Duration = Duration::from_secs(1);

impl Worker {
    /// One target says what it knows: from the claim of its step to what is sealed for the others.
    pub(super) async fn find(&self, claimed: ClaimedStep, work: &StepWork) -> Result<Output, Failure> {
        let Prepared::Ask(target, call) = self.prepare(claimed, work)? else {
            return Err(Failure::Permanent("nobody is asked to report what a target knows".into()));
        };
        let taken = self.taken_beside(&work.step.called);
        let found = match target.returns() {
            // Now it is known that nobody could be told anything of it, so it is not asked.
            Returns::Kinds(kinds) if kinds.is_disjoint(&taken) => Found::default(),
            _ => target.find(&call).await.map_err(Failure::Call)?,
        };
        let known = opened(&work.capsules, |capsule| capsule.open(work.erasure, &self.seal))
            .map_err(|error| unopened_record(&error))?;
        let mut new = found.identifiers.0;
        // What nobody else may be told is not kept.
        new.retain(|identifier| taken.contains(&identifier.kind) && !known.identifiers.0.contains(identifier));
        debug!(
            erasure.id = %work.erasure, target = %work.step.target, new = new.len(), more = found.more,
            "target said what it knows"
        );
        let whom = Whom { identifiers: Identifiers(new), ..Whom::default() };
        let capsule = (!whom.is_empty()).then(|| Capsule::seal(&whom, work.erasure, &self.seal));
        Ok(Output::Step(StepEnd::Found { capsule, more: found.more }))
    }

    /// The kinds that other targets than this one may be told.
    fn taken_beside(&self, called: &TargetName) -> BTreeSet<Kind> {
        let others = self.targets.iter().filter(|(name, _)| *name != called);
        others.flat_map(|(_, target)| target.takes()).collect()
    }

    /// The targets of an erasure that are to say what else they know.
    pub(super) async fn finds(&self, work: &EraseWork) -> Result<Finds, Failure> {
        let installation = work.subject.installation();
        // What a law keeps is not even asked.
        let is_asked = |name: &&TargetName| self.exemptions.of(installation, name).is_none();
        let asked: Vec<_> = work.targets.iter().filter(is_asked).cloned().collect();
        let given = given(self.params_of(installation)?);
        let finds = finds_of(&asked, installation, &self.targets, &given);
        let mut finds = finds.ok_or(Failure::Postponed(STARTING_PAUSE))?;
        if finds.first.is_empty() {
            return Ok(finds);
        }
        // Nobody waits for a target that is not called until a person has acted.
        for health in self.records.targets().await? {
            if matches!(health.state, TargetState::Open { needs_person: true, .. }) {
                let parked = finds.first.extract_if(.., |name, _| name.called_for(installation) == health.target);
                finds.later.extend(parked.map(|(name, _)| name));
            }
        }
        Ok(finds)
    }
}

/// The kinds of identifiers that mluvii itself may tell of a person, with what fields of forms hold.
pub(crate) fn given(params: &Params) -> BTreeSet<Kind> {
    let built_in = [Kind::Email, Kind::Phone, Kind::Name, Kind::GuestId, Kind::SessionId];
    params.values().cloned().chain(built_in).collect()
}

/// Those of an erasure's targets that are to say what else they know; `all` are the targets as they are called, and `given` are the kinds
/// that are known from the start. `None` while one of them is being started: soon it is known what it returns, or that it does not start.
pub(crate) fn finds_of(
    names: &[TargetName],
    installation: &InstallationName,
    all: &BTreeMap<TargetName, Arc<dyn Target>>,
    given: &BTreeSet<Kind>,
) -> Option<Finds> {
    let mut exchanges = Vec::new();
    for name in names {
        if let Some(target) = all.get(&name.called_for(installation)) {
            let (takes, requires) = (target.takes(), target.requires());
            let exchange = Exchange { name: name.clone(), returns: BTreeSet::new(), takes, requires };
            exchanges.push((exchange, target.returns()));
        }
    }
    finds(exchanges, given)
}

/// Of each target what it takes, and what it returns as far as that is known.
fn finds(all: Vec<(Exchange, Returns)>, given: &BTreeSet<Kind>) -> Option<Finds> {
    let mut first = Vec::new();
    let mut later = BTreeSet::new();
    for (one, returns) in &all {
        let mut others = all.iter().map(|(other, _)| other).filter(|other| other.name != one.name);
        match returns {
            Returns::Kinds(kinds) if others.any(|other| !other.takes.is_disjoint(kinds)) => {
                first.push(Exchange { returns: kinds.clone(), ..one.clone() });
            }
            Returns::NotYet if others.any(|other| !other.takes.is_empty()) => return None,
            // A broken plugin harms no other target, and what it knows is not forgotten.
            Returns::NotKnown if others.any(|other| !other.takes.is_empty()) => {
                later.insert(one.name.clone());
            }
            _ => {}
        }
    }
    Some(Finds { first: rounds(&first, given), later })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(words: &[&str]) -> BTreeSet<Kind> {
        words.iter().map(|word| word.parse().expect("a kind")).collect()
    }

    /// A target, what it may say, and what it may be told.
    type Of<'a> = (&'a str, Returns, &'a [&'a str]);

    /// Who is asked first, and who later.
    fn found(all: &[Of<'_>]) -> Option<(Vec<String>, Vec<String>)> {
        let exchange = |(name, returns, takes): &Of<'_>| {
            let name = TargetName((*name).into());
            let (takes, requires) = (kinds(takes), BTreeSet::new());
            (Exchange { name, returns: BTreeSet::new(), takes, requires }, returns.clone())
        };
        let Finds { first, later } = finds(all.iter().map(exchange).collect(), &kinds(&["email", "name"]))?;
        let first =
            first.iter().map(|(name, round)| if *round == 0 { name.to_string() } else { format!("{name} {round}") });
        Some((first.collect(), later.iter().map(ToString::to_string).collect()))
    }

    fn says(words: &[&str]) -> Returns {
        Returns::Kinds(kinds(words))
    }

    #[track_caller]
    fn check(all: &[Of<'_>], expected: &[&str]) {
        let expected: Vec<String> = expected.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(found(all), Some((expected, Vec::new())));
    }

    #[test]
    fn only_those_are_asked_that_know_what_another_one_may_be_told() {
        let mluvii: Of<'_> = ("mluvii", says(&[]), &[]);
        check(std::slice::from_ref(&mluvii), &[]);
        check(&[mluvii.clone(), ("crm", says(&["customer_no"]), &["email", "customer_no"])], &[]);
        let crm: Of<'_> = ("crm", says(&["customer_no"]), &["email"]);
        check(&[mluvii.clone(), crm.clone(), ("erp", says(&[]), &["email"])], &[]);
        check(&[mluvii, crm.clone(), ("erp", says(&[]), &["customer_no"])], &["crm"]);
        check(&[crm.clone(), ("erp", says(&["email"]), &["customer_no"])], &["crm", "erp 1"]);
        // What mluvii does not know, one of them is told by the other.
        check(
            &[crm, ("erp", says(&["order_no"]), &["customer_no"]), ("wms", says(&[]), &["order_no"])],
            &["crm", "erp 1"],
        );
    }

    #[test]
    fn one_that_is_being_started_is_waited_for_where_another_one_may_be_told_anything() {
        let erp: Of<'_> = ("erp", says(&[]), &["name"]);
        check(&[("mluvii", says(&[]), &[]), ("crm", Returns::NotYet, &["email"])], &[]);
        assert_eq!(found(&[("crm", Returns::NotYet, &["email"]), erp.clone()]), None);
        let later = found(&[("crm", Returns::NotKnown, &["email"]), erp]);
        assert_eq!(later, Some((Vec::new(), vec!["crm".to_owned()])), "nobody waits for what may never start");
        check(&[("mluvii", says(&[]), &[]), ("crm", Returns::NotKnown, &["email"])], &[]);
    }
}
