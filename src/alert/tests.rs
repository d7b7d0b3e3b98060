//! What is told, and when.

use jiff::{SignedDuration, Timestamp};

use super::AlertState;
use super::daily::Daily;
use super::message::{Message, MessageKind};
use super::state::Plan;
use crate::attention::sample::{everything, limits, now as sample_now};
use crate::attention::{Attention, Code, Facts, Group, Mute, MuteEnd, Severity, StoppedTarget, attention};
use crate::audit::Actor;
use crate::subject::TargetName;

/// An alert, and a clock that is moved.
struct Bench {
    plan: Plan,
    state: AlertState,
    now: Timestamp,
}

impl Bench {
    /// From `attention` on, after a minute.
    fn new() -> Self {
        let plan = Plan {
            name: "ops".into(),
            deployment: "hooks.example.com".into(),
            from: Severity::Attention,
            recovery: true,
            wait: std::time::Duration::from_secs(60),
            digest: None,
        };
        Self { plan, state: AlertState::default(), now: "2026-07-01T12:00:00Z".parse().expect("a time") }
    }

    /// What is sent after so many seconds, and taken at once. The state goes through the ledger in between.
    fn after(&mut self, seconds: i64, found: &[Attention]) -> Option<Message> {
        self.now += SignedDuration::from_secs(seconds);
        self.state = AlertState::read(&self.state.to_json());
        self.state.look(&self.plan, found, self.now);
        let sent = self.state.outbox.as_ref().map(|outgoing| outgoing.message.clone());
        if sent.is_some() {
            self.state.accepted(self.now);
        }
        sent
    }

    /// The summaries of what is sent in so many minutes, looked at every ten seconds.
    fn within(&mut self, minutes: i64, mut found: impl FnMut(i64) -> Vec<Attention>) -> Vec<String> {
        let looks = (0..minutes * 6).map(|look| look * 10).collect::<Vec<_>>();
        let mut sent = Vec::new();
        for second in looks {
            sent.extend(self.after(10, &found(second)).map(|message| message.summary()));
        }
        sent
    }
}

fn of(facts: &Facts) -> Vec<Attention> {
    attention(facts, &[], &limits(), sample_now())
}

fn quarantined() -> Vec<Attention> {
    of(&Facts { quarantined: Group { count: 1, ..Group::default() }, ..Facts::default() })
}

fn out(name: &str, needs_person: bool, tries: u32) -> Vec<Attention> {
    let (target, since) = (TargetName(name.into()), Timestamp::UNIX_EPOCH);
    let stopped =
        StoppedTarget { target, until: since, reason: "503".into(), needs_person, tries, since, waiting: None };
    of(&Facts { targets: vec![stopped], ..Facts::default() })
}

fn both() -> Vec<Attention> {
    [out("crm", true, 0), quarantined()].concat()
}

fn codes(message: &Message) -> Vec<String> {
    message.new.iter().map(|item| item.code.clone()).collect()
}

#[test]
fn everything_that_attention_knows_is_told_once_and_is_over_once() {
    let all = of(&everything());
    for code in Code::ALL {
        let found: Vec<_> = all.iter().filter(|found| found.code == code).cloned().collect();
        let mut bench = Bench::new();
        bench.plan.from = Severity::Notice;
        bench.plan.name = "another".into();
        assert_eq!(bench.after(0, &found), None, "{}: it may be over at once", code.as_str());
        let told = bench.after(60, &found).unwrap_or_else(|| panic!("{} is not told", code.as_str()));
        assert_eq!((told.new.len(), told.recovered.len()), (found.len(), 0), "{}", code.as_str());
        assert!(told.new.iter().all(|item| item.code == code.as_str() && !item.text.is_empty()));
        assert_eq!(bench.within(60, |_| found.clone()), [""; 0], "{}", code.as_str());
        assert_eq!(bench.after(10, &[]), None);
        let over = bench.after(60, &[]).unwrap_or_else(|| panic!("{} is not over", code.as_str()));
        assert_eq!((over.new.len(), over.recovered.len()), (0, found.len()), "{}", code.as_str());
        assert_eq!(bench.within(60, |_| Vec::new()), [""; 0], "{}", code.as_str());
        (0..24 * 6).for_each(|_| assert_eq!(bench.after(600, &[]), None));
    }
}

#[test]
fn what_comes_within_a_minute_is_one_message_with_the_worst_first() {
    let mut bench = Bench::new();
    assert_eq!(bench.after(0, &quarantined()), None);
    assert_eq!(bench.after(50, &both()), None);
    let told = bench.after(10, &both()).expect("it is told");
    assert_eq!(codes(&told), ["target_out", "deliveries_unreadable"]);
    assert_eq!(told.summary(), "2 things need a person (1 urgent)");
}

#[test]
fn what_is_over_before_it_is_told_is_not_told() {
    let mut bench = Bench::new();
    assert_eq!(bench.after(0, &quarantined()), None);
    assert_eq!(bench.within(10, |_| Vec::new()), [""; 0]);
    assert!(bench.state.told.is_empty());
}

#[test]
fn below_its_severity_nothing_is_told_and_what_gets_worse_is_told_again() {
    let mut bench = Bench::new();
    assert_eq!(bench.within(10, |_| out("crm", false, 0)), [""; 0]);
    assert_eq!(bench.within(10, |_| out("crm", false, 3)), ["1 thing needs a person"]);
    assert_eq!(bench.within(10, |_| out("crm", true, 3)), ["1 thing needs a person (1 urgent)"]);
    // It is still out, and no news that it is less urgent, or urgent again.
    assert_eq!(bench.within(10, |_| out("crm", false, 0)), [""; 0]);
    assert_eq!(bench.within(10, |_| out("crm", true, 3)), [""; 0]);
    assert_eq!(bench.within(10, |_| Vec::new()), ["1 is over, nothing is left"]);
    bench.plan.from = Severity::Urgent;
    assert_eq!(bench.within(10, |_| quarantined()), [""; 0]);
    // It was urgent for a moment, before it could be told.
    assert_eq!(bench.within(10, |second| out("erp", second < 30, 0)), [""; 0]);
    assert_eq!(bench.within(10, |_| out("erp", true, 0)), ["1 thing needs a person (1 urgent)"]);
}

#[test]
fn what_comes_and_goes_is_told_seldom() {
    let mut bench = Bench::new();
    // A minute and a half there, a minute and a half gone, for a day.
    let sent = bench.within(24 * 60, |second| if second % 180 < 90 { quarantined() } else { Vec::new() });
    assert!((2..=8).contains(&sent.len()), "{sent:?}");
    // And then it is over once.
    let last = bench.within(120, |_| Vec::new());
    assert!(last.len() <= 1, "{last:?}");
    let calm = bench.within(24 * 60, |_| Vec::new());
    assert_eq!(calm, [""; 0]);
}

#[test]
fn many_different_things_one_after_the_other_do_not_flood_and_none_is_missed() {
    let mut bench = Bench::new();
    let mut told = Vec::new();
    for minute in 0..240_i64 {
        bench.now += SignedDuration::from_secs(60);
        let found: Vec<_> = (0..=minute).flat_map(|number| out(&format!("t{number}"), true, 0)).collect();
        told.extend(bench.after(0, &found));
    }
    // Of the first hour, six at once; then ten an hour.
    assert!(told.len() <= 44, "{} messages in four hours", told.len());
    let mut named = told.iter().map(|message| message.counts.new.all).sum::<usize>();
    let found: Vec<_> = (0..240).flat_map(|number| out(&format!("t{number}"), true, 0)).collect();
    named += bench.after(3_600, &found).map_or(0, |message| message.counts.new.all);
    assert_eq!(named, 240);
}

#[test]
fn what_is_muted_is_not_told_and_is_told_again_when_that_ends() {
    let mut bench = Bench::new();
    let muted = |end| {
        let mute = Mute::of(&quarantined()[0], end, &Actor::cli("ann"), sample_now());
        let facts = Facts { quarantined: Group { count: 1, ..Group::default() }, ..Facts::default() };
        attention(&facts, &[mute], &limits(), sample_now())
    };
    assert_eq!(bench.within(10, |_| muted(MuteEnd::Never)), [""; 0]);
    assert_eq!(bench.within(10, |_| quarantined()), ["1 thing needs a person"]);
    // Acknowledged: it is not over.
    assert_eq!(bench.within(200, |_| muted(MuteEnd::Changed)), [""; 0]);
    assert_eq!(bench.within(10, |_| quarantined()), ["1 thing needs a person"], "there is another one");
    assert_eq!(bench.within(10, |_| muted(MuteEnd::Changed)), [""; 0]);
    assert_eq!(bench.within(10, |_| Vec::new()), ["1 is over, nothing is left"]);
    // Muted before it could be told, and told once that ends.
    assert_eq!(bench.after(10, &quarantined()), None);
    assert_eq!(bench.within(10, |_| muted(MuteEnd::Never)), [""; 0]);
    assert_eq!(bench.within(10, |_| quarantined()), ["1 thing needs a person"]);
}

#[test]
fn what_is_late_is_no_longer_soon_late_and_that_is_not_over() {
    let mut bench = Bench::new();
    let all = of(&everything());
    let only = |code| all.iter().filter(|found| found.code == code).cloned().collect::<Vec<_>>();
    assert_eq!(bench.within(10, |_| only(Code::DueSoon)), ["1 thing needs a person"]);
    assert_eq!(bench.within(10, |_| only(Code::Overdue)), ["1 thing needs a person (1 urgent)"]);
    assert_eq!(bench.within(10, |_| Vec::new()), ["1 is over, nothing is left"]);
}

#[test]
fn an_alert_does_not_tell_by_itself_that_it_fails() {
    let failed: Vec<_> = of(&everything()).into_iter().filter(|found| found.code == Code::AlertFailed).collect();
    let mut bench = Bench::new();
    assert_eq!(bench.within(10, |_| failed.clone()), [""; 0]);
    bench.plan.name = "dpo".into();
    assert_eq!(bench.within(10, |_| failed.clone()), ["1 thing needs a person"]);
}

#[test]
fn without_recovery_nobody_is_told_that_it_is_over_and_it_is_told_when_it_comes_again() {
    let mut bench = Bench::new();
    bench.plan.recovery = false;
    for _ in 0..2 {
        assert_eq!(bench.within(10, |_| quarantined()), ["1 thing needs a person"]);
        assert_eq!(bench.within(30, |_| Vec::new()), [""; 0]);
    }
}

#[test]
fn a_message_is_kept_until_it_is_taken_with_pauses_that_grow_and_no_other_is_made() {
    let mut bench = Bench::new();
    bench.state.look(&bench.plan, &quarantined(), bench.now);
    let mut now = bench.now + SignedDuration::from_secs(60);
    bench.state.look(&bench.plan, &quarantined(), now);
    let first = bench.state.outbox.clone().expect("a message");
    let mut pauses = Vec::new();
    for attempt in 1..=12 {
        assert_eq!(bench.state.failed("451", now), attempt);
        // It went to the ledger, and another server goes on.
        bench.state = AlertState::read(&bench.state.to_json());
        let outgoing = bench.state.outbox.as_ref().expect("it is kept");
        assert_eq!(outgoing.message, first.message, "the same, its id included");
        pauses.push(outgoing.due.duration_since(now).as_secs());
        now = outgoing.due;
        bench.state.look(&bench.plan, &both(), now);
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
    bench.state.accepted(now);
    bench.now = now;
    // What came meanwhile.
    let next = bench.after(60, &both()).expect("it is told");
    assert_eq!((codes(&next), next.open.len()), (vec!["target_out".to_owned()], 1));
    assert_ne!(next.id, first.message.id);
}

#[test]
fn who_has_a_message_waits_for_nobody_who_does_not_take_it() {
    let mut bench = Bench::new();
    bench.state.look(&bench.plan, &quarantined(), bench.now);
    bench.now += SignedDuration::from_secs(60);
    bench.state.look(&bench.plan, &quarantined(), bench.now);
    bench.state.reached("somebody".into(), bench.now);
    let waits = |bench: &Bench| bench.state.outbox.as_ref().map(|outgoing| outgoing.message.summary());
    for _ in 0..2 {
        bench.state.failed("450", bench.now);
        bench.state.look(&bench.plan, &both(), bench.now);
    }
    assert_eq!(waits(&bench).as_deref(), Some("1 thing needs a person"), "it is tried a few times");
    bench.state.failed("450", bench.now);
    bench.now += SignedDuration::from_secs(60);
    bench.state.look(&bench.plan, &both(), bench.now);
    let next = bench.state.outbox.clone().expect("another message");
    assert_eq!((next.message.new.len(), next.message.open.len(), next.failures), (1, 1, 0));
    assert!(next.reached.is_empty());
    // Where nothing else comes, it is tried for some hours; what nobody has taken, for ever.
    bench.state.reached("somebody".into(), bench.now);
    for attempt in 1..=24 {
        assert!(waits(&bench).is_some(), "{attempt}");
        assert_eq!(bench.state.failed("550", bench.now), attempt);
    }
    assert_eq!(waits(&bench), None);
    assert_eq!(bench.state.accepted, Some(bench.now));
}

#[test]
fn a_digest_comes_once_a_day_and_not_for_the_time_before_it_was_wanted() {
    let mut bench = Bench::new();
    bench.plan.digest = Daily::of(Some("07:00"), Some("Europe/Prague")).expect("it is right");
    // It is noon: today's is over.
    assert_eq!(bench.within(60, |_| Vec::new()), [""; 0]);
    let sent = bench.within(24 * 60, |_| Vec::new());
    assert_eq!(sent, ["daily digest: nothing needs a person"]);
    assert_eq!(bench.within(10, |_| quarantined()), ["1 thing needs a person"]);
    let sent = bench.within(24 * 60, |_| quarantined());
    assert_eq!(sent, ["daily digest: 1 thing needs a person"]);
    // Of days on which no server was there, one comes.
    let digest = bench.after(4 * 86_400, &quarantined()).expect("a digest");
    assert_eq!((digest.kind, digest.open.len()), (MessageKind::Digest, 1));
    assert_eq!(bench.within(60, |_| quarantined()), [""; 0]);
}

#[test]
fn what_was_told_while_nothing_could_be_written_is_not_told_again() {
    let mut alone = Bench::new();
    assert_eq!(alone.within(10, |_| quarantined()), ["1 thing needs a person"]);
    let mut bench = Bench { now: alone.now, ..Bench::new() };
    bench.state.adopt(&alone.state);
    assert_eq!(bench.within(10, |_| quarantined()), [""; 0]);
    assert_eq!(bench.within(10, |_| Vec::new()), ["1 is over, nothing is left"]);
}

#[test]
fn what_cannot_be_read_is_begun_anew() {
    for kept in ["", "[]", r#"{"told":7}"#] {
        assert_eq!(AlertState::read(kept), AlertState::default(), "{kept}");
    }
    // What a newer program knows beside it does no harm.
    assert_eq!(AlertState::read(r#"{"told":{},"more":1}"#), AlertState::default());
}
