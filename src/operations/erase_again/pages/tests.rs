use super::*;
use crate::subject::{Identifier, Identifiers, Kind};
use crate::target::HeldRecord;

fn page(emails: &[&str]) -> SweepPage {
    let record = |email: &&str| HeldRecord {
        identifiers: Identifiers(Identifier::new(Kind::Email, email).into_iter().collect()),
        newest: None,
    };
    SweepPage { records: emails.iter().map(record).collect(), ..SweepPage::default() }
}

fn cursor(n: u64) -> ResumeValue {
    ResumeValue::new(n.to_le_bytes())
}

/// How many pages are taken before it is noticed, and why.
fn taken(page_of: impl Fn(u64) -> (SweepPage, ResumeValue)) -> (u64, &'static str) {
    let mut seen = Seen::default();
    for n in 0..1_000_000 {
        let (page, next) = page_of(n);
        if let Err(why) = seen.note(&page, Some(&next)) {
            return (n, why);
        }
    }
    panic!("it goes on for ever");
}

#[test]
fn what_goes_on_for_ever_is_noticed() {
    let (pages, why) = taken(|n| (page(&["ann@x.cz"]), cursor(n)));
    assert!(pages < 100 && why.contains("the same"), "{pages}: {why}");
    let (pages, why) = taken(|n| (page(&[]), cursor(n)));
    assert!(pages <= 1_000 && why.contains("of nobody"), "{pages}: {why}");
    let (pages, why) = taken(|n| (page(&[&format!("{n}@x.cz")]), cursor(n % 7)));
    assert!(pages == 7 && why.contains("begins anew"), "{pages}: {why}");
    let many: Vec<_> = (0..1_000).map(|n| format!("{n}@x.cz")).collect();
    let (pages, why) = taken(|n| {
        let mut emails: Vec<&str> = many.iter().map(String::as_str).collect();
        emails.rotate_left(usize::try_from(n % 1_000).expect("small"));
        (page(&emails), cursor(n))
    });
    assert!(pages == 20_000 && why.contains("more records"), "{pages}: {why}");
}

#[test]
fn two_pages_alike_are_none_the_same_for_ever() {
    let mut seen = Seen::default();
    for n in 0..100 {
        let alike = page(&[if n % 4 < 2 { "ann@x.cz" } else { "bob@x.cz" }]);
        seen.note(&alike, Some(&cursor(n))).expect("taken");
    }
}

#[test]
fn only_what_waiting_cannot_change_is_a_conflict() {
    let crm = TargetName("crm".into());
    let is_conflict =
        |why: &str| matches!(given_up(&crm, &TargetError::Permanent(why.into())), OperationError::Conflict(_));
    assert!(is_conflict(CANNOT_SWEEP) && is_conflict(CANNOT_SWEEP_AS_CONFIGURED));
    assert!(!is_conflict("the plugin's result: its shape"), "one page that is none says nothing of anybody");
    assert!(!is_conflict("the cursor is larger than a call can carry"));
}
