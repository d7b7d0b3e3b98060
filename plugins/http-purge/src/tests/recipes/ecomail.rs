//! Ecomail, as docs.ecomail.cz ("Introduction", "Lists", "Get subscriber") and the public PHP clients (StejskyTom/Ecomail,
//! `SubscribersApi`; Ecomailcz/ecomail-php) describe it. What the deletion and an unknown address are answered with is not documented
//! there; 404 for the latter is what REST clients expect.

use super::*;

pub(super) const SYSTEM: System =
    System { recipe: "ecomail", start, addresses: &["ann@x.cz", "joann@x.cz"], counts: &[("subscribers", 1)] };

fn start(fault: Fault, left: Left) -> Server {
    standing(fault, move |seen| answer(seen, &left), || Reply::json(200, &json!({})))
}

fn answer(seen: &Seen, left: &Left) -> Reply {
    if seen.header("key") != Some(SECRET) {
        return Reply::json(401, &json!({ "message": "Unauthenticated." }));
    }
    let mut left = left.lock().expect("whole");
    let path = segments(seen);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (seen.method.as_str(), path.as_slice()) {
        ("GET", ["lists"]) => Reply::json(200, &json!([{ "id": 1, "name": "Customers", "active_subscribers": 375 }])),
        ("GET", ["subscribers", email]) if left.contains(*email) => {
            // Of several lists at once, whatever the status in each.
            let list = |id: u64, status: u64| json!({ "id": 407_704, "list_id": id, "email": email, "status": status });
            let lists = json!({ "1": list(1, 1), "2": list(2, 2) });
            let subscriber = json!({ "name": "Foo", "surname": "Bar", "email": email, "tags": [], "lists": lists });
            Reply::json(200, &json!({ "subscriber": subscriber }))
        }
        ("DELETE", ["subscribers", email, "delete"]) if left.remove(*email) => Reply::json(200, &json!({})),
        ("GET", ["subscribers", _]) | ("DELETE", ["subscribers", _, "delete"]) => {
            Reply::json(404, &json!({ "errors": { "not_found": "Subscriber not found" } }))
        }
        _ => Reply::empty(405),
    }
}

#[test]
fn an_address_with_a_plus_or_a_slash_is_one_segment() {
    let (server, left) = SYSTEM.started(Fault::None);
    left.lock().expect("whole").insert("a+b/c@x.cz".to_owned());
    let host = SYSTEM.host(&server, SECRET);
    assert_eq!(host.erase(request(&[("email", "a+b/c@x.cz")])).expect("an answer").outcome, Outcome::Erased);
    assert!(!left.lock().expect("whole").contains("a+b/c@x.cz"));
}

#[test]
fn an_address_is_found_under_either_spelling_of_its_domain() {
    let spellings = ["ann@příklad.cz", "ann@xn--pklad-zsa96e.cz"];
    for stored in spellings {
        for typed in spellings {
            let (server, left) = SYSTEM.started(Fault::None);
            left.lock().expect("whole").insert(stored.to_owned());
            let answer = SYSTEM.host(&server, SECRET).erase(request(&[("email", typed)])).expect("an answer");
            assert_eq!((answer.outcome, answer.counts["subscribers"]), (Outcome::Erased, 1), "{stored} {typed}");
            assert!(!left.lock().expect("whole").contains(stored), "{stored} {typed}");
        }
    }
}
