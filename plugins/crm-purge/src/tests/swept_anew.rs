//! A place that cannot be gone on from is said to be so for good, so that the host begins anew; and a list that goes round is at a place
//! where it has been.

use quietus_plugin::Swept;

use super::sweeping::{expected, first, page, plugin, rest, values};
use super::swept_pages::{answer_next, bare_records};
use super::*;

const EMAIL: [&str; 1] = ["email"];

#[track_caller]
fn check_anew(error: &PluginError, what: &str) {
    assert!(error.class == ErrorClass::Permanent && error.message.contains("begin anew"), "{what}: {error:?}");
}

/// The addresses, each once.
fn told(pages: &[Swept]) -> Vec<String> {
    let mut told = values(pages.iter().flat_map(|page| &page.records), "email");
    told.dedup();
    told
}

#[test]
fn a_cursor_that_has_expired_is_begun_anew_from() {
    for kind in [ALL[0], ALL[1], ALL[4]] {
        let standin = StandIn::start(kind, people());
        let plugin = plugin(&standin, json!({}));
        let first = first(&plugin, &EMAIL);
        standin.world().forget_cursors();
        check_anew(&page(&plugin, &EMAIL, Some(&first)).expect_err("expired"), kind.name);
        assert_eq!(told(&rest(&plugin, &EMAIL, None).expect("told anew")), expected(kind).0, "{}", kind.name);
    }
}

#[test]
fn a_place_that_is_refused_or_has_moved_is_begun_anew_from() {
    for_all(|kind| {
        let mut refusals = vec![
            ("a place that is none", Reply::json(400, &json!({ "message": "no such cursor" }))),
            ("a place that is gone", Reply::empty(410)),
            ("a refusal", Reply::json(403, &json!({ "message": "no" }))),
        ];
        if kind.name == "raynet" {
            let counted = |total: u32, numbers: &[u32]| {
                let data = bare_records(kind, numbers);
                Reply::json(200, &json!({ "success": "true", "totalCount": total, "data": data }))
            };
            refusals.extend([
                ("the page before", counted(2, &[11, 12])),
                ("others than there were", counted(6, &[13, 14])),
                ("fewer than there were", counted(1, &[])),
            ]);
        }
        for (what, reply) in refusals {
            let standin = StandIn::start(kind, people());
            let plugin = plugin(&standin, json!({}));
            let first = first(&plugin, &EMAIL);
            answer_next(&standin, reply);
            let error = page(&plugin, &EMAIL, Some(&first)).expect_err(what);
            check_anew(&error, &format!("{}, {what}", kind.name));
            assert_eq!(told(&rest(&plugin, &EMAIL, None).expect("told anew")), expected(kind).0, "{}", kind.name);
        }
    });
}

#[test]
fn a_place_of_another_configuration_is_begun_anew_from() {
    for_all(|kind| {
        let (standin, elsewhere) = (StandIn::start(kind, people()), StandIn::start(kind, people()));
        let place = first(&plugin(&standin, json!({})), &EMAIL);
        // What is not of the lists is no other configuration.
        rest(&plugin(&standin, json!({ "matches_max": 7 })), &EMAIL, Some(place.clone())).expect("told");
        let mut others = vec![
            ("by", plugin(&standin, json!({ "by": ["email", "phone"] }))),
            ("id_kind", plugin(&standin, json!({ "by": ["email", "id"], "id_kind": "vendor_id" }))),
            ("base_url", plugin(&elsewhere, json!({}))),
        ];
        match kind.name {
            "hubspot" => others.push(("api_version", plugin(&standin, json!({ "api_version": "2026-09" })))),
            "raynet" => others.push(("instance", plugin(&standin, json!({ "instance": "another" })))),
            "pipedrive" => {}
            _ => others.push(("related", plugin(&standin, json!({ "related": ["leads"] })))),
        }
        for (what, other) in others {
            let error = page(&other, &EMAIL, Some(&place)).expect_err(what);
            check_anew(&error, &format!("{}, {what}", kind.name));
        }
        // What is granted is a part of it, too.
        check_anew(
            &page(&plugin(&standin, json!({})), &["email", "name"], Some(&place)).expect_err("names"),
            kind.name,
        );
    });
}

#[test]
fn a_place_in_other_lists_is_begun_anew_from() {
    for kind in [ALL[2], ALL[3], ALL[4]] {
        let standin = StandIn::start(kind, people());
        let place = first(&plugin(&standin, json!({ "related": ["leads"] })), &EMAIL);
        let error = page(&plugin(&standin, json!({})), &EMAIL, Some(&place)).expect_err("other lists");
        check_anew(&error, kind.name);
    }
}

#[test]
fn a_place_that_no_page_has_named_is_begun_anew_from() {
    for_all(|kind| {
        let standin = StandIn::start(kind, people());
        for text in ["", "x", "{}", "{\"list\":0,\"lists\":1,\"read\":0}"] {
            let error = page(&plugin(&standin, json!({})), &EMAIL, Some(&Swept::page([], text))).expect_err(text);
            check_anew(&error, text);
        }
    });
}

#[test]
fn nobody_slips_through_who_is_made_invalid_or_valid_again_while_raynets_lists_are_read() {
    let kind = ALL[2];
    for lists_invalid in [false, true] {
        for (before, after) in [(vec![13], Vec::new()), (Vec::new(), vec![13])] {
            // So many pages there are at most.
            for read in 1..=8 {
                let what = format!("{lists_invalid} {before:?} {read}");
                let standin = StandIn::start(kind, people());
                standin.world().lists_invalid = lists_invalid;
                standin.world().invalid = before.clone();
                let plugin = plugin(&standin, json!({}));
                let mut pages = vec![page(&plugin, &EMAIL, None).expect("the first page")];
                while pages.len() < read && pages.last().is_some_and(|page| page.next.is_some()) {
                    let next = page(&plugin, &EMAIL, pages.last()).expect("a page");
                    pages.push(next);
                }
                standin.world().invalid = after.clone();
                let last = pages.pop().filter(|page| page.next.is_some());
                let Some(last) = last else { continue };
                match rest(&plugin, &EMAIL, Some(last)) {
                    Ok(more) => {
                        pages.extend(more);
                        assert_eq!(told(&pages), expected(kind).0, "{what}");
                    }
                    Err(error) => check_anew(&error, &what),
                }
            }
        }
    }
}

#[test]
fn a_list_that_goes_round_comes_to_a_place_where_it_has_been() {
    for kind in [ALL[0], ALL[1], ALL[4]] {
        let standin = StandIn::start(kind, people());
        let plugin = plugin(&standin, json!({}));
        standin.world().before = Some(Box::new(move |seen, _| {
            let target = &seen.target;
            let at = |cursor: &str| target.ends_with(&format!("={cursor}"));
            let (numbers, next): ([u32; 2], _) = match (at("aa"), at("bb")) {
                (true, _) => ([13, 14], "bb"),
                (_, true) => ([15, 16], "aa"),
                _ => ([11, 12], "aa"),
            };
            let records = bare_records(kind, &numbers);
            let answer = match kind.name {
                "hubspot" if target.contains("/contacts?") => {
                    json!({ "results": records, "paging": { "next": { "after": next } } })
                }
                "pipedrive" => json!({ "success": true, "data": records, "additional_data": { "next_cursor": next } }),
                "dynamics" if target.contains("/contacts?") => json!({
                    "@odata.context": "$metadata#contacts(contactid)", "value": records,
                    "@odata.nextLink": format!("?%24skiptoken={next}"),
                }),
                _ => return None,
            };
            Some(Reply::json(200, &answer))
        }));
        let mut pages = vec![page(&plugin, &EMAIL, None).expect("the first page")];
        for _ in 0..3 {
            let next = page(&plugin, &EMAIL, pages.last()).expect("a page");
            pages.push(next);
        }
        // By which the host ends it.
        assert_eq!(pages[1].next, pages[3].next, "{}", kind.name);
    }
}
