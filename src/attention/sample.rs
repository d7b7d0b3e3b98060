//! A ledger that needs everybody: at least one fact for each code.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use quietus_plugin::Span;

use super::{
    ClockDoubt, ClockFault, Damage, Facts, FailedKeeper, Group, HeldSnapshot, LimitedTarget, Limits, LongLog, Named,
    NoServer, NotReloaded, OpenRequest, OpenRequests, ParkedSteps, RefusedOf, RefusedRecords, RefusedSince,
    RequestLimits, StoppedTarget, Tasks, UnfinishedSweep, UnsettledRechecks, WaitingPast, WaitingRule,
};
use crate::audit::Actor;
use crate::erasure::{Erasure, ErasureId, ErasureState, Outcome, RecheckOutcome, Stage, Step, StepState, sample};
use crate::hold::HoldId;
use crate::request::{Came, Entered, Request, RequestId, RequestNumber, VerifiedBy};
use crate::subject::{InstallationName, Kind, TargetName};

pub(super) fn stopped(target: &str, needs_person: bool) -> StoppedTarget {
    let (since, until) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
    let (target, reason) = (TargetName(target.into()), "the token was refused".into());
    StoppedTarget { target, until, reason, needs_person, tries: 0, since, waiting: Some(ErasureId([8; 16])) }
}

fn parked(target: &str) -> ParkedSteps {
    ParkedSteps { target: TargetName(target.into()), group: some(2), oldest: ErasureId([7; 16]) }
}

pub(super) fn tasks(target: &str, late: u64) -> Tasks {
    let open = Group { since: Some(Timestamp::UNIX_EPOCH), ..some(3) };
    Tasks { target: TargetName(target.into()), open, late: some(late), oldest_late: Some(ErasureId([9; 16])) }
}

fn recheck(target: &str, outcome: RecheckOutcome) -> UnsettledRechecks {
    UnsettledRechecks {
        target: TargetName(target.into()),
        mluvii: InstallationName("acme".into()),
        outcome,
        count: 2,
        since: Timestamp::UNIX_EPOCH,
        newest: Timestamp::UNIX_EPOCH,
        erased_since: Timestamp::UNIX_EPOCH - SignedDuration::from_hours(24 * 31),
    }
}

fn sweep(target: &str, is_given_up: bool) -> UnfinishedSweep {
    UnfinishedSweep {
        target: TargetName(target.into()),
        mluvii: InstallationName("acme".into()),
        begun: Timestamp::UNIX_EPOCH,
        moved: Timestamp::UNIX_EPOCH,
        reason: Some("it is out".into()),
        is_given_up,
    }
}

fn limited(target: &str) -> LimitedTarget {
    let until = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(2);
    LimitedTarget { target: TargetName(target.into()), since: Timestamp::UNIX_EPOCH, until }
}

fn refused(source: &str, astray: bool) -> RefusedSince {
    let of = RefusedOf::of_columns(source, astray);
    RefusedSince { of, count: 9, since: Timestamp::UNIX_EPOCH, last: Timestamp::UNIX_EPOCH }
}

fn keeper() -> FailedKeeper {
    let since = Timestamp::UNIX_EPOCH;
    FailedKeeper { keeper: "witness vault".into(), reason: "exit status: 1".into(), since }
}

fn archive() -> FailedKeeper {
    FailedKeeper { keeper: "archive:receipts".into(), reason: "the disk is full".into(), ..keeper() }
}

fn state() -> FailedKeeper {
    FailedKeeper { keeper: "state:web1:/var/s/ledger.json".into(), reason: "receipt 9 was there".into(), ..keeper() }
}

fn seals() -> FailedKeeper {
    FailedKeeper { keeper: "seals".into(), reason: "permission denied".into(), ..keeper() }
}

fn reconcile() -> FailedKeeper {
    FailedKeeper { keeper: "reconcile:acme".into(), reason: "403".into(), ..keeper() }
}

fn alert() -> FailedKeeper {
    FailedKeeper { keeper: "alert:ops".into(), reason: "no connection".into(), ..keeper() }
}

fn confirmation() -> FailedKeeper {
    FailedKeeper { keeper: "confirmation".into(), reason: "the mail server answers 535: refused".into(), ..keeper() }
}

fn ping() -> FailedKeeper {
    FailedKeeper { keeper: "ping".into(), reason: "503".into(), ..keeper() }
}

fn webhook() -> FailedKeeper {
    FailedKeeper { keeper: "webhook:acme".into(), reason: "mluvii does not have it".into(), ..keeper() }
}

pub(super) fn some(count: u64) -> Group {
    Group { count, ..Group::default() }
}

fn set_back() -> FailedKeeper {
    FailedKeeper { keeper: "ledger".into(), reason: "it ends at receipt 7".into(), ..keeper() }
}

/// One that is being erased.
fn request(number: i64, erasure: ErasureId) -> Request {
    let entered = Entered {
        id: RequestId([1; 16]),
        number: None,
        mluvii: InstallationName("acme".into()),
        came: Came::Letter,
        received: date(1969, 12, 1),
        verified: Some(VerifiedBy::Document),
        targets: vec![TargetName("erp".into())],
        kinds: [Kind::Email].into(),
    };
    let request = Request::of(entered, RequestNumber::own(number), &Actor::cli("ann"), Timestamp::UNIX_EPOCH);
    Request { erasures: vec![erasure], ..request }
}

/// An erasure that waits for a target that is paused.
fn paused(byte: u8) -> Erasure {
    let step = Step { state: StepState::to_call(Stage::Erase, None), ..sample::step("erp", Outcome::Erased) };
    Erasure { id: ErasureId([byte; 16]), state: ErasureState::Erasing, ..sample::session(vec![step]) }
}

/// When it is looked at.
pub(crate) fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(2)
}

/// By which nothing of requests is told, unless it is long over.
pub(crate) fn request_limits() -> RequestLimits {
    let day = Span::from_secs(86_400);
    RequestLimits { warn_before: day, verify_within: day, four_eyes: true }
}

pub(crate) fn limits() -> Limits {
    Limits {
        calendar: crate::deadline::Calendar::late_after_s(60),
        warn_before: Span::from_secs(86_400),
        unknown_share_max: 0.05,
        requests: crate::attention::sample::request_limits(),
        remind_after: [(TargetName("legal".into()), Span::from_secs(60))].into(),
    }
}

/// Of all of it.
pub(crate) fn everything() -> Facts {
    // By the limits below, not late yet.
    let soon = now() - SignedDuration::from_secs(50);
    Facts {
        targets: vec![stopped("crm", true), stopped("erp", false)],
        limited: vec![limited("mailbox")],
        broken: [(TargetName("forward".into()), "no such file".into())].into(),
        not_reloaded: [(
            "web-1/4711".into(),
            NotReloaded {
                since: Timestamp::UNIX_EPOCH,
                reason: "quietus.toml, line 7: rule.1.erase: is needed".into(),
            },
        )]
        .into(),
        doubtful: [(TargetName("erp".into()), vec!["its sandbox reaches the level `files` only".into()])].into(),
        no_server: Some(NoServer { seen: Some(Timestamp::UNIX_EPOCH) }),
        parked_steps: vec![parked("crm"), parked("mluvii/acme")],
        tasks: vec![tasks("legal", 4)],
        requested: some(3),
        unconfirmed: some(2),
        incomplete: some(2),
        parked_work: some(2),
        quarantined: some(1),
        refused: vec![refused("acme", false), refused("acme", true), refused("", true)],
        damage: Some(Damage { since: Timestamp::UNIX_EPOCH, what: "a page is zero".into() }),
        long_log: Some(LongLog { bytes: 300 << 20, since: Some(Timestamp::UNIX_EPOCH) }),
        held_snapshot: Some(HeldSnapshot { transactions: 2_000_000, process: 4711 }),
        unwritable: Some("database or disk is full".into()),
        damaged_events: some(4),
        damaged_records: some(5),
        sessions: 100,
        unknown_consents: [("not_found", 5), ("not_understood", 1)].into(),
        foreign_sessions: 7,
        failed_keepers: vec![
            keeper(),
            archive(),
            seals(),
            state(),
            webhook(),
            reconcile(),
            FailedKeeper { keeper: "silent:acme".into(), reason: "3 sessions ended".into(), ..keeper() },
            FailedKeeper { keeper: "reappeared:acme".into(), reason: "one of them.".into(), ..keeper() },
            FailedKeeper { keeper: "recheck:crm/acme".into(), reason: "it is paused".into(), ..keeper() },
            alert(),
            ping(),
            confirmation(),
            set_back(),
        ],
        oldest_due: Some(Timestamp::UNIX_EPOCH),
        clock: Some(ClockDoubt {
            fault: ClockFault::Ahead,
            expected: Timestamp::UNIX_EPOCH,
            found: Timestamp::UNIX_EPOCH + SignedDuration::from_hours(9),
        }),
        named: Named {
            due: vec![(Timestamp::UNIX_EPOCH, "acme/7".into()), (soon, "e-10".into())],
            parked_work: vec!["acme/8".into(), "e-09".into()],
            incomplete: vec![4, 5],
        },
        behind: [("sessions", Timestamp::UNIX_EPOCH - SignedDuration::from_hours(22))].into(),
        waiting_rules: vec![WaitingRule {
            rule: "all".into(),
            version: "0123abcd".into(),
            since: Timestamp::UNIX_EPOCH,
            sessions: 10,
            would: 9,
            together: 10,
            mluvii: Some(InstallationName("acme".into())),
        }],
        waiting_past: vec![WaitingPast {
            job: 3,
            version: 7,
            mluvii: InstallationName("acme".into()),
            since: Some(Timestamp::UNIX_EPOCH),
            found: 15_120,
            would_erase: 12_403,
        }],
        requests: OpenRequests {
            soonest: vec![(date(1969, 12, 30), "acme/R-1".into()), (date(1970, 1, 2), "acme/R-2".into())],
            unverified: vec![OpenRequest { name: "R-3".into(), since: now() - SignedDuration::from_hours(30) }],
            planned: vec![OpenRequest { name: "R-4".into(), since: Timestamp::UNIX_EPOCH }],
            first: vec![request(1, ErasureId([5; 16])), request(2, ErasureId([6; 16]))],
        },
        erasures: [(ErasureId([5; 16]), paused(5)), (ErasureId([6; 16]), paused(6))].into(),
        holds: Default::default(),
        rechecks: vec![
            recheck("crm", RecheckOutcome::Residual),
            recheck("crm", RecheckOutcome::Unclear),
            recheck("mluvii", RecheckOutcome::Residual),
            recheck("mluvii", RecheckOutcome::Unclear),
        ],
        sweeps: vec![sweep("crm", false), sweep("erp", true)],
        paused: vec![(TargetName("erp".into()), Timestamp::UNIX_EPOCH - SignedDuration::from_hours(48))],
        endless_holds: vec![(HoldId([0xab; 6]), Timestamp::UNIX_EPOCH - SignedDuration::from_hours(24 * 181))],
        undeletable: [(
            "sessions",
            RefusedRecords { count: 2, since: Timestamp::UNIX_EPOCH, example: "acme/13".into() },
        )]
        .into(),
    }
}
