//! Zendesk, as its API reference (users, user identities, deleted users; its public OpenAPI files) and its help pages ("Forgetting a
//! user", "Automatic permanent removal of soft-deleted users") describe it: a search by full text that shows no deleted user, deletion
//! in two steps, deleted users without an address, and `users/me` for everybody, with an anonymous user where the token is wrong.

use super::*;

pub(super) const SYSTEM: System = System {
    recipe: "zendesk",
    start,
    addresses: &["ann@x.cz", "joann@x.cz", "ann@work.example"],
    counts: &[("users", 2), ("users_for_good", 2)],
};

/// `agent@example.com/token` and the right token.
const AUTHORIZATION: &str = "Basic YWdlbnRAZXhhbXBsZS5jb20vdG9rZW46dGhlLXJpZ2h0LWtleQ==";

/// Where a user is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Active,
    Deleted,
    DeletedForGood,
}

struct User {
    id: u64,
    /// The first one is the primary one.
    addresses: &'static [&'static str],
    state: State,
}

/// Ann by her primary address, Ann by a secondary one, and somebody whose notes name her.
fn users() -> Vec<User> {
    let user = |id, addresses| User { id, addresses, state: State::Active };
    vec![user(35_436, &["ann@x.cz"]), user(35_437, &["ann@work.example", "ann@x.cz"]), user(35_438, &["joann@x.cz"])]
}

fn start(fault: Fault, left: Left) -> Server {
    let mut users = users();
    let accepted = || Reply::json(200, &json!({ "user": { "id": 35_436, "active": false } }));
    standing(
        fault,
        move |seen| {
            let reply = answer(seen, &mut users);
            let known = |address: &String| {
                users
                    .iter()
                    .any(|user| user.state != State::DeletedForGood && user.addresses.contains(&address.as_str()))
            };
            left.lock().expect("whole").retain(known);
            reply
        },
        accepted,
    )
}

fn answer(seen: &Seen, users: &mut [User]) -> Reply {
    let path = segments(seen);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let is_known = seen.header("authorization") == Some(AUTHORIZATION);
    let me =
        if is_known { json!({ "id": 7, "role": "admin" }) } else { json!({ "id": null, "name": "Anonymous user" }) };
    match (seen.method.as_str(), path.as_slice()) {
        ("GET", ["api", "v2", "users", "me"]) => Reply::json(200, &json!({ "user": me })),
        _ if !is_known => Reply::json(401, &json!({ "error": "Couldn't authenticate you" })),
        ("GET", ["api", "v2", "users", "search"]) => {
            let wanted = query(seen, "query").expect("a query");
            let found = users.iter().filter(|user| user.state == State::Active && wanted.ends_with("ann@x.cz\""));
            let shown = found.map(|user| json!({ "id": user.id, "email": user.addresses[0], "active": true }));
            Reply::json(200, &json!({ "users": shown.collect::<Vec<_>>(), "next_page": null, "count": 3 }))
        }
        ("GET", ["api", "v2", "users", id, "identities"]) => match of(users, id, State::Active) {
            Some(user) => {
                let email = |address: &&str| json!({ "user_id": user.id, "type": "email", "value": address });
                let mut identities: Vec<_> = user.addresses.iter().map(email).collect();
                identities.push(json!({ "user_id": user.id, "type": "twitter", "value": "ann" }));
                Reply::json(200, &json!({ "identities": identities, "next_page": null }))
            }
            None => not_found(),
        },
        ("DELETE", ["api", "v2", "users", id]) => match of(users, id, State::Active) {
            Some(user) => {
                user.state = State::Deleted;
                Reply::json(200, &json!({ "user": { "id": user.id, "active": false } }))
            }
            None => not_found(),
        },
        ("DELETE", ["api", "v2", "deleted_users", id]) => match of(users, id, State::Deleted) {
            Some(user) => {
                user.state = State::DeletedForGood;
                Reply::json(200, &json!({ "deleted_user": { "id": user.id, "active": false, "email": null } }))
            }
            None => not_found(),
        },
        _ => Reply::empty(405),
    }
}

fn of<'u>(users: &'u mut [User], id: &str, state: State) -> Option<&'u mut User> {
    users.iter_mut().find(|user| user.id.to_string() == id && user.state == state)
}

fn not_found() -> Reply {
    Reply::json(404, &json!({ "error": "RecordNotFound", "description": "Not found" }))
}

#[test]
fn both_steps_are_done_wherever_it_was_killed() {
    // Before each of the four deletions, after the last of them, and not at all.
    for stored in 0..=5 {
        let (server, left) = SYSTEM.started(Fault::None);
        let host = SYSTEM.host(&server, SECRET).stores_at_most(stored);
        assert_eq!(host.erase(ann()).is_err(), stored < 5, "{stored}");
        let host = host.restarted().expect("configured").stores_at_most(9);
        let answer = host.erase(ann()).expect("an answer");
        let counts = [("users".to_owned(), 2), ("users_for_good".to_owned(), 2)];
        assert_eq!((answer.outcome, answer.counts), (Outcome::Erased, counts.into()), "{stored}");
        let left = left.lock().expect("whole");
        assert!(
            !left.contains("ann@x.cz") && !left.contains("ann@work.example") && left.contains("joann@x.cz"),
            "{stored}"
        );
    }
}

#[test]
fn a_first_step_that_was_not_answered_is_completed() {
    let mut users = users();
    let mut deletions = 0;
    let server = Server::start(move |seen| {
        deletions += u32::from(seen.method == "DELETE");
        let reply = answer(seen, &mut users);
        if deletions == 1 && seen.method == "DELETE" { Reply::HangUp } else { reply }
    });
    let host = SYSTEM.host(&server, SECRET);
    assert_eq!(host.erase(ann()).expect_err("not answered").class, ErrorClass::Retryable);
    let answer = host.erase(ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["users"], answer.counts["users_for_good"]), (Outcome::Erased, 2, 2));
}

#[test]
fn a_deleted_user_that_is_not_there_for_the_second_step_is_not_called_erased() {
    // The list of deleted users lags behind; a gateway would answer alike.
    let mut users = users();
    let mut met = 0;
    let server = Server::start(move |seen| {
        let is_second = seen.target.contains("deleted_users");
        met += u32::from(is_second);
        if is_second && met <= 2 { not_found() } else { answer(seen, &mut users) }
    });
    let host = SYSTEM.host(&server, SECRET);
    let error = host.erase(ann()).expect_err("nobody knows");
    assert_eq!(error.class, ErrorClass::Retryable, "{error}");
    assert!(error.message.contains("`purge`") && error.message.contains("`delete`"), "{error}");
    let answer = host.erase(ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["users_for_good"]), (Outcome::Erased, 2));
}

#[test]
fn a_user_who_was_deleted_before_is_said_not_to_be_looked_at() {
    let mut users = users();
    users.iter_mut().for_each(|user| user.state = State::Deleted);
    let server = Server::start(move |seen| answer(seen, &mut users));
    let answer = SYSTEM.host(&server, SECRET).erase(ann()).expect("an answer");
    assert_eq!(answer.outcome, Outcome::Absent);
    assert!(answer.not_looked_at.iter().any(|place| place.contains("deleted before and not for good")), "{answer:?}");
}

#[test]
fn a_user_that_shows_no_address_needs_a_person() {
    // Found by the notes, without an address of its own.
    let mut users = vec![User { id: 35_439, addresses: &[], state: State::Active }];
    let server = Server::start(move |seen| {
        let is_search = seen.target.contains("/users/search");
        match is_search && seen.header("authorization") == Some(AUTHORIZATION) {
            true => Reply::json(200, &json!({ "users": [{ "id": 35_439, "email": null }], "next_page": null })),
            false => answer(seen, &mut users),
        }
    });
    let answer = SYSTEM.host(&server, SECRET).erase(ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts.len()), (Outcome::Unverifiable, 0), "{answer:?}");
    assert!(answer.reason.is_some_and(|reason| reason.contains("`addresses`")));
    assert!(server.lines().iter().all(|line| line.starts_with("GET ")));
}

/// What Zendesk shows of identities: `ownership` (shared e-mail addresses), `verified`, `primary` and the types are those of its API
/// reference, "User identities".
#[test]
fn an_address_that_is_not_surely_one_users_alone_needs_a_person() {
    let email = |more: Value| {
        let mut identity =
            json!({ "user_id": 9, "type": "email", "value": "ann@x.cz", "primary": true, "verified": true });
        identity.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        identity
    };
    let eve = || json!({ "user_id": 9, "type": "email", "value": "eve@y.cz", "primary": true, "verified": true });
    let handle = || json!({ "user_id": 9, "type": "twitter", "value": "ann", "primary": false });
    for (identities, outcome) in [
        (json!([email(json!({}))]), Outcome::Erased),
        (json!([email(json!({ "ownership": "owned" })), handle()]), Outcome::Erased),
        // Nobody has confirmed it, as of most who have written once.
        (json!([email(json!({ "verified": false }))]), Outcome::Erased),
        (json!([eve(), email(json!({ "primary": false }))]), Outcome::Erased),
        (json!([eve(), email(json!({ "type": "google", "primary": false }))]), Outcome::Erased),
        (json!([eve(), email(json!({ "type": "foreign", "primary": false }))]), Outcome::Erased),
        (json!([email(json!({ "ownership": "shared" }))]), Outcome::Unverifiable),
        (json!([eve(), email(json!({ "primary": false, "verified": false }))]), Outcome::Unverifiable),
        (json!([eve(), email(json!({ "primary": false, "ownership": "shared" }))]), Outcome::Unverifiable),
        (json!([eve(), email(json!({ "type": "google", "value": null }))]), Outcome::Unverifiable),
        // Nothing says why the search has found it.
        (json!([eve()]), Outcome::Unverifiable),
        (json!([eve(), handle()]), Outcome::Unverifiable),
        (json!([handle()]), Outcome::Unverifiable),
        (json!([email(json!({ "value": "joann@x.cz" })), handle()]), Outcome::Absent),
    ] {
        let mut users = vec![User { id: 9, addresses: &["ann@x.cz"], state: State::Active }];
        let shown = identities.clone();
        let server =
            Server::start(move |seen| match seen.target.contains("/identities") && users[0].state == State::Active {
                true => Reply::json(200, &json!({ "identities": shown, "next_page": null })),
                false => answer(seen, &mut users),
            });
        let host = SYSTEM.host(&server, SECRET);
        let answer = host.erase(ann()).expect("an answer");
        assert_eq!(answer.outcome, outcome, "{identities}: {answer:?}");
        let deletes = server.lines().iter().any(|line| line.starts_with("DELETE"));
        assert_eq!(deletes, outcome == Outcome::Erased, "{identities}");
        if outcome == Outcome::Unverifiable {
            assert_eq!(host.verify(ann()).expect("an answer").outcome, outcome, "{identities}");
        }
    }
}

#[test]
fn a_user_who_could_not_be_deleted_and_is_somebody_elses_by_now_stays() {
    // A ticket is open, and until the erasure is retried, an agent moves the address to another user.
    let mut users = vec![User { id: 35_437, addresses: &["bob@x.cz", "ann@x.cz"], state: State::Active }];
    let mut deletions = 0;
    let server = Server::start(move |seen| {
        deletions += u32::from(seen.method == "DELETE");
        if deletions == 1 && seen.method == "DELETE" {
            users[0].addresses = &["bob@x.cz"];
            return Reply::json(422, &json!({ "error": "RecordInvalid" }));
        }
        answer(seen, &mut users)
    });
    let host = SYSTEM.host(&server, SECRET);
    assert_eq!(host.erase(ann()).expect_err("refused").class, ErrorClass::Permanent);
    let before = server.lines().len();
    // The search finds the user still, by nothing that is shown.
    assert_eq!(host.erase(ann()).expect("an answer").outcome, Outcome::Unverifiable);
    assert!(server.lines()[before..].iter().all(|line| line.starts_with("GET ")), "{:?}", server.lines());
}
