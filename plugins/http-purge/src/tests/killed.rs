//! The plugin or the server is killed between two acts: the next call goes on from what was stored.

use quietus_plugin::ResumeValue;

use super::*;

#[test]
fn all_that_was_erased_is_counted_wherever_it_was_cut_off() {
    // Before the first of two deletions, between them, after them, and not at all.
    for stored in 0..=3 {
        let server = with_contacts();
        let plugin = plugin(&server, crm()).stores_at_most(stored);
        assert_eq!(erase(&plugin, &ann()).is_err(), stored < 3, "{stored}");
        let deleted = server.lines().iter().filter(|line| line.starts_with("DELETE")).count();
        assert_eq!(deleted as u64, stored.min(2), "{stored}");
        let plugin = plugin.restarted().expect("configured").stores_at_most(9);
        assert_eq!(erase(&plugin, &ann()), Ok(Answer::erased().count("contacts", 2)), "{stored}");
        let other = Request { idempotency_key: "k-2".into(), ..ann() };
        assert_eq!(erase(&plugin, &other), Ok(Answer::absent()));
    }
}

#[test]
fn a_deletion_without_a_search_is_neither_erased_nor_absent_after_a_kill() {
    // Whoever the server had, and whoever it never had: from here it looks the same.
    for mut is_there in [true, false] {
        let server = Server::start(move |seen| match seen.target.as_str() {
            "/health" => healthy(),
            _ => Reply::empty(if std::mem::take(&mut is_there) { 204 } else { 404 }),
        });
        let step = json!({ "name": "delete", "method": "DELETE", "url": "/people/{{email}}" });
        let settings = json!({ "erase": [step], "health": health_step() });
        let killed = plugin(&server, settings.clone()).stores_at_most(if is_there { 1 } else { 0 });
        assert!(erase(&killed, &ann()).is_err(), "killed after the deletion, or before it");
        let again = killed.restarted().expect("configured").stores_at_most(9);
        let answer = erase(&again, &ann()).expect("an answer");
        if is_there {
            assert_eq!((answer.outcome, answer.counts.len()), (Outcome::Unverifiable, 0), "{answer:?}");
        } else {
            assert_eq!(answer, Answer::absent(), "nothing was ever sent");
        }
    }
}

#[test]
fn what_was_about_to_be_asked_and_is_kept_is_not_counted() {
    let server = Server::start(move |seen| match seen.method.as_str() {
        "GET" => results(json!([{ "id": 1, "email": "ann@x.cz" }])),
        _ => Reply::empty(451),
    });
    let plugin = plugin(&server, crm()).stores_at_most(1);
    erase(&plugin, &ann()).expect_err("killed after it was kept");
    let plugin = plugin.restarted().expect("configured").stores_at_most(9);
    let answer = erase(&plugin, &ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts.is_empty()), (Outcome::Retained, true));
}

#[test]
fn a_value_of_another_version_is_as_none() {
    let plugin = plugin(&with_contacts(), crm());
    let resume = Some(ResumeValue::new(*b"\x01\x01[7]"));
    assert_eq!(erase(&plugin, &Request { resume, ..ann() }), Ok(Answer::erased().count("contacts", 2)));
}
