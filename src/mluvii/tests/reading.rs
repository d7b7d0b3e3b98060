use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::event::{Channel, Form, SessionSource};
use crate::mluvii::settings::Nulls;
use crate::mluvii::wire;
use crate::subject::{GuestId, Identifier, Identifiers, Kind, TenantId};

fn params() -> BTreeMap<String, Kind> {
    settings_for("https://mluvii.example").params
}

fn read(nulls: Nulls, json: &Value) -> Result<SessionFacts, String> {
    wire::session(json.to_string().as_bytes(), SessionId(1), nulls, &params())
}

fn identifiers(all: &[(Kind, &str)]) -> Identifiers {
    Identifiers(all.iter().filter_map(|(kind, value)| Identifier::new(kind.clone(), value)).collect())
}

fn form(origin: &str, params: &[(&str, &str)], time: Option<&str>) -> Form {
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect();
    let time = time.map(|time| time.parse::<Timestamp>().expect("a time"));
    Form { origin: origin.to_owned(), id: None, submitted: true, by_client: None, params, time }
}

async fn look(mluvii: &Mluvii, session: SessionId, look: Look) -> SessionFacts {
    match mluvii.client().look_up(session, look).await {
        Ok(LookUp::Found(facts)) => *facts,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn not_understood(nulls: Nulls, json: Value, expected: &str) {
    let wrong = read(nulls, &json).expect_err("not understood");
    assert!(wrong.contains(expected), "{wrong}");
    assert!(!wrong.contains("ann"), "no value is shown: {wrong}");
}

#[test]
fn a_missing_key_is_not_a_null() {
    let guest = || json!({ "identity": "ann", "gdprVersion": null });
    assert_eq!(
        read(Nulls::Explicit, &json!({ "id": 1, "guest": guest() })).map(|facts| facts.consent_version),
        Ok(None)
    );
    not_understood(Nulls::Explicit, json!({ "guest": guest() }), "no key `id`");
    not_understood(Nulls::Explicit, json!({ "id": 1, "channel": "Chat" }), "no key `guest`");
    not_understood(Nulls::Explicit, json!({ "id": 1, "guest": null }), "`guest` is null");
    not_understood(Nulls::Explicit, json!({ "id": 1, "guest": { "identity": "ann" } }), "no key `guest.gdprVersion`");
    not_understood(Nulls::Explicit, json!({ "id": 1, "guest": "ann" }), "`guest` is not what");
    not_understood(Nulls::Explicit, json!({ "id": 1, "guest": { "gdprVersion": {} } }), "neither a text nor null");
    not_understood(Nulls::Explicit, json!({ "id": 1, "guest": { "gdprVersion": " " } }), "neither a text nor null");
}

#[test]
fn where_nulls_are_left_out_a_missing_key_is_a_null() {
    let left_out = |json: Value| read(Nulls::Omitted, &json).map(|facts| facts.consent_version);
    assert_eq!(left_out(json!({ "id": 1, "channel": "Chat" })), Ok(None));
    assert_eq!(left_out(json!({ "id": 1, "guest": { "identity": "ann" } })), Ok(None));
    assert_eq!(left_out(json!({ "id": 1, "guest": { "gdprVersion": "v3" } })), Ok(Some("v3".into())));
    not_understood(Nulls::Omitted, json!({ "id": 1, "message": "ann is not here" }), "nothing of a session but its id");
    not_understood(Nulls::Omitted, json!({ "channel": "Chat" }), "no key `id`");
}

#[test]
fn what_is_not_this_session_is_not_understood() {
    not_understood(Nulls::Explicit, json!({ "message": "maintenance" }), "no key `id`");
    not_understood(Nulls::Explicit, json!({ "id": 2, "guest": { "gdprVersion": null } }), "another session");
    let odd = json!({ "gdprVersion": null, "callParams": "ann@x.cz" });
    not_understood(Nulls::Explicit, json!({ "id": 1, "guest": odd }), "`guest.callParams` is neither");
    not_understood(Nulls::Explicit, json!([]), "not a session");
    not_understood(Nulls::Explicit, json!("ok"), "not a session");
    let twice = br#"{"id":1,"guest":{"gdprVersion":null,"GdprVersion":"v3"}}"#;
    assert!(wire::session(twice, SessionId(1), Nulls::Explicit, &params()).is_err(), "two answers are none");
    assert!(wire::session(b"{\"id\":1} trailing", SessionId(1), Nulls::Explicit, &params()).is_err());
    assert!(wire::session(b"", SessionId(1), Nulls::Explicit, &params()).is_err());
}

#[tokio::test]
async fn a_session_is_read_whatever_the_case_of_its_keys() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.put(json!({
        "id": 0, "DepartmentId": 62, "CHANNEL": "Phone", "Source": "IncomingCall",
        "Started": "2024-05-02T08:58:58:888364+02:00", "ended": "2024-05-02T08:59:58,888+02:00",
        "PhoneCallbackNumber": "777 000 111",
        "Guest": {
            "Identity": 77, "GdprVersion": "v3",
            "CallParams": [{ "Name": "OO1_Guest_Ident", "Value": "Ann" }, { "name": "oo1_guest_phone", "value": 777123456 }],
        },
    }));
    let facts = look(&mluvii, session, Look::default()).await;
    let expected = SessionFacts {
        guest: Some(GuestId("77".into())),
        consent_version: Some("v3".into()),
        started: Some("2024-05-02T06:58:58.888364Z".parse().expect("a time")),
        ended: Some("2024-05-02T06:59:58.888Z".parse().expect("a time")),
        channel: Some(Channel("Phone".into())),
        source: Some(SessionSource("IncomingCall".into())),
        department: Some(TenantId(62)),
        identifiers: identifiers(&[(Kind::Name, "Ann"), (Kind::Phone, "777123456")]),
        // Anybody's number may be called back: it stands apart.
        callback: identifiers(&[(Kind::Phone, "777 000 111")]),
        forms: None,
        activity_form: None,
    };
    assert_eq!(facts, expected);
}

#[tokio::test]
async fn call_params_are_read_only_where_they_are_asked_for() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    assert!(look(&mluvii, session, Look::default()).await.forms.is_none());
    assert_eq!(mluvii.server.calls_of("callparams"), 0);
    let facts = look(&mluvii, session, with_params()).await;
    let time = Some("2024-05-02T14:05:24.454661Z");
    assert_eq!(facts.forms, Some(vec![form("entry_form", &[("oo1_guest_email", "ann@x.cz")], time)]));
    assert_eq!(mluvii.server.calls_of("callparams"), 1);
}

#[test]
fn call_params_are_grouped_by_where_they_were_filled_in() {
    let read = |json: Value| {
        let mut facts = SessionFacts::default();
        wire::add_call_params(&mut facts, json.to_string().as_bytes(), &params())?;
        Ok::<_, String>(facts.forms.unwrap_or_default())
    };
    let param = |source: Value| json!({ "name": "n", "value": "v", "readOnly": null, "source": source });
    let one = |origin| Ok(vec![form(origin, &[("n", "v")], None)]);
    assert_eq!(read(json!({ "callParams": [param(json!("ENTRY_FORM"))] })), one("entry_form"));
    assert_eq!(read(json!({ "CallParams": [param(json!("EntryForm"))] })), one("entry_form"));
    assert_eq!(read(json!([param(json!("NewKind"))])), one("newkind"));
    assert_eq!(read(json!([param(json!("a@x.cz and more"))])), one("unknown"));
    assert_eq!(read(json!([param(json!(null))])), one("unknown"));
    assert_eq!(read(json!([{ "name": "n", "value": null }, { "name": null, "value": "v" }])), Ok(vec![]));
    assert_eq!(read(json!({ "callParams": null })), Ok(vec![]));
    // Not knowing the identifiers is no reason to erase without them.
    assert!(read(json!({})).is_err());
    assert!(read(json!("ok")).is_err());
}

#[test]
fn a_form_is_as_old_as_its_newest_field() {
    let mut facts = SessionFacts::default();
    let param =
        |name: &str, updated: Value| json!({ "name": name, "value": "v", "source": "API", "updatedDate": updated });
    let json = json!([
        param("a", "2024-05-02T10:00:00".into()),
        param("b", "2024-05-02T11:00:00".into()),
        param("c", Value::Null),
    ]);
    wire::add_call_params(&mut facts, json.to_string().as_bytes(), &params()).expect("call params");
    assert_eq!(facts.forms.expect("asked for")[0].time, Some("2024-05-02T11:00:00Z".parse().expect("a time")));
}

#[tokio::test]
async fn a_404_is_missing_and_an_answer_that_is_none_is_not_understood() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    let look_up = async |look| client.look_up(session, look).await;
    mluvii.server.fail("Sessions", 1, Wrong::Status(404));
    assert_eq!(look_up(Look::default()).await, Ok(LookUp::Missing));
    for body in [json!({ "error": "ann@x.cz is not here" }).to_string(), "{".into(), String::new()] {
        mluvii.server.fail("Sessions", 1, Wrong::Body(body));
        let Ok(LookUp::NotUnderstood(text)) = look_up(Look::default()).await else { panic!("not understood") };
        assert!(text.starts_with("GET /api/v1/Sessions/{id}: ") && !text.contains("ann"), "{text}");
    }
    // The session has call params; a missing list of them must not be treated as an empty one.
    mluvii.server.fail("callparams", 1, Wrong::Status(404));
    let Ok(LookUp::NotUnderstood(text)) = look_up(with_params()).await else { panic!("not understood") };
    assert!(text.contains("callparams: 404"), "{text}");
}

#[tokio::test]
async fn half_an_emoji_in_a_session_does_not_hide_the_session() {
    let mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let client = mluvii.client();
    let known = client.look_up(session, Look::default()).await.expect("an answer");
    assert!(matches!(known, LookUp::Found(_)));
    let reply = mluvii.server.held().sessions[&session.0].to_string().replace("please write", r"\ud83d please write");
    assert!(serde_json::from_str::<Value>(&reply).is_err());
    mluvii.server.fail("Sessions", 1, Wrong::Body(reply));
    assert_eq!(client.look_up(session, Look::default()).await, Ok(known));
}

#[tokio::test]
async fn a_session_without_call_params_needs_no_list_of_them() {
    let mluvii = Mluvii::start().await;
    let mut reply = session("7", "");
    reply["guest"]["callParams"] = json!({});
    let session = mluvii.put(reply);
    assert_eq!(look(&mluvii, session, with_params()).await.forms, Some(Vec::new()));
    assert_eq!(mluvii.server.calls_of("callparams"), 0);
}

#[tokio::test]
async fn a_submission_in_the_generic_shape_is_read_from_its_activity() {
    let mluvii = Mluvii::start().await;
    let mut reply = session("7", "ann@x.cz");
    reply["activities"] = json!([
        { "id": 4, "type": "ChatMessage", "text": "hello" },
        {
            "Id": 5, "Type": "ChatbotHeroCardSubmission", "originalFormID": 4711, "submittedByClient": true,
            "submissionParams": { "agree": "no" }, "time": "2024-05-02T16:06:00+02:00",
        },
        { "activityId": 6, "type": "CallScriptSubmission", "submissionParams": [{ "name": "agree", "value": "yes" }] },
        { "id": 7, "type": "HeroCardSubmission", "submissionParams": null },
    ]);
    let session = mluvii.put(reply);
    let ask = async |activity| {
        let asked = Look { params: false, activity: Some(activity) };
        look(&mluvii, session, asked).await.activity_form
    };
    let chatbot = form("chatbot", &[("agree", "no")], Some("2024-05-02T14:06:00Z"));
    assert_eq!(ask(5).await, Some(Form { id: Some(4711), by_client: Some(true), ..chatbot }));
    assert_eq!(ask(6).await, Some(form("call_script", &[("agree", "yes")], None)));
    assert_eq!(ask(7).await, None, "an activity that does not say what was submitted is no empty form");
    assert_eq!(ask(8).await, None);
}

#[tokio::test]
async fn the_contact_record_gives_what_the_session_does_not_have() {
    let mut mluvii = Mluvii::start().await;
    let session = mluvii.conversation("7", "ann@x.cz");
    let record =
        json!({ "id": "7", "data": { "Mail": ["other@x.cz"], "mobile": ["+420 777 123 456", "777 000 111"] } });
    mluvii.server.held().contacts.push((62, record));
    assert_eq!(look(&mluvii, session, Look::default()).await.identifiers.0.len(), 1, "off by default");

    mluvii.settings.look_up_contact = Some("GET /api/v1/Contacts/{id}".into());
    let error = MluviiClient::new(&mluvii.settings, &read_secret).expect_err("which fields?").to_string();
    assert!(error.contains("mluvii.look_up_contact: needs `mluvii.search.fields`"), "{error}");
    let fields = [(Kind::Email, "mail".to_owned()), (Kind::Phone, "mobile".to_owned())];
    let search = crate::mluvii::settings::SearchSettings { fields: fields.into(), ..Default::default() };
    mluvii.settings.search = Some(search);
    let known = [(Kind::Email, "ann@x.cz"), (Kind::Phone, "+420 777 123 456"), (Kind::Phone, "777 000 111")];
    assert_eq!(look(&mluvii, session, Look::default()).await.identifiers, identifiers(&known));

    mluvii.server.fail("Contacts", 1, Wrong::Body(json!({ "id": "8", "data": {} }).to_string()));
    let other = mluvii.client().look_up(session, Look::default()).await;
    assert!(matches!(&other, Ok(LookUp::NotUnderstood(text)) if text.contains("Contacts/{id}")), "{other:?}");
    mluvii.server.held().contacts.clear();
    assert_eq!(look(&mluvii, session, Look::default()).await.identifiers, identifiers(&known[..1]));
}

#[test]
fn a_list_of_sessions_comes_bare_or_wrapped_and_null_is_none() {
    let listed = |json: Value| {
        let listed = wire::listed(json.to_string().as_bytes())?;
        Some(listed.into_iter().map(|one| one.id.0).collect::<Vec<_>>())
    };
    assert_eq!(listed(json!([{ "id": 8 }, { "Id": "7" }])), Some(vec![8, 7]));
    assert_eq!(listed(json!({ "totalCount": 1, "sessions": [{ "id": 7 }] })), Some(vec![7]));
    assert_eq!(listed(json!({ "Items": [] })), Some(vec![]));
    assert_eq!(listed(json!([])), Some(vec![]));
    assert_eq!(listed(json!({ "sessions": null })), None);
    assert_eq!(listed(json!({ "error": "no" })), None);
    assert_eq!(listed(json!([{ "error": "no" }])), None);
    assert_eq!(listed(json!(null)), None);
}

#[test]
fn facts_do_not_show_the_person() {
    let guest = json!({ "gdprVersion": null, "callParams": { "oo1_guest_email": "ann@x.cz" } });
    let facts = read(Nulls::Explicit, &json!({ "id": 1, "phoneCallbackNumber": "777123456", "guest": guest }));
    let shown = format!("{:?}", facts.expect("a session"));
    assert!(!shown.contains("ann@") && !shown.contains("777123456"), "{shown}");
}
