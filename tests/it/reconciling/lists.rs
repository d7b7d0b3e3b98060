//! Lists are read by windows of time: whatever their largest page and order are, and whatever is added meanwhile, nothing is missed; and a
//! filter that is ignored is refused.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp, Unit};
use serde_json::json;

use super::{at_rest, past, reconcile};
use crate::harness::{ERASE, StandIn};

#[test]
fn whatever_the_largest_page_and_the_order_are_nothing_is_missed() {
    let standin = StandIn::start();
    let first = past(&standin, 40, 4);
    let deployment = at_rest(&standin, ERASE);
    for (limit_max, order, over_limit, shape, listed) in [
        (1, "newest_first", "capped", "bare", "whole"),
        (1, "unsorted", "refused", "wrapped", "short"),
        (2, "oldest_first", "capped", "bare", "short"),
        (7, "unsorted", "capped", "wrapped", "whole"),
        (50, "newest_first", "refused", "bare", "whole"),
        (100_000, "oldest_first", "capped", "bare", "whole"),
    ] {
        standin.behave(&json!({ "limit_max": limit_max, "order": order, "over_limit": over_limit,
            "list_shape": shape, "listed": listed }));
        let done = reconcile(&deployment, first, &["--dry-run"]);
        assert_eq!((&done["found"], &done["listed"]), (&json!(44), &json!(45)), "{limit_max} {order}: {done}");
    }
    for order in ["newest_first", "unsorted"] {
        standin.behave(&json!({ "limit_max": 1000, "uneven_pages": true, "order": order }));
        let done = reconcile(&deployment, first, &["--dry-run"]);
        assert_eq!((&done["found"], &done["listed"]), (&json!(44), &json!(45)), "{order}: {done}");
    }
    standin.behave(&json!({ "limit_max": 7, "uneven_pages": false, "refuses_offset_at_end": true }));
    let done = reconcile(&deployment, first + SignedDuration::from_secs(1), &["--dry-run"]);
    assert!(done["found"] == 43, "{done}");
    assert_eq!(deployment.count("SELECT count(*) FROM event"), 1, "nothing was done");
}

/// Sessions of these times end, ten at once, in the middle of the others, as long as something is done.
fn while_sessions_are_inserted<T>(standin: &StandIn, first: Timestamp, seconds: i64, act: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let inserting = scope.spawn(|| {
            let mut inserted = 0;
            while !is_over.load(Ordering::Relaxed) && inserted < 1_000 {
                let ended = first + SignedDuration::from_secs(inserted * 7_919 % seconds);
                let at_once = (0..10).map(|n| json!({ "id": 100_000 + inserted + n, "tenant": 62, "ended": ended }));
                standin.begin_with(at_once.collect());
                inserted += 10;
            }
            inserted
        });
        let done = act();
        is_over.store(true, Ordering::Relaxed);
        assert!(inserting.join().expect("ends") > 10);
        done
    })
}

/// How many of those that were there before were entered.
const OF_BEFORE: &str = "SELECT count(*) FROM event WHERE session BETWEEN 1000 AND 99999";
const ENTERED: &str = "SELECT COALESCE(SUM(count), 0) FROM inbox";

#[test]
fn ten_thousand_sessions_of_the_past_are_found_with_few_requests() {
    let standin = StandIn::start();
    let first = past(&standin, 10_000, 0);
    let deployment = at_rest(&standin, ERASE);
    let done = while_sessions_are_inserted(&standin, first, 10_000, || reconcile(&deployment, first, &[]));
    assert_eq!(deployment.count(OF_BEFORE), 10_000, "{done}");
    assert!(done["requests"].as_u64() < Some(150), "{done}");
    assert_eq!(Some(deployment.count(ENTERED)), done["found"].as_i64());
    // Ordered again, they are known; also those that nobody has decided on yet.
    standin.behave(&json!({ "limit_max": 100_000, "order": "oldest_first" }));
    let again = reconcile(&deployment, first, &[]);
    assert_eq!(again["listed"].as_i64(), Some(deployment.count(ENTERED) + 1), "{again}");
    assert!(again["known"].as_u64() > Some(10_000), "{again}");
}

/// Where the list is read, it grows: what moves to another page meanwhile is missed by whoever reads by offset.
#[test]
fn sessions_that_are_inserted_where_it_is_read_hide_no_others() {
    let standin = StandIn::start();
    let first = past(&standin, 600, 0);
    standin.behave(&json!({ "limit_max": 7, "order": "newest_first" }));
    let deployment = at_rest(&standin, ERASE);
    let done = while_sessions_are_inserted(&standin, first, 600, || reconcile(&deployment, first, &[]));
    assert_eq!(deployment.count(OF_BEFORE), 600, "{done}");
    // What came where it had been read already is found by the next one.
    let again = reconcile(&deployment, first, &[]);
    assert_eq!(again["listed"].as_i64(), Some(deployment.count(ENTERED) + 1), "{again}");
}

#[test]
fn sessions_that_end_during_the_comparison_hide_no_others() {
    let standin = StandIn::start();
    let first: Timestamp = (Timestamp::now() - SignedDuration::from_hours(24 * 70)).round(Unit::Hour).expect("an hour");
    let month = first.to_string()[..7].to_owned();
    let session = |n: i64| json!({ "id": 1000 + n, "tenant": 62, "ended": first + SignedDuration::from_secs(n) });
    standin.begin_with((0..60).map(session).collect());
    standin.behave(&json!({ "limit_max": 3, "order": "newest_first" }));
    let deployment = at_rest(&standin, ERASE);
    let until = (Timestamp::now() + SignedDuration::from_hours(1)).to_string();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ending = scope.spawn(|| {
            let mut ended = 0;
            while !is_over.load(Ordering::Relaxed) && ended < 800 {
                ended += 1;
                standin.begin_with(json!({ "id": 1 + ended, "tenant": 62, "ended": Timestamp::now() }));
            }
            ended
        });
        let done = reconcile(&deployment, first, &["--until", &until, "--dry-run"]);
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(done["by_month"][&month], 60, "all that were there before, whatever came meanwhile: {done}");
        assert!(ending.join().expect("ends") > 1);
    });
}

#[test]
fn a_filter_that_is_ignored_is_refused_and_nothing_is_done() {
    for ignored in [json!(["Ended"]), json!(["Ended.Min"]), json!(["Ended.Max"])] {
        let standin = StandIn::start();
        let first = past(&standin, 5, 0) + SignedDuration::from_secs(2);
        standin.behave(&json!({ "ignored_filters": ignored }));
        let deployment = at_rest(&standin, ERASE);
        let until = (first + SignedDuration::from_millis(10)).to_string();
        let refused = deployment.run(&["reconcile", "--since", &first.to_string(), "--until", &until]);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && said.contains("the filter is ignored"), "{ignored}: {said}");
        assert_eq!(deployment.count("SELECT count(*) FROM event"), 1, "{ignored}");
    }
    // More in one moment than a page has, and no next page.
    let standin = StandIn::start();
    let first = past(&standin, 0, 5);
    standin.behave(&json!({ "ignored_filters": ["offset"], "limit_max": 3 }));
    let deployment = at_rest(&standin, ERASE);
    let refused = deployment.run(&["reconcile", "--since", &first.to_string()]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("its offset is ignored"), "{said}");
}
