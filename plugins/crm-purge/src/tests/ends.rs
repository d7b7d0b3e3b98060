//! Answers in which the list is missing or is something else, and answers that do not say whether a list goes on: nobody whom they may have
//! left out is treated as absent.

use super::*;

/// What a vendor answers to a search in place of a list of nobody, as far as its description goes.
fn nobody(kind: &Kind) -> Value {
    match kind.name {
        "hubspot" => json!({ "total": 0, "results": [] }),
        "pipedrive" => json!({ "success": true, "data": { "items": [] }, "additional_data": { "next_cursor": null } }),
        "raynet" => json!({ "success": "true", "totalCount": 0, "data": [] }),
        "salesforce" => json!({ "totalSize": 0, "done": true, "records": [] }),
        _ => json!({ "@odata.context": "$metadata#contacts(contactid)", "value": [] }),
    }
}

/// The same with something missing or of another form.
fn awkward(kind: &Kind) -> Vec<Value> {
    let with = |pointer: &str, values: &[Value]| -> Vec<Value> {
        let (parent, member) = pointer.rsplit_once('/').expect("a pointer");
        let put = |value: Option<&Value>| {
            let mut answer = nobody(kind);
            let parent = answer.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
            match value {
                Some(value) => drop(parent.insert(member.to_owned(), value.clone())),
                None => drop(parent.remove(member)),
            }
            answer
        };
        values
            .iter()
            .map(|value| put(Some(value)))
            .chain([put(None)])
            .filter(|answer| *answer != nobody(kind))
            .collect()
    };
    let no_list = [json!(null), json!({}), json!("x"), json!(7), json!(true)];
    let no_place = [json!(""), json!({}), json!(true), json!([])];
    match kind.name {
        "hubspot" => {
            let no_paging = [
                json!(null),
                json!({}),
                json!("x"),
                json!([]),
                json!({ "next": null }),
                json!({ "next": {} }),
                json!({ "next": { "after": "" } }),
                json!({ "next": { "after": null } }),
                json!({ "next": { "after": {} } }),
                json!({ "next": { "link": "?after=2" } }),
            ];
            [with("/results", &no_list), with("/paging", &no_paging)].concat()
        }
        "pipedrive" => [
            with("/data", &no_list),
            with("/data/items", &no_list),
            with("/additional_data", &[json!(null), json!({}), json!("x")]),
            with("/additional_data/next_cursor", &no_place),
        ]
        .concat(),
        "raynet" => {
            [with("/data", &no_list), with("/totalCount", &[json!(3), json!(null), json!("x"), json!({})])].concat()
        }
        "salesforce" => [
            with("/records", &no_list),
            with("/done", &[json!(false), json!(null), json!("true")]),
            with("/nextRecordsUrl", &[json!(""), json!({}), json!(true)]),
        ]
        .concat(),
        _ => {
            let no_link = [json!(null), json!(""), json!({}), json!(true)];
            [with("/value", &no_list), with("/@odata.nextLink", &no_link)].concat()
        }
    }
}

#[test]
fn what_does_not_show_its_list_or_its_end_is_never_nobody() {
    for_all(|kind| {
        let asked = |answer: &Value| {
            let standin = StandIn::start(kind, people());
            let page = answer.clone();
            standin.world().before =
                Some(Box::new(move |seen, _| (!is_question(seen)).then(|| Reply::json(200, &page))));
            let host = host(&standin);
            let answers = [host.dry_run(ann()), host.erase(ann()), host.verify(ann())];
            assert_eq!(standin.writes(), 0, "{} {answer}", kind.name);
            answers
        };
        for said in asked(&nobody(kind)) {
            assert_eq!(said.expect("an answer").outcome, Outcome::Absent, "{}", kind.name);
        }
        let all = awkward(kind);
        assert!(all.len() > 8, "{}: {all:?}", kind.name);
        for answer in &all {
            for said in asked(answer) {
                let Err(error) = said else { panic!("{} {answer}: {said:?}", kind.name) };
                assert_eq!(error.class, ErrorClass::Retryable, "{} {answer}: {error}", kind.name);
            }
        }
    });
}

/// Of what belongs to a person: without it, the person would go and leave it behind, where nothing finds it any more.
#[track_caller]
fn of_belongings(kind: &'static Kind, related: &str, at: &'static str, said: &[Value]) {
    for answer in said {
        let standin = StandIn::start(kind, vec![person(1, &["ann@x.cz"], &[])]);
        let page = answer.clone();
        let is_asked = move |seen: &Seen| seen.target.contains(at);
        standin.world().before =
            Some(Box::new(move |seen, writes| (!writes && is_asked(seen)).then(|| Reply::json(200, &page))));
        let host = host_with(&standin, json!({ "related": [related] }));
        let Err(error) = host.erase(ann()) else { panic!("{} {answer}", kind.name) };
        assert_eq!(error.class, ErrorClass::Retryable, "{} {answer}: {error}", kind.name);
        assert_eq!(standin.live("person"), [1], "{} {answer}", kind.name);
    }
}

#[test]
fn a_person_stays_where_it_is_not_told_what_belongs_to_them() {
    let nulls = [json!({ "results": null }), json!({}), json!({ "results": [], "paging": {} })];
    of_belongings(ALL[0], "notes", "/associations/notes", &nulls);
    let nulls = [json!({ "value": null }), json!({ "value": [], "@odata.nextLink": null })];
    of_belongings(ALL[4], "tasks", "/tasks?", &nulls);
    let of_version_1 = [
        json!({ "success": true, "data": null }),
        json!({ "success": true, "data": null, "additional_data": {} }),
        json!({ "success": true, "data": null, "additional_data": { "pagination": {} } }),
        json!({ "success": true, "data": null, "additional_data": { "pagination": { "more_items_in_collection": null } } }),
        // More, and none of them: the next page would be this one.
        json!({ "success": true, "data": [], "additional_data": { "more_items_in_collection": true } }),
        json!({ "success": true, "data": {}, "additional_data": { "more_items_in_collection": false } }),
    ];
    for related in ["notes", "leads"] {
        let at = if related == "notes" { "/v1/notes" } else { "/v1/leads?" };
        of_belongings(ALL[1], related, at, &of_version_1);
    }
    // Version 2 has no `null` for none.
    let end = json!({ "next_cursor": null });
    let of_version_2 = [
        json!({ "success": true, "data": null, "additional_data": end }),
        json!({ "success": true, "data": [], "additional_data": {} }),
    ];
    of_belongings(ALL[1], "deals", "/api/v2/deals", &of_version_2);
}

/// As Pipedrive's own client describes leads (<https://github.com/pipedrive/client-nodejs>, v1/models/get-leads-response.ts), and has notes.
#[test]
fn all_pages_of_version_1_are_read_wherever_they_say_that_there_are_more() {
    for nested in [false, true] {
        let standin = StandIn::start(ALL[1], vec![person(1, &["ann@x.cz"], &[])]);
        standin.world().before = Some(Box::new(move |seen, writes| {
            let start = seen.target.split_once("/v1/leads?").filter(|_| !writes)?.1.contains("start=2");
            let (data, more) =
                if start { (json!([{ "id": 33 }]), false) } else { (json!([{ "id": 31 }, { "id": 32 }]), true) };
            let said = json!({ "start": 0, "limit": 2, "more_items_in_collection": more });
            let additional = if nested { json!({ "pagination": said }) } else { said };
            Some(Reply::json(200, &json!({ "success": true, "data": data, "additional_data": additional })))
        }));
        let answer = host_with(&standin, json!({ "related": ["leads"] })).dry_run(ann()).expect("an answer");
        assert_eq!(answer.counts.get("leads"), Some(&3), "{answer:?}");
    }
}
