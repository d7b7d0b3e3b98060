use super::*;
use crate::audit::Detail;
use crate::erasure::sample;
use crate::ledger::{AskedAgain, SweepState};

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).expect("a time")
}

/// A sweep that Ann has ordered.
pub(super) fn job() -> SweepJob {
    SweepJob {
        target: TargetName("crm".into()),
        mluvii: InstallationName("acme".into()),
        since: at(0),
        then: Then::EraseAll,
        by: Actor::cli("ann"),
        begun: at(0),
        state: SweepState::Sweeping,
        records: 0,
        swept: at(0),
        moved: at(0),
        tries: 1,
        decides: String::new(),
        restarts: 0,
        restarted: None,
        reason: None,
        went_on: Vec::new(),
        planned: Vec::new(),
        asked: Vec::new(),
        result: None,
    }
}

fn found(n: u8, is: Is) -> FoundAgain {
    FoundAgain { erasure: ErasureId([n; 16]), is, records: 1, kept: 0, again: None }
}

pub(in crate::operations) fn seen(found: Vec<FoundAgain>, not_looked_at: &[&str]) -> ErasedAgain {
    ErasedAgain {
        target: TargetName("crm".into()),
        mluvii: InstallationName("acme".into()),
        since: at(0),
        compared: 2,
        not_comparable: 0,
        not_erased_then: 0,
        still_open: 0,
        kept_since: None,
        records: 2,
        found,
        plan: String::new(),
        not_looked_at: not_looked_at.iter().map(|place| (*place).to_owned()).collect(),
        told: BTreeSet::new(),
        later: BTreeSet::new(),
        dry_run: true,
        needs_approval: false,
    }
}

#[test]
fn a_plan_is_another_one_where_others_go_or_something_was_not_looked_at() {
    let ann = || vec![found(1, Is::Again)];
    let whole = plan(&seen(ann(), &[]));
    assert_eq!(whole, plan(&seen(vec![found(2, Is::Back), found(1, Is::Again)], &[])));
    assert_ne!(whole, plan(&seen(vec![found(1, Is::Again), found(2, Is::Again)], &[])));
    assert_ne!(whole, plan(&seen(ann(), &["a folder"])));
    let unseen = |places: &[&str]| plan(&seen(vec![found(1, Is::Unseen)], places));
    assert_eq!(unseen(&["a folder", "a bin"]), unseen(&["a bin", "a folder"]));
    assert_ne!(unseen(&["a folder"]), plan(&seen(Vec::new(), &[])));
}

#[test]
fn the_audit_counts_whom_a_sweep_has_asked_for_and_not_who_was_found_beside() {
    let again = |done: &ErasedAgain, job: &SweepJob| {
        entry_of(job, &job.by, ActResult::Done).with_counts(done, job).details.remove("again")
    };
    // Two are there again by now; of those whom it was about, one is, and two are gone as they were asked for before it began anew.
    let done = seen(vec![found(1, Is::Again), found(4, Is::Again)], &[]);
    let asked = [1, 2, 3].map(|n| AskedAgain { erasure: ErasureId([n; 16]), again: ErasureId([n + 10; 16]) });
    let erases = SweepJob { asked: asked.to_vec(), ..job() };
    assert_eq!(again(&done, &erases), Some(Detail::Number(3)));
    let counts = SweepJob { then: Then::Count, ..job() };
    assert_eq!(again(&done, &counts), Some(Detail::Number(2)));
}

#[test]
fn a_step_is_done_where_it_is_over_and_the_data_was_gone_since_then() {
    let done = |outcome, millis| {
        let step = Step { erased_at: Some(at(millis)), verified_at: None, ..sample::step("crm", outcome) };
        is_done_since(&step, at(1_000))
    };
    assert!(done(Outcome::Erased, 1_000) && done(Outcome::Absent, 2_000));
    assert!(!done(Outcome::Erased, 999), "what was erased before is in no backup");
    assert!(!done(Outcome::Retained, 2_000) && !done(Outcome::Parked, 2_000));
    let untold = Step { erased_at: None, verified_at: None, ..sample::step("crm", Outcome::Absent) };
    assert!(is_done_since(&untold, at(1_000)));
    let unseen = Step { stopped: true, ..sample::step("crm", Outcome::Unverifiable) };
    let never_asked = Step { erased_at: None, verified_at: None, rounds: 0, counts: Default::default(), ..unseen };
    assert!(!is_done_since(&never_asked, at(1_000)), "it was stopped before it was asked");
    assert!(is_done_since(&Step { tried: true, ..never_asked.clone() }, at(1_000)), "it may have been asked");
    assert!(is_done_since(&Step { stopped: false, ..never_asked }, at(1_000)), "it was asked, and nobody could see");
}
