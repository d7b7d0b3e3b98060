use super::*;
use crate::Kind;

fn request() -> Request {
    Request {
        erasure: "e-00".into(),
        idempotency_key: "ab".into(),
        scope: Scope::Person,
        dry_run: false,
        identifiers: vec![Identifier { kind: "email".into(), value: Sensitive::new("ann@x.cz") }],
        report: None,
        region: None,
        resume: None,
    }
}

fn body(message: &impl Serialize) -> Vec<u8> {
    let frame = encode(message).expect("fits");
    let (header, body) = frame.split_first_chunk::<4>().expect("a header");
    assert_eq!(body_len(*header), Ok(body.len()));
    body.to_vec()
}

#[test]
fn the_wire_shape_of_a_call_is_the_documented_one() {
    let json: serde_json::Value =
        serde_json::from_slice(&body(&HostMessage::Erase { id: 7, timeout_ms: 100, request: request() }))
            .expect("JSON");
    let expected = serde_json::json!({
        "type": "erase", "id": 7, "timeout_ms": 100,
        "request": {
            "erasure": "e-00", "idempotency_key": "ab", "scope": "person", "dry_run": false,
            "identifiers": [{ "kind": "email", "value": "ann@x.cz" }],
        },
    });
    assert_eq!(json, expected);
}

#[test]
fn the_region_is_two_letters_on_the_wire_and_may_be_missing() {
    let mut json = serde_json::to_value(request()).expect("JSON");
    assert_eq!(serde_json::from_value::<Request>(json.clone()).expect("a request").region, None);
    json["region"] = "CZ".into();
    let read: Request = serde_json::from_value(json.clone()).expect("a request");
    assert_eq!(read.region, "CZ".parse().ok());
    assert_eq!(serde_json::to_value(&read).expect("JSON"), json);
    json["region"] = "Czechia".into();
    assert!(serde_json::from_value::<Request>(json).is_err());
}

#[test]
fn what_is_stored_is_base64_on_the_wire_and_never_printed() {
    let stored = PluginMessage::Resume { id: 7, value: ResumeValue::new(*b"ann@x.cz \x00\xff") };
    let json = serde_json::to_value(&stored).expect("JSON");
    assert_eq!(json, serde_json::json!({ "type": "resume", "id": 7, "value": "YW5uQHguY3ogAP8=" }));
    assert!(!format!("{stored:?}").contains("ann") && !format!("{stored:?}").contains("YW5u"));
    let broken = PluginMessage::decode(br#"{"type":"resume","id":7,"value":"ann@x.cz"}"#).expect_err("not Base64");
    assert!(!broken.to_string().contains("ann"), "{broken}");
    let request = Request { resume: Some(ResumeValue::new([])), ..request() };
    let read: Request = serde_json::from_value(serde_json::to_value(&request).expect("JSON")).expect("a request");
    assert_eq!(read, request);
}

#[test]
fn an_answer_says_what_was_looked_at_and_what_stays() {
    let answer = Answer::absent()
        .looked_at("contacts by e-mail")
        .not_looked_at("notes: not configured")
        .not_looked_at("leads")
        .not_looked_at("leads")
        .keeps("an audit log, for 90 days");
    let json = serde_json::to_value(&answer).expect("JSON");
    let expected = serde_json::json!({
        "outcome": "absent", "looked_at": ["contacts by e-mail"],
        "not_looked_at": ["notes: not configured", "leads"], "keeps": ["an audit log, for 90 days"],
    });
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_value::<Answer>(json).expect("an answer"), answer);
}

#[test]
fn a_kind_is_its_word_on_the_wire() {
    for word in ["email", "phone", "name", "guest_id", "session_id", "customer_no"] {
        let json = format!(r#"{{"kind":"{word}","value":"x"}}"#);
        let identifier: Identifier = serde_json::from_str(&json).expect("an identifier");
        assert_eq!(matches!(identifier.kind, Kind::Other(_)), word == "customer_no");
        assert_eq!(serde_json::to_string(&identifier).expect("JSON"), json);
    }
    assert_eq!(Kind::Other("email".into()), Kind::Email);
}

#[test]
fn values_are_found_by_kind_or_by_word() {
    let request = request();
    assert_eq!(request.values(Kind::Email).collect::<Vec<_>>(), ["ann@x.cz"]);
    assert_eq!(request.values("email").count(), 1);
    assert_eq!(request.values(String::from("phone")).count(), 0);
}

#[test]
fn the_wire_shape_of_an_answer_is_the_documented_one() {
    let answer = Answer::erased().count("contacts", 2).verify_after(std::time::Duration::from_secs(30));
    let json = serde_json::to_value(answer).expect("JSON");
    assert_eq!(json, serde_json::json!({ "outcome": "erased", "counts": { "contacts": 2 }, "verify_after_s": 30 }));
    let error = PluginError::rate_limited(Some(std::time::Duration::from_millis(1500)));
    let json = serde_json::to_value(error).expect("JSON");
    let expected = serde_json::json!({ "class": "rate_limited", "message": "rate limited", "retry_after_ms": 1500 });
    assert_eq!(json, expected);
}

#[test]
fn every_message_is_read_as_what_it_was_written_as() {
    let messages = [
        HostMessage::Hello { protocol: 1, minor: 1, features: vec![Feature::Resume] },
        HostMessage::Configure { config: serde_json::json!({}), secrets: BTreeMap::new() },
        HostMessage::Erase { id: 1, timeout_ms: 1, request: request() },
        HostMessage::Verify { id: 1, timeout_ms: 1, request: request() },
        HostMessage::Find { id: 1, timeout_ms: 1, request: request() },
        HostMessage::Sweep {
            id: 1,
            timeout_ms: 1,
            request: Sweep { kinds: vec![Kind::Email], records_max: 9, region: None, cursor: None },
        },
        HostMessage::Health { id: 1, timeout_ms: 1 },
        HostMessage::Cancel { id: 1 },
        HostMessage::ResumeStored { id: 1, sequence: 2 },
        HostMessage::ResumeRefused { id: 1, message: "away".into() },
        HostMessage::Shutdown,
        HostMessage::Unsupported { id: None, what: "sing".into() },
    ];
    assert_eq!(messages.len(), HostMessage::KINDS.len());
    for message in messages {
        let read = HostMessage::decode(&body(&message)).expect("a message");
        assert_eq!(body(&read), body(&message));
    }
    let error = PluginError::permanent("no");
    let messages = [
        PluginMessage::Hello {
            protocol: 1,
            minor: 1,
            manifest: Box::new(Manifest::new("x", "1")),
            facts: BTreeMap::new(),
        },
        PluginMessage::Ready,
        PluginMessage::Result { id: 1, result: serde_json::json!({ "outcome": "absent" }) },
        PluginMessage::Error { id: None, error },
        PluginMessage::Log { id: Some(1), level: Level::Warn, text: "t".into() },
        PluginMessage::Progress { id: 1, done: 2, total: None },
        PluginMessage::Resume { id: 1, value: ResumeValue::new(*b"page 7") },
        PluginMessage::Unsupported { id: None, what: "dance".into() },
    ];
    assert_eq!(messages.len(), PluginMessage::KINDS.len());
    for message in messages {
        let read = PluginMessage::decode(&body(&message)).expect("a message");
        assert_eq!(body(&read), body(&message));
    }
}

#[test]
fn unknown_fields_are_ignored_and_unknown_messages_are_told_apart() {
    let hello = HostMessage::decode(br#"{"type":"hello","protocol":1,"mood":"good"}"#);
    assert!(matches!(hello, Ok(HostMessage::Hello { protocol: 1, minor: 0, .. })));
    let Ok(HostMessage::Unknown { kind, id }) = HostMessage::decode(br#"{"type":"dance","id":9,"steps":[]}"#) else {
        panic!("not told apart");
    };
    assert_eq!((kind.as_str(), id), ("dance", Some(9)));
    assert!(matches!(PluginMessage::decode(br#"{"type":"sing"}"#), Ok(PluginMessage::Unknown { id: None, .. })));
    let error: PluginError = serde_json::from_str(r#"{"class":"moody"}"#).expect("an error");
    assert_eq!(error.class, ErrorClass::Retryable);
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_anything_is_read() {
    let limit = FRAME_BYTES_MAX as u32;
    assert_eq!(body_len(limit.to_be_bytes()), Ok(FRAME_BYTES_MAX));
    assert_eq!(body_len((limit + 1).to_be_bytes()), Err(FrameError::Length(FRAME_BYTES_MAX + 1)));
    assert_eq!(body_len([0xff; 4]), Err(FrameError::Length(u32::MAX as usize)));
    assert_eq!(body_len([0; 4]), Err(FrameError::Length(0)));
    let text = "x".repeat(FRAME_BYTES_MAX);
    let message = PluginMessage::Log { id: None, level: Level::Info, text };
    assert!(matches!(encode(&message), Err(FrameError::Length(_))));
}

#[test]
fn garbage_is_an_error_that_shows_nothing_of_it() {
    let garbage: [&[u8]; 6] =
        [b"", b"{", b"[]", b"\"ann@x.cz\"", br#"{"type":7}"#, br#"{"type":"erase","id":"ann@x.cz"}"#];
    for garbage in garbage {
        let error = HostMessage::decode(garbage).expect_err("garbage").to_string();
        assert!(!error.contains("ann"), "{error}");
    }
}

#[test]
fn values_and_secrets_do_not_print() {
    let secrets = BTreeMap::from([("token".to_owned(), Sensitive::new("hunter2"))]);
    let configure = HostMessage::Configure { config: serde_json::json!({}), secrets };
    let erase = HostMessage::Erase { id: 1, timeout_ms: 1, request: request() };
    let shown = format!("{configure:?} {erase:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("ann"), "{shown}");
}

#[test]
fn a_text_that_was_cut_within_an_emoji_makes_no_message_unreadable() {
    let json = br#"{"type":"error","id":1,"error":{"class":"permanent","message":"no \ud83d"}}"#;
    match PluginMessage::decode(json).expect("a message") {
        PluginMessage::Error { error, .. } => assert_eq!(error.message, "no \u{fffd}"),
        other => panic!("{other:?}"),
    }
}
