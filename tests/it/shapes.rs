//! What mluvii is known to send, in every shape and spelling, delivered to the real server.

use serde_json::{Value, json};

use super::harness::{Away, Deployment, Server, StandIn, session_ended, wait_for};

/// A server that nobody answers but the ledger.
struct Receiving {
    _mluvii: Away,
    deployment: Deployment,
    server: Server,
}

impl Receiving {
    fn new() -> Self {
        let mluvii = Away::new();
        let deployment = Deployment::bare(&mluvii.url(), "");
        let server = Server::start(&deployment);
        server.leaves_work("its mluvii is away");
        Self { _mluvii: mluvii, deployment, server }
    }

    /// Delivers each, expects the status for each, and tells how many events more the ledger holds. Announcements (call
    /// params, recording, guest's identity) are not counted: they are forgotten as soon as they are decided on.
    #[track_caller]
    fn deliver(&self, status: u16, bodies: &[Value]) -> i64 {
        let events = || self.deployment.count("SELECT count(*) FROM event WHERE kind NOT IN (5, 7, 8)");
        let before = events();
        for body in bodies {
            assert_eq!(self.server.deliver(body), status, "{body}");
        }
        events() - before
    }

    /// A counter of the source `acme`.
    #[track_caller]
    fn counted(&self, result: &str) -> u64 {
        let line = format!("quietus_deliveries_total{{source=\"acme\",result=\"{result}\"}} ");
        let metrics = self.server.metrics();
        let count = metrics.lines().find_map(|text| text.strip_prefix(&line));
        count.unwrap_or_else(|| panic!("{line}in {metrics}")).parse().expect("a number")
    }
}

fn event(event_type: &str, data: Value) -> Value {
    json!({ "eventType": event_type, "data": data })
}

const TIME: &str = "2024-05-02T16:05:24.454661+02:00";

fn hero_card(id: i64) -> Value {
    json!({
        "sessionId": id, "result": "Submitted", "originalFormID": 4711, "submittedByClient": true,
        "params": { "oo1_guest_email": "ann@example.com", "agree": "no" }, "time": TIME,
    })
}

fn chatbot(id: i64) -> Value {
    json!({
        "sessionId": id, "activityId": 3, "time": TIME, "type": "ChatbotHeroCardSubmission", "client": true,
        "text": null, "userId": null, "chatbotId": 5, "chatbotHeroCardSubmissionKey": "agree",
        "chatbotHeroCardSubmissionValue": "no", "submissionIdentification": "f-1", "formFieldSetUUID": null,
    })
}

#[test]
fn every_event_that_matters_is_recorded() {
    let receiving = Receiving::new();
    let events = [
        session_ended(1),
        event("SessionActivityHeroCardSubmission", hero_card(1)),
        event("SessionActivityChatbotHeroCardSubmission", chatbot(1)),
        event("SessionActivityCallScriptSubmission", hero_card(1)),
        event("SessionActivityCallScriptSubmission", chatbot(1)),
        event("SessionCallParamsUpdated", json!({ "id": 1, "tenantId": 62 })),
        event("SessionRecordingPostProcessingCompleted", json!({ "id": 1, "tenantId": 62 })),
        event("GuestIdentityUpdated", json!({ "id": 1, "tenantId": 62, "created": TIME })),
        event(
            "SessionOperatorConcluded",
            json!({ "id": 1, "tenantId": 62, "userId": 4, "channel": "Chat", "source": "Default", "time": TIME }),
        ),
    ];
    assert_eq!(receiving.deliver(204, &events[..5]), 5);
    assert_eq!(receiving.deliver(204, &events[5..]), 1);
    assert_eq!(receiving.counted("recorded"), 9);
    let again = [&events[..5], &events[8..]].concat();
    assert_eq!(receiving.deliver(204, &again), 0);
    assert_eq!(receiving.counted("duplicate"), 6);
}

#[test]
fn events_that_lead_to_nothing_are_acknowledged_and_counted() {
    let receiving = Receiving::new();
    let id = json!({ "id": 1, "tenantId": 62, "created": TIME });
    let events = [
        event("SessionOperatorLeft", json!({ "id": 1, "tenantId": 62, "userId": 4, "channel": "Chat", "time": TIME })),
        event("EmailThreadCreated", id.clone()),
        event("EmailThreadOperatorJoined", id.clone()),
        event("EmailThreadForwarded", id.clone()),
        event("EmailThreadParamsUpdated", id),
        event("SomethingThatDoesNotExistYet", json!({ "id": [1, 2], "tenantId": "?", "nested": { "a": [{}] } })),
        event("SomethingThatDoesNotExistYet", Value::Null),
        json!({ "eventType": "SomethingWithoutData" }),
    ];
    assert_eq!(receiving.deliver(204, &events), 0);
    assert_eq!(receiving.counted("ignored"), 8);
    assert_eq!(receiving.counted("quarantined"), 0);
}

#[test]
fn an_event_that_does_not_say_which_one_it_is_is_put_aside() {
    let receiving = Receiving::new();
    let id = json!({ "id": 1, "tenantId": 62 });
    assert_eq!(receiving.deliver(202, &[event("", id.clone()), event(" ", id)]), 0);
    assert_eq!(receiving.counted("quarantined"), 2);
}

#[test]
fn a_foreign_tenant_is_acknowledged_and_counted_and_a_missing_one_is_taken_for_now() {
    let receiving = Receiving::new();
    let of = |tenant: Value| {
        let mut body = session_ended(1);
        body["data"]["tenantId"] = tenant;
        body
    };
    assert_eq!(receiving.deliver(204, &[of(json!(63)), of(json!("63")), of(json!(0))]), 0);
    assert_eq!(receiving.counted("foreign_tenant"), 3);
    assert_eq!(receiving.deliver(204, &[of(json!(62)), of(json!("62")), of(Value::Null)]), 3);
    // Quarantined: it could be of our tenant.
    assert_eq!(receiving.deliver(202, &[of(json!("sixty-two"))]), 0);
}

#[test]
fn spellings_that_change_lose_nothing() {
    let receiving = Receiving::new();
    let ended = |id: i64, key: &str, value: Value| {
        let mut body = session_ended(id);
        body["data"][key] = value;
        body
    };
    let events = [
        ended(1, "channel", json!("Telepathy")),
        ended(2, "channel", json!("WHATS_APP")),
        ended(3, "source", json!("some thing ☎ new")),
        ended(4, "source", json!({ "an": "object" })),
        ended(5, "started", Value::Null),
        ended(6, "ended", json!("half past nine")),
        ended(7, "added", json!([[[{ "deeply": null }]]])),
        ended(8, "id", json!("8")),
        ended(9, "id", json!(i64::MAX)),
        json!({ "EVENTTYPE": "SessionEnded", "DATA": { "ID": 10, "TENANTID": 62, "ENDED": TIME } }),
        json!({ "EventType": "SESSION_ENDED", "Data": { "Id": 11, "TenantId": 62, "Ended": TIME } }),
        json!({ "data": { "ended": null, "id": 12 }, "eventType": "sessionended", "more": 1 }),
        json!({ "eventType": "SessionEnded", "data":
            { "id": 13, "tenantId": null, "channel": null, "source": null, "started": null, "ended": null } }),
    ];
    assert_eq!(receiving.deliver(204, &events), events.len() as i64);

    let card = |key: &str, value: Value| {
        let mut card = hero_card(20);
        card[key] = value;
        event("SessionActivityHeroCardSubmission", card)
    };
    let cards = [
        card("result", json!("SUBMITTED")),
        card("result", json!("CANCELLED")),
        card("result", json!("Canceled")),
        card("result", Value::Null),
        card("params", json!({})),
        card("params", json!({ "age": 7, "wants": true, "choices": ["a", "b"], "nothing": null })),
        card("originalFormID", Value::Null),
        card("originalFormID", json!("4711")),
        card("submittedByClient", json!("TRUE")),
        card("time", Value::Null),
        card("id", json!(99)),
    ];
    assert_eq!(receiving.deliver(204, &cards), cards.len() as i64);
    // What was filled in stands in an activity, or nothing was.
    let without_params = |result: &str, activity: Value| {
        let mut card = hero_card(20);
        card["params"] = Value::Null;
        card["result"] = json!(result);
        card["activityId"] = activity;
        event("SessionActivityHeroCardSubmission", card)
    };
    let without = [
        without_params("Submitted", json!(3)),
        without_params("Submitted", json!("4")),
        without_params("Cancelled", Value::Null),
    ];
    assert_eq!(receiving.deliver(204, &without), without.len() as i64);
    // A form of which nobody can learn what was filled in is not an empty one.
    assert_eq!(receiving.deliver(202, &[without_params("Submitted", Value::Null)]), 0);
    // To guess what a person did with a form would erase too little or too much.
    assert_eq!(receiving.deliver(202, &[card("result", json!("Postponed"))]), 0);
    assert_eq!(receiving.deliver(202, &[card("sessionId", Value::Null)]), 0);
    assert_eq!(receiving.counted("quarantined"), 3);
}

#[test]
fn what_is_personal_is_not_in_the_ledger_in_the_clear() {
    let receiving = Receiving::new();
    receiving.deliver(204, &[event("SessionActivityHeroCardSubmission", hero_card(1))]);
    receiving
        .deliver(202, &[event("SessionActivityHeroCardSubmission", json!({ "params": { "a": "ann@example.com" } }))]);
    let (status, log) = receiving.server.stop();
    assert!(status.success());
    assert!(!log.iter().any(|line| line.contains("ann@example.com")), "{log:#?}");
    for entry in std::fs::read_dir(receiving.deployment.folder()).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let content = std::fs::read(&path).expect("a file");
            assert!(!content.windows(15).any(|part| part == b"ann@example.com"), "{}", path.display());
        }
    }
}

#[test]
fn every_spelling_of_a_time_is_the_same_instant() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, "");
    let server = Server::start(&deployment);
    let spelled = [
        "2024-05-02T16:05:24.454661+02:00",
        "2024-05-02T16:05:24:454661+02:00",
        "2024-05-02T16:05:24,454661+02:00",
        "2024-05-02T14:05:24.454661",
        "2024-05-02T14:05:24.454661Z",
        "2024-05-02T16:05:24.4546610+0200",
        "2024-05-02 09:05:24.454661-05:00",
    ];
    for (id, time) in (1..).zip(spelled) {
        let mut body = session_ended(id);
        body["data"]["ended"] = json!(time);
        assert_eq!(server.deliver(&body), 204, "{time}");
    }
    wait_for("the consent records", || {
        (deployment.count("SELECT count(*) FROM session") == spelled.len() as i64).then_some(())
    });
    let ledger = deployment.ledger();
    let mut rows = ledger.prepare("SELECT session, record ->> 'e' FROM session ORDER BY session").expect("SQL");
    let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
    for (row, (id, time)) in rows.zip((1..).zip(spelled)) {
        assert_eq!(row.expect("a row"), (id, 1_714_658_724_454_661_i64), "{time}");
    }
}

#[test]
fn a_conversation_as_mluvii_tells_it_is_taken_whole() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, "");
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    // Enough for each of the stand-in's spellings of times, words and keys to meet each event.
    let conversations = 1..=12;
    for id in conversations.clone() {
        standin.begin(id, &format!("guest{id}@example.com"), Some("v1"));
        for kind in ["hero_card", "chatbot", "call_script"] {
            for submitted in [true, false] {
                let params = json!({ "agree": "no", "number": id.to_string(), "kind": kind });
                let form = json!({ "kind": kind, "form_id": id, "submitted": submitted, "params": params });
                standin.happen(id, "form", &form);
            }
        }
        standin.happen(id, "params", &json!([{ "name": "wish", "value": id.to_string(), "source": "OFFLINE_FORM" }]));
        standin.end(id);
        standin.happen(id, "recording", &Value::Null);
    }
    standin.wait_for_deliveries();
    let told = standin.get(&standin.mluvii, "/standin/deliveries");
    let deliveries = told["deliveries"].as_array().expect("a list");
    // A chatbot's form is one event for each of its three fields.
    assert_eq!(deliveries.len(), 12 * (2 + 2 * 3 + 2 + 4));
    for delivery in deliveries {
        assert_eq!((&delivery["status"], &delivery["attempt"]), (&json!(204), &json!(1)), "{delivery}");
    }
    assert_eq!(deployment.count("SELECT count(*) FROM quarantine"), 0);
    wait_for("the ends to be known", || {
        let known = "SELECT count(*) FROM session WHERE concluded AND recording_ready AND record ->> 'e' IS NOT NULL";
        (deployment.count(known) == conversations.clone().count() as i64).then_some(())
    });
}
