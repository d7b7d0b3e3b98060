//! What needs a person, in words: a sentence for each code, with the command that helps.

use super::out::time;
use crate::operations::status::{Need, UnknownConsents};
use crate::subject::TargetName;

/// What needs a person, and what to do about it.
pub(super) fn sentence(need: &Need) -> String {
    match need {
        Need::TargetParked { target, reason } => {
            // Before anything is decided there may be no erasure to name.
            let again = if is_mluvii(target) { "--undecided" } else { "ID" };
            format!("target {target} is parked: {reason}; fix it, then run `quietus erasures retry {again}`")
        }
        Need::StepsParked { target, count } => {
            format!("{count} parked at {target}: quietus erasures list --state parked")
        }
        Need::ErasuresParked { count } => format!("{count} erasures are parked: quietus erasures list --state parked"),
        Need::ApprovalsAwaited { count } => format!(
            "{count} erasures wait for a person's approval: quietus erasures list --state requested, then approve ID or \
             reject ID"
        ),
        Need::ReceiptsIncomplete { count } => format!(
            "{count} receipts are incomplete: quietus receipts list --verdict incomplete, then quietus receipts acknowledge"
        ),
        Need::ConsentsUnknown(unknown) => format!("the consent of {}", unknown_consents(unknown)),
        Need::WorkUndecided { count } => {
            format!("{count} could not be decided on: quietus erasures retry --undecided")
        }
        Need::DeliveriesUnreadable { count } => {
            format!("{count} deliveries could not be read: quietus quarantine list")
        }
        Need::Overdue { since, deadline } => {
            let since = time(*since);
            format!("something is due since {since}, longer than `erasing.deadline` ({deadline})")
        }
    }
}

/// How many sessions have an unknown consent, and why.
pub(super) fn unknown_consents(unknown: &UnknownConsents) -> String {
    let cause = |(cause, count): (&&'static str, &u64)| {
        let words = match *cause {
            "not_found" => "mluvii answers 404 for them",
            "not_understood" => {
                "mluvii's answers about them are not understood; see `mluvii.nulls` and `quietus mluvii probe`"
            }
            other => other,
        };
        format!("{count}: {words}")
    };
    let causes = unknown.causes.iter().map(cause).collect::<Vec<_>>().join("; ");
    format!("{} of {} sessions stayed unknown ({causes})", unknown.count, unknown.sessions)
}

/// Whether a target is mluvii, whatever the installation: no plugin has a `/` in its name.
fn is_mluvii(target: &TargetName) -> bool {
    target.0.split('/').next() == Some(TargetName::MLUVII)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::span::Span;

    #[test]
    fn every_need_is_told_with_the_command_that_helps() {
        let causes = [("not_found", 5), ("not_understood", 1)].into();
        let needs = [
            Need::TargetParked { target: TargetName("crm".into()), reason: "the token was refused".into() },
            Need::StepsParked { target: "crm".into(), count: 2 },
            Need::ErasuresParked { count: 1 },
            Need::ApprovalsAwaited { count: 3 },
            Need::ReceiptsIncomplete { count: 2 },
            Need::ConsentsUnknown(UnknownConsents { count: 6, sessions: 100, causes }),
            Need::WorkUndecided { count: 2 },
            Need::DeliveriesUnreadable { count: 1 },
            Need::Overdue { since: Timestamp::UNIX_EPOCH, deadline: Span::from_secs(60) },
        ];
        let sentences: Vec<_> = needs.iter().map(sentence).collect();
        insta::assert_snapshot!(sentences.join("\n"), @"
        target crm is parked: the token was refused; fix it, then run `quietus erasures retry ID`
        2 parked at crm: quietus erasures list --state parked
        1 erasures are parked: quietus erasures list --state parked
        3 erasures wait for a person's approval: quietus erasures list --state requested, then approve ID or reject ID
        2 receipts are incomplete: quietus receipts list --verdict incomplete, then quietus receipts acknowledge
        the consent of 6 of 100 sessions stayed unknown (5: mluvii answers 404 for them; 1: mluvii's answers about them are not understood; see `mluvii.nulls` and `quietus mluvii probe`)
        2 could not be decided on: quietus erasures retry --undecided
        1 deliveries could not be read: quietus quarantine list
        something is due since 1970-01-01T00:00:00Z, longer than `erasing.deadline` (1m)
        ");
    }

    #[test]
    fn a_parked_mluvii_of_any_installation_is_retried_with_what_is_undecided() {
        for name in ["mluvii", "mluvii/acme"] {
            let need =
                Need::TargetParked { target: TargetName(name.into()), reason: "the client was refused".into() };
            assert!(sentence(&need).ends_with("`quietus erasures retry --undecided`"), "{need:?}");
        }
    }
}
