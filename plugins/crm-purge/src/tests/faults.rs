//! What goes wrong between the vendor and us: never told as less than it is, and gone on with.

use super::standin::Fault;
use super::*;

/// Two records of Ann's.
fn two() -> Vec<Row> {
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
        // and when it writes.
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

/// Passing faults that look like others: (vendor, answer, class, pause). The statuses, codes and pages are those of
/// <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/query-throttling>,
/// <https://developers.hubspot.com/docs/api-reference/error-handling>,
/// <https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting> and
/// <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm>.
fn passing() -> Vec<(&'static str, Reply, ErrorClass, Option<u64>)> {
    use ErrorClass::{RateLimited, Retryable};
    let mut all = Vec::new();
    for code in ["0x80048544", "0x80048644", "0x80048744", "0x80048745", "0X80048644", "-2147187132"] {
        let said = json!({ "error": { "code": code, "message": "This query cannot be executed" } });
        for status in [200, 400, 403, 404, 412, 429, 500, 503] {
            all.push(("dynamics", Reply::json(status, &said), RateLimited, None));
        }
        all.push(("dynamics", Reply::json(400, &said).with("Retry-After", "7"), RateLimited, Some(7_000)));
    }
    let busy = json!([{ "errorCode": "REQUEST_LIMIT_EXCEEDED" }]);
    all.push(("salesforce", Reply::json(403, &busy), RateLimited, Some(900_000)));
    for code in ["UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "INVALID_QUERY_LOCATOR"] {
        all.push(("salesforce", Reply::json(400, &json!([{ "errorCode": code }])), Retryable, None));
    }
    all.push(("hubspot", Reply::empty(423), RateLimited, Some(2_000)));
    all.push(("hubspot", Reply::empty(477), RateLimited, Some(900_000)));
    all.push(("hubspot", Reply::empty(477).with("Retry-After", "60"), RateLimited, Some(60_000)));
    for kind in ALL {
        let page = || Reply::text(403, "<!DOCTYPE html><html>you are blocked</html>");
        all.push((kind.name, page(), Retryable, None));
        all.push((kind.name, page().with("Retry-After", "9"), RateLimited, Some(9_000)));
        all.push((kind.name, Reply::json(200, &json!({ "error": { "code": "busy" } })), Retryable, None));
    }
    all
}

#[test]
fn what_passes_is_retried_whatever_its_status() {
    for (vendor, reply, class, retry_after_ms) in passing() {
        let Reply::Full(status, headers, body) = reply else { unreachable!("all have a status") };
        let told = format!("{vendor} {status} {body}");
        let kind = ALL.into_iter().find(|kind| kind.name == vendor).expect("a vendor");
        let expected = Err((class, retry_after_ms));
        let seen = |answer: Result<Answer, PluginError>| answer.map_err(|error| (error.class, error.retry_after_ms));
        // To what reads, and to what writes.
        for of_writes in [false, true] {
            let standin = StandIn::start(kind, two());
            let (headers, body) = (headers.clone(), body.clone());
            standin.world().before = Some(Box::new(move |_, writes| {
                (writes == of_writes).then(|| Reply::Full(status, headers.clone(), body.clone()))
            }));
            let host = host(&standin);
            assert_eq!(seen(host.erase(ann())), expected, "{told} to writes: {of_writes}");
            if !of_writes {
                assert_eq!(seen(host.verify(ann())), expected, "{told}");
                assert_eq!(
                    host.health().map_err(|error| (error.class, error.retry_after_ms)),
                    Err((class, retry_after_ms)),
                    "{told}"
                );
            }
            assert_eq!(standin.live("person").len(), 2, "{told}");
        }
    }
}

/// As Salesforce says it of sharing rules, Dataverse of a row's owner, Pipedrive of an archived deal.
#[test]
fn one_records_refusal_is_its_own_whatever_the_words() {
    for said in [
        json!([{ "errorCode": "INSUFFICIENT_ACCESS_OR_READONLY", "message": "insufficient access rights" }]),
        json!({ "error": { "code": "0x80040220", "message": "missing prvDelete privilege" } }),
        json!({ "success": false, "error": "Archived deals cannot be edited" }),
    ] {
        for_all(|kind| {
            let standin = StandIn::start(kind, two());
            let said = said.clone();
            let mut is_first = true;
            standin.world().before = Some(Box::new(move |_, writes| {
                (writes && std::mem::take(&mut is_first)).then(|| Reply::json(403, &said))
            }));
            let host = host(&standin);
            assert_eq!(host.erase(ann()).expect_err("refused").class, ErrorClass::Permanent, "{}", kind.name);
            assert_eq!(standin.live("person").len(), 1, "{}", kind.name);
            counted(host.erase(ann()), Outcome::Erased, kind.people, 2);
        });
    }
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
        // `retained` is an end: nobody would look again.
        counted(host(&standin).erase(ann()), Outcome::Residual, kind.people, 1);
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
        let mut given = 0;
        standin.world().before =
            Some(Box::new(move |seen, _| match (seen.target.as_str(), seen.header("authorization")) {
                ("/token", _) => {
                    given += 1;
                    Some(Reply::json(200, &json!({ "access_token": format!("t-{given}"), "expires_in": 3600 })))
                }
                (_, Some("Bearer t-2")) => None,
                _ => Some(Reply::empty(401)),
            }));
        let auth = json!({ "auth": { "oauth2_refresh": {
            "token_url": format!("{}/token", standin.server.url), "client_id": "quietus", "refresh_token": "refresh",
        } } });
        counted(host_with(&standin, auth).erase(ann()), Outcome::Erased, kind.people, 2);
        let tokens = standin.server.lines().iter().filter(|line| line.as_str() == "POST /token").count();
        assert_eq!(tokens, 2, "{}", kind.name);
    });
}
