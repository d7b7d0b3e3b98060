//! What metrics show.

use jiff::{SignedDuration, Timestamp};

use super::fixtures::*;
use crate::deadline::Calendar;
use crate::erasure::{ErasureId, NewErasure, Outcome};
use crate::ledger::{DayCounts, Gauges, ProcessInfo, QueueGauge, Recorded, TargetState};
use crate::subject::SourceName;

/// In seconds: nothing of these is so old.
const NEVER_LATE: u64 = 24 * 3_600;

async fn gauges(ledger: &Shared, late_after_s: u64) -> Gauges {
    let queues = [steps_at("crm"), steps_at("mailbox"), to_resolve(), to_decide()];
    ledger.gauges(&queues, &Calendar::late_after_s(late_after_s)).await.expect("read")
}

pub(crate) async fn an_empty_ledger_shows_nothing(ledger: Shared) {
    let Gauges { erasures, late, oldest_due, queues, inbox, verdicts, head, .. } = gauges(&ledger, NEVER_LATE).await;
    assert_eq!(queues, [QueueGauge::default(); 4]);
    assert_eq!((late, oldest_due, inbox, head), (0, None, QueueGauge::default(), 0));
    assert!(erasures.values().chain(verdicts.values()).all(|count| *count == 0));
    assert_eq!((erasures.len(), verdicts.len()), (7, 3), "what is not there is 0, and not missing");
}

pub(crate) async fn each_queue_shows_what_is_due_taken_waiting_and_parked(ledger: Shared) {
    begun(&ledger, 1, &["crm", "mailbox"]).await;
    begun(&ledger, 2, &["crm"]).await;
    let [crm, mailbox, resolve, _] = gauges(&ledger, NEVER_LATE).await.queues.try_into().expect("four");
    assert_eq!((crm.due, crm.working, crm.waiting, crm.parked), (2, 0, 0, 0));
    assert!(crm.oldest.is_some());
    assert_eq!((mailbox.due, resolve), (1, QueueGauge::default()));

    let mut claims = claim(&ledger, &steps_at("crm")).await;
    let held = claims.pop().expect("two claims");
    let parked = claims.pop().expect("two claims");
    let _ = ledger.park(parked, Outcome::Parked, "403").await.expect("parked");
    ledger.request(erasure_of(person(3), &["crm"], in_hours(5)), &by()).await.expect("requested");
    let [crm, _, resolve, _] = gauges(&ledger, NEVER_LATE).await.queues.try_into().expect("four");
    assert_eq!(crm, QueueGauge { working: 1, parked: 1, ..QueueGauge::default() });
    assert_eq!(resolve, QueueGauge { waiting: 1, ..QueueGauge::default() });
    drop(held);

    assert_eq!(ledger.record(event(9, 1)).await.expect("recorded"), Recorded::New);
    let gauges = gauges(&ledger, NEVER_LATE).await;
    // Whether it stands in its queue already or not.
    assert_eq!(gauges.inbox.due + gauges.queues[3].due, 1);
    assert!(gauges.inbox.oldest.or(gauges.queues[3].oldest).is_some());
}

pub(crate) async fn what_is_late_or_needs_a_person_is_shown(ledger: Shared) {
    begun(&ledger, 1, &["crm"]).await;
    let waits = NewErasure { approve: true, ..erasure_of(person(5), &["crm"], in_hours(-1)) };
    ledger.request(waits, &by()).await.expect("requested");
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let late = gauges(&ledger, 0).await;
    assert_eq!(late.late, 1, "what waits for an approval is not late");
    assert_eq!(gauges(&ledger, NEVER_LATE).await.late, 0);
    assert!(late.oldest_due.is_some_and(|since| since <= late.now));
    assert_eq!((late.erasures["erasing"], late.erasures["requested"]), (1, 1));

    step_end(&ledger, "crm", ends(Outcome::Unverifiable)).await;
    close(&ledger).await;
    put_out(&ledger, "crm").await;
    ledger.quarantine(unreadable()).await.expect("put aside");
    let info = ProcessInfo { version: "1".into(), place: "web-1/7".into(), targets: vec![target("crm")] };
    ledger.register(&info).await.expect("registered");
    let shown = gauges(&ledger, NEVER_LATE).await;
    assert_eq!((shown.verdicts["incomplete"], shown.incomplete, shown.head), (1, 1, 1));
    assert_eq!((shown.quarantined, shown.oldest_quarantined.is_some()), (1, true));
    assert!(matches!(&shown.targets[..], [out] if matches!(out.state, TargetState::Open { needs_person: true, .. })));
    assert_eq!(shown.processes.len(), 1);
    assert!(shown.size.bytes.is_some_and(|bytes| bytes > 0));
    assert_eq!(shown.sessions, ledger.counts().await.expect("read").sessions);
}

pub(crate) async fn what_was_done_on_days_is_counted_by_the_day(ledger: Shared) {
    let now = ledger.clock().await.expect("read").now;
    // Wherever in a day this is, the last two days are before it, and the hour that it is in begins in it.
    let hour = SignedDuration::from_hours(1);
    let begin = |hours: i32| now - hour * 2 - hour * hours;
    let bounds: [Timestamp; 4] = [begin(48), begin(24), begin(0), now + hour];
    let empty = ledger.days(&bounds).await.expect("read");
    assert_eq!((empty.days, empty.open), (vec![DayCounts::default(); 3], 0));

    // One that is done, one that is incomplete, one that is cancelled, one that is open.
    let demanded_now = |erasure| NewErasure { id: ErasureId::generate(now), ..erasure };
    for (id, outcome) in [(1, Outcome::Retained), (2, Outcome::Unverifiable)] {
        ledger.request(demanded_now(due_erasure(id, &["crm"])), &by()).await.expect("requested");
        resolve(&ledger, vec![reached(id)]).await;
        step_end(&ledger, "crm", ends(outcome)).await;
        close(&ledger).await;
    }
    let waits = |number| {
        let erasure = erasure_of(person(number), &["crm"], in_hours(-1));
        demanded_now(NewErasure { approve: true, ..erasure })
    };
    let rejected = ledger.request(waits(3), &by()).await.expect("requested");
    assert!(ledger.reject_erasure(rejected, &by()).await.expect("rejected"));
    ledger.request(waits(4), &by()).await.expect("requested");
    let other = SourceName("other".into());
    ledger.delivered(&[taken(source(), 2), taken(other, 1)]).await.expect("noted");
    ledger.delivered(&[taken(source(), 4)]).await.expect("noted");

    let shown = ledger.days(&bounds).await.expect("read");
    let today = DayCounts { deliveries: 7, created: 4, ended: 3, incomplete: 1, without_receipt: 1 };
    assert_eq!((&shown.days[..], shown.open), (&[DayCounts::default(), DayCounts::default(), today][..], 1));
    assert_eq!(shown.open_at_ends(), [Some(0), Some(0), Some(1)]);
    // A day ends where the next one begins, and nothing is counted twice.
    let other = ledger.days(&[begin(0), now + hour, now + hour * 2]).await.expect("read");
    assert_eq!(other.days, [today, DayCounts::default()]);
    assert_eq!(ledger.days(&[]).await.expect("read").days, []);
}
