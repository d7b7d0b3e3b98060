//! What needs a person, in words: a sentence for each code, with the command that helps.

mod delay;

pub(crate) use delay::{delay_brief, delay_words};

use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::Value;

use super::about::Why;
use super::shell::quoted;
use super::sweeps;
use super::{Attention, ClockFault, Code, Severity};
use crate::subject::TargetName;

/// A time as it is shown: UTC, whole seconds.
pub(crate) fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How many days are left until the end of a last day, or by how many it is over.
pub(crate) fn days_left_words(left: i32) -> String {
    let count = left.unsigned_abs();
    let days = if count == 1 { "day" } else { "days" };
    let what = if left < 0 { "late" } else { "left" };
    format!("{count} {days} {what}")
}

/// How many days are left of what is told, where that is known.
fn days_told(found: &Attention) -> Option<i32> {
    i32::try_from(found.parameters.get("days_left")?.as_i64()?).ok()
}

/// The same in parentheses.
fn in_days(found: &Attention) -> String {
    days_told(found).map(|left| format!(" ({})", days_left_words(left))).unwrap_or_default()
}

/// What goes with a number: one, or more.
fn of(count: u64, one: &'static str, more: &'static str) -> &'static str {
    if count == 1 { one } else { more }
}

fn rule_waiting(found: &Attention) -> String {
    let text = |name| found.parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name| found.parameters.get(name).and_then(Value::as_u64).unwrap_or_default();
    let (rule, version, would, together) = (text("rule"), text("version"), number("would"), number("together"));
    let of = if text("mluvii").is_empty() { String::new() } else { format!(" at mluvii {}", text("mluvii")) };
    let others = if together > would {
        format!(" ({together} with the other rules that are new or wait)")
    } else {
        String::new()
    };
    format!(
        "the rule `{rule}` is new or changed, and would have erased {would} of the {} sessions of the last month{of}{others}; nothing of it \
         begins: look (`quietus rules try`), then `quietus rules confirm {} --version {version}`, or `quietus rules reject` with the same words",
        number("sessions"),
        quoted(rule)
    )
}

/// What needs a person, and what to do about it.
pub(crate) fn sentence(found: &Attention) -> String {
    let text = |name| found.parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name| found.parameters.get(name).and_then(Value::as_u64).unwrap_or_default();
    let target = text("target");
    let reason = text("reason");
    let count = number("count");
    match found.code {
        Code::TargetOut => {
            let out = format!("target {target} is out, and is tried again from {} on: {reason}", text("until"));
            if found.severity < Severity::Urgent {
                return out;
            }
            let again = if is_mluvii(target) { "--undecided" } else { text("erasure") };
            // Where nothing waits for it, nothing can be retried.
            if again.is_empty() {
                format!("{out}; fix it")
            } else {
                format!("{out}; fix it, or have it tried at once by `quietus erasures retry {again}`")
            }
        }
        Code::PluginBroken => {
            format!(
                "plugin {target} cannot work: {reason}; fix it, it is tried each minute, or: quietus plugin reload {target}"
            )
        }
        Code::PluginDoubtful => format!("plugin {target} works, but: {reason}"),
        Code::ServerAway => {
            let since = found.since.map(|seen| format!("; one was heard of last at {}", time(seen)));
            let since = since.unwrap_or_default();
            format!("no server works on this ledger, so that nothing is received or erased{since}: quietus serve")
        }
        Code::StepsParked => {
            let list = match target.split_once('/') {
                Some((target, installation)) => format!("--target {target} --source {installation}"),
                None => format!("--target {target}"),
            };
            let erasure = text("erasure");
            format!(
                "{count} parked at {target}: quietus erasures list --state parked {list}, then retry or cancel each, such \
                 as {erasure}"
            )
        }
        Code::TasksOpen => {
            let since = found.since.map(time).unwrap_or_default();
            format!(
                "{count} {} at {target} {} open, the oldest since {since}: quietus tasks list --target {target}, then quietus \
                 tasks done ID once it is done",
                of(count, "task", "tasks"),
                of(count, "is", "are")
            )
        }
        Code::TasksLate => format!(
            "{count} {} at {target} {} not confirmed in time: quietus tasks list --target {target}, then quietus tasks done ID; \
             or ask once more, or give up, by quietus erasures retry or cancel, such as {}",
            of(count, "task", "tasks"),
            of(count, "was", "were"),
            text("erasure")
        ),
        Code::ApprovalWaiting => format!(
            "{count} {} for a person's approval: quietus erasures list --state requested, then approve ID or \
             reject ID",
            of(count, "erasure waits", "erasures wait")
        ),
        Code::ConfirmationMissing => format!(
            "{count} {} for a link that was not used in time, or whose mail was refused; nothing needs to be done, and a person \
             can approve or reject each: quietus erasures list --state requested",
            of(count, "erasure waits", "erasures wait")
        ),
        Code::ConfirmationUnsent => format!(
            "no mail with a link to confirm can be sent: {reason}; it is tried again by itself; see `confirmation.mail_server`, and \
             `quietus check --connect`"
        ),
        Code::ReceiptsIncomplete => format!(
            "{count} {} incomplete{}: quietus receipts list --verdict incomplete, then quietus receipts acknowledge",
            of(count, "receipt is", "receipts are"),
            named(found, count)
        ),
        Code::ConsentsUnknown => {
            let causes = found.parameters.keys().filter(|name| !["count", "sessions"].contains(name));
            let causes = causes.map(|cause| (*cause, number(cause)));
            format!("the consent of {}", unknown(count, number("sessions"), causes))
        }
        Code::WorkParked => {
            let them = named(found, count);
            format!(
                "{count} {} could not be worked on{them}: quietus erasures retry --undecided",
                of(count, "event, session or erasure", "events, sessions or erasures")
            )
        }
        Code::LedgerDamaged => format!(
            "the ledger is damaged, and nothing is received or erased: {reason}; see `quietus ledger check`, then restore a backup and restart \
             the server"
        ),
        Code::LedgerUnwritable => format!(
            "the ledger takes nothing, so that deliveries are answered 503 or wait in quarantine, and nothing is erased: {reason}; it goes on by itself \
             once it can be written"
        ),
        Code::LogLong => {
            let since = found.since.map(|since| format!(" since {}", time(since))).unwrap_or_default();
            let mib = number("bytes") >> 20;
            format!(
                "the ledger's log (`-wal`) is {mib} MiB long and grows{since}, as another program has the ledger open and reads it, \
                 such as a backup or a `sqlite3` shell: find it by `fuser -v` or `lsof` on the ledger's file, and end it; the \
                 log then shrinks by itself. Do not delete it: it holds what was acknowledged"
            )
        }
        Code::SnapshotHeld => {
            let (process, transactions) = (number("process"), number("transactions"));
            format!(
                "another program's transaction is open in the ledger's database since {transactions} transactions, so that nothing that is \
                 deleted is removed and tables grow: see SELECT * FROM pg_stat_activity WHERE pid = {process}, and end it"
            )
        }
        Code::EventsDamaged => format!(
            "{count} acknowledged {} damaged and cannot be decided on: whom {} about has to be found at mluvii; \
             then `quietus attention acknowledge events_damaged`",
            of(count, "event is", "events are"),
            of(count, "it is", "they are")
        ),
        Code::RecordsDamaged => format!(
            "{count} {} not acted on, as a record of {} is damaged and could name somebody else: \
             restore a backup; whom {} about may be found at mluvii",
            of(count, "session or erasure is", "sessions or erasures are"),
            of(count, "it", "theirs"),
            of(count, "it is", "they are")
        ),
        Code::DeliveriesUnreadable => {
            let what = of(
                count,
                "delivery could not be read, or the ledger refused it",
                "deliveries could not be read, or the ledger refused them",
            );
            format!("{count} {what}: quietus quarantine list")
        }
        Code::Overdue => {
            let since = found.since.map(time).unwrap_or_default();
            let (them, why) = (named(found, 0), why(found));
            let late = days_told(found).filter(|left| *left < 0);
            let late = late.map(|left| format!(", {}", days_left_words(left))).unwrap_or_default();
            format!(
                "something is due since {since}, and its month is over{late}{them}{why}: quietus erasures list --due-before {}",
                text("before")
            )
        }
        Code::TargetLimited => {
            let since = found.since.map(time).unwrap_or_default();
            format!(
                "target {target} has answered some or all of what it is asked with nothing but that it wants fewer calls since {since}; see its rate"
            )
        }
        Code::DeliveriesRefused => {
            let (source, last) = (text("source"), text("last"));
            format!(
                "{count} {} of source {source} {} refused, the last at {last}; if mluvii's, see its `auth`, and why in the log",
                of(count, "delivery", "deliveries"),
                of(count, "was", "were")
            )
        }
        Code::PathsUnknown => {
            let last = text("last");
            let nearest = match text("nearest") {
                "" => String::new(),
                nearest => format!(" but most like that of source {nearest}"),
            };
            format!(
                "{count} {} to paths of no source{nearest}, the last at {last}; if mluvii's, see its URL",
                of(count, "request came", "requests came")
            )
        }
        Code::ClockDoubted => {
            let fault = clock_fault(text("fault"), text("expected"), text("found"));
            format!("{fault}: {DOUBTED_CLOCK}")
        }
        Code::SessionsForeign => {
            let what = of(
                count,
                "session of a tenant that no source lists was",
                "sessions of tenants that no source lists were",
            );
            format!("{count} {what} forgotten; see `tenants` of the sources")
        }
        Code::RetentionBehind => {
            let kind = text("kind");
            let since = found.since.map(time).unwrap_or_default();
            format!(
                "since {since}, not all {kind} are deleted whose retention is over: more come than can be deleted; make \
                 retention.{kind} longer, or the disk faster"
            )
        }
        Code::RetentionRefused => format!(
            "the ledger refuses to delete {count} {} whose retention is over, such as {}: the server's log says why (a trigger \
             or a foreign key that is not of quietus); remove that, they are tried again with the next round",
            text("kind"),
            text("example")
        ),
        Code::LedgerSetBack => format!(
            "the ledger was set back: {reason}; receipts wait: put the right one in place, or stop all servers and run \
             `quietus ledger accept`"
        ),
        Code::ArchiveFailed => format!(
            "the {} could not be archived and stay in the ledger, nothing is lost: {reason}; then `quietus {} archive`",
            if text("chain") == "audit" { "rows of the audit" } else { "receipts" },
            text("chain")
        ),
        Code::SealKeysFailed => format!(
            "seal keys cannot be made, read or destroyed, so what was erased may still be read in an old copy of the ledger, with them: \
             {reason}; see docs/keys.md"
        ),
        Code::RuleWaiting => rule_waiting(found),
        Code::TargetPaused => {
            let target = text("target");
            format!(
                "{target} is paused for more than a day, and what waits for it goes on waiting: quietus targets resume {target}"
            )
        }
        Code::HoldOld => {
            let hold = text("hold");
            format!(
                "the hold {hold} has no end and is old: look whether it is still needed (`quietus holds show {hold}`), or lift it"
            )
        }
        Code::PastWaiting => {
            let (mluvii, job, would, sessions) = (text("mluvii"), number("job"), number("would"), number("sessions"));
            format!(
                "job {job}: the rules would erase {would} of {sessions} sessions of the past of mluvii {mluvii} that nobody told us of, and \
                 nothing of it begins: look (`quietus reconcile status {job}`), then confirm it as that says, or `quietus reconcile cancel {job}`"
            )
        }
        Code::StateBegunAnew => format!(
            "on {}, nothing was known of this ledger in {} although {reason}, and it was begun anew: look whether a mount is missing \
             there, and if so put it back and restart the server; where the machine is new, or you know why: quietus attention \
             acknowledge {} {}",
            text("machine"),
            text("path"),
            found.code.as_str(),
            found.object
        ),
        Code::ReloadFailed => format!(
            "the server {} works by the configuration that it had, as the one in its file is not taken: {reason}; then `quietus reload`",
            text("server")
        ),
        Code::ReconcileFailed => format!(
            "what has ended at mluvii {} could not be compared with the ledger, so that sessions may be missing: {reason}; it is tried again by \
             itself",
            text("mluvii")
        ),
        Code::AlertFailed => format!(
            "the alert {0} does not reach all: {reason}; it is tried again; see `quietus alerts test {0}`",
            text("alert")
        ),
        Code::PingFailed => {
            format!("`watch.ping` could not be told that quietus works: {reason}; it is tried again")
        }
        Code::DueSoon => {
            let since = found.since.map(time).unwrap_or_default();
            let late = text("late").parse().map(time).unwrap_or_default();
            let (them, why) = (named(found, 0), why(found));
            let left = in_days(found);
            format!(
                "something is due since {since} and will be late from {late} on{left}, as its month ends{them}{why}: quietus status"
            )
        }
        Code::RequestsLate => {
            let (them, why) = (named(found, 0), why(found));
            let late = in_days(found);
            format!(
                "{count} {} not answered in time, the first was to be until {}{late}{them}{why}: quietus requests list",
                of(count, "request of a person is", "requests of persons are"),
                text("due")
            )
        }
        Code::RequestsDueSoon => {
            let left = in_days(found);
            let (them, why) = (named(found, 0), why(found));
            format!(
                "{count} {} to be answered soon, the first until {}{left}{them}{why}: quietus requests list",
                of(count, "request of a person has", "requests of persons have"),
                text("due")
            )
        }
        Code::RequestsUnverified => {
            let since = found.since.map(time).unwrap_or_default();
            let them = named(found, 0);
            format!(
                "of {count} {}, of the first since {since}{them}: quietus requests verify",
                of(
                    count,
                    "request of a person it is not known whose it is",
                    "requests of persons it is not known whose they are"
                )
            )
        }
        Code::RequestApprovalWaiting => {
            let them = named(found, 0);
            format!(
                "{} for the approval of somebody else{them}: quietus requests show, then \
                 `quietus requests approve`",
                if count == 1 {
                    "the plan of 1 request of a person waits".to_owned()
                } else {
                    format!("the plans of {count} requests of persons wait")
                }
            )
        }
        Code::RecheckResidual if is_mluvii(target) => format!(
            "mluvii {} shows sessions again that {count} {} had erased since {}, and their requests are open once more: quietus reconcile",
            text("mluvii"),
            of(count, "erasure", "erasures"),
            text("erased_since")
        ),
        Code::RecheckResidual => format!(
            "{count} {} erased at {target} {} there again, and their requests are open once more: was a backup restored? Look, and \
             have them erased again: {}",
            of(count, "person who was", "people who were"),
            of(count, "is", "are"),
            erase_again(found)
        ),
        Code::RecheckUnclear if is_mluvii(target) => format!(
            "of {count} {} since {} it could not be told whether mluvii {} shows their sessions again: quietus erasures show has why",
            of(count, "erasure", "erasures"),
            text("erased_since"),
            text("mluvii")
        ),
        Code::RecheckUnclear => format!(
            "of {count} {} erased at {target} something may be there again, may be there rightly, or is held; nothing is erased of \
             them, a person has to look: {}",
            of(count, "person who was", "people who were"),
            erase_again(found)
        ),
        Code::RecheckLate => format!(
            "what was erased at {target} was to be looked at again, and could not be: {reason}; it is tried again by itself, and nothing is \
             taken for gone before"
        ),
        Code::SweepStuck => sweeps::sentence(found),
        Code::SourceSilent => format!(
            "nothing comes from source {}: {reason}; they are found and decided on, but late: see `quietus webhook status`, and whether \
             deliveries reach server.public_url",
            text("source")
        ),
        Code::SessionsReappeared => format!(
            "mluvii {} shows erased sessions again: {reason} See `quietus audit list --act erasure.reopen`; what else was restored may hold \
             them, too",
            text("mluvii")
        ),
        Code::WebhookWrong => {
            let source = text("source");
            format!(
                "the webhook of source {source}: {reason}; see `quietus webhook status`, and `quietus webhook register {source}`"
            )
        }
        Code::HeadNotKept => {
            let keeper = text("keeper");
            format!(
                "{keeper} does not keep the newest receipt's number, so a ledger that is cut or older may go unnoticed: \
                 {reason}; erasing goes on"
            )
        }
    }
}

/// The command that looks whom a target holds again.
fn erase_again(found: &Attention) -> String {
    let text = |name| found.parameters.get(name).and_then(Value::as_str).unwrap_or_default();
    let mluvii = if text("mluvii").is_empty() { String::new() } else { format!(" --mluvii {}", text("mluvii")) };
    format!("quietus erase-again --target {}{mluvii} --since {}", text("target"), text("erased_since"))
}

/// So many are named in a sentence.
const NAMED: usize = 3;

/// A few of `count` by their ids, in parentheses, and how many more there are; all that are known stand in the parameters.
fn named(found: &Attention, count: u64) -> String {
    let Some(Value::Array(ids)) = found.parameters.get("ids") else { return String::new() };
    let id = |id: &Value| id.as_str().map_or_else(|| id.to_string(), str::to_owned);
    let shown = ids.iter().take(NAMED).map(id).collect::<Vec<_>>().join(", ");
    let more = count.max(ids.len() as u64).saturating_sub(NAMED as u64);
    if more > 0 { format!(" ({shown} and {more} more: quietus attention list --json)") } else { format!(" ({shown})") }
}

/// What a few of them wait for.
fn why(found: &Attention) -> String {
    let read = |one: &Value| Why::deserialize(one).ok();
    let all = found.parameters.get("why").and_then(Value::as_array);
    let said = all.into_iter().flatten().filter_map(read).take(NAMED).map(|Why { of, waits_for }| {
        let waits: Vec<_> = waits_for.iter().map(delay_brief).collect();
        format!("; {of} waits for {}", waits.join(" and "))
    });
    said.collect()
}

/// What a doubted clock means, and what helps.
pub(crate) const DOUBTED_CLOCK: &str =
    "nothing is erased; set it right, or, if it is right now, `quietus clock accept`";

/// What is wrong with a clock: the name of its fault, what it was to show, and what it showed.
pub(crate) fn clock_fault(fault: &str, expected: &str, found: &str) -> String {
    if fault == ClockFault::Ahead.as_str() {
        return format!("the clock jumped from {expected} to {found}");
    }
    format!("the clock stood at {found}, and had shown {expected} before")
}

/// Of how many sessions nobody knows the consent, and why.
pub(crate) fn unknown(count: u64, sessions: u64, causes: impl Iterator<Item = (&'static str, u64)>) -> String {
    let words = |cause| match cause {
        "not_found" => "mluvii answers 404 for them",
        "not_understood" => {
            "mluvii's answers about them are not understood; see `mluvii.nulls` and `quietus mluvii probe`"
        }
        other => other,
    };
    let some = causes.filter(|(_, count)| *count > 0);
    let causes = some.map(|(cause, count)| format!("{count}: {}", words(cause))).collect::<Vec<_>>().join("; ");
    format!("{count} of {sessions} sessions stayed unknown ({causes})")
}

/// Whether a target is mluvii, whatever the installation: no plugin has a `/` in its name.
fn is_mluvii(target: &str) -> bool {
    target.split('/').next() == Some(TargetName::MLUVII)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{everything, limits, now, some, stopped};
    use super::super::{Facts, Named, attention};
    use super::*;

    fn sentences(facts: &Facts) -> String {
        let all = attention(facts, &[], &limits(), now());
        all.iter().map(sentence).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn everything_is_told_with_the_command_that_helps() {
        let all = attention(&everything(), &[], &limits(), now());
        for code in Code::ALL {
            assert!(all.iter().any(|found| found.code == code), "nothing is told of {}", code.as_str());
        }
        insta::assert_snapshot!(sentences(&everything()), @"
        the clock jumped from 1970-01-01T00:00:00Z to 1970-01-01T09:00:00Z: nothing is erased; set it right, or, if it is right now, `quietus clock accept`
        4 acknowledged events are damaged and cannot be decided on: whom they are about has to be found at mluvii; then `quietus attention acknowledge events_damaged`
        the ledger is damaged, and nothing is received or erased: a page is zero; see `quietus ledger check`, then restore a backup and restart the server
        the ledger was set back: it ends at receipt 7; receipts wait: put the right one in place, or stop all servers and run `quietus ledger accept`
        something is due since 1970-01-01T00:00:00Z, and its month is over (acme/7): quietus erasures list --due-before 1970-01-01T01:59:00Z
        2 people who were erased at crm are there again, and their requests are open once more: was a backup restored? Look, and have them erased again: quietus erase-again --target crm --mluvii acme --since 1969-12-01
        mluvii acme shows sessions again that 2 erasures had erased since 1969-12-01, and their requests are open once more: quietus reconcile
        5 sessions or erasures are not acted on, as a record of theirs is damaged and could name somebody else: restore a backup; whom they are about may be found at mluvii
        1 request of a person is not answered in time, the first was to be until 1969-12-30 (2 days late) (acme/R-1); acme/R-1 waits for erp, which is paused: quietus requests list
        target crm is out, and is tried again from 1970-01-01T00:00:00Z on: the token was refused; fix it, or have it tried at once by `quietus erasures retry e-08080808080808080808080808080808`
        the alert ops does not reach all: no connection; it is tried again; see `quietus alerts test ops`
        3 erasures wait for a person's approval: quietus erasures list --state requested, then approve ID or reject ID
        the receipts could not be archived and stay in the ledger, nothing is lost: the disk is full; then `quietus receipts archive`
        no mail with a link to confirm can be sent: the mail server answers 535: refused; it is tried again by itself; see `confirmation.mail_server`, and `quietus check --connect`
        the consent of 6 of 100 sessions stayed unknown (5: mluvii answers 404 for them; 1: mluvii's answers about them are not understood; see `mluvii.nulls` and `quietus mluvii probe`)
        1 delivery could not be read, or the ledger refused it: quietus quarantine list
        something is due since 1970-01-01T01:59:10Z and will be late from 1970-01-01T02:00:10Z on (0 days left), as its month ends (e-10): quietus status
        witness vault does not keep the newest receipt's number, so a ledger that is cut or older may go unnoticed: exit status: 1; erasing goes on
        the ledger takes nothing, so that deliveries are answered 503 or wait in quarantine, and nothing is erased: database or disk is full; it goes on by itself once it can be written
        the ledger's log (`-wal`) is 300 MiB long and grows since 1970-01-01T00:00:00Z, as another program has the ledger open and reads it, such as a backup or a `sqlite3` shell: find it by `fuser -v` or `lsof` on the ledger's file, and end it; the log then shrinks by itself. Do not delete it: it holds what was acknowledged
        job 3: the rules would erase 12403 of 15120 sessions of the past of mluvii acme that nobody told us of, and nothing of it begins: look (`quietus reconcile status 3`), then confirm it as that says, or `quietus reconcile cancel 3`
        `watch.ping` could not be told that quietus works: 503; it is tried again
        plugin forward cannot work: no such file; fix it, it is tried each minute, or: quietus plugin reload forward
        2 receipts are incomplete (4, 5): quietus receipts list --verdict incomplete, then quietus receipts acknowledge
        what was erased at crm/acme was to be looked at again, and could not be: it is paused; it is tried again by itself, and nothing is taken for gone before
        what has ended at mluvii acme could not be compared with the ledger, so that sessions may be missing: 403; it is tried again by itself
        the server web-1/4711 works by the configuration that it had, as the one in its file is not taken: quietus.toml, line 7: rule.1.erase: is needed; then `quietus reload`
        the plan of 1 request of a person waits for the approval of somebody else (R-4): quietus requests show, then `quietus requests approve`
        1 request of a person has to be answered soon, the first until 1970-01-02 (1 day left) (acme/R-2); acme/R-2 waits for erp, which is paused: quietus requests list
        of 1 request of a person it is not known whose it is, of the first since 1969-12-30T20:00:00Z (R-3): quietus requests verify
        since 1969-12-31T02:00:00Z, not all sessions are deleted whose retention is over: more come than can be deleted; make retention.sessions longer, or the disk faster
        the ledger refuses to delete 2 sessions whose retention is over, such as acme/13: the server's log says why (a trigger or a foreign key that is not of quietus); remove that, they are tried again with the next round
        the rule `all` is new or changed, and would have erased 9 of the 10 sessions of the last month at mluvii acme (10 with the other rules that are new or wait); nothing of it begins: look (`quietus rules try`), then `quietus rules confirm 'all' --version 0123abcd`, or `quietus rules reject` with the same words
        seal keys cannot be made, read or destroyed, so what was erased may still be read in an old copy of the ledger, with them: permission denied; see docs/keys.md
        no server works on this ledger, so that nothing is received or erased; one was heard of last at 1970-01-01T00:00:00Z: quietus serve
        mluvii acme shows erased sessions again: one of them. See `quietus audit list --act erasure.reopen`; what else was restored may hold them, too
        another program's transaction is open in the ledger's database since 2000000 transactions, so that nothing that is deleted is removed and tables grow: see SELECT * FROM pg_stat_activity WHERE pid = 4711, and end it
        nothing comes from source acme: 3 sessions ended; they are found and decided on, but late: see `quietus webhook status`, and whether deliveries reach server.public_url
        on web1, nothing was known of this ledger in /var/s/ledger.json although receipt 9 was there, and it was begun anew: look whether a mount is missing there, and if so put it back and restart the server; where the machine is new, or you know why: quietus attention acknowledge state_begun_anew keeper:web1:/var/s/ledger.json
        2 parked at crm: quietus erasures list --state parked --target crm, then retry or cancel each, such as e-07070707070707070707070707070707
        2 parked at mluvii/acme: quietus erasures list --state parked --target mluvii --source acme, then retry or cancel each, such as e-07070707070707070707070707070707
        the sweep of `quietus erase-again` at crm does not go on: it is out; a server tries it again, or end it by `quietus erase-again cancel --target crm --mluvii acme`
        the sweep of `quietus erase-again` at erp was given up: it is out; who is there again may not all have been found: see `quietus erase-again status`, and run the command anew
        target mailbox has answered some or all of what it is asked with nothing but that it wants fewer calls since 1970-01-01T00:00:00Z; see its rate
        erp is paused for more than a day, and what waits for it goes on waiting: quietus targets resume erp
        4 tasks at legal were not confirmed in time: quietus tasks list --target legal, then quietus tasks done ID; or ask once more, or give up, by quietus erasures retry or cancel, such as e-09090909090909090909090909090909
        3 tasks at legal are open, the oldest since 1970-01-01T00:00:00Z: quietus tasks list --target legal, then quietus tasks done ID once it is done
        the webhook of source acme: mluvii does not have it; see `quietus webhook status`, and `quietus webhook register acme`
        2 events, sessions or erasures could not be worked on (acme/8, e-09): quietus erasures retry --undecided
        2 erasures wait for a link that was not used in time, or whose mail was refused; nothing needs to be done, and a person can approve or reject each: quietus erasures list --state requested
        9 deliveries of source acme were refused, the last at 1970-01-01T00:00:00Z; if mluvii's, see its `auth`, and why in the log
        the hold h-abababababab has no end and is old: look whether it is still needed (`quietus holds show h-abababababab`), or lift it
        9 requests came to paths of no source but most like that of source acme, the last at 1970-01-01T00:00:00Z; if mluvii's, see its URL
        9 requests came to paths of no source, the last at 1970-01-01T00:00:00Z; if mluvii's, see its URL
        plugin erp works, but: its sandbox reaches the level `files` only
        of 2 people who were erased at crm something may be there again, may be there rightly, or is held; nothing is erased of them, a person has to look: quietus erase-again --target crm --mluvii acme --since 1969-12-01
        of 2 erasures since 1969-12-01 it could not be told whether mluvii acme shows their sessions again: quietus erasures show has why
        7 sessions of tenants that no source lists were forgotten; see `tenants` of the sources
        target erp is out, and is tried again from 1970-01-01T00:00:00Z on: the token was refused
        ");
    }

    #[test]
    fn a_few_of_many_are_named_and_the_others_counted() {
        let parked_work = (1..=5).map(|id| format!("acme/{id}")).collect();
        let named = Named { parked_work, ..Named::default() };
        let said = sentences(&Facts { parked_work: some(9), named, ..Facts::default() });
        assert!(said.contains("(acme/1, acme/2, acme/3 and 6 more: quietus attention list --json)"), "{said}");
    }

    #[test]
    fn a_parked_mluvii_of_any_installation_is_retried_with_what_is_undecided() {
        for name in ["mluvii", "mluvii/acme"] {
            let facts = Facts { targets: vec![stopped(name, true)], ..Facts::default() };
            assert!(sentences(&facts).ends_with("`quietus erasures retry --undecided`"), "{name}");
        }
    }
}
