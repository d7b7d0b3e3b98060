//! A mluvii that is away, slow, or says what it should not.

use serde_json::{Value, json};

use crate::harness::{Away, Deployment, ERASE, Server, StandIn, receipts, wait_for};

/// A conversation without consent, of which the end is delivered.
fn end(standin: &StandIn, server: &Server, id: i64) {
    standin.begin(id, &email(id), None);
    assert_eq!(server.deliver_end(id), 204);
}

fn email(id: i64) -> String {
    format!("guest{id}@example.com")
}

#[track_caller]
fn wait_until_erased(standin: &StandIn, deployment: &Deployment, ids: std::ops::RangeInclusive<i64>) {
    let count = ids.clone().count();
    for receipt in receipts(deployment, count) {
        let step = &receipt["statement"]["steps"][0];
        assert_eq!((&step["target"], &step["outcome"]), (&json!("mluvii"), &json!("erased")), "{receipt}");
    }
    for id in ids {
        assert!(!standin.holds(&email(id)), "conversation {id}");
    }
}

/// Erases some sessions while calls go wrong.
#[track_caller]
fn check(faults: &[Value]) {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start_with(&deployment, &[("MLUVII__CALL_MAX", "1s"), ("ERASING__BREAKER_PAUSE", "50ms")]);
    faults.iter().for_each(|fault| standin.fault(fault));
    for id in 1..=3 {
        end(&standin, &server, id);
    }
    wait_until_erased(&standin, &deployment, 1..=3);
    assert_eq!(deployment.json(&["receipts", "list"]).as_array().map(Vec::len), Some(3));
    for fault in standin.get(&standin.mluvii, "/standin/faults").as_array().expect("a list") {
        assert_eq!(fault["times"], 0, "the fault was met: {fault}");
    }
    let (status, _) = server.stop();
    assert!(status.success());
}

#[test]
fn a_mluvii_that_fails_is_asked_again() {
    check(&[
        json!({ "kind": "status", "status": 500, "path": "/Sessions/", "times": 4 }),
        json!({ "kind": "status", "status": 502, "path": "anonymous", "times": 2 }),
        json!({ "kind": "status", "status": 503, "path": "/api/v1/Sessions", "exact": true, "times": 2, "retry_after_s": 0 }),
        json!({ "kind": "status", "status": 500, "path": "token", "times": 1 }),
    ]);
}

#[test]
fn a_mluvii_that_is_busy_is_asked_later() {
    check(&[
        json!({ "kind": "status", "status": 429, "path": "token", "times": 1, "retry_after_s": 1 }),
        json!({ "kind": "status", "status": 429, "path": "anonymous", "times": 3, "retry_after_s": 1 }),
        json!({ "kind": "status", "status": 429, "path": "/Sessions", "times": 3 }),
    ]);
}

#[test]
fn a_mluvii_that_talks_nonsense_is_asked_again() {
    check(&[
        json!({ "kind": "garbage", "path": "token", "times": 1 }),
        json!({ "kind": "garbage", "path": "/api/v1/Sessions", "exact": true, "times": 2 }),
        json!({ "kind": "garbage", "path": "/Sessions", "times": 3 }),
    ]);
}

#[test]
fn a_mluvii_that_does_not_answer_in_time_is_asked_again() {
    check(&[
        json!({ "kind": "timeout", "path": "/Sessions/", "times": 2 }),
        json!({ "kind": "timeout", "path": "anonymous", "times": 1 }),
        json!({ "kind": "delay", "delay_ms": 300, "path": "anonymous", "times": 2 }),
    ]);
}

#[test]
fn a_mluvii_that_only_says_that_it_erased_is_found_out() {
    check(&[json!({ "kind": "accepted_but_not_done", "path": "anonymous", "times": 2 })]);
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    end(&standin, &server, 1);
    wait_until_erased(&standin, &deployment, 1..=1);
    assert_eq!(standin.calls("/token").len(), 1, "one token for all calls");
    standin.fault(&json!({ "kind": "401", "path": "anonymous", "times": 1 }));
    end(&standin, &server, 2);
    wait_until_erased(&standin, &deployment, 1..=2);
    assert_eq!(standin.calls("/token").len(), 2);
    assert_eq!(standin.calls("/Sessions/2/anonymous").len(), 2);
}

#[test]
fn a_mluvii_that_is_away_is_waited_for() {
    let standin = StandIn::start();
    let away = Away::new();
    let deployment = Deployment::bare(&away.url(), ERASE);
    let server = Server::start(&deployment);
    for id in 1..=8 {
        end(&standin, &server, id);
    }
    wait_for("a target that rests", || {
        let status = deployment.json(&["status"]);
        (status["targets"][0]["target"] == "mluvii/acme").then_some(())
    });
    assert_eq!(server.deliver_end(1), 204, "receiving does not depend on it");
    assert_eq!(deployment.json(&["receipts", "list"]), json!([]));

    let _line = away.comes_back_as(&standin.mluvii);
    wait_until_erased(&standin, &deployment, 1..=8);
}

/// The codes of what needs a person.
fn needs(deployment: &Deployment) -> Vec<Value> {
    let status = deployment.json(&["status"]);
    let found = status["attention"].as_array().expect("a list");
    found.iter().filter(|found| found["severity"] != "notice").map(|found| found["code"].clone()).collect()
}

#[test]
fn wrong_credentials_are_not_tried_for_ever_and_need_a_person() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    deployment.write("api.secret", "not the secret");
    let server = Server::start(&deployment);
    end(&standin, &server, 1);
    wait_for("somebody to be needed", || (needs(&deployment) == ["target_out"]).then_some(()));
    assert_eq!(server.deliver_end(2), 204, "receiving goes on");
    server.moved("quietus_breaker_needs_person");
    assert!(standin.calls("/token").len() < 5, "it does not try a wrong password for ever");
    server.leaves_work("mluvii does not let it in");
    assert!(server.stop().0.success());

    deployment.write("api.secret", crate::harness::API_SECRET);
    standin.begin(2, &email(2), None);
    let _server = Server::start(&deployment);
    wait_until_erased(&standin, &deployment, 1..=2);
    assert_eq!(needs(&deployment), [""; 0]);
}

#[test]
fn a_mluvii_that_refuses_the_token_for_a_while_heals_by_itself() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    standin.fault(&json!({ "kind": "status", "status": 401, "path": "/token", "for_ms": 3000 }));
    for id in 1..=3 {
        end(&standin, &server, id);
    }
    wait_for("somebody to be needed", || (needs(&deployment) == ["target_out"]).then_some(()));
    // It is known to be out through a restart as well, and nobody acts.
    assert!(server.stop().0.success());
    let _server = Server::start(&deployment);
    wait_until_erased(&standin, &deployment, 1..=3);
    assert_eq!(needs(&deployment), [""; 0]);
}

#[test]
fn one_session_that_is_refused_keeps_no_other_waiting() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    standin.fault(&json!({ "kind": "status", "status": 403, "path": "/Sessions/2/anonymous" }));
    for id in 1..=8 {
        end(&standin, &server, id);
    }
    wait_for("the others", || (1..=8).filter(|id| *id != 2).all(|id| !standin.holds(&email(id))).then_some(()));
    wait_for("somebody to be needed", || needs(&deployment).contains(&json!("steps_parked")).then_some(()));
    assert_eq!(deployment.json(&["status"])["targets"], json!([]), "mluvii is not out");
    let parked = deployment.json(&["erasures", "list", "--state", "parked"]);
    let id = parked[0]["id"].as_str().expect("one is parked").to_owned();
    let reason = parked[0]["steps"][0]["reason"].as_str().unwrap_or_default().to_owned();
    assert!(reason.contains("403"), "{parked}");
    standin.clear_faults();
    assert!(deployment.run(&["erasures", "retry", &id]).status.success());
    wait_until_erased(&standin, &deployment, 1..=8);
}

/// One session goes wrong, again and again and with nothing else to do, in the way that the fault says.
#[track_caller]
fn check_one(fault: &Value, tries_path: &str, needed: &[&str]) {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let settings = [("MLUVII__CALL_MAX", "500ms"), ("ERASING__RETRY__ATTEMPTS_MAX", "8")];
    let server = Server::start_with(&deployment, &settings);
    standin.fault(fault);
    end(&standin, &server, 2);
    // More often than opens the breaker.
    wait_for("it to fail", || (standin.calls(tries_path).len() >= 8).then_some(()));
    assert_eq!(deployment.json(&["status"])["targets"], json!([]), "mluvii is not out");
    for id in [1, 3, 4] {
        end(&standin, &server, id);
    }
    wait_for("the others", || [1, 3, 4].iter().all(|id| !standin.holds(&email(*id))).then_some(()));
    wait_for("somebody to be needed, or nobody", || (needs(&deployment) == needed).then_some(()));
    standin.clear_faults();
    let parked = deployment.json(&["erasures", "list", "--state", "parked"]);
    for erasure in parked.as_array().expect("a list") {
        let id = erasure["id"].as_str().expect("an id");
        assert!(deployment.run(&["erasures", "retry", id]).status.success());
    }
    wait_until_erased(&standin, &deployment, 1..=4);
}

#[test]
fn one_session_whose_look_up_fails_keeps_no_other_waiting() {
    let path = "/api/v1/Sessions/2";
    check_one(&json!({ "kind": "status", "status": 500, "path": path, "exact": true }), path, &[]);
}

#[test]
fn one_session_that_cannot_be_anonymized_needs_a_person_and_keeps_no_other_waiting() {
    let path = "/Sessions/2/anonymous";
    check_one(&json!({ "kind": "status", "status": 500, "path": path }), path, &["steps_parked"]);
}

#[test]
fn one_session_that_gets_no_answer_needs_a_person_and_keeps_no_other_waiting() {
    let path = "/Sessions/2/anonymous";
    check_one(&json!({ "kind": "timeout", "path": path }), path, &["steps_parked"]);
}

#[test]
fn a_company_that_lets_nobody_in_keeps_no_other_company_waiting() {
    let (acme, globex) = (StandIn::start(), StandIn::start());
    let second = format!(
        r#"
[[mluvii]]
name = "globex"
base_url = "{}"
client_id = {{ file = "api.secret" }}
client_secret = {{ file = "api.secret" }}
verify_after = "0s"

[[source]]
name = "globex"
mluvii = "globex"
tenants = [62]
auth = [{{ basic = {{ user = "mluvii", password = {{ file = "webhook.secret" }} }} }}]
{ERASE}"#,
        globex.mluvii
    );
    let deployment = Deployment::bare(&acme.mluvii, &second);
    // With several companies, each source names its own.
    deployment.names_companies();
    let server = Server::start(&deployment);
    acme.fault(&json!({ "kind": "status", "status": 401, "path": "/token" }));
    end(&acme, &server, 1);
    wait_for("somebody to be needed", || (needs(&deployment) == ["target_out"]).then_some(()));

    globex.register(&server.callback_of("globex"));
    globex.begin(2, &email(2), None);
    globex.just_end(2);
    let subject = receipts(&deployment, 1)[0]["statement"]["subject"].clone();
    assert_eq!(subject, "session:globex/2");
    assert!(!globex.holds(&email(2)) && acme.holds(&email(1)));
    let targets = deployment.json(&["status"])["targets"].clone();
    let out: Vec<_> = targets.as_array().expect("a list").iter().map(|target| &target["target"]).collect();
    assert_eq!(out, ["mluvii/acme"]);
    acme.clear_faults();
    // Not by the number of receipts: a session that is concluded after it has settled is erased once more.
    wait_for("the first company's to be erased", || (!acme.holds(&email(1))).then_some(()));
}

#[test]
fn a_session_that_is_too_large_to_be_read_is_set_aside_and_keeps_no_other_waiting() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    standin.fault(&json!({ "kind": "large", "path": "/api/v1/Sessions/2", "exact": true }));
    for id in 1..=4 {
        end(&standin, &server, id);
    }
    wait_for("the others", || [1, 3, 4].iter().all(|id| !standin.holds(&email(*id))).then_some(()));
    wait_for("somebody to be needed", || (needs(&deployment) == ["work_parked"]).then_some(()));
    assert_eq!(deployment.json(&["status"])["targets"], json!([]), "mluvii is not out");
    assert!(standin.holds(&email(2)), "nobody knows what its consent is");
    standin.clear_faults();
    assert!(deployment.run(&["erasures", "retry", "--undecided"]).status.success());
    wait_until_erased(&standin, &deployment, 1..=4);
}

#[test]
fn sessions_that_are_all_refused_alike_put_mluvii_out_and_it_heals() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    standin.fault(&json!({ "kind": "status", "status": 403, "path": "anonymous" }));
    for id in 1..=20 {
        end(&standin, &server, id);
    }
    wait_for("mluvii to be out", || needs(&deployment).contains(&json!("target_out")).then_some(()));
    let parked = deployment.json(&["erasures", "list", "--state", "parked"]);
    let parked = parked.as_array().map_or(0, Vec::len);
    // Those that were under way together, and one for each try since.
    assert!((5..15).contains(&parked), "{parked} of 20 are parked: the others wait until it is tried again");
    standin.clear_faults();
    wait_for("the others", || {
        let left = (1..=20).filter(|id| standin.holds(&email(*id))).count();
        let parked = deployment.json(&["erasures", "list", "--state", "parked"]);
        (left == parked.as_array().map_or(0, Vec::len)).then_some(())
    });
    assert_eq!(deployment.json(&["status"])["targets"], json!([]), "mluvii is back, without anybody's help");
    server.leaves_work("what was refused waits for a person");
}

#[test]
fn an_anonymizing_that_conflicts_is_verified() {
    check(&[json!({ "kind": "status", "status": 409, "path": "/Sessions/2/anonymous", "times": 1 })]);
}

#[test]
fn a_mluvii_that_wants_fewer_calls_is_not_knocked_at_by_each_piece_of_work() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    let busy = json!({
        "kind": "status", "status": 429, "path": "/api/v1/Sessions", "for_ms": 4000, "retry_after_s": 1,
    });
    standin.fault(&busy);
    for id in 1..=40 {
        end(&standin, &server, id);
    }
    wait_until_erased(&standin, &deployment, 1..=40);
    let refused = standin.calls("").iter().filter(|call| call["status"] == 429).count();
    // What was under way together, and then one for each second.
    assert!((1..=20).contains(&refused), "{refused} calls were answered with 429");
}

#[test]
fn an_outage_that_outlasts_all_attempts_is_told_of_and_heals_without_a_person() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let settings = [("ERASING__BREAKER_PAUSE", "50ms"), ("ERASING__RETRY__ATTEMPTS_MAX", "3")];
    let server = Server::start_with(&deployment, &settings);
    standin.fault(&json!({ "kind": "status", "status": 503, "path": "anonymous" }));
    end(&standin, &server, 1);
    wait_for("it to be tried more often than an attempt limit allows", || {
        (standin.calls("/Sessions/1/anonymous").len() >= 7).then_some(())
    });
    let told = deployment.json(&["status"])["targets"][0]["target"].clone();
    assert_eq!(told, "mluvii/acme");
    assert_eq!(deployment.json(&["erasures", "list", "--state", "parked"]), json!([]));
    standin.clear_faults();
    wait_until_erased(&standin, &deployment, 1..=1);
    assert_eq!(needs(&deployment), [""; 0]);
}

#[test]
fn one_path_that_always_wants_fewer_calls_is_told_of_while_others_are_answered() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ERASE);
    let server = Server::start(&deployment);
    standin.fault(&json!({ "kind": "status", "status": 429, "path": "anonymous", "retry_after_s": 1 }));
    let refused = || standin.calls("anonymous").len();
    end(&standin, &server, 1);
    wait_for("mluvii to want fewer calls", || (refused() > 0).then_some(()));
    // It has been so for two hours.
    let moved = "UPDATE pace SET limited_since = limited_since - 7200000 WHERE limited_since IS NOT NULL";
    wait_for("that to be noted", || (deployment.ledger().execute(moved, ()).expect("written") > 0).then_some(()));
    end(&standin, &server, 2);
    wait_for("the next one to be looked up, and refused", || {
        let is_of = |id: i64| standin.calls(&format!("/Sessions/{id}/anonymous")).len() > 1;
        (is_of(1) && is_of(2)).then_some(())
    });
    wait_for("somebody to be needed", || (needs(&deployment) == ["target_limited"]).then_some(()));
    standin.clear_faults();
    wait_until_erased(&standin, &deployment, 1..=2);
    assert_eq!(needs(&deployment), [""; 0]);
}
