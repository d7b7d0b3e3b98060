//! What needs a person, and what nobody wants to be told of.

use jiff::Timestamp;
use quietus_plugin::Span;

use super::audit::audited;
use super::fixtures::*;
use crate::attention::{Attention, Code, Limits, MuteEnd, NotReloaded};
use crate::audit::Object;
use crate::erasure::{NewErasure, Outcome};
use crate::ledger::{CallEnd, Finished, ProcessInfo, Quarantined, StepEnd, SweepJob, SweepState, TargetConditions};

pub(super) fn limits() -> Limits {
    Limits {
        calendar: crate::deadline::Calendar::late_after_s(24 * 3_600),
        warn_before: Span::from_secs(0),
        unknown_share_max: 0.5,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    }
}

/// Beside that no server works on it, which is so in nearly all of these stories.
async fn all(ledger: &Shared) -> Vec<Attention> {
    all_by(ledger, &limits()).await
}

async fn all_by(ledger: &Shared, limits: &Limits) -> Vec<Attention> {
    let mut all = ledger.attention(limits).await.expect("read");
    all.retain(|found| found.code != Code::ServerAway);
    all
}

/// Each as `code object count`.
async fn told(ledger: &Shared) -> Vec<String> {
    told_by(ledger, &limits()).await
}

async fn told_by(ledger: &Shared, limits: &Limits) -> Vec<String> {
    let line = |found: &Attention| {
        let count = found.parameters.get("count").map(|count| format!(" {count}")).unwrap_or_default();
        format!("{} {}{count}", found.code.as_str(), found.object)
    };
    all_by(ledger, limits).await.iter().map(line).collect()
}

async fn parked(ledger: &Shared, id: i64, name: &str) {
    begun(ledger, id, &[name]).await;
    let claim = claim_step(ledger, name).await;
    assert_eq!(ledger.park(claim, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
}

async fn put_aside(ledger: &Shared, byte: u8) {
    let item = Quarantined { digest: crate::keys::Digest([byte; 16]), ..unreadable() };
    ledger.quarantine(item).await.expect("put aside");
}

async fn only_one(ledger: &Shared) -> Attention {
    let mut all = all(ledger).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

pub(crate) async fn an_empty_ledger_needs_nobody(ledger: Shared) {
    assert_eq!(told(&ledger).await, [] as [&str; 0]);
}

pub(crate) async fn everything_that_needs_a_person_is_listed(ledger: Shared) {
    begun(&ledger, 1, &["crm"]).await;
    step_end(&ledger, "crm", ends(Outcome::Unverifiable)).await;
    close(&ledger).await;
    parked(&ledger, 2, "crm").await;
    parked(&ledger, 3, "crm").await;
    parked(&ledger, 4, "mailbox").await;
    let waits = NewErasure { approve: true, ..erasure_of(person(5), &["crm"], in_hours(-1)) };
    ledger.request(waits, &by()).await.expect("requested");
    let undecided = recorded(&ledger, event(6, 1)).await;
    assert_eq!(ledger.park(undecided, Outcome::Parked, "what is it?").await.expect("parked"), Finished::Done);
    put_aside(&ledger, 1).await;
    let foreign = recorded(&ledger, event(7, 1)).await;
    let forgotten = crate::ledger::Decision { foreign: true, ..decision(unchanged(7, 0)) };
    assert_eq!(ledger.decided(foreign, forgotten).await.expect("decided"), Finished::Done);
    put_out(&ledger, "crm").await;
    for _ in 0..BREAKER.failures {
        call_ended(&ledger, "mailbox", CallEnd::Unavailable { reason: "503".into() }).await;
    }
    ledger.request(erasure_of(person(8), &["crm"], in_hours(-30)), &by()).await.expect("requested");
    let at_once = Limits { calendar: crate::deadline::Calendar::late_after_s(0), ..limits() };
    assert_eq!(
        told_by(&ledger, &at_once).await,
        [
            "overdue work",
            "target_out target:crm",
            "approval_waiting erasures 1",
            "deliveries_unreadable quarantine 1",
            "receipts_incomplete receipts 1",
            "steps_parked target:crm 2",
            "steps_parked target:mailbox 1",
            "work_parked work 1",
            "sessions_foreign sessions 1",
            "target_out target:mailbox",
        ]
    );
    let listed = all_by(&ledger, &at_once).await;
    let ids = |code: Code| {
        let ids = listed.iter().find(|found| found.code == code).map(|found| found.parameters["ids"].clone());
        ids.expect("it is listed")
    };
    assert_eq!(ids(Code::WorkParked), serde_json::json!([session(6).to_string()]));
    assert_eq!(ids(Code::ReceiptsIncomplete), serde_json::json!([1]));
    let late = ids(Code::Overdue);
    let late = late.as_array().expect("a list");
    // Those of 2, 3 and 4, and that of 8, unless it is of this instant; that of 5 waits for an approval.
    assert!(
        (3..=4).contains(&late.len()) && late.iter().all(|id| id.as_str().is_some_and(|id| id.starts_with("e-"))),
        "{late:?}"
    );
    let overdue = listed.iter().find(|found| found.code == Code::Overdue).expect("it is listed");
    let why = overdue.parameters["why"].as_array().expect("why");
    let codes: Vec<_> = why.iter().map(|one| one["waits_for"][0]["code"].as_str()).collect();
    assert_eq!((why.len(), codes.iter().filter(|code| **code == Some("parked")).count()), (late.len(), 3), "{why:?}");
    for found in all(&ledger).await {
        let known = !matches!(found.code, Code::StepsParked | Code::SessionsForeign);
        assert_eq!(found.since.is_some(), known, "{found:?}");
        assert!(found.since.is_none_or(|since| since <= Timestamp::now()), "{found:?}");
    }
}

pub(crate) async fn what_was_heard_of_late_is_not_late_at_once(ledger: Shared) {
    // A session that ended years ago, of which a rule's time is long over.
    ledger.request(erasure_of(person(1), &["crm"], in_hours(-20_000)), &by()).await.expect("requested");
    assert_eq!(told(&ledger).await, [] as [&str; 0]);
    let oldest = ledger.counts().await.expect("counted").oldest_due.expect("it is due");
    assert!(oldest > in_hours(-1), "{oldest}");
}

pub(crate) async fn that_no_server_works_on_a_ledger_needs_a_person(ledger: Shared) {
    let told = async || {
        let all = ledger.attention(&limits()).await.expect("read");
        all.iter().map(|found| format!("{} {}", found.code.as_str(), found.object)).collect::<Vec<_>>()
    };
    assert_eq!(told().await, ["server_away servers"]);
    let process = ProcessInfo { version: "1.2.3".into(), place: "web-1/4711".into(), targets: vec![target("crm")] };
    ledger.register(&process).await.expect("entered");
    assert_eq!(told().await, [] as [&str; 0]);
    let broken = [(target("crm"), "no such file".to_owned())].into();
    let doubtful = [(target("erp"), vec!["its sandbox reaches the level `files` only".to_owned()])].into();
    let reason = "a rule is wrong".to_owned();
    let not_reloaded = [("web-1/4711".to_owned(), NotReloaded { since: in_hours(-1), reason })].into();
    ledger.heartbeat(&TargetConditions { broken, doubtful, not_reloaded }).await.expect("noted");
    let expected = ["plugin_broken plugin:crm", "reload_failed configuration:web-1/4711", "plugin_doubtful plugin:erp"];
    assert_eq!(told().await, expected);
    ledger.retarget(&[target("erp")]).await.expect("noted");
    let processes = ledger.processes().await.expect("listed");
    assert_eq!(processes.iter().map(|one| one.targets.clone()).collect::<Vec<_>>(), [[target("erp")]]);
    ledger.heartbeat(&TargetConditions::default()).await.expect("noted");
    assert_eq!(told().await, [] as [&str; 0]);
    ledger.deregister().await.expect("left");
    assert_eq!(told().await, ["server_away servers"]);
}

pub(crate) async fn refused_deliveries_are_counted_and_need_nobody(ledger: Shared) {
    let refused = |source: &str, astray, count| {
        let of = crate::attention::RefusedOf::of_columns(source, astray);
        crate::ledger::RefusedDeliveries { of, count }
    };
    ledger.refused(&[refused("acme", false, 3), refused("", true, 1)]).await.expect("noted");
    let more = [refused("", true, 4), refused("acme", false, 1), refused("other", false, 2), refused("acme", true, 7)];
    ledger.refused(&more).await.expect("noted");
    let expected = [
        "deliveries_refused source:acme 4",
        "deliveries_refused source:other 2",
        "paths_unknown source:acme 7",
        "paths_unknown webhooks 5",
    ];
    assert_eq!(told(&ledger).await, expected);
    for found in all(&ledger).await {
        assert!(!found.needs_a_person() && found.since.is_some(), "{found:?}");
    }
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(told(&ledger).await, expected, "they are kept for a week");
}

pub(crate) async fn what_is_muted_is_listed_as_muted_until_its_end(ledger: Shared) {
    put_aside(&ledger, 1).await;
    let shown = only_one(&ledger).await;
    assert!(shown.needs_a_person());
    for (end, needs) in [(MuteEnd::Never, false), (MuteEnd::At(in_hours(-1)), true), (MuteEnd::At(in_hours(1)), false)]
    {
        ledger.mute_attention(&shown, end, &by()).await.expect("muted");
        let found = only_one(&ledger).await;
        assert_eq!((found.needs_a_person(), found.muted.is_none()), (needs, needs), "{end:?}");
        assert!(found.muted.is_none_or(|muted| muted.by == by() && !muted.acknowledged));
    }
    let code = Code::DeliveriesUnreadable;
    let object = Object::quarantine();
    assert!(ledger.unmute_attention(code, &object, &by()).await.expect("unmuted"));
    assert!(!ledger.unmute_attention(code, &object, &by()).await.expect("it is not muted"));
    assert!(only_one(&ledger).await.needs_a_person());
    let rows = audited(&ledger).await;
    let said: Vec<_> = rows.iter().map(|row| (&*row.statement.act, &*row.statement.result)).collect();
    let muted = ("attention.mute", "done");
    assert_eq!(said, [muted, muted, muted, ("attention.unmute", "done"), ("attention.unmute", "unchanged")]);
    let objects: Vec<_> = rows.iter().map(|row| row.statement.object.as_str()).collect();
    let named = "attention:deliveries_unreadable/quarantine";
    // What was not muted could be anything that somebody has typed.
    assert_eq!(objects, [named, named, named, named, "attention:deliveries_unreadable"]);
}

pub(crate) async fn what_is_acknowledged_needs_a_person_again_when_others_come(ledger: Shared) {
    put_aside(&ledger, 1).await;
    ledger.mute_attention(&only_one(&ledger).await, MuteEnd::Changed, &by()).await.expect("acknowledged");
    let found = only_one(&ledger).await;
    assert!(!found.needs_a_person() && found.muted.is_some_and(|muted| muted.acknowledged));
    // Another one takes its place.
    let listed = ledger.quarantined(&crate::ledger::QuarantineRange::all(crate::ledger::Cursor::OLDEST, 9)).await;
    ledger.quarantine_drop(listed.expect("listed").items[0].id, None, &by()).await.expect("dropped");
    put_aside(&ledger, 2).await;
    assert!(only_one(&ledger).await.needs_a_person());
}

pub(crate) async fn a_step_that_is_parked_once_more_needs_a_person_again(ledger: Shared) {
    parked(&ledger, 1, "crm").await;
    let shown = only_one(&ledger).await;
    ledger.mute_attention(&shown, MuteEnd::Changed, &by()).await.expect("acknowledged");
    assert!(!only_one(&ledger).await.needs_a_person());
    let all = ledger.erasures(&crate::ledger::ErasureFilter::newest(1)).await.expect("listed").items;
    assert!(ledger.retry_erasure(all[0].id, None, &by()).await.expect("retried"));
    let claim = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.park(claim, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    let again = only_one(&ledger).await;
    assert!(again.needs_a_person() && again.parameters == shown.parameters);
}

pub(crate) async fn what_cannot_be_kept_outside_is_listed_until_it_can(ledger: Shared) {
    for reason in ["no space", "exit status: 1"] {
        ledger.keeper_ended("witness vault", Some(reason)).await.expect("noted");
        let found = only_one(&ledger).await;
        assert_eq!(found.parameters["reason"], reason);
        assert_eq!((found.code, found.object), (Code::HeadNotKept, Object::keeper("witness vault")));
    }
    ledger.keeper_ended("state file /s", None).await.expect("noted");
    ledger.keeper_ended("state file /s", Some("full")).await.expect("noted");
    ledger.keeper_ended("seals", Some("away")).await.expect("noted");
    ledger.keeper_ended("state:web1:/s", Some("receipt 7 was there")).await.expect("noted");
    ledger.keeper_ended("webhook:acme", Some("it is missing")).await.expect("noted");
    ledger.keeper_ended("reconcile:acme", Some("403")).await.expect("noted");
    ledger.keeper_ended("silent:acme", Some("nothing comes")).await.expect("noted");
    ledger.keeper_ended("reappeared:acme", Some("one")).await.expect("noted");
    ledger.keeper_ended("alert:ops", Some("550")).await.expect("noted");
    ledger.keeper_ended("ping", Some("no connection")).await.expect("noted");
    ledger.keeper_ended("confirmation", Some("away")).await.expect("noted");
    ledger.forget_keepers().await.expect("forgotten");
    let left = [
        "alert_failed alert:ops",
        "confirmation_unsent confirmations",
        "ping_failed ping",
        "reconcile_failed sessions:acme",
        "seal_keys_failed keys",
        "sessions_reappeared sessions:acme",
        "source_silent source:acme",
        "state_begun_anew keeper:web1:/s",
        "webhook_wrong source:acme",
    ];
    assert_eq!(told(&ledger).await, left, "whoever notes it takes it away");
    ledger.keeper_ended("alert:ops", None).await.expect("noted");
    ledger.keeper_ended("ping", None).await.expect("noted");
    ledger.keeper_ended("confirmation", None).await.expect("noted");
    ledger.keeper_ended("webhook:acme", None).await.expect("noted");
    for noted in ["reconcile:acme", "silent:acme", "reappeared:acme"] {
        ledger.keeper_ended(noted, None).await.expect("noted");
    }
    ledger.keeper_ended("seals", None).await.expect("noted");
    ledger.keeper_ended("state:web1:/s", None).await.expect("noted");
    ledger.keeper_ended("witness vault", Some("exit status: 1")).await.expect("noted");
    assert_eq!(told(&ledger).await, ["head_not_kept keeper:witness vault"]);
    ledger.keeper_ended("witness vault", None).await.expect("noted");
    assert_eq!(told(&ledger).await, [] as [&str; 0]);
}

pub(crate) async fn tasks_that_people_do_not_confirm_need_a_person(ledger: Shared) {
    let reminded_after = |hours: u64| {
        let remind_after = [(target("legal"), Span::from_secs(hours * 3_600)), (target("nobody"), Span::from_secs(0))];
        Limits { remind_after: remind_after.into(), ..limits() }
    };
    let (now, later) = (reminded_after(0), reminded_after(1));
    begun(&ledger, 1, &["legal"]).await;
    assert_eq!(told_by(&ledger, &now).await, [] as [&str; 0], "nobody was asked yet");
    step_end(&ledger, "legal", StepEnd::Await { within: HOUR }).await;
    assert_eq!(told_by(&ledger, &now).await, ["tasks_open target:legal 1"]);
    assert_eq!(told_by(&ledger, &later).await, [] as [&str; 0]);
    assert_eq!(told(&ledger).await, [] as [&str; 0], "a plugin's reports are nobody's tasks");

    let late = begun(&ledger, 2, &["legal"]).await;
    step_end(&ledger, "legal", StepEnd::Await { within: std::time::Duration::ZERO }).await;
    step_end(&ledger, "legal", StepEnd::NotReported).await;
    assert_eq!(told_by(&ledger, &later).await, ["tasks_late target:legal 1"]);
    let all = all_by(&ledger, &now).await;
    let [is_late, is_open] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(is_late.parameters["erasure"], late.to_string());
    assert!(is_open.since.is_some_and(|since| since <= Timestamp::now()));

    // One that needs a person for another reason is no late task, and is told as what it is.
    parked(&ledger, 3, "legal").await;
    assert_eq!(told_by(&ledger, &later).await, ["steps_parked target:legal 2", "tasks_late target:legal 1"]);
    assert!(ledger.retry_erasure(late, None, &by()).await.expect("retried"));
    assert_eq!(told_by(&ledger, &later).await, ["steps_parked target:legal 1"]);
}

pub(crate) async fn a_sweep_that_does_not_go_on_or_was_given_up_is_told(ledger: Shared) {
    let job = |name: &str, state, reason: Option<&str>| SweepJob {
        target: target(name),
        state,
        reason: reason.map(str::to_owned),
        moved: in_hours(-1),
        ..super::sweeping::sweep_job()
    };
    let jobs = [
        job("crm", SweepState::Sweeping, Some("it is out")),
        job("erp", SweepState::Failed, Some("403")),
        job("files", SweepState::Sweeping, None),
        job("mailbox", SweepState::Done, None),
        job("sql", SweepState::Cancelled, Some("it was out")),
        SweepJob { moved: in_hours(-7), ..job("web", SweepState::Asking, None) },
    ];
    for job in &jobs {
        ledger.add_sweep_job(job, 0).await.expect("answered").expect("added");
    }
    let at = |name: &str| format!("sweep_stuck {}", Object::target(&target(&format!("{name}/{}", installation()))));
    assert_eq!(told(&ledger).await, ["crm", "erp", "web"].map(at));
    let states: Vec<_> = all(&ledger).await.iter().map(|one| one.parameters["state"].clone()).collect();
    assert_eq!(states, ["open", "given_up", "open"]);
    // The next one of its target.
    let next = ledger.add_sweep_job(&job("erp", SweepState::Sweeping, None), 1).await.expect("answered");
    assert!(next.is_some());
    assert_eq!(told(&ledger).await, ["crm", "web"].map(at));
}
