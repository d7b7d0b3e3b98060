//! Mailchimp, as its Marketing API reference (in public clients: lists, list members, "Archive list member", "Delete list member
//! permanently") describes it: members are named by the MD5 of the address in lower case, archived ones are members still, and who is
//! deleted for good is answered "permanently deleted and cannot be re-imported".

use super::*;

pub(super) const SYSTEM: System =
    System { recipe: "mailchimp", start, addresses: &["ann@x.cz", "joann@x.cz"], counts: &[("contacts", 2)] };

/// `quietus` and the right key; Mailchimp reads the latter alone.
const AUTHORIZATION: &str = "Basic cXVpZXR1czp0aGUtcmlnaHQta2V5";
/// MD5 of `ann@x.cz`, `joann@x.cz`.
const ANN: &str = "2d9f43b139cd4a116c984608b9ec413f";
const JOANN: &str = "768e5e5626984ab10b80fa1f2afb039e";

/// List, MD5, address and status of each member.
type Members = Vec<(&'static str, &'static str, &'static str, &'static str)>;

fn start(fault: Fault, left: Left) -> Server {
    // Ann is in two audiences, archived in one of them, and not in the third.
    let mut members: Members = vec![
        ("l1", ANN, "Ann@X.cz", "subscribed"),
        ("l2", ANN, "ann@x.cz", "archived"),
        ("l2", JOANN, "joann@x.cz", "cleaned"),
        ("l3", JOANN, "joann@x.cz", "subscribed"),
    ];
    standing(
        fault,
        move |seen| {
            let reply = answer(seen, &mut members);
            let mut left = left.lock().expect("whole");
            left.retain(|address| members.iter().any(|(_, _, known, _)| known.eq_ignore_ascii_case(address)));
            reply
        },
        || Reply::empty(204),
    )
}

fn problem(status: u16, title: &str, detail: &str) -> Reply {
    Reply::json(
        status,
        &json!({ "type": "https://mailchimp.com/developer/", "title": title, "status": status, "detail": detail }),
    )
}

fn answer(seen: &Seen, members: &mut Members) -> Reply {
    if seen.header("authorization") != Some(AUTHORIZATION) {
        return problem(
            401,
            "API Key Invalid",
            "Your API key may be invalid, or you've attempted to access the wrong datacenter.",
        );
    }
    let path = segments(seen);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (seen.method.as_str(), path.as_slice()) {
        ("GET", ["3.0", ""]) => Reply::json(200, &json!({ "account_id": "8d3a3db4d97663a9074efcc16" })),
        ("GET", ["3.0", "lists"]) => {
            let [count, offset]: [usize; 2] =
                ["count", "offset"].map(|name| query(seen, name).expect("paged").parse().expect("a number"));
            // Mailchimp gives ten by default; here two, whatever is asked for, so that a second page is needed.
            let lists = ["l1", "l2", "l3"].into_iter().skip(offset).take(count.min(2));
            Reply::json(200, &json!({ "lists": lists.map(|id| json!({ "id": id })).collect::<Vec<_>>() }))
        }
        ("GET", ["3.0", "lists", list, "members", hash]) => {
            match members.iter().find(|(in_list, of, ..)| in_list == list && of == hash) {
                Some((_, _, email, _)) => Reply::json(200, &json!({ "email_address": email, "list_id": list })),
                None => problem(404, "Resource Not Found", "The requested resource could not be found."),
            }
        }
        ("POST", ["3.0", "lists", list, "members", hash, "actions", "delete-permanent"]) => {
            let before = members.len();
            members.retain(|(in_list, of, ..)| !(in_list == list && of == hash));
            match members.len() < before {
                true => Reply::empty(204),
                false => problem(404, "Resource Not Found", "The requested resource could not be found."),
            }
        }
        _ => Reply::empty(405),
    }
}

#[test]
fn each_address_is_deleted_only_where_it_was_found() {
    let (server, left) = SYSTEM.started(Fault::None);
    let host = SYSTEM.host(&server, SECRET);
    let both = request(&[("email", "ann@x.cz"), ("email", "joann@x.cz")]);
    let shown = host.dry_run(both.clone()).expect("an answer");
    assert_eq!((shown.outcome, shown.counts["contacts"]), (Outcome::Residual, 4));
    assert_eq!(host.erase(both).expect("an answer").counts["contacts"], 4, "what the dry run has shown");
    let deleted = server.lines().into_iter().filter(|line| line.starts_with("POST ")).collect::<Vec<_>>();
    let of = |list: &str, hash: &str| format!("POST /3.0/lists/{list}/members/{hash}/actions/delete-permanent");
    assert_eq!(deleted, [of("l1", ANN), of("l2", ANN), of("l2", JOANN), of("l3", JOANN)]);
    assert!(left.lock().expect("whole").is_empty());
}

#[test]
fn a_missing_right_is_named_in_mailchimps_words() {
    let server = Server::start(|_| problem(403, "Forbidden", "Your user role does not have permission to do this."));
    let red = SYSTEM.host(&server, SECRET).health().expect_err("red");
    assert_eq!(red.class, ErrorClass::NeedsOperator);
    assert!(red.message.contains("may not GET / (403)") && red.message.contains("user role does not have"), "{red}");
}

/// A key whose user may not see one audience.
#[test]
fn an_audience_that_is_refused_stops_no_other() {
    let mut members: Members = vec![("l1", ANN, "ann@x.cz", "subscribed"), ("l2", ANN, "ann@x.cz", "subscribed")];
    let server = Server::start(move |seen| match seen.target.contains("/lists/l1/members") {
        true => problem(403, "Forbidden", "You are not authorized to access this resource."),
        false => answer(seen, &mut members),
    });
    let answer = SYSTEM.host(&server, SECRET).erase(ann()).expect("an answer");
    assert_eq!((answer.outcome, answer.counts["contacts"]), (Outcome::Unverifiable, 1), "{answer:?}");
    assert!(answer.reason.is_some_and(|reason| reason.contains("1 items were refused to step `find` (403)")));
}
