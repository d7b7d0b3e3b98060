//! Requests are listed by their last day, each on one page, however many are open; and counted.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};

use super::fixtures::*;
use super::requesting::{enter, new, rejected, there};
use crate::access::Companies;
use crate::audit::Act;
use crate::ledger::{CountedRequests, DueDays, NewRequest, OpenCounts, RequestChange, RequestFilter, RequestOrder};
use crate::request::{Entered, RequestState};
use crate::subject::InstallationName;

/// One that came on a day of November, of which the last day is a month later.
fn came(byte: u8, day: i8, mluvii: InstallationName) -> NewRequest {
    let new = new(byte, vec![email(byte)]);
    NewRequest { entered: Entered { received: date(2026, 11, day), mluvii, ..new.entered.clone() }, ..new }
}

async fn asked(ledger: &Shared, byte: u8, day: i8) {
    let unverified = came(byte, day, installation());
    let entered = Entered { verified: None, ..unverified.entered.clone() };
    let stored = enter(ledger, &NewRequest { entered, ..unverified }).await;
    let day = date(2026, 11, day);
    let request = stored.request.clone().ask(day, day).expect("asked");
    let change = RequestChange { read_version: stored.version, request, act: Act::VerifyRequest, details: Vec::new() };
    assert!(ledger.change_request(&change, &by()).await.expect("answered"));
}

async fn reject(ledger: &Shared, number: &str) {
    assert!(ledger.change_request(&rejected(&there(ledger, number).await), &by()).await.expect("answered"));
}

/// Six of two companies: two with one last day, one that does not run, and one that has ended.
async fn fill(ledger: &Shared) {
    enter(ledger, &came(1, 20, installation())).await;
    enter(ledger, &came(2, 3, installation())).await;
    enter(ledger, &came(3, 20, other())).await;
    asked(ledger, 4, 10).await;
    enter(ledger, &came(5, 5, installation())).await;
    reject(ledger, "R-5").await;
    let elsewhere = came(6, 12, other());
    let targets = vec![target("mailbox"), target("crm-old")];
    let entered = Entered { targets, ..elsewhere.entered.clone() };
    enter(ledger, &NewRequest { entered, ..elsewhere }).await;
}

fn by_due(limit: u32) -> RequestFilter {
    RequestFilter {
        states: Vec::new(),
        companies: Companies::All,
        target: None,
        due: None,
        cursor: RequestOrder::Due.beginning(),
        limit,
    }
}

/// Everything that a filter lists, by the places in which they were entered, read in pages of its limit.
async fn listed(ledger: &Shared, filter: &RequestFilter) -> Vec<u64> {
    let mut filter = filter.clone();
    let mut all = Vec::new();
    loop {
        let page = ledger.requests(&filter).await.expect("listed");
        assert!(page.items.len() <= filter.limit as usize);
        all.extend(page.items.iter().map(|stored| stored.sequence));
        let Some(next) = page.next else { return all };
        filter.cursor = next.to_string().parse().expect("a cursor");
    }
}

fn only(names: &[InstallationName]) -> Companies {
    Companies::Only(names.iter().cloned().collect())
}

pub(crate) async fn open_requests_are_listed_by_their_last_day_each_on_one_page(ledger: Shared) {
    fill(&ledger).await;
    let open: Vec<_> = RequestState::ALL.iter().copied().filter(|state| state.is_open()).collect();
    for limit in [1, 2, 4, 5, 9] {
        assert_eq!(listed(&ledger, &by_due(limit)).await, [2, 6, 1, 3, 4]);
        assert_eq!(listed(&ledger, &RequestFilter { states: open.clone(), ..by_due(limit) }).await, [2, 6, 1, 3, 4]);
        let of_other = RequestFilter { companies: only(&[other()]), ..by_due(limit) };
        assert_eq!(listed(&ledger, &of_other).await, [6, 3]);
    }
    let both = RequestFilter { companies: only(&[installation(), other()]), ..by_due(9) };
    assert_eq!(listed(&ledger, &both).await, [2, 6, 1, 3, 4]);
    let nobodys = RequestFilter { companies: Companies::Only(BTreeSet::new()), ..by_due(9) };
    assert_eq!(listed(&ledger, &nobodys).await, [0; 0], "who may see no company sees nothing");
    let at = |name: &str| RequestFilter { target: Some(target(name)), ..by_due(9) };
    assert_eq!(listed(&ledger, &at("mailbox")).await, [6]);
    assert_eq!(listed(&ledger, &at("crm")).await, [2, 1, 3, 4], "and not where its name only begins so");
    let in_state = |state| RequestFilter { states: vec![state], ..by_due(9) };
    assert_eq!(listed(&ledger, &in_state(RequestState::Asked)).await, [4]);
    assert_eq!(listed(&ledger, &in_state(RequestState::Rejected)).await, [0; 0], "what has ended has no last day");
}

pub(crate) async fn a_page_goes_on_behind_its_last_request_whatever_came_or_ended_meanwhile(ledger: Shared) {
    fill(&ledger).await;
    let first = ledger.requests(&by_due(2)).await.expect("listed");
    assert_eq!(first.items.iter().map(|stored| stored.sequence).collect::<Vec<_>>(), [2, 6]);
    let behind = RequestFilter { cursor: first.next.expect("there are more"), ..by_due(2) };
    reject(&ledger, "R-6").await;
    // More urgent than any, and as urgent as the first of the next page.
    enter(&ledger, &came(7, 2, installation())).await;
    enter(&ledger, &came(8, 20, installation())).await;
    assert_eq!(listed(&ledger, &behind).await, [1, 3, 8, 4]);
    assert_eq!(listed(&ledger, &by_due(2)).await, [7, 2, 1, 3, 8, 4]);
}

pub(crate) async fn open_requests_are_found_and_counted_by_their_last_day(ledger: Shared) {
    fill(&ledger).await;
    let within = |from: Option<Date>, before: Date| RequestFilter { due: Some(DueDays { from, before }), ..by_due(1) };
    // The twelfth of December is a Saturday, and the twentieth a Sunday.
    let (monday, next_monday) = (date(2026, 12, 14), date(2026, 12, 21));
    assert_eq!(listed(&ledger, &within(None, date(2026, 12, 3))).await, [0; 0]);
    assert_eq!(listed(&ledger, &within(None, monday)).await, [2]);
    assert_eq!(listed(&ledger, &within(Some(monday), next_monday)).await, [6]);
    let newest = RequestFilter { cursor: RequestOrder::Entered.beginning(), ..within(None, date(2027, 1, 1)) };
    assert_eq!(listed(&ledger, &newest).await, [6, 3, 2, 1], "in the other order, too");
    let all =
        CountedRequests { companies: Companies::All, target: None, today: monday, soon_before: date(2026, 12, 22) };
    let counted = async |which: CountedRequests| {
        let OpenCounts { mut states, late, soon } = ledger.count_open_requests(&which).await.expect("counted");
        states.sort();
        (states, late, soon)
    };
    assert_eq!(counted(all.clone()).await, (vec![(RequestState::Asked, 1), (RequestState::Verified, 4)], 1, 3));
    let of_other = CountedRequests { companies: only(&[other()]), ..all.clone() };
    assert_eq!(counted(of_other).await, (vec![(RequestState::Verified, 2)], 0, 2));
    let at_mailbox = CountedRequests { target: Some(target("mailbox")), ..all.clone() };
    assert_eq!(counted(at_mailbox).await, (vec![(RequestState::Verified, 1)], 0, 1));
    let nobodys = CountedRequests { companies: Companies::Only(BTreeSet::new()), ..all };
    assert_eq!(counted(nobodys).await, (Vec::new(), 0, 0));
}
