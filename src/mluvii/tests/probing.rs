use super::*;
use crate::mluvii::probe::State;

fn check(probe: &Probe, what: &str, state: State, said: &str) {
    let finding = probe.findings.iter().find(|finding| finding.what == what);
    let finding = finding.unwrap_or_else(|| panic!("nothing about {what}: {}", probe.text()));
    assert!(finding.state == state && finding.said.contains(said), "{finding:?}");
}

async fn tried(mluvii: &Mluvii) -> Probe {
    probe(&mluvii.client(), &[]).await.expect("tried")
}

#[tokio::test]
async fn a_probe_finds_out_how_an_installation_behaves() {
    let mluvii = Mluvii::start().await;
    mluvii.server.held().allow = Some("GET, POST");
    let anonymized = mluvii.conversation("7", "ann@x.cz");
    mluvii.conversation("8", "bob@x.cz");
    let record = json!({ "id": "8", "data": { "email": ["bob@x.cz"] } });
    mluvii.server.held().contacts.push((62, record));
    mluvii.target();
    let target = mluvii.target();
    crate::target::Target::erase(&target, &super::erasing::call(&[], &[anonymized])).await.expect("erased");

    let probe = tried(&mluvii).await;
    check(&probe, "token", State::Ok, "gives a token");
    check(&probe, "list", State::Ok, "a bare array of whole sessions");
    check(&probe, "nulls", State::Ok, "have the key guest.gdprVersion");
    check(&probe, "departmentId", State::Ok, "4 of 4 sessions");
    check(&probe, "guest ids", State::Ok, "identity in 3, tempId in 3, trackedId in 0");
    check(&probe, "SessionId", State::Ok, "an impossible id gives an empty list");
    check(&probe, "ClientId", State::Ok, "guest.identity");
    check(&probe, "ChannelIdentityId", State::Unknown, "no id");
    check(&probe, "limit", State::Unknown, "limit=200 gives 4");
    check(&probe, "offset", State::Ok, "the next page has other sessions");
    check(&probe, "Anonymized.Null", State::Ok, "1 sessions are anonymized, 3 are not");
    check(&probe, "what anonymized sessions show", State::Ok, "nothing personal in 1 sessions");
    check(&probe, "anonymize_session", State::Ok, "OPTIONS names POST");
    check(&probe, "contact record", State::Ok, "it has: email");
    check(&probe, "contacts", State::Ok, "an impossible value gives an empty list");
    let settings = probe.toml();
    for line in [
        "nulls = \"explicit\"",
        "must_be_empty = [\"/guest/callParams/*\", \"/guest/identity\", \"/guest/tempId\", \"/guest/ipAddress\"]",
        "look_up_contact = \"GET /api/v1/Contacts/{id}\"",
        "[mluvii.search]",
        "fields = { email = \"email\" }",
        "sessions_of_guest = \"GET /api/v1/Sessions?ClientId={id}&limit=200&offset={offset}\"",
    ] {
        assert!(settings.contains(line), "{settings}");
    }
}

#[tokio::test]
async fn a_probe_writes_nothing() {
    let mluvii = Mluvii::start().await;
    mluvii.conversation("7", "ann@x.cz");
    let before = mluvii.server.held().sessions.clone();
    let probe = tried(&mluvii).await;
    check(&probe, "anonymize_session", State::Unknown, "its verb was not tried, as that would write");
    let held = mluvii.server.held();
    assert_eq!(held.sessions, before);
    let methods = held.calls.iter().filter(|call| !call.path.contains("/token")).map(|call| call.method.as_str());
    assert!(methods.into_iter().all(|method| matches!(method, "GET" | "OPTIONS")));
}

#[tokio::test]
async fn the_report_and_the_settings_hold_no_data() {
    let mluvii = Mluvii::start().await;
    mluvii.conversation("guest-7", "ann@x.cz");
    mluvii.server.held().contacts.push((62, json!({ "id": "guest-7", "data": { "email": ["ann@x.cz"] } })));
    let probe = tried(&mluvii).await;
    let shown = format!("{}{}{probe:?}", probe.text(), serde_json::to_string(&probe).expect("JSON"));
    for value in ["ann@", "guest-7", "192.0.2.7", "somebody-else", "eve@", "5001"] {
        assert!(!shown.contains(value), "{value}: {shown}");
    }
}

#[tokio::test]
async fn a_new_installation_is_unknown_and_no_failure() {
    let mluvii = Mluvii::start().await;
    let probe = tried(&mluvii).await;
    check(&probe, "list", State::Unknown, "no session yet");
    check(&probe, "nulls", State::Unknown, "no session could be read");
    assert!(probe.findings.iter().all(|finding| finding.state != State::Warning), "{}", probe.text());
    assert!(probe.toml().is_empty());
}

#[tokio::test]
async fn nulls_that_are_left_out_are_found_and_named() {
    let mluvii = Mluvii::start().await;
    for version in [Some("v3"), None] {
        let mut guest = json!({ "identity": "7" });
        if let Some(version) = version {
            guest["gdprVersion"] = version.into();
        }
        mluvii.put(json!({ "id": 0, "departmentId": 62, "channel": "Chat", "guest": guest }));
    }
    let probe = tried(&mluvii).await;
    check(&probe, "nulls", State::Warning, "`mluvii.nulls` is \"explicit\" and should be \"omitted\"");
    assert!(probe.toml().contains("nulls = \"omitted\""));
}

#[tokio::test]
async fn filters_that_are_ignored_are_warned_of() {
    let mluvii = Mluvii::start().await;
    for _ in 0..3 {
        mluvii.conversation("7", "ann@x.cz");
    }
    mluvii.server.held().ignored.extend(["SessionId", "ClientId", "offset"]);
    let probe = tried(&mluvii).await;
    check(&probe, "SessionId", State::Warning, "the filter is ignored");
    check(&probe, "ClientId", State::Unknown, "no id");
    check(&probe, "offset", State::Warning, "the offset is ignored");
    assert!(!probe.toml().contains("sessions_of_guest"));
}

#[tokio::test]
async fn what_anonymizing_leaves_is_named_by_kind() {
    let mluvii = Mluvii::start().await;
    mluvii.server.held().leaves = vec!["/guest/identity", "/guest/ipAddress"];
    let anonymized = mluvii.conversation("7", "ann@x.cz");
    let target = mluvii.target();
    crate::target::Target::erase(&target, &super::erasing::call(&[], &[anonymized])).await.expect("erased");
    let probe = tried(&mluvii).await;
    check(&probe, "what anonymized sessions show", State::Warning, "of 1 sessions: identity in 1, ip_address in 1");
    assert!(probe.toml().contains("must_be_empty = [\"/guest/callParams/*\", \"/guest/tempId\"]"), "{}", probe.toml());
}

#[tokio::test]
async fn nobody_there_is_a_failure() {
    let mluvii = Mluvii::start().await;
    mluvii.server.fail("token", 1, Wrong::Status(500));
    assert!(matches!(probe(&mluvii.client(), &[]).await, Err(MluviiError::Unavailable(_))));
}
