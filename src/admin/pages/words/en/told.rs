//! English.

use crate::admin::pages::words::told::{Told, plain, two};
use crate::attention::Code;

pub(in crate::admin::pages::words) fn told(code: Code) -> Told {
    match code {
        Code::TargetOut => plain(
            "The target {target} does not work. It is tried again {until}.",
            "It answered: {reason}. Fix it there; what waits for it is then done by itself.",
        ),
        Code::PluginBroken => plain(
            "The plugin {target} cannot work.",
            "It says: {reason}. Fix it. It is tried each minute, or at once when you load it anew.",
        ),
        Code::PluginDoubtful => plain("The plugin {target} works, with a reservation.", "It is this: {reason}."),
        Code::ServerAway => {
            plain("No server works on this ledger, so nothing is received or erased.", "Start one: quietus serve.")
        }
        Code::TargetLimited => plain(
            "The target {target} keeps answering that it wants fewer calls.",
            "Set a lower rate for it in the configuration.",
        ),
        Code::StepsParked => two(
            "{n} step at {target} has stopped and needs a person.",
            "{n} steps at {target} have stopped and need a person.",
            "See why in the erasures. Fix the cause, then retry them, or cancel what cannot be done.",
        ),
        Code::TasksOpen => two(
            "{n} task at {target} has been open for long.",
            "{n} tasks at {target} have been open for long.",
            "Remind whoever does them there. The officer confirms on the page of tasks what is done.",
        ),
        Code::TasksLate => two(
            "{n} task at {target} was not confirmed in time.",
            "{n} tasks at {target} were not confirmed in time.",
            "Find out whether it is done. The officer confirms that on the page of tasks; an erasure that is retried gives a new task.",
        ),
        Code::ApprovalWaiting => two(
            "{n} erasure waits for a person’s approval.",
            "{n} erasures wait for a person’s approval.",
            "An approver approves or rejects each of them.",
        ),
        Code::ConfirmationMissing => two(
            "For {n} erasure the link to confirm was not used in time, or its mail was refused.",
            "For {n} erasures the link to confirm was not used in time, or its mail was refused.",
            "Nothing has to be done. An approver may approve or reject them.",
        ),
        Code::ConfirmationUnsent => plain(
            "No mail with a link to confirm can be sent.",
            "The reason: {reason}. It is tried again by itself. Check the mail server in the configuration (confirmation.mail_server).",
        ),
        Code::ReceiptsIncomplete => two(
            "{n} receipt is incomplete, and nobody has acknowledged it.",
            "{n} receipts are incomplete, and nobody has acknowledged them.",
            "An officer looks at what was left, and acknowledges it on the same page.",
        ),
        Code::ConsentsUnknown => two(
            "Of {n} session of {sessions} the consent stayed unknown.",
            "Of {n} sessions of {sessions} the consent stayed unknown.",
            "See why on a terminal: quietus mluvii probe. Then correct mluvii.nulls in the configuration.",
        ),
        Code::WorkParked => two(
            "{n} event, session or erasure could not be worked on.",
            "{n} events, sessions or erasures could not be worked on.",
            "Fix what the server’s log says, then have it tried again.",
        ),
        Code::LedgerDamaged => plain(
            "The ledger is damaged. Nothing is received or erased.",
            "What is known: {reason}. Check it on a terminal (quietus ledger check), restore a backup, and restart the server.",
        ),
        Code::LogLong => two(
            "The ledger’s log is {n} MiB long and grows, as another program has the ledger open.",
            "The ledger’s log is {n} MiB long and grows, as another program has the ledger open.",
            "Find that program on the server (fuser -v or lsof on the ledger’s file) and end it. Do not delete the log: it holds what was acknowledged.",
        ),
        Code::SnapshotHeld => plain(
            "Another program’s transaction stays open in the ledger’s database, so nothing that is deleted is removed.",
            "Find process {process} in pg_stat_activity, and end it.",
        ),
        Code::LedgerUnwritable => plain(
            "The ledger takes nothing just now. Deliveries wait, and nothing is erased.",
            "The reason: {reason}. It goes on by itself once the ledger can be written.",
        ),
        Code::EventsDamaged => two(
            "{n} acknowledged event is damaged and cannot be decided on.",
            "{n} acknowledged events are damaged and cannot be decided on.",
            "Find in mluvii whom they are about. Then acknowledge it.",
        ),
        Code::RecordsDamaged => two(
            "{n} session or erasure is left alone, as a record of it is damaged and could name somebody else.",
            "{n} sessions or erasures are left alone, as records of them are damaged and could name somebody else.",
            "Restore a backup of the ledger. Whom they are about may be found in mluvii.",
        ),
        Code::DeliveriesUnreadable => two(
            "{n} delivery could not be read, or the ledger refused it.",
            "{n} deliveries could not be read, or the ledger refused them.",
            "Look at why. Read them again once that is mended, or drop what leads to nothing.",
        ),
        Code::DeliveriesRefused => two(
            "{n} delivery of source {source} was refused, {last}.",
            "{n} deliveries of source {source} were refused, the last {last}.",
            "If mluvii sent them, its credentials differ from those of the source: register the webhook again.",
        ),
        Code::PathsUnknown => two(
            "{n} delivery came to an address of no source, {last}.",
            "{n} deliveries came to addresses of no source, the last {last}.",
            "If mluvii sent them, compare the address of its webhook with the one on the page.",
        ),
        Code::Overdue => plain(
            "Something should have been erased by now, and its month is over.",
            "See in the late erasures what each waits for.",
        ),
        Code::SessionsForeign => two(
            "{n} session of a tenant that no source lists was forgotten.",
            "{n} sessions of tenants that no source lists were forgotten.",
            "Where they are yours, add the tenants to the source in the configuration.",
        ),
        Code::ClockDoubted => plain(
            "The server’s clock cannot be right: it should show {expected}, and showed {found}. Nothing is erased.",
            "Set it right. Where it is right, say so on a terminal: quietus clock accept.",
        ),
        Code::HeadNotKept => plain(
            "The number of the newest receipt could not be kept outside of the ledger ({keeper}).",
            "The reason: {reason}. Erasing goes on; until it is fixed, an older ledger could go unnoticed.",
        ),
        Code::StateBegunAnew => plain(
            "The machine {machine} knew nothing of this ledger in {path}, although it has receipts.",
            "See whether a mount is missing there; if so, put it back and restart the server. Otherwise acknowledge it.",
        ),
        Code::LedgerSetBack => plain(
            "The ledger was set back to an earlier state. Receipts wait.",
            "What is known: {reason}. Put the right ledger in place, or stop all servers and run quietus ledger accept.",
        ),
        Code::RetentionBehind => plain(
            "Not all records whose retention is over are deleted ({kind}).",
            "More come than can be deleted. Make retention.{kind} longer in the configuration, or the disk faster.",
        ),
        Code::RetentionRefused => two(
            "The ledger refuses to delete {n} record whose retention is over ({kind}).",
            "The ledger refuses to delete {n} records whose retention is over ({kind}).",
            "The server’s log says why. Remove the trigger or foreign key that is not of quietus; it is then tried again by itself.",
        ),
        Code::ArchiveFailed => plain(
            "Records could not be archived and stay in the ledger ({chain}). Nothing is lost.",
            "The reason: {reason}. Fix it, then on a terminal: quietus {chain} archive.",
        ),
        Code::SealKeysFailed => plain(
            "Seal keys cannot be made, read or destroyed, so an old copy of the ledger may still open.",
            "The reason: {reason}. See docs/keys.md.",
        ),
        Code::WebhookWrong => plain(
            "The webhook of source {source} is not in mluvii as it should be.",
            "What is known: {reason}. Register or correct it.",
        ),
        Code::ReconcileFailed => plain(
            "What has ended in mluvii {mluvii} could not be compared with the ledger, so sessions may be missing.",
            "The reason: {reason}. It is tried again by itself.",
        ),
        Code::SourceSilent => plain(
            "Nothing comes from source {source}, although sessions end there.",
            "What is known: {reason}. They are found by comparing, but late. Look at the webhook, and whether mluvii reaches the server’s address.",
        ),
        Code::SessionsReappeared => plain(
            "mluvii {mluvii} shows sessions again that were erased.",
            "What is known: {reason}. See the reopened erasures in the audit. What else was restored may hold them, too.",
        ),
        Code::AlertFailed => plain(
            "The alert {alert} does not reach everybody.",
            "The reason: {reason}. It is tried again. Test it on a terminal: quietus alerts test {alert}.",
        ),
        Code::PingFailed => plain(
            "The watching service could not be told that quietus works (watch.ping).",
            "The reason: {reason}. It is tried again by itself.",
        ),
        Code::DueSoon => plain(
            "Something that should be erased will be late {late}.",
            "See in the due erasures what each waits for.",
        ),
        Code::RuleWaiting => two(
            "The rule {rule} is new or changed. It would have erased {n} session of {sessions} of the last month.",
            "The rule {rule} is new or changed. It would have erased {n} sessions of {sessions} of the last month.",
            "Nothing of it begins until somebody has looked at it and confirms or rejects it.",
        ),
        Code::PastWaiting => two(
            "A comparison of the past waits: the rules would erase {n} session of {sessions} that nobody told us of.",
            "A comparison of the past waits: the rules would erase {n} sessions of {sessions} that nobody told us of.",
            "Nothing of it begins until somebody confirms it.",
        ),
        Code::RequestsLate => two(
            "{n} request was not answered in time. It was due {due}.",
            "{n} requests were not answered in time. The first was due {due}.",
            "See what they wait for. The officer deals with them.",
        ),
        Code::RequestsDueSoon => two(
            "{n} request has to be answered soon. It is due {due}.",
            "{n} requests have to be answered soon. The first is due {due}.",
            "See what they wait for. The officer deals with them.",
        ),
        Code::RequestsUnverified => two(
            "Of {n} request it has not been known for long whose it is.",
            "Of {n} requests it has not been known for long whose they are.",
            "The officer verifies who has sent them, or asks for more.",
        ),
        Code::RequestApprovalWaiting => two(
            "The plan of {n} request waits for somebody else’s approval.",
            "The plans of {n} requests wait for somebody else’s approval.",
            "An approver who has neither entered nor planned the request approves its plan.",
        ),
        Code::ReloadFailed => plain(
            "The server {server} works by its former configuration, as the new one cannot be taken.",
            "The reason: {reason}. Correct the file, then on a terminal: quietus reload.",
        ),
        Code::HoldOld => plain(
            "The hold {hold} is old and has no end.",
            "See whether it is still needed. Where not, the officer lifts it.",
        ),
        Code::TargetPaused => plain(
            "The target {target} has been paused for more than a day, and what waits for it goes on waiting.",
            "Have it called again once it may be.",
        ),
        Code::RecheckResidual => two(
            "What {n} erasure had erased at {target} since {erased_since} is there again.",
            "What {n} erasures had erased at {target} since {erased_since} is there again.",
            "Was a backup restored there? The requests are open again. Look at it after a restore and have it erased; for mluvii, on a terminal: quietus reconcile.",
        ),
        Code::RecheckUnclear => two(
            "Of {n} erasure since {erased_since} it cannot be told whether something is at {target} again.",
            "Of {n} erasures since {erased_since} it cannot be told whether something is at {target} again.",
            "Nothing is erased of it by itself. Look at it after a restore; for mluvii, at the erasures.",
        ),
        Code::RecheckLate => plain(
            "What was erased at {target} was to be looked at again, and could not be for days.",
            "The reason: {reason}. It is tried again by itself.",
        ),
        Code::SweepStuck => plain(
            "Looking again for everybody who was erased at {target} does not go on, or was given up.",
            "See how far it is. {reason}",
        ),
    }
}
