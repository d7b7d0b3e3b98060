//! Every route of the pages, once, with the permission that it takes. It is compared with the sources: a page that nobody has written down here
//! would be left out of what is asked of all of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The permission of what is there for strangers, too.
pub(super) const NONE: &str = "";
/// That of one's own sessions and password.
pub(super) const OWN: &str = "own";

/// A permission, the pages that it opens, and the orders that may be given with it.
pub(super) const ROUTES: [(&str, &[&str], &[&str]); 10] = [
    (NONE, &["/language/{lang}", "/sign-in", "/static/{name}"], &["/sign-in", "/sign-in/password"]),
    (
        OWN,
        &["/password", "/preferences", "/sessions"],
        &["/password", "/preferences", "/sessions/end", "/sessions/{id}/end", "/sign-out"],
    ),
    (
        "see",
        &[
            "/",
            "/audit",
            "/erasures",
            "/erasures/{id}",
            "/explain",
            "/holds",
            "/holds/{id}",
            "/receipts",
            "/receipts/export",
            "/receipts/{number}",
            "/receipts/{number}/verified",
            "/requests",
            "/requests/{company}/{number}",
            "/rules",
        ],
        &[],
    ),
    (
        "requests",
        &[
            "/consents",
            "/consents/export",
            "/consents/session",
            "/consents/{company}/{session}",
            "/erasures/new",
            "/holds/new",
            "/people",
            "/receipts/{number}/certificate",
            "/requests/import",
            "/requests/new",
            "/requests/{company}/{number}/certificates/{receipt}/{audience}/{lang}",
            "/requests/{company}/{number}/letters/{kind}/{lang}",
            "/tasks",
            "/tasks/{id}",
        ],
        &[
            "/consents/withdraw",
            "/consents/withdraw/do",
            "/consents/withdraw/foresee",
            "/erasures/new/do",
            "/erasures/new/foresee",
            "/erasures/{id}/begin",
            "/erasures/{id}/cancel",
            "/erasures/{id}/stop",
            "/holds/new",
            "/holds/new/of",
            "/holds/{id}/lift",
            "/people",
            "/receipts/acknowledge",
            "/requests/import",
            "/requests/new",
            "/requests/new/of",
            "/requests/{company}/{number}/answered",
            "/requests/{company}/{number}/ask",
            "/requests/{company}/{number}/close",
            "/requests/{company}/{number}/extend",
            "/requests/{company}/{number}/link",
            "/requests/{company}/{number}/plan",
            "/requests/{company}/{number}/reject",
            "/requests/{company}/{number}/run",
            "/requests/{company}/{number}/verify",
            "/requests/{company}/{number}/withdraw",
            "/tasks/{id}/done",
            "/tasks/{id}/link",
        ],
    ),
    ("see_plans", &["/requests/{company}/{number}/plan"], &[]),
    ("approve", &[], &["/erasures/{id}/approve", "/erasures/{id}/reject", "/requests/{company}/{number}/approve"]),
    ("rules", &["/rules/trial"], &["/rules/confirm", "/rules/reject"]),
    (
        "operate",
        &[
            "/attention",
            "/attention/mute",
            "/erasures/retry",
            "/mluvii",
            "/mluvii/past/{number}",
            "/mluvii/unregister",
            "/quarantine",
            "/quarantine/replay",
            "/quarantine/{number}",
            "/sweeps",
            "/sweeps/{company}/{target}",
            "/targets",
            "/targets/{name}",
        ],
        &[
            "/attention/mute",
            "/attention/retry",
            "/attention/unmute",
            "/erasures/retry",
            "/erasures/{id}/retry",
            "/mluvii/past",
            "/mluvii/past/{number}/cancel",
            "/mluvii/past/{number}/confirm",
            "/mluvii/register",
            "/mluvii/unregister",
            "/quarantine/replay",
            "/quarantine/{number}/drop",
            "/quarantine/{number}/replay",
            "/sweeps",
            "/sweeps/{company}/{target}/cancel",
            "/sweeps/{company}/{target}/erase",
            "/targets/{name}/pause",
            "/targets/{name}/reload",
            "/targets/{name}/resume",
        ],
    ),
    ("see_accounts", &["/accounts", "/accounts/{name}"], &[]),
    ("accounts", &["/accounts/new", "/accounts/orders/{sealed}"], &["/accounts/orders", "/accounts/orders/do"]),
];

/// Files, which are no pages: each is had in a test of its own.
pub(super) const FILES: [&str; 2] = ["/consents/export", "/receipts/export"];

/// Pages about something that their query has to name.
const OF_A_QUERY: [&str; 4] = ["/attention/mute", "/consents/session", "/mluvii/unregister", "/rules/trial"];

/// Whether a page is about something that has to be named.
pub(super) fn is_of_something(route: &str) -> bool {
    route.contains('{') || OF_A_QUERY.contains(&route)
}

/// An address of it. Nothing has these names, so that whoever may see it is told so.
pub(super) fn address(route: &str) -> String {
    let id = match route.split('/').nth(1) {
        Some("erasures") => "e-00000000000000000000000000000000",
        Some("holds") => "h-000000000000",
        _ => "t-000000000000",
    };
    let names = [
        ("{company}", "acme"),
        ("{number}", "404"),
        ("{session}", "404"),
        ("{receipt}", "404"),
        ("{id}", id),
        ("{name}", "nobody"),
        ("{target}", "nobody"),
        ("{sealed}", "00"),
        ("{kind}", "acknowledgement"),
        ("{audience}", "person"),
        ("{lang}", "en"),
    ];
    names.iter().fold(route.to_owned(), |path, (name, value)| path.replace(name, value))
}

/// The routes that the sources in a folder have, with their methods.
fn served(folder: &Path, found: &mut BTreeSet<(&'static str, String)>) {
    for entry in fs::read_dir(folder).expect("the pages") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            served(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&path).expect("a source");
            for part in text.split(".route(").skip(1) {
                let (_, rest) = part.split_once('"').expect("a path");
                let (route, rest) = rest.split_once('"').expect("its end");
                let handlers: String = rest.split("\n}").next().unwrap_or_default().split_whitespace().collect();
                for (method, first, further) in [("get", ",get(", ").get("), ("post", ",post(", ").post(")] {
                    if handlers.contains(first) || handlers.contains(further) {
                        found.insert((method, route.to_owned()));
                    }
                }
            }
        }
    }
}

#[test]
fn every_route_of_the_pages_is_written_down_with_what_it_takes() {
    let mut found = BTreeSet::new();
    served(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/admin/pages")), &mut found);
    let mut written = BTreeSet::new();
    for (_, pages, orders) in ROUTES {
        for (method, routes) in [("get", pages), ("post", orders)] {
            for route in routes {
                assert!(written.insert((method, (*route).to_owned())), "{method} {route} is there twice");
            }
        }
    }
    let missing: Vec<_> = found.difference(&written).collect();
    let gone: Vec<_> = written.difference(&found).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in ROUTES: {missing:?}; only there: {gone:?}");
}
