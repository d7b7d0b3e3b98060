//! A gateway before the vendor that answers 404 to everything for a while: that proves nothing.

use super::standin::Fault;
use super::*;

/// From the nth request on, for so many requests.
fn gateway(from: usize, count: usize, reply: fn() -> Reply) -> Option<Fault> {
    let mut met = 0;
    Some(Box::new(move |_, _| {
        met += 1;
        (met > from && met <= from + count).then(reply)
    }))
}

#[test]
fn a_gateway_without_the_vendor_makes_nobody_absent_or_erased() {
    for reply in [|| Reply::empty(404), || Reply::text(404, "<html>not here</html>"), || Reply::text(200, "<html>")] {
        for_all(|kind| {
            let id = (kind.id)(1);
            let both = czech(Request::from([("email", "ann@x.cz"), ("crm_id", &id), ("phone", "777 123 456")]));
            for by in [json!(["email"]), json!(["phone"]), json!(["id"]), json!(["email", "phone", "id"])] {
                let standin = StandIn::start(kind, vec![person(1, &["ann@x.cz"], &["777 123 456"])]);
                standin.world().before = gateway(0, usize::MAX, reply);
                let host = host_with(&standin, json!({ "by": by }));
                for answer in [host.erase(&both), host.dry_run(&both), host.verify(&both)] {
                    assert_eq!(answer.expect_err("nobody has looked").class, ErrorClass::Retryable, "{}", kind.name);
                }
            }
        });
    }
}

#[test]
fn wherever_a_gateway_begins_and_ends_the_answer_is_true() {
    for_all(|kind| {
        let id = (kind.id)(1);
        let both = czech(Request::from([("email", "ann@x.cz"), ("crm_id", &id)]));
        for from in 0..8 {
            for count in [1, 2, 3, 5, 20] {
                let standin = StandIn::start(kind, vec![person(1, &["ann@x.cz"], &[]), of(1, "note", 7)]);
                let more = json!({ "by": ["email", "id"], "related": related::all(kind.name) });
                let host = host_with(&standin, more);
                standin.world().before = gateway(from, count, || Reply::empty(404));
                // Again until it is answered, as the host does.
                let answer = (0..30).find_map(|_| host.erase(&both).ok()).expect("an answer in the end");
                let is_gone = standin.live("person").is_empty();
                assert!(is_gone, "{} from {from} for {count}: {answer:?}", kind.name);
                assert_eq!(answer.outcome, Outcome::Erased, "{} from {from} for {count}", kind.name);
            }
        }
    });
}
