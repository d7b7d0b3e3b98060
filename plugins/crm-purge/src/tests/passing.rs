//! What passes is retried, and what is one record's matter stops nobody else's.

use super::faults::two;
use super::*;

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

/// As Salesforce says it of sharing rules and Dataverse of a row's owner. Pipedrive's words for an archived deal are not published,
/// and none are relied on.
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
