use zeroize::Zeroizing;

use super::*;
use crate::keys::{IndexKey, SealKey};
use crate::subject::{InstallationName, SourceName, TenantId};
use crate::verify::{Verified, Written};

fn index() -> IndexKey {
    IndexKey::new(&Zeroizing::new([1; 32]))
}

fn seal() -> SealKey {
    SealKey::new(&Zeroizing::new([2; 32]))
}

fn decoded(body: &[u8], tenants: &[i64]) -> Decoded {
    let tenants: Vec<_> = tenants.iter().copied().map(TenantId).collect();
    let source = SourceName("hooks".into());
    let installation = InstallationName("acme".into());
    decode(
        &Verified::made(body, Written::default()),
        Sender { source: &source, installation: &installation, tenants: &tenants },
        &index(),
    )
}

/// A decoded delivery in one line; forms with their values, which are made up.
fn line(decoded: Decoded) -> String {
    let event = match decoded {
        Decoded::Event(event) => event,
        Decoded::Ignored => return "ignored".to_owned(),
        Decoded::ForeignTenant(tenant) => return format!("foreign tenant {}", tenant.0),
        Decoded::Unreadable(reason) => return format!("unreadable: {reason}"),
    };
    let EventHead { source, session, kind, tenant, time, channel, session_source, started, activity, .. } = event.head;
    assert_eq!(&*source.0, "hooks");
    let mut parts = vec![format!("{kind:?} {session}")];
    parts.extend(tenant.map(|tenant| format!("tenant {}", tenant.0)));
    parts.extend(channel.map(|channel| channel.0));
    parts.extend(session_source.map(|source| source.0));
    parts.extend(started.map(|started| format!("from {started}")));
    parts.extend(time.map(|time| format!("at {time}")));
    parts.extend(activity.map(|activity| format!("activity {activity}")));
    parts.extend(event.form.map(|form| {
        assert_eq!(form.time, time, "a form was filled in when its event happened");
        let params: Vec<_> = form.params.iter().map(|(name, value)| format!("{name}={}", value.expose())).collect();
        let Form { origin, id, submitted, by_client, .. } = form;
        format!("{origin} {id:?} submitted={submitted} client={by_client:?} [{}]", params.join("; "))
    }));
    parts.join(", ")
}

#[track_caller]
fn check(body: &str, expected: &str) {
    assert_eq!(line(decoded(body.as_bytes(), &[62])), expected, "{body}");
}

const ENDED: &str = r#"{"eventType":"SessionEnded","data":{"id":17,"tenantId":62,"channel":"Chat","source":"Default","started":"2024-05-02T16:00:00+02:00","ended":"2024-05-02T16:05:24.454661+02:00"}}"#;
const CARD: &str = r#"{"eventType":"SessionActivityHeroCardSubmission","data":{"sessionId":17,"result":"Submitted","originalFormID":4711,"submittedByClient":true,"params":{"agree":"no","email":"ann@x.cz"},"time":"2024-05-02T14:05:24Z"}}"#;
const CHATBOT: &str = r#"{"eventType":"SessionActivityChatbotHeroCardSubmission","data":{"sessionId":17,"activityId":5,"time":"2024-05-02T14:05:24Z","type":"x","client":true,"text":null,"userId":null,"chatbotId":3,"chatbotHeroCardSubmissionKey":"agree","chatbotHeroCardSubmissionValue":"no"}}"#;

#[test]
fn a_session_s_end_is_read() {
    check(
        ENDED,
        "SessionEnded acme/17, tenant 62, Chat, Default, from 2024-05-02T14:00:00Z, at 2024-05-02T14:05:24.454661Z",
    );
    check(r#"{"data":{"id":17},"eventType":"SessionEnded"}"#, "SessionEnded acme/17");
    check(r#"{"EVENTTYPE":"SESSION_ENDED","Data":{"ID":"17","TenantID":"62"}}"#, "SessionEnded acme/17, tenant 62");
    check(
        r#"{"eventType":"SessionEnded","data":{"id":17,"tenantId":null,"channel":null,"source":null,"started":null,"ended":null}}"#,
        "SessionEnded acme/17",
    );
    check(
        r#"{"eventType":"SessionEnded","data":{"\u0069d":9223372036854775807}}"#,
        "SessionEnded acme/9223372036854775807",
    );
    check("\u{feff}{\"eventType\":\"SessionEnded\",\"data\":{\"id\":-1}}", "SessionEnded acme/-1");
}

#[test]
fn an_unreadable_time_or_word_is_no_reason_to_lose_an_event() {
    check(r#"{"eventType":"SessionEnded","data":{"id":1,"ended":"yesterday","started":17}}"#, "SessionEnded acme/1");
    let word = |word: &str, expected: &str| {
        check(
            &format!(r#"{{"eventType":"SessionEnded","data":{{"id":1,"channel":{word}}}}}"#),
            &format!("SessionEnded acme/1, {expected}"),
        );
    };
    word(r#""AV""#, "AV");
    word(r#""GENERIC_CHANNEL_2""#, "GENERIC_CHANNEL_2");
    word(r#""ann@x.cz""#, "unknown");
    word(r#""420777123456""#, "unknown");
    word(r#""""#, "unknown");
    word(&format!("\"{}\"", "a".repeat(41)), "unknown");
    word("5", "unknown");
    word(r#"{"a":[1]}"#, "unknown");
}

#[test]
fn a_form_is_read_in_both_shapes_under_all_names() {
    let form = "client=Some(true) [agree=no; email=ann@x.cz]";
    let head = "acme/17, at 2024-05-02T14:05:24Z";
    check(CARD, &format!("SessionActivityHeroCardSubmission {head}, hero_card Some(4711) submitted=true {form}"));
    check(
        &CARD.replace("HeroCard", "CallScript").replace(r#""Submitted""#, r#""CANCELLED""#),
        &format!("SessionActivityCallScriptSubmission {head}, call_script Some(4711) submitted=false {form}"),
    );
    let form = "None submitted=true client=None [agree=no]";
    check(CHATBOT, &format!("SessionActivityChatbotHeroCardSubmission {head}, chatbot {form}"));
    check(
        &CHATBOT.replace("ActivityChatbotHeroCard", "ActivityCallScript"),
        &format!("SessionActivityCallScriptSubmission {head}, call_script {form}"),
    );
    check(
        &CHATBOT.replace("ActivityChatbotHeroCard", "ActivityHeroCard"),
        &format!("SessionActivityHeroCardSubmission {head}, hero_card {form}"),
    );
}

#[test]
fn a_form_s_values_are_text_whatever_their_type() {
    let params = |params: &str, expected: &str| {
        let body = format!(
            r#"{{"eventType":"SessionActivityHeroCardSubmission","data":{{"sessionId":"1","params":{params},"submittedByClient":"False"}}}}"#
        );
        check(&body, expected);
    };
    let head = "SessionActivityHeroCardSubmission acme/1, hero_card None submitted=true client=Some(false)";
    params(
        r#"{"a":null,"b":1,"c":1.5,"d":true,"e":"\"\u017e","f":["x",{"y":2}]}"#,
        &format!(r#"{head} [a=; b=1; c=1.5; d=true; e="ž; f=["x",{{"y":2}}]]"#),
    );
    params("{}", &format!("{head} []"));
    params(r#"["x"]"#, "unreadable: params that are not an object with different keys");
    params(r#"{"a":"yes","a":"no"}"#, "unreadable: params that are not an object with different keys");
    params(r#"{"a":"yes","A":"no"}"#, "unreadable: params that are not an object with different keys");
    params(r#""x""#, "unreadable: params that are not an object with different keys");
}

/// A submission in the generic shape, which says nothing of what was filled in.
const GENERIC: &str = r#"{"eventType":"SessionActivityCallScriptSubmission","data":{"sessionId":17,"activityId":5,"time":"2024-05-02T14:05:24Z","type":"x","client":true,"text":null,"params":null,"chatbotHeroCardSubmissionKey":null}}"#;

#[test]
fn a_form_that_stands_in_an_activity_is_looked_up_there_and_never_empty() {
    let head = "acme/17, at 2024-05-02T14:05:24Z, activity 5";
    let form = "None submitted=true client=None []";
    check(GENERIC, &format!("SessionActivityCallScriptSubmission {head}, call_script {form}"));
    check(
        &GENERIC.replace("CallScript", "ChatbotHeroCard").replace("activityId", "ActivityID"),
        &format!("SessionActivityChatbotHeroCardSubmission {head}, chatbot {form}"),
    );
    let nowhere = "unreadable: a form without what was filled in, and without an activity to look it up by";
    for kind in ["CallScript", "ChatbotHeroCard", "HeroCard"] {
        let body = GENERIC.replace("CallScript", kind);
        check(&body.replace(r#""activityId":5"#, r#""activityId":null"#), nowhere);
        check(&body.replace("activityId", "formFieldSetUUID"), nowhere);
    }
    check(&GENERIC.replace(":5,", r#":"x","#), "unreadable: an activity id that is not a number");
    // One that says what was filled in needs no look, whatever its activity.
    check(
        &CHATBOT.replace("activityId\":5", "activityId\":\"x\""),
        "SessionActivityChatbotHeroCardSubmission acme/17, at 2024-05-02T14:05:24Z, chatbot None submitted=true client=None \
         [agree=no]",
    );
}

#[test]
fn a_cancelled_form_has_nothing_in_it() {
    let cancelled = CARD.replace("Submitted\"", "Cancelled\"").replace(r#"{"agree":"no","email":"ann@x.cz"}"#, "null");
    let head = "SessionActivityHeroCardSubmission acme/17, at 2024-05-02T14:05:24Z";
    check(&cancelled, &format!("{head}, hero_card Some(4711) submitted=false client=Some(true) []"));
}

#[test]
fn other_events_of_a_session_are_read() {
    for kind in [
        "SessionCallParamsUpdated",
        "SessionOperatorConcluded",
        "SessionRecordingPostProcessingCompleted",
        "GuestIdentityUpdated",
    ] {
        let body = format!(r#"{{"eventType":"{kind}","data":{{"id":5,"tenantId":62,"time":"2024-05-02T14:05:24Z"}}}}"#);
        check(&body, &format!("{kind} acme/5, tenant 62, at 2024-05-02T14:05:24Z"));
    }
}

#[test]
fn what_leads_to_no_work_is_ignored_in_any_shape() {
    check(r#"{"eventType":"SessionOperatorLeft","data":{"id":5,"tenantId":62}}"#, "ignored");
    check(r#"{"eventType":"SomethingNew","data":{"params":[1],"id":{"a":1},"result":[],"Id":2}}"#, "ignored");
    check(r#"{"eventType":"SomethingNew","data":null}"#, "ignored");
    check(r#"{"eventType":"SomethingNew"}"#, "ignored");
}

#[test]
fn a_tenant_that_is_not_listed_is_foreign() {
    let body = ENDED.replace("62", "63");
    check(&body, "foreign tenant 63");
    assert!(matches!(decoded(body.as_bytes(), &[]), Decoded::Event(_)));
    assert!(matches!(decoded(body.as_bytes(), &[62, 63]), Decoded::Event(_)));
}

#[test]
fn what_is_meant_is_read_whatever_wrote_it() {
    let half = CARD.replace(r#""agree":"no""#, r#""agree":"no","note":"gone \ud83d""#);
    let whole = CARD.replace(r#""agree":"no""#, r#""agree":"no","note":"gone \ufffd""#);
    assert!(half.contains(r"\ud83d"));
    assert_eq!(line(decoded(half.as_bytes(), &[])), line(decoded(whole.as_bytes(), &[])));
    check(&ENDED.replace(":17,", ":17.0,").replace(":62,", ":6.2e1,"), &line(decoded(ENDED.as_bytes(), &[])));
    check(r#"{"eventType":"SessionEnded","data":{"id":9007199254740993.0}}"#, "unreadable: no session id");
    let utf16: Vec<u8> = ENDED.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(line(decoded(&utf16, &[])), line(decoded(ENDED.as_bytes(), &[])));
    // Nobody says what it is written in, or how it is to be read.
    let latin2 = [CARD.replace("no\",", "").as_bytes(), b"\xf8"].concat();
    assert_eq!(line(decoded(&latin2, &[])), "unreadable: not JSON");
    assert_eq!(line(decoded(b"payload=%7B%22eventType%22%7D", &[])), "unreadable: not JSON");
}

#[test]
fn what_matters_and_cannot_be_read_is_never_dropped() {
    let twice = "unreadable: a key is there twice";
    let no_session = "unreadable: no session id";
    for text in ["", "{", "nul", "{}}", "\u{1}", r#"{"eventType":"SessionEnded","data":{"id":1}} x"#, &"[".repeat(9999)]
    {
        let line = line(decoded(text.as_bytes(), &[]));
        assert!(["unreadable: not JSON", "unreadable: not an event with its data"].contains(&&*line), "{text}: {line}");
    }
    check("[]", "unreadable: not an event with its data");
    check(r#"{"eventType":"SessionEnded","data":[1]}"#, "unreadable: not an event with its data");
    check("{}", "unreadable: no event type");
    check(r#"{"eventType":7}"#, "unreadable: no event type");
    check(r#"{"eventType":" ","data":{"id":1}}"#, "unreadable: no event type");
    check(r#"{"eventType":"SessionEnded","eventtype":"Other"}"#, twice);
    check(r#"{"eventType":"SessionEnded","data":{"id":1},"Data":{"id":2}}"#, twice);
    check(r#"{"eventType":"SessionEnded","data":{"id":1,"ID":2}}"#, twice);
    check(r#"{"eventType":"SessionEnded","data":{"id":1,"tenantId":62,"tenantID":63}}"#, twice);
    check(r#"{"eventType":"SessionEnded","data":null}"#, no_session);
    check(r#"{"eventType":"SessionEnded"}"#, no_session);
    check(r#"{"eventType":"SessionEnded","data":{"id":null,"sessionId":1}}"#, no_session);
    check(r#"{"eventType":"SessionEnded","data":{"id":1.5}}"#, no_session);
    check(r#"{"eventType":"SessionEnded","data":{"id":9223372036854775808}}"#, no_session);
    check(r#"{"eventType":"SessionEnded","data":{"id":" 1"}}"#, no_session);
    check(&CARD.replace("sessionId", "id"), no_session);
    check(&ENDED.replace("62", "\"x\""), "unreadable: a tenant id that is not a number");
    check(&CARD.replace("4711", "\"x\""), "unreadable: a form id that is not a number");
    check(&CARD.replace(r#""Submitted""#, r#""Postponed""#), "unreadable: a form's result that is not known");
    check(&CHATBOT.replace("SubmissionKey", "Key"), "unreadable: a form's value without its key");
    check(&CHATBOT.replace(r#""no""#, "[]"), "unreadable: a form's key or value that is not text");
}

#[test]
fn the_digest_is_that_of_the_whole_body() {
    let digest = |body: &str| match decoded(body.as_bytes(), &[]) {
        Decoded::Event(event) => event.head.digest,
        other => panic!("{}", line(other)),
    };
    assert_eq!(digest(ENDED), index().body(ENDED.as_bytes()));
    assert_ne!(digest(ENDED), digest(&format!("{ENDED} ")));
}

#[test]
fn a_form_survives_its_seal() {
    let Decoded::Event(event) = decoded(CARD.as_bytes(), &[]) else { panic!("an event") };
    let form = event.form.clone();
    let stored = event.seal(&seal());
    assert!(!serde_json::to_string(&stored).expect("JSON").contains("ann@x.cz"));
    assert_eq!(stored.open(&seal()).expect("opens"), form);

    // As another event's it does not open; the digest changes with the index key.
    let of = |change: &dyn Fn(&mut EventHead)| {
        let mut other = stored.clone();
        change(&mut other.head);
        other.open(&seal())
    };
    assert_eq!(of(&|head| head.digest = index().body(b"carried")).expect("opens"), form);
    let others: [&dyn Fn(&mut EventHead); 5] = [
        &|head| head.session.session.0 += 1,
        &|head| head.session.installation = InstallationName("globex".into()),
        &|head| head.source = SourceName("globex".into()),
        &|head| head.kind = EventKind::SessionEnded,
        &|head| head.time = head.time.map(|time| time + std::time::Duration::from_secs(1)),
    ];
    for change in others {
        assert!(of(change).is_err());
    }
}

#[test]
fn no_truncated_or_changed_body_panics() {
    // Xorshift: the same bodies at every run.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for body in [ENDED, CARD, CHATBOT, GENERIC].map(str::as_bytes) {
        for end in 0..body.len() {
            assert!(matches!(decoded(&body[..end], &[62]), Decoded::Unreadable(_)));
        }
        for _ in 0..3000 {
            let mut body = body.to_vec();
            for _ in 0..=random(4) {
                let at = random(body.len());
                match random(4) {
                    0 => body[at] = random(256) as u8,
                    1 => _ = body.remove(at),
                    2 => body.insert(at, b"{}[]\",:\\0-e\xff"[random(12)]),
                    _ => body.splice(at..at, body[..at].to_vec()).for_each(drop),
                }
            }
            decoded(&body, &[62]);
        }
    }
}

#[track_caller]
fn check_time(text: &str, expected: Option<&str>) {
    assert_eq!(parse_timestamp(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
}

#[test]
fn every_spelling_of_a_time_is_read() {
    check_time("2024-05-02T16:05:24.454661+02:00", Some("2024-05-02T14:05:24.454661Z"));
    check_time("2024-05-02T08:58:58:888364+02:00", Some("2024-05-02T06:58:58.888364Z"));
    check_time("2024-05-02T08:58:58,888+02:00", Some("2024-05-02T06:58:58.888Z"));
    check_time("2020-09-09T10:03:46.792954", Some("2020-09-09T10:03:46.792954Z"));
    check_time("2020-09-09T10:03:46", Some("2020-09-09T10:03:46Z"));
    check_time("2020-09-09 10:03:46Z", Some("2020-09-09T10:03:46Z"));
    check_time("2020-09-09T10:03:46.1234567z", Some("2020-09-09T10:03:46.1234567Z"));
    check_time("2020-09-09T10:03:46.12345678901-0530", Some("2020-09-09T15:33:46.123456789Z"));
    check_time(" 2020-09-09T10:03:46+02 ", Some("2020-09-09T08:03:46Z"));
}

#[test]
fn a_change_to_summer_time_and_a_leap_second_are_read_as_what_they_are() {
    check_time("2026-03-29T01:59:59+01:00", Some("2026-03-29T00:59:59Z"));
    check_time("2026-03-29T03:00:00+02:00", Some("2026-03-29T01:00:00Z"));
    check_time("2026-10-25T02:30:00+02:00", Some("2026-10-25T00:30:00Z"));
    check_time("2026-10-25T02:30:00+01:00", Some("2026-10-25T01:30:00Z"));
    check_time("2016-12-31T23:59:60Z", Some("2016-12-31T23:59:59Z"));
}

#[test]
fn what_is_no_time_is_none() {
    for text in [
        "",
        "2024-05-02",
        "2024-05-02T16:05+02",
        "2024-06-19T15:22+05",
        "2024-05-02T16:05:24.",
        "2024-05-02T16:05:24.+02:00",
        "2024-05-02T16:05:24+2",
        "2024-05-02T16:05:24+02:0x",
        "2024-05-02T16:05:24+02:60",
        "2024-05-02T16:05:24+99:00",
        "2024-05-02T16:05:24++1:00",
        "2024-05-02T16:05:24 and more",
        "2024-13-02T16:05:24",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59-20:00",
        "žžžžžžžžžžžžžžžžžžžžžž",
        "2024-05-02T16:05:2é",
    ] {
        check_time(text, None);
    }
}
