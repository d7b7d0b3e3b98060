//! What vendors keep of what was deleted, and when it makes sense to look again.

use super::*;

const DAY: u64 = 24 * 60 * 60;

/// What is answered while so many requests are left.
type Answers = Box<dyn Fn(&str) -> Reply + Send>;

#[test]
fn it_is_looked_again_when_the_vendor_has_caught_up_or_emptied_its_bin() {
    for (kind, after, says) in ALL
        .iter()
        .zip([60, 31 * DAY, 5, 16 * DAY, 5])
        .zip([Some("30 days"), Some("30 days"), None, Some("15 days"), Some("30 days")])
        .map(|((kind, after), says)| (kind, after, says))
    {
        let standin = StandIn::start(kind, vec![person(1, &["ann@x.cz"], &[])]);
        let foreseen = host(&standin).dry_run(ann()).expect("an answer");
        assert_eq!((foreseen.outcome, foreseen.verify_after_s), (Outcome::Residual, Some(after)), "{}", kind.name);
        let answer = host(&standin).erase(ann()).expect("an answer");
        assert_eq!((answer.outcome, answer.verify_after_s), (Outcome::Erased, Some(after)), "{}", kind.name);
        let keeps = answer.keeps.unwrap_or_default();
        assert_eq!(keeps.is_empty(), says.is_none(), "{}", kind.name);
        assert!(keeps.concat().contains(says.unwrap_or_default()), "{}", kind.name);
        let hurried = host_with(&standin, json!({ "verify_after": "2m" }));
        standin.world().rows = vec![person(1, &["ann@x.cz"], &[])];
        assert_eq!(hurried.erase(again()).expect("an answer").verify_after_s, Some(120), "{}", kind.name);
        standin.world().rows.clear();
        assert_eq!(bare(hurried.dry_run(ann())), Ok(Answer::absent()), "of nobody, nothing is purged");
        let third = Request { idempotency_key: "k-3".into(), ..ann() };
        assert_eq!(bare(host(&standin).erase(third)), Ok(Answer::absent()), "nothing to wait for");
    }
}

/// What an erasure says that the vendor keeps, what the look after it says, and what one of another process says.
fn kept(kind: &'static Kind, more: Value) -> [Option<Vec<String>>; 3] {
    let standin = StandIn::start(kind, vec![person(1, &["ann@x.cz"], &[]), of(1, "note", 31)]);
    let host = host_with(&standin, more.clone());
    let erased = host.erase(ann()).expect("an answer");
    assert_eq!(erased.outcome, Outcome::Erased, "{}", kind.name);
    // The vendor has emptied its bin meanwhile.
    standin.world().rows.clear();
    let looked = |host: &TestHost<CrmPurge>, request: Request| {
        let answer = host.verify(request).expect("an answer");
        assert_eq!(answer.outcome, Outcome::Absent, "{}", kind.name);
        answer.keeps
    };
    assert!(looked(&host, again()).unwrap_or_default().is_empty(), "{}: nothing was erased by this erasure", kind.name);
    [erased.keeps, looked(&host, ann()), looked(&host_with(&standin, more), ann())]
}

#[test]
fn a_look_before_the_vendor_lets_go_repeats_what_it_keeps() {
    for_all(|kind| {
        let hurried = kept(kind, json!({ "verify_after": "1m" }));
        let [erased, looked, other] = &hurried;
        assert_eq!(looked, erased, "{}", kind.name);
        assert_eq!(*other, None, "{}: this process knows of no erasure", kind.name);
    });
}

#[test]
fn a_look_after_the_vendor_has_let_go_keeps_nothing_up() {
    for (kind, still) in ALL.iter().zip([true, false, false, false, true]) {
        let [erased, looked, other] = kept(kind, json!({}));
        let count = looked.as_ref().map_or(0, Vec::len);
        assert_eq!(count > 0, still, "{}: HubSpot and Dataverse are looked at soon", kind.name);
        // The receipt is told that it is over, whichever process looks.
        let is_over = erased.is_some() && !still;
        let nothing = is_over.then(Vec::new);
        assert!(still || (looked == nothing && other == nothing), "{}: {looked:?} {other:?}", kind.name);
    }
}

#[test]
fn what_hubspot_archives_is_kept_for_longer_than_the_contact() {
    let kept_after = |verify_after: &str| {
        let [erased, looked, _] = kept(ALL[0], json!({ "related": ["notes"], "verify_after": verify_after }));
        let erased = erased.expect("said");
        assert!(erased.len() == 3 && erased[2].contains("90 days"), "{erased:?}");
        looked.expect("said")
    };
    assert_eq!(["30d", "31d", "91d"].map(|after| kept_after(after).len()), [3, 2, 1]);
    assert!(kept_after("91d")[0].starts_with("HubSpot blocks the primary and the additional addresses"));
}

#[test]
fn what_salesforce_still_has_in_its_bin_is_told() {
    let salesforce = ALL[3];
    let standin =
        StandIn::start(salesforce, vec![person(1, &["ann@x.cz"], &["777 123 456"]), person(2, &["joann@x.cz"], &[])]);
    let host = host(&standin);
    counted(host.erase(ann()), Outcome::Erased, "contacts", 1);
    counted(host.verify(ann()), Outcome::Residual, "recycled", 1);
    // An operator who does not want to wait is told what is live.
    let hurried = host_with(&standin, json!({ "verify_after": "1m" }));
    assert_eq!(bare(hurried.verify(ann())), Ok(Answer::absent()));
    // Deleted before by somebody else: it can still be restored, so that it is looked again.
    assert_eq!(bare(host.dry_run(again())), Ok(Answer::residual().count("recycled", 1)));
    let answer = host.erase(again()).expect("an answer");
    assert_eq!(
        (answer.outcome, answer.counts["recycled"], answer.verify_after_s),
        (Outcome::Erased, 1, Some(16 * DAY))
    );
    standin.world().rows.retain(|row| row.state != State::Bin);
    assert_eq!(bare(host.verify(ann())), Ok(Answer::absent()));
}

/// Deleted before by somebody else, and looked for by its id alone.
#[test]
fn what_an_id_leads_to_and_can_still_be_restored_is_not_absent() {
    for (kind, after) in [(ALL[1], 31 * DAY), (ALL[3], 16 * DAY)] {
        let standin = StandIn::start(kind, vec![Row { state: State::Bin, ..person(1, &["ann@x.cz"], &[]) }]);
        let host = host_with(&standin, json!({ "by": ["id"] }));
        let id = (kind.id)(1);
        let first = [("crm_id", id.as_str())];
        assert_eq!(bare(host.dry_run(first)), Ok(Answer::residual().count("recycled", 1)), "{}", kind.name);
        let answer = host.erase(first).expect("an answer");
        assert_eq!((answer.outcome, answer.verify_after_s), (Outcome::Erased, Some(after)), "{}", kind.name);
        assert_eq!((answer.counts["recycled"], answer.counts.len(), standin.writes()), (1, 1, 0), "{}", kind.name);
        counted(host.verify(first), Outcome::Residual, "recycled", 1);
        standin.world().rows.clear();
        assert_eq!(bare(host.verify(first)), Ok(Answer::absent()), "{}", kind.name);
        assert_eq!(standin.world().malformed, [""; 0]);
    }
}

#[test]
fn raynet_anonymizes_or_deletes_as_the_operator_wants() {
    let raynet = ALL[2];
    for (erasure, state, method) in [("anonymize", State::Anonymized, "POST"), ("delete", State::Gone, "DELETE")] {
        let standin = StandIn::start(raynet, vec![person(1, &["ann@x.cz"], &[])]);
        let host = host_with(&standin, json!({ "erasure": erasure, "by": ["email", "id"] }));
        let both = Request::from([("email", "ann@x.cz"), ("crm_id", "1")]);
        counted(host.erase(&both), Outcome::Erased, "persons", 1);
        assert_eq!(standin.world().rows[0].state, state);
        assert!(standin.server.lines().iter().any(|line| line.starts_with(method)), "{:?}", standin.server.lines());
        assert_eq!(bare(host.verify(&both)), Ok(Answer::absent()), "an anonymized record holds nobody");
    }
}

/// Whatever a person's record of Raynet's holds, this is what is shown of it when it is read by its id.
fn shown_as(standin: &StandIn, record: Value) {
    let reply = json!({ "success": true, "data": record });
    standin.world().after = Some(Box::new(move |seen, write| {
        (!write && seen.target.contains("/person/1/")).then(|| Reply::json(200, &reply))
    }));
}

#[test]
fn a_person_of_raynets_whose_address_and_number_are_not_shown_is_not_absent() {
    let first = [("crm_id", "1")];
    for record in [
        json!({ "id": 1 }),
        json!({ "id": 1, "contactInfo": null }),
        json!({ "id": 1, "contactInfo": { "email": null, "tel1": null } }),
        json!({ "id": 1, "contactInfo": { "email": { "hidden": true }, "email2": null, "tel1": null, "tel2": null } }),
    ] {
        let standin = StandIn::start(ALL[2], vec![person(1, &["ann@x.cz"], &[])]);
        let host = host_with(&standin, json!({ "by": ["id"] }));
        shown_as(&standin, record.clone());
        for answer in [host.dry_run(first), host.erase(first), host.verify(first)] {
            assert_eq!(answer.expect("an answer").outcome, Outcome::Unverifiable, "{record}");
        }
        assert_eq!(standin.writes(), 0, "{record}");
    }
}

#[test]
fn a_person_of_raynets_that_was_anonymized_and_is_not_shown_any_more_is_not_absent() {
    let standin = StandIn::start(ALL[2], vec![person(1, &["ann@x.cz"], &[])]);
    let host = host_with(&standin, json!({ "by": ["email", "id"], "verify_after": "2d" }));
    let both = Request::from([("email", "ann@x.cz"), ("crm_id", "1")]);
    let mut reads = 0;
    standin.world().after = Some(Box::new(move |seen, write| {
        reads += usize::from(!write && seen.target.contains("/person/1/"));
        (reads > 1).then(|| Reply::json(200, &json!({ "success": true, "data": { "id": 1 } })))
    }));
    let answer = host.erase(&both).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["persons"]), (Outcome::Unverifiable, 1), "{answer:?}");
}

#[test]
fn an_anonymized_company_of_raynets_is_judged_by_its_own_address() {
    let company = Row { object: "company", ..person(50, &["ann@x.cz"], &[]) };
    let standin = StandIn::start(ALL[2], vec![company]);
    let host = host_with(&standin, json!({ "related": ["companies"], "verify_after": "2d" }));
    counted(host.erase(ann()), Outcome::Erased, "companies", 1);
}

#[test]
fn a_person_of_raynets_without_address_and_number_is_deleted_by_the_id() {
    let standin = StandIn::start(ALL[2], vec![person(1, &[], &[])]);
    let host = host_with(&standin, json!({ "erasure": "delete", "by": ["id"] }));
    let first = [("crm_id", "1")];
    assert_eq!(bare(host.dry_run(first)), Ok(Answer::residual().count("persons", 1)));
    counted(host.erase(first), Outcome::Erased, "persons", 1);
    assert!(standin.live("person").is_empty());
    assert_eq!(bare(host.verify(first)), Ok(Answer::absent()));
}

#[test]
fn raynets_day_is_over_until_its_own_header_says() {
    let raynet = ALL[2];
    let standin = StandIn::start(raynet, Vec::new());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let until = |reset: u64| {
        standin.world().before =
            Some(Box::new(move |_, _| Some(Reply::empty(429).with("X-Ratelimit-Reset", &reset.to_string()))));
        host(&standin).erase(ann()).expect_err("limited")
    };
    let error = until(now + 3600);
    assert_eq!(error.class, ErrorClass::RateLimited);
    assert!(error.retry_after_ms.is_some_and(|ms| (1..=3_600_000).contains(&ms)), "{error:?}");
    assert_eq!(until(now + 90 * DAY).retry_after_ms, Some(DAY * 1000), "a day at most");
}

#[test]
fn nothing_is_sent_when_the_days_budget_is_used_up() {
    let tomorrow = std::time::SystemTime::now() + std::time::Duration::from_secs(DAY / 2);
    let reset = tomorrow.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs().to_string();
    let raynet = move |left: &str| {
        let nobody = Reply::json(200, &json!({ "success": true, "totalCount": 0, "data": [] }));
        nobody.with("X-Ratelimit-Remaining", left).with("X-Ratelimit-Reset", &reset)
    };
    let salesforce = |left: &str| {
        let usage = if left == "0" { "api-usage=5000/5000" } else { "api-usage=4999/5000" };
        let fields = ["Email", "Phone", "MobilePhone", "HomePhone", "OtherPhone"].map(|name| json!({ "name": name }));
        let all = json!({
            "done": true, "records": [{ "PermissionsViewAllData": true, "Id": "0030000000000001AA", "Email": "joann@x.cz" }],
            "queryable": true, "deletable": true, "fields": fields,
        });
        Reply::json(200, &all).with("Sforce-Limit-Info", usage)
    };
    let replies: [(_, Answers); 2] = [(ALL[2], Box::new(raynet)), (ALL[3], Box::new(salesforce))];
    for (kind, reply) in replies {
        let standin = StandIn::start(kind, Vec::new());
        let mut answers = 0;
        standin.world().before = Some(Box::new(move |_, _| {
            answers += 1;
            Some(reply(if answers < 3 { "1" } else { "0" }))
        }));
        let host = host(&standin);
        // Each of them sends one request or more.
        let refused = (0..3).find_map(|_| host.verify(ann()).err());
        assert!(refused.is_none_or(|error| error.class == ErrorClass::RateLimited), "{}", kind.name);
        let error = host.erase(ann()).expect_err("used up");
        assert!(
            error.class == ErrorClass::RateLimited && error.retry_after_ms > Some(600_000),
            "{} {error:?}",
            kind.name
        );
        assert_eq!(standin.server.lines().len(), 3, "{}", kind.name);
    }
}

/// Status codes of
/// <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm>. That
/// `QUERY_TIMEOUT` and `INVALID_QUERY_LOCATOR` pass is what public clients go by, which retry both (embulk-input-salesforce); a
/// locator that is not known is answered 400 or 404.
#[test]
fn salesforces_words_are_understood() {
    let salesforce = ALL[3];
    for (status, word, class) in [
        (403, "REQUEST_LIMIT_EXCEEDED", ErrorClass::RateLimited),
        (400, "UNABLE_TO_LOCK_ROW", ErrorClass::Retryable),
        (400, "MALFORMED_QUERY", ErrorClass::Permanent),
        (400, "QUERY_TIMEOUT", ErrorClass::Retryable),
        (404, "INVALID_QUERY_LOCATOR", ErrorClass::Retryable),
        (403, "INSUFFICIENT_ACCESS", ErrorClass::Permanent),
        (400, "INSUFFICIENT_ACCESS_OR_READONLY", ErrorClass::Permanent),
        (400, "INVALID_FIELD", ErrorClass::NeedsOperator),
        (400, "INVALID_TYPE", ErrorClass::NeedsOperator),
        (403, "API_DISABLED_FOR_ORG", ErrorClass::NeedsOperator),
    ] {
        let standin = StandIn::start(salesforce, Vec::new());
        standin.world().before = Some(Box::new(move |seen, _| {
            (!is_question(seen)).then(|| Reply::json(status, &json!([{ "errorCode": word }])))
        }));
        assert_eq!(host(&standin).erase(ann()).expect_err("refused").class, class, "{word}");
    }
}

#[test]
fn salesforces_two_forms_of_an_id_are_one_record() {
    let salesforce = ALL[3];
    let standin = StandIn::start(salesforce, vec![person(1, &["ann@x.cz"], &[])]);
    let host = host_with(&standin, json!({ "by": ["email", "id"] }));
    let id = (salesforce.id)(1);
    let request = Request::from([("email", "ann@x.cz"), ("crm_id", &id[..15]), ("crm_id", &id)]);
    counted(host.erase(request), Outcome::Erased, "contacts", 1);
    assert_eq!(standin.writes(), 1);
}
