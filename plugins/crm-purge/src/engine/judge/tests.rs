use quietus_plugin::{Outcome, http};
use serde_json::json;

use super::super::search::{Next, Object};
use super::*;
use crate::choice::PlusAddressing;

const CONTACT: Object = Object { path: "contacts", count: "contacts", id: "/id" };
const ADDRESSES: &[Place] = &[Place::At("/email"), Place::Split("/more", ';')];
const NUMBERS: &[Place] = &[Place::At("/phone"), Place::At("/mobile")];

fn search(values: &'static [Place]) -> Search {
    Search::new(&CONTACT, "/results", Next::Offset { total: "/total" }, |_| http::Request::get("/"))
        .exact(values)
        .addressed(ADDRESSES)
}

fn request() -> Request {
    let region = "CZ".parse().ok();
    Request { region, ..Request::from([("email", "Ann@X.cz"), ("phone", "777 123 456")]) }
}

fn rules(plus_addressing: PlusAddressing, phone_alone: bool) -> Rules {
    Rules { plus_addressing, phone_alone, hides_as_empty: false }
}

#[track_caller]
fn by_email(rules: &Rules, record: Value, expected: Whose) {
    let address = "ann@x.cz".to_owned();
    let wanted = Wanted::Email { address, typed: String::new(), spellings: Vec::new(), around_plus: None };
    let person = rules.person(&request());
    assert_eq!(rules.whose(&search(ADDRESSES), &wanted, &person, &record), expected, "{record}");
}

#[track_caller]
fn by_phone(phone_alone: bool, request: &Request, record: Value, expected: Whose) {
    let rules = rules(PlusAddressing::Distinct, phone_alone);
    let wanted = Wanted::Phone { number: "+420777123456".into(), forms: Vec::new() };
    assert_eq!(rules.whose(&search(NUMBERS), &wanted, &rules.person(request), &record), expected, "{record}");
}

#[test]
fn an_address_is_compared_by_its_normal_form() {
    let distinct = rules(PlusAddressing::Distinct, false);
    let same = rules(PlusAddressing::Same, false);
    by_email(&distinct, json!({ "email": " ANN@x.cz.", "more": null }), Whose::Theirs);
    by_email(&distinct, json!({ "email": "bob@x.cz", "more": "eve@x.cz;Ann@x.cz" }), Whose::Theirs);
    for other in ["joann@x.cz", "ann@x.czech.com", "ann+shop@x.cz"] {
        by_email(&distinct, json!({ "email": other, "more": "" }), Whose::SomebodyElses);
    }
    by_email(&same, json!({ "email": "ann+shop@x.cz", "more": null }), Whose::Theirs);
    by_email(&same, json!({ "email": "+ann@x.cz", "more": null }), Whose::SomebodyElses);
}

#[test]
fn a_record_that_does_not_show_the_value_cannot_be_judged() {
    let rules = rules(PlusAddressing::Distinct, false);
    for hidden in [
        json!({}),
        json!({ "email": null, "more": null }),
        json!({ "email": "", "more": " " }),
        json!({ "email": "a***@x.cz", "more": null }),
        json!({ "email": "bob@x.cz" }),
        // It was found by something, and that is not what is shown.
        json!({ "email": "bob@x.cz", "more": null }),
        json!({ "email": "\u{430}nn@x.cz", "more": null }),
        json!({ "email": null, "more": "bob@x.cz" }),
        json!({ "email": "", "more": "joann@x.cz" }),
        json!({ "email": [null, "joann@x.cz"], "more": null }),
        json!({ "email": "bob@x.cz", "more": "a\u{2022}\u{2022}@x.cz" }),
        json!({ "email": "Ann: ann@x.cz", "more": null }),
        json!({ "email": "####@x.cz", "more": null }),
        json!({ "email": "bob@x.cz", "more": { "label": "work" } }),
        json!({ "email": ["bob@x.cz", true], "more": null }),
    ] {
        by_email(&rules, hidden, Whose::Hidden);
    }
    by_phone(
        true,
        &request(),
        json!({ "phone": null, "mobile": null, "email": "ann@x.cz", "more": null }),
        Whose::Hidden,
    );
    by_phone(
        true,
        &request(),
        json!({ "phone": "7771***56", "mobile": null, "email": null, "more": null }),
        Whose::Hidden,
    );
    by_phone(
        true,
        &request(),
        json!({ "phone": null, "mobile": "602 111 222", "email": null, "more": null }),
        Whose::Hidden,
    );
    by_phone(
        true,
        &request(),
        json!({ "phone": "777 123 456", "mobile": null, "email": null, "more": "bob@x.cz" }),
        Whose::Hidden,
    );
}

/// Only an empty list has no entry: one without a value is a value that is not shown.
#[test]
fn an_entry_without_a_value_is_no_lack_of_one() {
    const LISTED: &[Place] = &[Place::List("/emails")];
    let rules = rules(PlusAddressing::Distinct, true);
    let by_number = Wanted::Phone { number: "+420777123456".into(), forms: Vec::new() };
    let address = "ann@x.cz".to_owned();
    let by_address = Wanted::Email { address, typed: String::new(), spellings: Vec::new(), around_plus: None };
    let person = rules.person(&request());
    let none = json!({ "phone": "777 123 456", "mobile": null, "emails": [] });
    let by_phone = search(NUMBERS).addressed(LISTED);
    assert_eq!(rules.whose(&by_phone, &by_number, &person, &none), Whose::Theirs);
    let hidden = [
        json!([null]),
        json!([{ "value": null }]),
        json!([{ "value": "" }]),
        json!([{ "value": " ", "label": "work" }]),
        json!([{ "label": "work" }]),
        json!([""]),
        json!([" "]),
        json!([[]]),
        json!([true]),
        json!(null),
        json!(""),
        json!({}),
        json!("bob@x.cz"),
    ];
    for emails in hidden {
        let record = json!({ "phone": "777 123 456", "mobile": null, "emails": emails });
        assert_eq!(rules.whose(&by_phone, &by_number, &person, &record), Whose::Hidden, "{emails}");
        let by_email = search(LISTED);
        assert_eq!(rules.whose(&by_email, &by_address, &person, &record), Whose::Hidden, "{emails}");
        // Beside one that is somebody else's, and beside the person's own.
        let Some(entries) = emails.as_array() else { continue };
        for (other, expected) in [("joann@x.cz", Whose::Hidden), ("ann@x.cz", Whose::Theirs)] {
            let record = json!({ "emails": entries.iter().cloned().chain([json!(other)]).collect::<Vec<_>>() });
            assert_eq!(rules.whose(&by_email, &by_address, &person, &record), expected, "{emails} {other}");
        }
    }
}

#[test]
fn a_masked_value_is_nobodys_whoever_has_typed_the_same() {
    let rules = rules(PlusAddressing::Distinct, true);
    for masked in [
        "a*n@x.cz",
        "*@x.cz",
        "a#n@x.cz",
        "a?n@x.cz",
        "a...n@x.cz",
        "a\u{2588}\u{2588}n@x.cz",
        "a\u{ff0a}n@x.cz",
        "axxxn@x.cz",
    ] {
        for typed in [masked, "ann@x.cz"] {
            let wanted =
                Wanted::Email { address: typed.into(), typed: String::new(), spellings: Vec::new(), around_plus: None };
            let person = rules.person(&Request::from([("email", typed)]));
            let record = json!({ "email": masked, "more": null });
            assert_eq!(rules.whose(&search(ADDRESSES), &wanted, &person, &record), Whose::Hidden, "{typed} {masked}");
        }
    }
}

/// A record that a search has found is somebody else's only where it shows what that search can have found.
#[test]
fn a_record_that_shows_another_value_than_the_search_can_have_found_cannot_be_judged() {
    let parts = ("ann+".to_owned(), "@x.cz".to_owned());
    let judged = |finds: fn(Search) -> Search, around: bool, email: &str| {
        let rules = rules(if around { PlusAddressing::Same } else { PlusAddressing::Distinct }, false);
        let around_plus = around.then(|| parts.clone());
        let wanted =
            Wanted::Email { address: "ann@x.cz".into(), typed: String::new(), spellings: Vec::new(), around_plus };
        let record = json!({ "email": email, "more": null });
        rules.whose(&finds(search(ADDRESSES)), &wanted, &rules.person(&request()), &record)
    };
    let similar: fn(Search) -> Search = |search| search;
    for (finds, around, email, expected) in [
        (similar, false, "joann@x.cz", Whose::SomebodyElses),
        (similar, false, "bob@x.cz", Whose::Hidden),
        // The pattern is `ann+…@x.cz`: its end counts, too.
        (similar, true, "joann+a@x.cz", Whose::SomebodyElses),
        (similar, true, "ann+a@other.cz", Whose::Hidden),
        (similar, true, "ann+a@x.cz", Whose::Theirs),
        // Equality, as of Dynamics' `eq`, finds no address that merely resembles.
        (Search::whole, false, "ANN@x.cz", Whose::Theirs),
        (Search::whole, false, "joann@x.cz", Whose::Hidden),
        (Search::whole, false, "ann+shop@x.cz", Whose::Hidden),
        (Search::whole, true, "joann+a@x.cz", Whose::Hidden),
        (|search| search.part("ann+"), true, "ann+a@other.cz", Whose::SomebodyElses),
        (|search| search.part("ANN+"), true, "joann+a@x.cz", Whose::SomebodyElses),
        (|search| search.part("ann+"), true, "ann@other.cz", Whose::Hidden),
    ] {
        assert_eq!(judged(finds, around, email), expected, "{email} {around}");
    }
}

#[test]
fn where_a_hidden_address_looks_like_none_a_number_alone_is_nobodys() {
    let wanted = Wanted::Phone { number: "+420777123456".into(), forms: Vec::new() };
    let record = json!({ "phone": "777 123 456", "mobile": null, "email": null, "more": null });
    for (phone_alone, hides_as_empty, expected) in [
        (true, false, Whose::Theirs),
        (true, true, Whose::Hidden),
        (false, false, Whose::ByPhoneAlone),
        (false, true, Whose::ByPhoneAlone),
    ] {
        let rules = Rules { plus_addressing: PlusAddressing::Distinct, phone_alone, hides_as_empty };
        let whose = rules.whose(&search(NUMBERS), &wanted, &rules.person(&request()), &record);
        assert_eq!(whose, expected, "{phone_alone} {hides_as_empty}");
    }
}

#[test]
fn a_number_is_the_persons_only_where_no_other_address_stands_beside_it() {
    let record = |email: Value| json!({ "phone": "+420 777 123 456", "mobile": null, "email": email, "more": null });
    for phone_alone in [false, true] {
        by_phone(phone_alone, &request(), record(json!("ANN@x.cz")), Whose::Theirs);
        by_phone(phone_alone, &request(), record(json!("bob@x.cz")), Whose::SomebodyElses);
        by_phone(phone_alone, &request(), record(json!("b**@x.cz")), Whose::Hidden);
        let another = json!({ "phone": "+421 777 123 456", "mobile": "602111222", "email": "ann@x.cz", "more": null });
        by_phone(phone_alone, &request(), another, Whose::SomebodyElses);
    }
    by_phone(false, &request(), record(Value::Null), Whose::ByPhoneAlone);
    by_phone(true, &request(), record(Value::Null), Whose::Theirs);
}

#[test]
fn without_an_address_of_the_persons_a_number_beside_an_address_cannot_be_judged() {
    let record = |email: Value| json!({ "phone": "+420 777 123 456", "mobile": null, "email": email, "more": null });
    let by_number = Request { region: "CZ".parse().ok(), ..Request::from([("phone", "777123456")]) };
    for phone_alone in [false, true] {
        by_phone(phone_alone, &by_number, record(json!("bob@x.cz")), Whose::Hidden);
        by_phone(phone_alone, &by_number, record(json!("b**@x.cz")), Whose::Hidden);
        by_phone(phone_alone, &by_number, json!({ "phone": "777123456", "mobile": null }), Whose::Hidden);
    }
    by_phone(false, &by_number, record(Value::Null), Whose::ByPhoneAlone);
    by_phone(true, &by_number, record(Value::Null), Whose::Theirs);
}

#[test]
fn a_number_explains_what_a_search_for_digits_in_their_order_has_found() {
    let rules = rules(PlusAddressing::Distinct, false);
    let wanted = Wanted::Phone { number: "+420777123456".into(), forms: Vec::new() };
    let judged = |finds: fn(Search) -> Search, phone: &str| {
        let record = json!({ "phone": phone, "mobile": null, "email": "bob@x.cz", "more": null });
        rules.whose(&finds(search(NUMBERS)), &wanted, &rules.person(&request()), &record)
    };
    let similar: fn(Search) -> Search = |search| search;
    for (finds, phone, expected) in [
        (similar, "+420 771 234 956", Whose::Hidden),
        (Search::in_order, "+420 771 234 956", Whose::SomebodyElses),
        (Search::in_order, "+420 771 234 965", Whose::Hidden),
        (Search::in_order, "+421 777 123 456", Whose::SomebodyElses),
    ] {
        assert_eq!(judged(finds, phone), expected, "{phone}");
    }
}

#[test]
fn without_a_region_a_national_number_cannot_be_judged() {
    let nowhere = Request { region: None, ..request() };
    let record = |phone: &str| json!({ "phone": phone, "mobile": null, "email": "ann@x.cz", "more": null });
    by_phone(false, &nowhere, record("777 123 456"), Whose::Hidden);
    by_phone(false, &nowhere, record("00420 777 123 456"), Whose::Theirs);
}

#[test]
fn what_only_a_person_can_judge_is_never_erased_or_absent() {
    let record = |id: &str| Record { object: &CONTACT, id: id.into() };
    let mut unclear = Unclear::default();
    assert_eq!(unclear.told(Answer::absent()), Answer::absent());
    unclear.add(Whose::Hidden, record("1"));
    unclear.add(Whose::Hidden, record("2"));
    unclear.add(Whose::ByPhoneAlone, record("3"));
    unclear.without(&[record("2")]);
    for answer in [Answer::absent(), Answer::erased().count("contacts", 1)] {
        let counts = answer.counts.clone();
        let told = unclear.told(answer);
        assert_eq!((told.outcome, told.counts, told.not_looked_at.len()), (Outcome::Unverifiable, counts, 2));
        assert!(told.reason.is_some_and(|reason| reason.contains("1 records") && reason.contains("`phone_alone`")));
    }
    assert_eq!(unclear.told(Answer::residual()).outcome, Outcome::Residual);
}
