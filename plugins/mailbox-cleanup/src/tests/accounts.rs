//! Several accounts, their folders, and how they log in.

use super::mail::{anns, left};
use super::*;
use quietus_plugin::http::test::{Reply, Server};

fn two(one: Value, other: Value) -> Host {
    configure(json!({ "accounts": [{ "name": "one", "imap": one }, { "name": "other", "imap": other }] }))
        .expect("configured")
}

#[test]
fn all_accounts_are_done_and_counted_together() {
    SERVER.deliver("first", "INBOX", anns());
    SERVER.deliver("second", "Trash", anns());
    let host = two(imap(&SERVER, "first"), imap(&SERVER, "second"));
    assert_eq!(host.health(), Ok(()));
    assert_eq!(host.dry_run(ANN), residual(20));
    assert_eq!(host.erase(ANN), erased(20));
    assert_eq!(host.verify(ANN), Ok(Answer::absent()));
}

#[test]
fn an_account_that_fails_keeps_no_other_from_being_done() {
    SERVER.deliver("fails", "INBOX", anns());
    SERVER.deliver("works", "INBOX", anns());
    let wrong = with(imap(&SERVER, "fails"), json!({ "password": "wrong" }));
    let host = two(wrong, imap(&SERVER, "works"));
    let error = host.erase(ANN).expect_err("one fails");
    assert_eq!(error.class, ErrorClass::NeedsOperator);
    assert!(error.message.starts_with("account `one`: the server does not accept"), "{}", error.message);
    assert!(error.message.ends_with("(10 messages are erased so far)"), "{}", error.message);
    assert_eq!((left(&SERVER, "fails", "INBOX"), left(&SERVER, "works", "INBOX")), (10, 0));
}

#[test]
fn folders_are_chosen_and_left_alone() {
    let user = "chosen";
    for folder in ["INBOX", "Trash", "Junk", "Archiv/2024", "Archiv/2025", "&AX0-lu&AWU-"] {
        SERVER.deliver(user, folder, anns());
    }
    let with_folders = |more| host(with(imap(&SERVER, user), more));
    assert_eq!(with_folders(json!({ "exclude": ["Archiv/*", "\\Junk"] })).dry_run(ANN), residual(30));
    assert_eq!(with_folders(json!({ "folders": ["inbox", "Žluť"] })).erase(ANN), erased(20));
    assert_eq!(
        with_folders(json!({ "folders": ["\\Trash", "Archiv/*"], "exclude": ["Archiv/2025"] })).erase(ANN),
        erased(20)
    );
    let error = with_folders(json!({ "folders": ["Archive"] })).erase(ANN).expect_err("not there");
    let told = "account `office`: there is no folder `Archive` (see `folders`)";
    assert_eq!((error.class, error.message.as_str()), (ErrorClass::NeedsOperator, told));
    assert_eq!((left(&SERVER, user, "Junk"), left(&SERVER, user, "Archiv/2025")), (10, 10));
}

/// A Dovecot that asks a stand-in whose a token is.
fn with_tokens(introspection: &Server) -> (Dovecot, tempfile::TempDir) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let file = folder.path().join("oauth2.conf.ext");
    let url = format!(
        "introspection_url = {}/\nintrospection_mode = post\nusername_attribute = username\n",
        introspection.url
    );
    std::fs::write(&file, url + "active_attribute = active\nactive_value = true\n").expect("written");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).expect("ours");
    let server = Dovecot::start_with(&format!(
        "auth_mechanisms = plain xoauth2\npassdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {}\n}}\n",
        file.display()
    ));
    (server, folder)
}

#[test]
fn a_token_logs_in_and_is_fetched_anew_when_it_is_refused() {
    let introspection = Server::start(|seen| match seen.body.contains("t-2") || seen.body.contains("t-1") {
        true => Reply::json(200, &json!({ "active": true, "username": "ann" })),
        false => Reply::json(200, &json!({ "active": false })),
    });
    let (server, _folder) = with_tokens(&introspection);
    server.deliver("ann", "INBOX", anns());
    let given = with(imap(&server, "ann"), json!({ "password": null, "xoauth2": { "bearer": { "secret": "token" } } }));
    assert_eq!(host(given.clone()).dry_run(ANN), residual(10));
    let wrong = with(given, json!({ "xoauth2": { "bearer": { "secret": "wrong" } } }));
    assert_eq!(class(host(wrong).dry_run(ANN)), ErrorClass::NeedsOperator);

    let mut fetched = 0;
    let tokens = Server::start(move |_| {
        fetched += 1;
        let token = if fetched == 1 { "old" } else { "t-2" };
        Reply::json(200, &json!({ "access_token": token, "expires_in": 3600 }))
    });
    let auth = json!({ "oauth2": { "token_url": tokens.url, "client_id": "quietus", "secret": "password" } });
    let fetching =
        with(imap(&server, "ann"), json!({ "password": null, "xoauth2": auth, "ca_file": server.certificate() }));
    let fetching = host(fetching);
    assert_eq!(fetching.erase(ANN), erased(10));
    assert_eq!(fetching.verify(ANN), Ok(Answer::absent()));
    assert_eq!(tokens.lines().len(), 2, "the good one is kept");
}

#[test]
fn a_token_that_nobody_gives_is_an_error_of_its_own() {
    let refused = |reply: fn() -> Reply| {
        let tokens = Server::start(move |_| reply());
        let auth = json!({ "oauth2": { "token_url": tokens.url, "client_id": "quietus", "secret": "password" } });
        class(host(with(imap(&SERVER, "tokens"), json!({ "password": null, "xoauth2": auth }))).erase(ANN))
    };
    assert_eq!(refused(|| Reply::empty(401)), ErrorClass::NeedsOperator);
    assert_eq!(refused(|| Reply::empty(500)), ErrorClass::Retryable);
    assert_eq!(refused(|| Reply::empty(429)), ErrorClass::RateLimited);
}
