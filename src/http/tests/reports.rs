//! What those who report are answered, and what is in the ledger then.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;
use tower::ServiceExt as _;

use super::*;
use crate::erasure::{Capsule, ErasureId, Findings, NewErasure, Outcome, Reportable, Selection, Stage, Subject};
use crate::ledger::{Admin as _, Bounds, Queue as _, QueueName, Resolution, StepEnd, Work};
use crate::subject::{InstallationName, SessionId, SessionKey, TargetName, Whom};

const HOUR: std::time::Duration = std::time::Duration::from_secs(3_600);

fn index() -> IndexKey {
    IndexKey::new(&Zeroizing::new([1; 32]))
}

/// A ledger with one step that waits for its report.
async fn waiting(bench: &Bench) -> Reportable {
    let installation = InstallationName::unnamed();
    let key = SessionKey { installation: installation.clone(), session: SessionId(17) };
    let queue = TargetName("queue".into());
    let erasure = NewErasure {
        id: ErasureId::generate(Timestamp::now()),
        subject: Subject::Session(key),
        rule: "request".into(),
        version: None,
        targets: vec![queue.clone()],
        due: Timestamp::now(),
        approve: false,
        approved: None,
        confirm: None,
        origin: None,
        selection: Selection::default(),
        capsule: None,
        fingerprints: Vec::new(),
    };
    let erasure = bench.ledger.request(erasure, &crate::audit::Actor::cli("test")).await.expect("requested");
    let claim = claimed(bench, QueueName::Resolve(installation)).await;
    let resolution = Resolution {
        capsule: Capsule::seal(&Whom::default(), erasure, &seal()),
        sessions: Vec::new(),
        findings: Findings::default(),
        shared_guests: Vec::new(),
        fingerprints: Vec::new(),
        shown: Vec::new(),
        finds: Default::default(),
        index_key: index().id().clone(),
    };
    let _done = bench.ledger.resolved(claim, resolution).await.expect("resolved");
    let claim = claimed(bench, QueueName::Step(queue.clone())).await;
    let _done = bench.ledger.stepped(claim, StepEnd::Await { within: HOUR }).await.expect("stepped");
    Reportable { erasure, target: queue, stage: Stage::Erase, round: 0 }
}

async fn claimed(bench: &Bench, queue: QueueName) -> crate::ledger::Claim {
    let mut claims = bench.ledger.claim(&queue, 1, HOUR, &Bounds::NONE).await.expect("claims").claims;
    claims.pop().expect("something is due")
}

async fn post(bench: &Bench, path: &str, token: &str, body: impl Into<Body>) -> StatusCode {
    post_with(bench, path, &[token], body).await
}

async fn post_with(bench: &Bench, path: &str, tokens: &[&str], body: impl Into<Body>) -> StatusCode {
    let reports = Reports::new(bench.ledger.clone(), index(), seal(), bench.live_settings());
    let request = Request::post(path).header(header::HOST, "x");
    let request = tokens.iter().fold(request, |request, token| request.header(header::AUTHORIZATION, *token));
    let request = request.body(body.into()).expect("a request");
    reports_router(Arc::new(reports)).oneshot(request).await.expect("an answer").status()
}

#[tokio::test]
async fn a_report_is_in_the_ledger_when_it_is_acknowledged() {
    let bench = Bench::new("");
    let of = waiting(&bench).await;
    let token = format!("Bearer {}", of.token(&index()));
    let report = json!({ "outcome": "erased", "counts": { "tickets": 2 }, "mood": "good" }).to_string();
    // As one whose text was cut within an emoji.
    let report = report.replace("good", "good \\ud83d");
    assert_eq!(post(&bench, &of.path(), &token, report.clone()).await, StatusCode::NO_CONTENT);
    let Work::Step(work) = claimed(&bench, QueueName::Step(of.target.clone())).await.work else { panic!("not a step") };
    let sealed = work.step.report().expect("it is there");
    let taken = of.open(sealed, &seal()).expect("it opens");
    assert_eq!((taken.outcome, taken.counts["tickets"]), (Outcome::Erased, 2));
    // A sender that never saw the answer sends it again.
    assert_eq!(post(&bench, &of.path(), &token, report).await, StatusCode::OK);
}

#[tokio::test]
async fn strangers_learn_nothing_and_change_nothing() {
    let bench = Bench::new("");
    let of = waiting(&bench).await;
    let token = of.token(&index());
    let report = json!({ "outcome": "erased" }).to_string();
    let other = Reportable { target: TargetName("crm".into()), ..of.clone() };
    let unknown = Reportable { erasure: ErasureId([9; 16]), ..of.clone() };
    let tokens = [String::new(), token.clone(), format!("Basic {token}"), "Bearer ".into(), format!("Bearer {token}0")];
    for wrong in &tokens {
        assert_eq!(post(&bench, &of.path(), wrong, report.clone()).await, StatusCode::UNAUTHORIZED, "{wrong}");
    }
    let good = format!("Bearer {token}");
    let twice = post_with(&bench, &of.path(), &[&good, &good], report.clone()).await;
    assert_eq!(twice, StatusCode::UNAUTHORIZED, "who stands in front may have looked at the other one");
    for path in [other.path(), unknown.path(), "/v1/reports/e-1/queue".into()] {
        let token = format!("Bearer {token}");
        assert_eq!(post(&bench, &path, &token, report.clone()).await, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert!(
        bench
            .ledger
            .claim(&QueueName::Step(of.target), 1, HOUR, &Bounds::NONE)
            .await
            .expect("claims")
            .claims
            .is_empty()
    );
}

#[tokio::test]
async fn what_is_no_report_is_refused_and_the_step_waits_on() {
    let bench = Bench::new("");
    let of = waiting(&bench).await;
    let token = format!("Bearer {}", of.token(&index()));
    let wrong = [
        "",
        "{",
        "[]",
        "{}",
        r#"{"outcome":"gone"}"#,
        r#"{"outcome":"accepted","report_within_s":1}"#,
        r#"{"outcome":"retained"}"#,
        r#"{"outcome":"erased","counts":{"Ann <ann@x.cz>":1}}"#,
        r#"{"outcome":"parked"}"#,
    ];
    for body in wrong {
        assert_eq!(post(&bench, &of.path(), &token, body).await, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
    let large = "x".repeat(17 << 10);
    assert_eq!(post(&bench, &of.path(), &token, large).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(
        bench
            .ledger
            .claim(&QueueName::Step(of.target), 1, HOUR, &Bounds::NONE)
            .await
            .expect("claims")
            .claims
            .is_empty()
    );
}
