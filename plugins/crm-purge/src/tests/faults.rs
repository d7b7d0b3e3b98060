//! What goes wrong between the vendor and us: never told as less than it is, and gone on with.

use super::standin::Fault;
use super::*;

/// Two records of Ann's.
pub(super) fn two() -> Vec<Row> {
    vec![person(1, &["ann@x.cz"], &[]), person(2, &["ann@x.cz"], &[])]
}

/// In place of the answer to the nth request that writes or reads.
fn nth(n: usize, of_writes: bool, reply: fn() -> Reply) -> Option<Fault> {
    let mut met = 0;
    Some(Box::new(move |_, writes| {
        met += usize::from(writes == of_writes);
        (writes == of_writes && met == n).then(reply)
    }))
}

#[track_caller]
fn refused(reply: fn() -> Reply, class: ErrorClass, retry_after_ms: Option<u64>) {
    refused_within("30s", reply, class, retry_after_ms);
}

#[track_caller]
fn refused_within(timeout: &str, reply: fn() -> Reply, class: ErrorClass, retry_after_ms: Option<u64>) {
    for_all(|kind| {
        // When it reads,
        let standin = StandIn::start(kind, two());
        standin.world().before = Some(Box::new(move |_, _| Some(reply())));
        let hasty = host_with(&standin, json!({ "timeout": timeout }));
        let patient = host(&standin);
        for answer in
            [hasty.erase(ann()), hasty.dry_run(ann()), hasty.verify(ann()), hasty.health().map(|()| Answer::absent())]
        {
            let error = answer.expect_err("refused");
            assert_eq!((error.class, error.retry_after_ms), (class, retry_after_ms), "{} {error}", kind.name);
            assert!(!error.message.contains("ann"), "{error}");
        }
        assert_eq!((standin.writes(), standin.live("person").len()), (0, 2), "{}", kind.name);
        // and when it writes. (Raynet's refused credentials are not tried again by the same process.)
        let hasty = host_with(&standin, json!({ "timeout": timeout }));
        standin.world().before = nth(1, true, reply);
        let error = hasty.erase(ann()).expect_err("refused");
        assert_eq!((error.class, error.retry_after_ms), (class, retry_after_ms), "{} {error}", kind.name);
        counted(patient.erase(ann()), Outcome::Erased, kind.people, 2);
    });
}

#[test]
fn credentials_that_are_refused_need_an_operator() {
    refused(|| Reply::json(401, &json!({ "category": "INVALID_AUTHENTICATION" })), ErrorClass::NeedsOperator, None);
}

/// It may be shared with nobody, or archived: the others go, and no other person waits for it.
#[test]
fn a_record_that_is_refused_is_that_records_matter() {
    for_all(|kind| {
        let standin = StandIn::start(kind, two());
        standin.world().before = nth(1, true, || Reply::json(403, &json!({ "category": "MISSING_SCOPES" })));
        let error = host(&standin).erase(ann()).expect_err("refused");
        assert_eq!(error.class, ErrorClass::Permanent, "{} {error}", kind.name);
        assert_eq!(standin.live("person").len(), 1, "{}", kind.name);
    });
}

#[test]
fn a_limit_is_waited_for_as_long_as_the_vendor_says() {
    refused(|| Reply::empty(429).with("Retry-After", "17"), ErrorClass::RateLimited, Some(17_000));
    refused(|| Reply::empty(429), ErrorClass::RateLimited, None);
    refused(|| Reply::empty(503).with("Retry-After", "3"), ErrorClass::RateLimited, Some(3_000));
}

#[test]
fn a_system_that_is_broken_is_asked_again() {
    refused(|| Reply::empty(500), ErrorClass::Retryable, None);
    refused(|| Reply::empty(502), ErrorClass::Retryable, None);
    refused(|| Reply::HangUp, ErrorClass::Retryable, None);
    refused_within("300ms", || Reply::Silence, ErrorClass::Retryable, None);
}

#[test]
fn garbage_is_never_nobody() {
    refused(|| Reply::text(200, "<html>please log in</html>"), ErrorClass::Retryable, None);
    refused(|| Reply::text(200, "{\"success\":false}"), ErrorClass::Retryable, None);
    for_all(|kind| {
        let shapes =
            ["{}", "[]", "null", "7", "{\"error\":\"busy\"}", "{\"data\":{}}", "{\"results\":{}}", "{\"value\":\"x\"}"];
        for shape in shapes {
            let standin = StandIn::start(kind, two());
            standin.world().before = Some(Box::new(move |_, _| Some(Reply::text(200, shape))));
            for answer in [host(&standin).erase(ann()), host(&standin).verify(ann())] {
                assert_eq!(answer.expect_err("garbage").class, ErrorClass::Retryable, "{} {shape}", kind.name);
            }
            assert_eq!(standin.writes(), 0, "{}", kind.name);
        }
    });
}

#[test]
fn a_page_without_records_need_not_be_the_last() {
    for_all(|kind| {
        // Raynet's pages are counted.
        if kind.name == "raynet" {
            return;
        }
        let standin = StandIn::start(kind, two());
        standin.world().hollow = true;
        counted(host(&standin).erase(ann()), Outcome::Erased, kind.people, 2);
    });
}

#[test]
fn a_write_that_was_done_and_not_answered_counts_once() {
    for reply in [|| Reply::HangUp, || Reply::empty(500), || Reply::text(200, "<html>")] {
        for_all(|kind| {
            let rows = (1..=3).map(|n| person(n, &["ann@x.cz"], &[])).collect();
            let standin = StandIn::start(kind, rows);
            standin.world().after = nth(2, true, reply);
            let host = host(&standin);
            assert_eq!(host.erase(ann()).expect_err("cut off").class, ErrorClass::Retryable, "{}", kind.name);
            assert_eq!(standin.live("person"), [3], "{}", kind.name);
            counted(host.erase(ann()), Outcome::Erased, kind.people, 3);
            assert_eq!(standin.writes(), 3, "{}", kind.name);
        });
    }
}

#[test]
fn what_was_gone_before_it_could_be_erased_does_not_count() {
    for_all(|kind| {
        let standin = StandIn::start(kind, two());
        // Somebody else deletes the first record between the search and the erasure.
        standin.world().after = nth(1, true, || Reply::json(404, &json!([{ "errorCode": "NOT_FOUND" }])));
        let answer = host_with(&standin, json!({ "verify_after": "1s" })).erase(ann());
        counted(answer, Outcome::Erased, kind.people, 1);
    });
}

#[test]
fn what_is_not_there_to_be_erased_and_still_shown_is_neither_absent_nor_erased() {
    for_all(|kind| {
        let standin = StandIn::start(kind, vec![person(1, &["ann@x.cz"], &[])]);
        // The way to erase has moved, or is closed to this user.
        standin.world().before =
            Some(Box::new(|_, write| write.then(|| Reply::json(404, &json!([{ "errorCode": "NOT_FOUND" }])))));
        let error = host(&standin).erase(ann()).expect_err("still there");
        assert!(error.class == ErrorClass::Retryable && error.message.contains("still shows it"), "{error}");
        assert_eq!(standin.live("person"), [1], "{}", kind.name);
    });
}

#[test]
fn what_the_vendor_must_keep_is_retained_and_the_rest_is_erased() {
    for (reply, status) in
        [(|| Reply::empty(423)) as fn() -> Reply, || Reply::empty(451)].into_iter().zip(["423", "451"])
    {
        for_all(|kind| {
            // HubSpot's word for being busy.
            if kind.name == "hubspot" && status == "423" {
                return;
            }
            let standin = StandIn::start(kind, two());
            standin.world().before = nth(1, true, reply);
            let answer = host(&standin).erase(ann()).expect("an answer");
            assert_eq!(
                (answer.outcome, answer.counts.get(kind.people)),
                (Outcome::Retained, Some(&1)),
                "{}",
                kind.name
            );
            assert!(answer.reason.is_some_and(|reason| reason.contains(status) && reason.contains(kind.people)));
            assert_eq!(standin.live("person"), [1], "{}", kind.name);
        });
    }
}

#[test]
fn what_is_accepted_and_not_done_is_residual_beside_what_is_retained() {
    for_all(|kind| {
        let standin = StandIn::start(kind, two());
        standin.world().lazy = true;
        standin.world().before = nth(1, true, || Reply::empty(451));
        let answer = host(&standin).erase(ann());
        // `retained` is an end: nobody would look again.
        if kind.name == "raynet" {
            let error = answer.expect_err("what an anonymization leaves needs a person");
            assert!(error.class == ErrorClass::Permanent && error.message.contains("still show: email;"), "{error}");
            return;
        }
        counted(answer, Outcome::Residual, kind.people, 1);
    });
}

#[test]
fn what_is_refused_for_good_keeps_nothing_else_from_being_erased() {
    for_all(|kind| {
        let standin = StandIn::start(kind, two());
        standin.world().before = nth(1, true, || Reply::json(400, &json!([{ "errorCode": "DELETE_FAILED" }])));
        let host = host(&standin);
        let error = host.erase(ann()).expect_err("refused");
        assert!(error.class == ErrorClass::Permanent && error.message.contains(kind.people), "{error}");
        assert_eq!(standin.live("person"), [1], "{}", kind.name);
        counted(host.erase(ann()), Outcome::Erased, kind.people, 2);
    });
}

#[test]
fn accepted_but_not_done_is_residual() {
    for_all(|kind| {
        let standin = StandIn::start(kind, two());
        standin.world().lazy = true;
        let host = host(&standin);
        let erased = host.erase(ann()).expect("an answer");
        // Where the second look is weeks away, the first one is at once.
        let at_once = matches!(kind.name, "pipedrive" | "salesforce");
        let expected = if at_once { Outcome::Residual } else { Outcome::Erased };
        assert_eq!((erased.outcome, erased.counts.get(kind.people)), (expected, Some(&2)), "{}", kind.name);
        counted(host.verify(ann()), Outcome::Residual, kind.people, 2);
    });
}

#[test]
fn a_call_without_time_says_how_far_it_came() {
    for_all(|kind| {
        let standin = StandIn::start(kind, two());
        let hurried = host(&standin).call_max(std::time::Duration::from_secs(1));
        let error = hurried.erase(ann()).expect_err("no time");
        assert_eq!(error.class, ErrorClass::Retryable, "{}", kind.name);
        assert!(error.message.contains("0 of 2 deletions"), "{error}");
        assert_eq!(standin.writes(), 0, "{}", kind.name);
    });
}

#[test]
fn a_cancelled_call_erases_nothing_more() {
    for_all(|kind| {
        let standin = StandIn::start(kind, two());
        let host = host(&standin).cancel_after(0);
        assert_eq!(host.erase(ann()), Err(PluginError::cancelled()), "{}", kind.name);
        assert!(standin.server.lines().is_empty(), "{}", kind.name);
    });
}

#[test]
fn a_token_that_has_ended_is_refreshed() {
    for_all(|kind| {
        let standin = StandIn::start(kind, two());
        standin.world().token = Some("t-2");
        let mut given = 0;
        standin.world().before = Some(Box::new(move |seen, _| match seen.target.as_str() {
            "/token" => {
                given += 1;
                Some(Reply::json(200, &json!({ "access_token": format!("t-{given}"), "expires_in": 3600 })))
            }
            // The first one is refused by the stand-in.
            _ => None,
        }));
        let auth = json!({ "auth": { "oauth2_refresh": {
            "token_url": format!("{}/token", standin.server.url), "client_id": "quietus", "refresh_token": "refresh",
        } } });
        counted(host_with(&standin, auth).erase(ann()), Outcome::Erased, kind.people, 2);
        let tokens = standin.server.lines().iter().filter(|line| line.as_str() == "POST /token").count();
        assert_eq!(tokens, 2, "{}", kind.name);
    });
}
