use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::*;
use crate::event::{Channel, Form, SessionSource};
use crate::mluvii::wire;
use crate::subject::{GuestId, Identifier, Identifiers, Kind};

fn params() -> BTreeMap<String, Kind> {
    settings_for("https://mluvii.example").params
}

fn read(json: serde_json::Value) -> Option<SessionFacts> {
    wire::session(json.to_string().as_bytes(), SessionId(1), &params())
}

fn identifiers(all: &[(Kind, &str)]) -> Identifiers {
    Identifiers(all.iter().filter_map(|(kind, value)| Identifier::new(kind.clone(), value)).collect())
}

fn form(origin: &str, params: &[(&str, &str)]) -> Form {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    Form { origin: origin.to_owned(), id: None, submitted: true, by_client: None, params }
}

#[tokio::test]
async fn a_session_is_found_in_every_spelling() {
    let mluvii = Mluvii::start().await;
    let session = SessionId(mluvii.standin.begin(NewConversation {
        guest: Some("g-7".into()),
        channel: Some("Phone".into()),
        source: Some("IncomingCall".into()),
        call_params: vec![
            call_param("oo1_guest_email", " Ann@x.cz", "ENTRY_FORM"),
            call_param("agree", "no", "ENTRY_FORM"),
            call_param("oo1_guest_phone", "+420 777 123 456", "PHONE"),
        ],
        gdpr_version: Some("v3".into()),
        phone_callback_number: Some("777 000 111".into()),
        notes: vec!["called twice".into()],
        ..NewConversation::default()
    }));
    mluvii.standin.end(session.0).expect("known");
    let client = mluvii.client();
    let mut times = BTreeSet::new();
    for _ in 0..6 {
        let Ok(LookUp::Found(facts)) = client.look_up(session).await else { panic!("found") };
        times.insert([facts.started, facts.ended].map(|time| time.expect("a time").as_millisecond()));
        assert_eq!(facts.guest, Some(GuestId("g-7".into())));
        assert_eq!(facts.consent_version.as_deref(), Some("v3"));
        assert_eq!(facts.channel, Some(Channel("Phone".into())));
        assert_eq!(facts.source, Some(SessionSource("IncomingCall".into())));
        let expected = [(Kind::Email, "Ann@x.cz"), (Kind::Phone, "+420 777 123 456"), (Kind::Phone, "777 000 111")];
        assert_eq!(facts.identifiers, identifiers(&expected));
        let entry = form("entry_form", &[("agree", "no"), ("oo1_guest_email", "Ann@x.cz")]);
        assert_eq!(facts.forms, [entry, form("phone", &[("oo1_guest_phone", "+420 777 123 456")])]);
    }
    assert_eq!(times.len(), 1, "the same times in every spelling");
}

#[tokio::test]
async fn a_session_without_call_params_has_no_forms() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    mluvii.fail_with("callparams", 1, 404);
    let Ok(LookUp::Found(facts)) = mluvii.client().look_up(session).await else { panic!("found") };
    assert!(facts.forms.is_empty());
    assert_eq!(facts.identifiers, identifiers(&[(Kind::Email, "ann@x.cz")]));
}

#[tokio::test]
async fn an_unknown_session_is_gone() {
    let mluvii = Mluvii::start().await;
    assert_eq!(mluvii.client().look_up(SessionId(404)).await, Ok(LookUp::Gone));
}

#[test]
fn nulls_numbers_and_lists_are_read() {
    let nothing = json!({ "id": 1, "guest": null, "started": null, "channel": null });
    assert_eq!(read(nothing), Some(SessionFacts::default()));

    let facts = read(json!({ "GUEST": { "Identity": 77, "gdprversion": 3, "callparams": [
        { "Name": "OO1_Guest_Ident", "Value": "Ann" }, { "name": "oo1_guest_phone", "value": 777123456 }, null, 5,
    ] } }))
    .expect("a session");
    assert_eq!(facts.guest, Some(GuestId("77".into())));
    assert_eq!(facts.consent_version.as_deref(), Some("3"));
    assert_eq!(facts.identifiers, identifiers(&[(Kind::Name, "Ann"), (Kind::Phone, "777123456")]));

    let odd = json!({ "guest": { "identity": "  ", "gdprVersion": "", "callParams": { "oo1_guest_email": null } },
        "channel": "two words", "source": ["x"], "phoneCallbackNumber": { "n": 1 } });
    let expected = SessionFacts { channel: Some(Channel("unknown".into())), ..SessionFacts::default() };
    assert_eq!(read(odd), Some(expected));
}

#[test]
fn what_is_not_this_session_is_not_read_as_one_without_consent() {
    assert_eq!(read(json!({})), None);
    assert_eq!(read(json!({ "id": 1 })), None);
    assert_eq!(read(json!({ "message": "maintenance" })), None);
    assert_eq!(read(json!({ "id": 2, "guest": { "identity": "7" } })), None);
    assert_eq!(read(json!([])), None);
    assert_eq!(read(json!("ok")), None);
    assert_eq!(wire::session(b"{\"guest\":{}} trailing", SessionId(1), &params()), None);
    assert_eq!(wire::session(b"", SessionId(1), &params()), None);
}

#[test]
fn call_params_are_grouped_by_where_they_were_filled_in() {
    let read = |json: serde_json::Value| {
        let mut facts = SessionFacts::default();
        wire::add_call_params(&mut facts, json.to_string().as_bytes(), &params())?;
        Some(facts.forms)
    };
    let param = |source: serde_json::Value| json!({ "name": "n", "value": "v", "readOnly": null, "source": source });
    let one = |origin| Some(vec![form(origin, &[("n", "v")])]);
    assert_eq!(read(json!({ "callParams": [param(json!("ENTRY_FORM"))] })), one("entry_form"));
    assert_eq!(read(json!({ "CallParams": [param(json!("EntryForm"))] })), one("entry_form"));
    assert_eq!(read(json!([param(json!("NewKind"))])), one("newkind"));
    assert_eq!(read(json!([param(json!("a@x.cz and more"))])), one("unknown"));
    assert_eq!(read(json!([param(json!(null))])), one("unknown"));
    assert_eq!(read(json!([{ "name": "n", "value": null }, { "name": null, "value": "v" }])), Some(vec![]));
    assert_eq!(read(json!({ "callParams": null })), Some(vec![]));
    // Not knowing the identifiers is no reason to erase without them.
    assert_eq!(read(json!({})), None);
    assert_eq!(read(json!("ok")), None);
}

#[test]
fn a_list_of_sessions_comes_bare_or_wrapped() {
    let lists = |json: serde_json::Value| wire::lists(json.to_string().as_bytes(), SessionId(7));
    assert_eq!(lists(json!([{ "id": 8 }, { "Id": "7" }])), Some(true));
    assert_eq!(lists(json!({ "totalCount": 1, "sessions": [{ "id": 7 }] })), Some(true));
    assert_eq!(lists(json!({ "Items": [{ "id": 70 }] })), Some(false));
    assert_eq!(lists(json!([])), Some(false));
    assert_eq!(lists(json!({ "sessions": null })), Some(false));
    assert_eq!(lists(json!({ "error": "no" })), None);
    assert_eq!(lists(json!(null)), None);
}

#[test]
fn facts_do_not_show_the_person() {
    let facts = read(json!({ "guest": { "callParams": { "oo1_guest_email": "ann@x.cz" } } })).expect("a session");
    assert!(!format!("{facts:?}").contains("ann@"));
}
