use std::time::Duration;

use super::*;
use crate::erasure::life::{Cancelled, Life, Retried, after};
use crate::erasure::{Confirm, Selection, Subject, ToSeal};
use crate::keys::{Digest, SealKey};
use crate::subject::{InstallationName, Whom};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn hours(hours: u64) -> Timestamp {
    after(NOW, Duration::from_secs(hours * 3_600))
}

fn demand(rule: &str, targets: &[&str], due: Timestamp) -> NewErasure {
    NewErasure {
        id: ErasureId([7; 16]),
        subject: Subject::Person { installation: InstallationName::unnamed(), digest: Digest([1; 16]) },
        rule: rule.into(),
        version: None,
        targets: targets.iter().map(|name| TargetName((*name).into())).collect(),
        due,
        approve: false,
        approved: None,
        confirm: None,
        origin: None,
        selection: Selection::default(),
        capsule: None,
        fingerprints: Vec::new(),
    }
}

/// One that is scheduled for the time of its rule.
fn scheduled() -> Waiting {
    Waiting::new(&demand("r", &["crm"], hours(2)), None).expect("it has a target").0
}

fn requested() -> Waiting {
    let asked = NewErasure { approve: true, ..demand("r", &["crm"], hours(2)) };
    let (waiting, resolving) = Waiting::new(&asked, None).expect("it has a target");
    assert_eq!((waiting.state, resolving), (ErasureState::Requested, Resolving::Kept));
    waiting
}

#[test]
fn a_demand_begins_at_its_time_and_not_before_its_session_settles() {
    let begins = |settle_at| Waiting::new(&demand("r", &["crm", "crm"], hours(2)), settle_at).expect("a target");
    let (waiting, resolving) = begins(None);
    assert_eq!((waiting.due, waiting.targets.len(), resolving), (hours(2), 1, Resolving::Added(hours(2))));
    assert_eq!(begins(Some(hours(1))).0.due, hours(2));
    let (waiting, resolving) = begins(Some(hours(5)));
    assert_eq!((waiting.due_rule, waiting.due, resolving), (hours(2), hours(5), Resolving::Added(hours(5))));
    assert_eq!(Waiting::new(&demand("r", &[], hours(2)), None), Err(NoTargets));
}

#[test]
fn what_was_approved_before_it_was_asked_for_begins_by_itself_and_is_joined_by_nothing() {
    let planned = NewErasure { approved: Some(hours(1)), ..demand("request", &["crm"], hours(2)) };
    let (waiting, resolving) = Waiting::new(&planned, None).expect("it has a target");
    assert_eq!((waiting.state, waiting.approved), (ErasureState::Scheduled, Some(hours(1))));
    assert_eq!(resolving, Resolving::Added(hours(2)));
    // Neither by what nobody has approved, nor by what was approved of somebody's other plan.
    let other = NewErasure { id: ErasureId([8; 16]), ..planned.clone() };
    let unapproved = NewErasure { approved: None, ..planned };
    for key in [other.merge_key(), unapproved.merge_key()] {
        assert_ne!(waiting.merge_key, key);
    }
    assert_eq!(waiting.approved(None, hours(3)), None, "nobody approves it once more");
}

#[test]
fn what_a_further_demand_adds_takes_the_work_from_who_resolves_it() {
    let merged = |new: NewErasure, settle_at| scheduled().merged(&new, settle_at);
    assert_eq!(merged(demand("r", &["crm"], hours(9)), None), None, "it was all there");
    let (waiting, resolving) = merged(demand("r", &["crm"], hours(1)), Some(hours(4))).expect("it is earlier");
    assert_eq!((waiting.due_rule, waiting.due, resolving), (hours(1), hours(4), Resolving::Due(hours(4))));
    let (waiting, resolving) = merged(demand("s", &["mailbox"], hours(9)), None).expect("it is more");
    assert_eq!((waiting.rules.len(), waiting.targets.len(), waiting.due), (2, 2, hours(2)));
    assert_eq!(resolving, Resolving::Due(hours(2)));
    let key = SealKey::new(&zeroize::Zeroizing::new([1; 32]));
    let capsule = ToSeal::of(Whom { searched: true, ..Whom::default() }, &key);
    let brings = NewErasure { capsule, ..demand("r", &["crm"], hours(9)) };
    assert!(merged(brings, None).is_some(), "it names somebody");
    let (_, resolving) = requested().merged(&demand("s", &["crm"], hours(9)), None).expect("another rule");
    assert_eq!(resolving, Resolving::Kept, "there is no work before it is approved");
}

#[test]
fn an_approval_is_for_what_was_asked_and_from_now_on() {
    let (waiting, resolving) = requested().approved(None, hours(3)).expect("it waits for it");
    assert_eq!((waiting.state, waiting.approved), (ErasureState::Scheduled, Some(hours(3))));
    assert_eq!((waiting.due_rule, waiting.due, resolving), (hours(3), hours(3), Resolving::Added(hours(3))));
    assert_ne!(waiting.merge_key, requested().merge_key, "nothing joins it any more");
    let (later, _) = requested().approved(Some(hours(9)), hours(1)).expect("it waits for it");
    assert_eq!((later.due_rule, later.due), (hours(2), hours(9)));
    assert_eq!(waiting.approved(None, hours(4)), None);
    assert_eq!(scheduled().approved(None, hours(4)), None);
}

#[test]
fn an_erasure_moves_with_the_settling_of_its_session() {
    let moved = |settle_at| scheduled().settling_moved(settle_at, hours(1)).map(|(waiting, _)| waiting.due);
    assert_eq!(moved(Some(hours(6))), Some(hours(6)));
    assert_eq!(moved(Some(hours(1))), None, "its own time is later");
    assert_eq!(moved(None), None);
    let late = scheduled().settling_moved(None, hours(5)).expect("its time is over");
    assert_eq!((late.0.due, late.1), (hours(5), Resolving::Due(hours(5))));
}

#[test]
fn a_person_can_have_it_begin_now_but_not_around_an_approval() {
    let Some(Retried::Due(waiting, resolving)) = Life::Waiting(scheduled()).retried(hours(1)) else {
        panic!("it is scheduled");
    };
    assert_eq!((waiting.due_rule, waiting.due, resolving), (hours(1), hours(1), Resolving::Due(hours(1))));
    assert_eq!(Life::Waiting(requested()).retried(hours(1)), None);
    for waiting in [scheduled(), requested()] {
        let cancelled = Life::Waiting(waiting).cancelled();
        assert_eq!(cancelled, Some(Cancelled::AtOnce { state: ErasureState::Cancelled }));
    }
}

/// What another version of another rule demands.
fn version(rule: &str, version: &str, targets: &[&str], due: Timestamp) -> NewErasure {
    NewErasure { version: Some(version.into()), ..demand(rule, targets, due) }
}

#[test]
fn what_is_rejected_goes_and_what_others_demand_stays_at_its_own_time() {
    let first = Waiting::new(&version("a", "1", &["crm"], hours(9)), None).expect("a target").0;
    let (both, _) = first.merged(&version("a", "2", &["crm", "mailbox"], hours(1)), None).expect("it is earlier");
    assert_eq!((both.rules.len(), both.demands.len(), both.due, both.targets.len()), (1, 2, hours(1), 2));
    let is = |version: &'static str| move |demand: &RuleDemand| demand.version.as_deref() == Some(version);
    assert_eq!(both.clone().without(is("3"), None), None);
    let Some(WithoutRejected::Others(left, resolving)) = both.clone().without(is("2"), Some(hours(10))) else {
        panic!("the first one stays")
    };
    assert_eq!((left.due_rule, left.due, resolving), (hours(9), hours(10), Resolving::Due(hours(10))));
    assert_eq!((left.targets, left.rejected), (vec![TargetName("crm".into())], vec!["a@2".to_owned()]));
    let Some(WithoutRejected::Nothing { rejected, ended }) = both.clone().without(|_| true, None) else {
        panic!("nothing is left")
    };
    assert_eq!(rejected, ["a@1", "a@2"]);
    assert_eq!(ended, Cancelled::AtOnce { state: ErasureState::Cancelled });
    // What a person wants now stays so.
    let (now, _) = both.clone().made_due(NOW).expect("it is scheduled");
    let Some(WithoutRejected::Others(left, _)) = now.without(is("2"), None) else { panic!("the first one stays") };
    assert_eq!(left.due, NOW);
    // What a person has approved, nobody's rule takes back.
    let approved = Waiting { approved: Some(NOW), ..both };
    assert_eq!(approved.without(|_| true, None), None);
}

fn by_link(confirm: Confirm) -> Waiting {
    let asked = NewErasure { approve: true, confirm: Some(confirm), ..demand("r", &["crm"], hours(2)) };
    Waiting::new(&asked, None).expect("it has a target").0
}

#[test]
fn a_link_lets_begin_what_waits_for_it_and_nothing_else() {
    let waits = by_link(Confirm::Email { address: Digest([1; 16]) });
    assert_eq!(waits.state, ErasureState::Requested);
    assert_eq!(Life::Waiting(waits.clone()).retried(NOW), None, "nobody goes around it");
    let (begins, resolving) = waits.clone().confirmed(None, hours(3)).expect("it waits");
    assert_eq!((begins.state, begins.due, resolving), (ErasureState::Scheduled, hours(3), Resolving::Added(hours(3))));
    assert_eq!((begins.approved, begins.confirmed), (None, Some(hours(3))));
    assert_ne!(begins.merge_key, waits.merge_key, "nothing joins it any more");
    assert_eq!(begins.confirmed(None, NOW), None, "once");
    assert_eq!(waits.clone().approved(None, NOW).expect("a person can").0.confirmed, None);
    assert_eq!(waits.approved(None, NOW).and_then(|(approved, _)| approved.confirmed(None, NOW)), None);
    for other in [scheduled(), requested(), by_link(Confirm::NoAddress)] {
        assert_eq!(other.confirmed(None, NOW), None);
    }
}

#[test]
fn a_rule_that_a_person_rejects_is_taken_out_of_what_a_link_has_confirmed() {
    let waits = by_link(Confirm::Email { address: Digest([1; 16]) });
    let (confirmed, _) = waits.confirmed(None, NOW).expect("it waits");
    assert!(matches!(confirmed.without(|_| true, None), Some(WithoutRejected::Nothing { .. })));
}
