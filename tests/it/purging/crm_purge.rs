//! crm-purge in the real sandbox, against a HubSpot that searches fuzzily and deletes for real.

use quietus_plugin::http::test::{Reply, Seen, Server};
use serde_json::{Value, json};

use super::bench::Bench;

/// What opens it.
pub(super) const TOKEN: &str = "a-long-token-of-hubspot";

/// Ann's two contacts, and somebody whose address ends like hers.
pub(super) fn hubspot() -> Server {
    let mut contacts = vec![("1", "ann@x.cz"), ("2", "ANN@x.cz"), ("3", "joann@x.cz")];
    Server::start(move |seen: &Seen| match (seen.method.as_str(), seen.target.as_str()) {
        _ if seen.header("authorization") != Some(&*format!("Bearer {TOKEN}")) => Reply::empty(401),
        ("GET", "/crm/objects/2026-03/contacts?limit=1") => Reply::json(200, &json!({ "results": [] })),
        ("GET", list) if list.contains("/contacts?") && list.contains("properties=") => {
            let number = |name: &str| {
                let value = list.split(['?', '&']).find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
                value.and_then(|value| value.parse::<usize>().ok())
            };
            let (from, limit) = (number("after").unwrap_or_default(), number("limit").unwrap_or(100));
            let page = contacts.iter().skip(from).take(limit);
            let shown = |(id, email): &(&str, &str)| {
                let properties = json!({
                    "email": email, "hs_additional_emails": null, "phone": null, "mobilephone": null, "firstname": null,
                    "lastname": null,
                });
                let at = "2026-01-01T00:00:00Z";
                json!({ "id": id, "properties": properties, "createdAt": at, "updatedAt": at })
            };
            let mut body = json!({ "results": page.map(shown).collect::<Vec<_>>() });
            if from + limit < contacts.len() {
                body["paging"] = json!({ "next": { "after": (from + limit).to_string() } });
            }
            Reply::json(200, &body)
        }
        ("POST", "/crm/objects/2026-03/contacts/search") => {
            let body = seen.json();
            let value = &body["filterGroups"][0]["filters"][0]["value"];
            let value = value.as_str().unwrap_or_default().to_lowercase();
            let found = contacts.iter().filter(|(_, email)| email.to_lowercase().contains(&value));
            // A property without a value is null; one that is left out is hidden from this user.
            let shown = |(id, email): &(&str, &str)| {
                let none = Value::Null;
                let properties =
                    json!({ "email": email, "hs_additional_emails": none, "phone": none, "mobilephone": none });
                json!({ "id": id, "properties": properties })
            };
            let found: Vec<_> = found.map(shown).collect();
            Reply::json(200, &json!({ "total": found.len(), "results": found }))
        }
        ("POST", "/crm/objects/2026-03/contacts/gdpr-delete") => {
            let before = contacts.len();
            contacts.retain(|(id, _)| seen.json() != json!({ "objectId": id }));
            Reply::empty(if contacts.len() < before { 204 } else { 404 })
        }
        _ => Reply::empty(405),
    })
}

fn bench(hubspot: &Server) -> Bench {
    let config = json!({
        "vendor": "hubspot", "base_url": hubspot.url, "auth": { "bearer": { "secret": "token" } },
        "by": ["email", "phone"], "rate": 1000, "search_rate": 1000, "verify_after": "1s",
    });
    Bench::new("libcrm_purge.so", config, &[("token", TOKEN)], &["--email", "ann@x.cz"])
}

#[test]
fn crm_purge_passes_the_kit() {
    bench(&hubspot()).passes_the_kit();
}

#[test]
fn crm_purge_erases_what_its_dry_run_has_shown() {
    let hubspot = hubspot();
    bench(&hubspot).erases_what_it_has_shown(&json!({ "contacts": 2 }));
    let deletions = hubspot.seen().into_iter().filter(|seen| seen.target.ends_with("gdpr-delete"));
    assert_eq!(deletions.map(|seen| seen.body).collect::<Vec<_>>(), [r#"{"objectId":"1"}"#, r#"{"objectId":"2"}"#]);
}
