use std::sync::Mutex;

use super::*;
use crate::lock::lock;
use crate::subject::{Identifier, Identifiers, Kind};
use crate::target::{Answer, HeldRecord, TargetCall};

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

/// A system of so many pages, one of which it does not give at once; and its rate, which counts.
struct Counted {
    pages: u64,
    crowded_at: u64,
    /// Why it does not go on behind a page.
    refuses: Option<&'static str>,
    happened: Mutex<Vec<&'static str>>,
}

impl Counted {
    fn happens(&self, what: &'static str) {
        lock(&self.happened).push(what);
    }
}

#[async_trait]
impl CallRate for Counted {
    async fn charge(&self) -> Result<Duration, OperationError> {
        self.happens("charged");
        Ok(Duration::ZERO)
    }
}

#[async_trait]
impl Target for Counted {
    async fn erase(&self, _: &TargetCall) -> Result<Answer, TargetError> {
        panic!("nobody erases");
    }

    async fn verify(&self, _: &TargetCall) -> Result<Answer, TargetError> {
        panic!("nobody looks");
    }

    async fn sweep(&self, call: &SweepCall) -> Result<SweepPage, TargetError> {
        self.happens("called");
        let calls = lock(&self.happened).iter().filter(|what| **what == "called").count() as u64;
        if calls == self.crowded_at {
            return Err(TargetError::RateLimited { retry_after: Some(Duration::ZERO) });
        }
        if let Some(why) = self.refuses.filter(|_| call.cursor.is_some()) {
            return Err(TargetError::Permanent(why.into()));
        }
        assert!(call.cursor.is_none() || call.told_by == "this one", "whoever is asked has said where to go on");
        let number = call.cursor.as_ref().map_or(0, |cursor| u64::from(cursor.expose()[0]));
        let next = (number + 1 < self.pages).then(|| cursor(number + 1));
        Ok(SweepPage { next, told_by: "this one".into(), ..page(&[&format!("{number}@x.cz")]) })
    }

    async fn health(&self) -> Result<(), TargetError> {
        Ok(())
    }

    fn call_max(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn concurrency_max(&self) -> usize {
        1
    }
}

#[tokio::test]
async fn each_call_is_charged_before_it_is_made_also_one_that_is_made_again() {
    let system = Counted { pages: 3, crowded_at: 2, refuses: None, happened: Mutex::default() };
    let name = TargetName("crm".into());
    let mut pages = Pages::new(&system, &name, Some(&system), None);
    let mut taken = 0;
    while pages.next().await.expect("it answers").is_some() {
        taken += 1;
    }
    assert_eq!(taken, 3);
    assert_eq!(*lock(&system.happened), ["charged", "called"].repeat(4));
}

#[tokio::test]
async fn whatever_is_permanent_behind_a_page_is_a_cursor_that_is_refused() {
    let name = TargetName("crm".into());
    let system = |refuses| Counted { pages: 3, crowded_at: 0, refuses, happened: Mutex::default() };
    let third = || Some(Next { cursor: cursor(2), told_by: "this one".into() });
    let willing = system(None);
    let mut pages = Pages::new(&willing, &name, None, None).resumed(third(), 500);
    assert_eq!(pages.begins(), third().as_ref());
    let page = pages.next().await.expect("it answers").expect("a page");
    assert_eq!((page.records.len(), pages.begins(), pages.refused()), (1, None, None));
    assert!(pages.next().await.expect("it answers").is_none(), "it was the last one");
    for (why, expected) in [
        (CANNOT_SWEEP_AS_CONFIGURED, Restarted::CursorRefused),
        ("the plugin's result: its shape", Restarted::CursorRefused),
        (TOLD_BY_ANOTHER, Restarted::Reconfigured),
    ] {
        let expired = system(Some(why));
        let mut pages = Pages::new(&expired, &name, None, None).resumed(third(), 500);
        let said = pages.next().await.expect_err("it refuses");
        assert_eq!(pages.refused(), Some(expected), "{why}");
        // It may well be asked, from its start: nothing says that it never can.
        assert!(matches!(said, OperationError::Unavailable(_)), "{said:?}");
        let mut pages = Pages::new(&expired, &name, None, None);
        pages.next().await.expect("it answers").expect("a page");
        assert!(pages.next().await.is_err() && pages.refused() == Some(expected), "also on the way: {why}");
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
