//! mailbox-cleanup in the real sandbox, on a mailbox in Microsoft 365 and one in Google Workspace at once.

use quietus_plugin::http::test::{Reply, Seen, Server};
use serde_json::{Value, json};

use super::bench::Bench;

/// Made for tests; it opens nothing.
const KEY: &str = include_str!("../../../plugins/sdk/tests/service_account/key.json");
const SECRET: &str = "a-long-secret-of-the-app";

/// Two messages of Ann's, and one of somebody whose address ends like hers; what is deleted is in no folder.
fn graph() -> Server {
    let mut mails = vec![("1", "ann@x.cz"), ("2", "ANN@x.cz"), ("3", "joann@x.cz")];
    Server::start(move |seen: &Seen| {
        let target = seen.target.as_str();
        if target == "/token" {
            assert!(seen.body.contains(SECRET), "the app's secret");
            return Reply::json(200, &json!({ "access_token": "graph-token", "expires_in": 3599 }));
        }
        if seen.header("authorization") != Some("Bearer graph-token") {
            return Reply::empty(401);
        }
        if target == "/v1.0/$batch" {
            let requests = seen.json()["requests"].as_array().cloned().unwrap_or_default();
            let delete = |request: Value| {
                let before = mails.len();
                mails.retain(|(id, _)| !request["url"].as_str().unwrap_or_default().contains(&format!("/{id}/")));
                json!({ "id": request["id"], "status": if mails.len() < before { 204 } else { 404 } })
            };
            let responses: Vec<_> = requests.into_iter().map(delete).collect();
            return Reply::json(200, &json!({ "responses": responses }));
        }
        if target.starts_with("/v1.0/users/support%40x.cz/messages?") {
            let party = |address: &str| json!({ "emailAddress": { "name": "Somebody", "address": address } });
            // In the order in which they came, one in each second.
            let came = |id: &str| format!("2026-01-01T00:00:0{id}Z");
            let mail = |(id, from): &(&str, &str)| {
                json!({
                    "id": id, "parentFolderId": "F", "from": party(from), "sender": null, "replyTo": [],
                    "toRecipients": [party("support@x.cz")], "ccRecipients": [], "bccRecipients": [],
                    "receivedDateTime": came(id),
                })
            };
            if let Some((_, since)) = target.split_once("filter=receivedDateTime%20ge%20") {
                let since = since.split('&').next().unwrap_or_default().replace("%3A", ":");
                let found = mails.iter().filter(|(id, _)| came(id) >= since);
                return Reply::json(200, &json!({ "value": found.map(mail).collect::<Vec<_>>() }));
            }
            if target.contains("top=1&") {
                return Reply::json(200, &json!({ "value": mails.last().map(mail).into_iter().collect::<Vec<_>>() }));
            }
            // `$filter` compares senders as a whole, `$search` finds whatever has such a word.
            let is_exact = target.contains("filter=");
            let is_found = |from: &str| !is_exact || from.eq_ignore_ascii_case("ann@x.cz");
            let found = mails.iter().filter(|(_, from)| target.contains("ann%40x.cz") && is_found(from));
            return Reply::json(200, &json!({ "value": found.map(mail).collect::<Vec<_>>() }));
        }
        match target.contains("/mailFolders/inbox?") {
            true => Reply::json(200, &json!({ "id": "F" })),
            false => Reply::empty(404),
        }
    })
}

/// The same in Gmail, whose deletion says nothing.
fn gmail() -> Server {
    let mut mails = vec![("18c1", "Ann <ann@x.cz>"), ("18c2", "ann@x.cz"), ("18c3", "joann@x.cz")];
    Server::start(move |seen: &Seen| {
        let target = seen.target.as_str();
        if target == "/token" {
            assert!(seen.body.contains("jwt-bearer"), "the grant of a service account");
            return Reply::json(200, &json!({ "access_token": "gmail-token", "expires_in": 3599 }));
        }
        if seen.header("authorization") != Some("Bearer gmail-token") {
            return Reply::empty(401);
        }
        if target == "/batch/gmail/v1" {
            let asked = seen.body.split("Content-ID: <").skip(1).filter_map(|part| {
                let (id, request) = part.split_once(">\r\n\r\nGET /gmail/v1/users/me/messages/")?;
                Some((id, request.split('?').next()?))
            });
            let part = |(part, id): (&str, &str)| {
                let told = match mails.iter().find(|(known, _)| *known == id) {
                    Some((id, from)) => {
                        let headers = json!([{ "name": "From", "value": from }]);
                        let payload = json!({ "headers": headers });
                        let told = json!({ "id": id, "internalDate": "1767225600000", "payload": payload });
                        format!("200 OK\r\n\r\n{told}")
                    }
                    None => "404 Not Found\r\n\r\n".to_owned(),
                };
                format!("--b\r\nContent-ID: <response-{part}>\r\n\r\nHTTP/1.1 {told}\r\n")
            };
            let body = asked.map(part).collect::<String>() + "--b--\r\n";
            return Reply::text(200, &body).with("Content-Type", "multipart/mixed; boundary=b");
        }
        let path = target.strip_prefix("/gmail/v1/users/me/").unwrap_or_default();
        if path == "messages/batchDelete" {
            let ids = seen.json()["ids"].clone();
            mails.retain(|(id, _)| !ids.as_array().is_some_and(|ids| ids.contains(&json!(id))));
            return Reply::empty(204);
        }
        if path.starts_with("messages?") {
            let found = mails.iter().filter(|_| path.contains("ann%40x.cz") || !path.contains("?q="));
            let found: Vec<_> = found.map(|(id, _)| json!({ "id": id, "threadId": id })).collect();
            return Reply::json(200, &json!({ "messages": found, "resultSizeEstimate": found.len() }));
        }
        if path == "profile" {
            return Reply::json(200, &json!({ "emailAddress": "sales@x.cz" }));
        }
        Reply::empty(404)
    })
}

fn bench(graph: &Server, gmail: &Server) -> Bench {
    let support = json!({
        "user": "support@x.cz", "base_url": format!("{}/v1.0", graph.url), "token_url": format!("{}/token", graph.url),
        "client_id": "quietus", "secret": "app", "rate": 1000,
    });
    let sales = json!({
        "user": "sales@x.cz", "base_url": format!("{}/gmail/v1", gmail.url),
        "token_url": format!("{}/token", gmail.url), "key": "key", "units_per_minute": 60_000_000,
    });
    let config = json!({ "accounts": [{ "name": "support", "graph": support }, { "name": "sales", "gmail": sales }] });
    Bench::new("libmailbox_cleanup.so", config, &[("app", SECRET), ("key", KEY)], &["--email", "ann@x.cz"])
}

#[test]
fn mailbox_cleanup_passes_the_kit_on_mailboxes_in_the_web() {
    let (graph, gmail) = (graph(), gmail());
    bench(&graph, &gmail).passes_the_kit();
    let has_listed = |server: &Server, list: &str| server.lines().iter().any(|line| line.contains(list));
    assert!(has_listed(&graph, "receivedDateTime%20ge%20") && has_listed(&gmail, "messages?includeSpamTrash=true"));
}

#[test]
fn mailbox_cleanup_erases_in_the_web_what_its_dry_run_has_shown() {
    let (graph, gmail) = (graph(), gmail());
    bench(&graph, &gmail).erases_what_it_has_shown(&json!({ "messages": 4 }));
    let writes =
        |seen: &Seen| ["/v1.0/$batch", "/gmail/v1/users/me/messages/batchDelete"].contains(&seen.target.as_str());
    let deleted = |server: &Server| server.seen().into_iter().filter(|seen| writes(seen)).map(|seen| seen.json());
    // Once only: the dry run deleted nothing.
    assert_eq!(deleted(&gmail).collect::<Vec<_>>(), [json!({ "ids": ["18c1", "18c2"] })]);
    let urls = deleted(&graph).flat_map(|batch| batch["requests"].as_array().cloned().unwrap_or_default());
    let urls: Vec<_> = urls.map(|request| request["url"].clone()).collect();
    assert_eq!(urls, [1, 2].map(|id| json!(format!("/users/support%40x.cz/messages/{id}/permanentDelete"))));
}
