//! SmartEmailing, as the public PHP SDK (keltuo/php-smartemailing: `Api/Contacts`, `Api/Tests`, `Search/AbstractSearch` and the
//! answers in its tests) describes API v3: filters are parameters of the query, lists have `data` and `meta`, "forget" is 204.

use super::*;

pub(super) const SYSTEM: System = System {
    recipe: "smartemailing",
    start,
    addresses: &["ann@x.cz", "joann@x.cz", "bob@x.cz"],
    counts: &[("contacts", 1)],
};

/// `me@example.com` and the right key.
const AUTHORIZATION: &str = "Basic bWVAZXhhbXBsZS5jb206dGhlLXJpZ2h0LWtleQ==";

fn start(fault: Fault, left: Left) -> Server {
    let numbers: BTreeMap<String, u64> =
        (29_678..).zip(SYSTEM.addresses).map(|(id, address)| ((*address).to_owned(), id)).collect();
    standing(fault, move |seen| answer(seen, &left, &numbers), || Reply::empty(204))
}

fn answer(seen: &Seen, left: &Left, numbers: &BTreeMap<String, u64>) -> Reply {
    if seen.header("authorization") != Some(AUTHORIZATION) {
        return Reply::json(401, &json!({ "status": "error", "meta": [], "message": "Authentication failed" }));
    }
    let mut left = left.lock().expect("whole");
    let path = segments(seen);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (seen.method.as_str(), path.as_slice()) {
        ("GET", ["api", "v3", "check-credentials"]) => {
            Reply::json(200, &json!({ "status": "ok", "meta": [], "message": "Hi there!", "account_id": 2 }))
        }
        ("GET", ["api", "v3", "contacts"]) => {
            let wanted = query(seen, "emailaddress").expect("a filter");
            let [limit, offset]: [usize; 2] =
                ["limit", "offset"].map(|name| query(seen, name).expect("paged").parse().expect("a number"));
            // Whatever the filter does with an address: contacts that only contain it come, too.
            let fitting: Vec<_> = left.iter().filter(|address| address.contains(&wanted)).collect();
            let shown: Vec<_> = fitting
                .iter()
                .skip(offset)
                .take(limit)
                .map(|address| json!({ "id": numbers[*address], "emailaddress": address }))
                .collect();
            let meta = json!({ "total_count": fitting.len(), "displayed_count": shown.len(), "offset": offset, "limit": limit });
            Reply::json(200, &json!({ "status": "ok", "meta": meta, "data": shown }))
        }
        ("DELETE", ["api", "v3", "contacts", "forget", id]) => {
            let before = left.len();
            left.retain(|address| numbers[address].to_string() != *id);
            Reply::empty(if left.len() < before { 204 } else { 404 })
        }
        _ => Reply::empty(405),
    }
}
