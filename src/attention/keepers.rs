//! What is noted in the ledger under a name, with a reason, for as long as it is so: what the name says of it.

use super::{Attention, Code};
use crate::audit::Object;
use crate::subject::{SourceName, TargetName};

/// The name under which it is noted that the ledger itself does not keep its newest receipt.
pub(crate) const SET_BACK: &str = "ledger";

/// How the names begin under which it is noted that a chain could not be archived.
pub(crate) const ARCHIVE: &str = "archive:";

/// The name under which it is noted that a generation of the seal key could not be made, read or destroyed.
pub(crate) const SEALS: &str = "seals";

/// How the names begin under which it is noted that a state file was begun anew, on a machine.
pub(crate) const STATE_BEGUN: &str = "state:";

/// How the names begin under which it is noted that a source's webhook is not as it is needed.
pub(crate) const WEBHOOK: &str = "webhook:";

/// How the names begin under which it is noted that what has ended at mluvii could not be compared.
pub(crate) const RECONCILE: &str = "reconcile:";

/// How the names begin under which it is noted that nothing comes from a source although sessions end there.
pub(crate) const SILENT: &str = "silent:";

/// How the names begin under which it is noted that mluvii shows sessions again that were erased.
pub(crate) const REAPPEARED: &str = "reappeared:";

/// How the names begin under which it is noted that an alert could not tell anybody.
pub(crate) const ALERT: &str = "alert:";

/// How the names begin under which it is noted that it could not be looked again, for days, what was erased at a target.
pub(crate) const RECHECK: &str = "recheck:";

/// The name under which it is noted that nobody could be told that the deployment works.
pub(crate) const PING: &str = "ping";

/// The name under which it is noted that no mail with a link can be sent.
pub(crate) const CONFIRMATION: &str = "confirmation";

/// What a name says.
pub(super) struct Noted<'a> {
    pub(super) code: Code,
    pub(super) object: Object,
    /// Parameters that the name holds.
    pub(super) named: Vec<(&'static str, &'a str)>,
}

/// What the name says under which something is noted.
pub(super) fn noted(keeper: &str) -> Noted<'_> {
    let alone = |code, object| Noted { code, object, named: Vec::new() };
    match keeper {
        SET_BACK => return alone(Code::LedgerSetBack, Object::ledger()),
        SEALS => return alone(Code::SealKeysFailed, Object::keys()),
        CONFIRMATION => return alone(Code::ConfirmationUnsent, Object::confirmations()),
        PING => return alone(Code::PingFailed, Object::ping()),
        _ => {}
    }
    if let Some((machine, path)) = keeper.strip_prefix(STATE_BEGUN).and_then(|place| place.split_once(':')) {
        let object = Object::keeper(&format!("{machine}:{path}"));
        return Noted { code: Code::StateBegunAnew, object, named: vec![("machine", machine), ("path", path)] };
    }
    for (prefix, code, parameter) in NAMED {
        if let Some(name) = keeper.strip_prefix(prefix) {
            let object = match parameter {
                "chain" => Object::archive(name),
                "alert" => Object::alert(name),
                "mluvii" => Object::sessions_of(name),
                "target" => Object::target(&TargetName(name.into())),
                _ => Object::source(&SourceName(name.into())),
            };
            return Noted { code, object, named: vec![(parameter, name)] };
        }
    }
    Noted { code: Code::HeadNotKept, object: Object::keeper(keeper), named: vec![("keeper", keeper)] }
}

/// How names begin that go on with a name: what they say, and the parameter that this other name is.
const NAMED: [(&str, Code, &str); 7] = [
    (ARCHIVE, Code::ArchiveFailed, "chain"),
    (ALERT, Code::AlertFailed, "alert"),
    (RECONCILE, Code::ReconcileFailed, "mluvii"),
    (REAPPEARED, Code::SessionsReappeared, "mluvii"),
    (WEBHOOK, Code::WebhookWrong, "source"),
    (SILENT, Code::SourceSilent, "source"),
    (RECHECK, Code::RecheckLate, "target"),
];

/// Something that a configuration names, of which something is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotedOf<'a> {
    Source(&'a str),
    Installation(&'a str),
    Alert(&'a str),
    /// That is looked at again after receipts, with the installation whose people are meant.
    Recheck(&'a str),
    Ping,
    Confirmation,
}

impl Attention {
    /// Of what it is noted that a configuration names, and under which name that is.
    pub(crate) fn noted_of(&self) -> Option<(NotedOf<'_>, String)> {
        if self.code == Code::PingFailed {
            return Some((NotedOf::Ping, PING.to_owned()));
        }
        if self.code == Code::ConfirmationUnsent {
            return Some((NotedOf::Confirmation, CONFIRMATION.to_owned()));
        }
        let (prefix, _, parameter) = NAMED.iter().find(|(_, code, _)| *code == self.code)?;
        let name = self.parameters.get(parameter)?.as_str()?;
        let of = match *parameter {
            "source" => NotedOf::Source(name),
            "mluvii" => NotedOf::Installation(name),
            "alert" => NotedOf::Alert(name),
            "target" => NotedOf::Recheck(name),
            _ => return None,
        };
        Some((of, format!("{prefix}{name}")))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::attention::sample::limits;
    use crate::attention::{Facts, FailedKeeper, attention};

    #[test]
    fn what_is_noted_of_something_that_is_configured_is_found_again_by_its_name() {
        let all = [("webhook:a", NotedOf::Source("a")), ("silent:a", NotedOf::Source("a"))];
        let all = all.into_iter().chain([
            ("reconcile:acme", NotedOf::Installation("acme")),
            ("reappeared:acme", NotedOf::Installation("acme")),
            ("alert:ops", NotedOf::Alert("ops")),
            ("recheck:crm/acme", NotedOf::Recheck("crm/acme")),
            ("ping", NotedOf::Ping),
            ("confirmation", NotedOf::Confirmation),
        ]);
        let of = |keeper: &str| {
            let failed = FailedKeeper { keeper: keeper.into(), reason: "x".into(), since: Timestamp::UNIX_EPOCH };
            let facts = Facts { failed_keepers: vec![failed], ..Facts::default() };
            attention(&facts, &[], &limits(), Timestamp::UNIX_EPOCH).remove(0)
        };
        for (keeper, expected) in all {
            assert_eq!(of(keeper).noted_of(), Some((expected, keeper.to_owned())));
        }
        for keeper in ["ledger", "seals", "archive:audit", "state:web-1:/var", "witness vault"] {
            assert_eq!(of(keeper).noted_of(), None, "{keeper}");
        }
    }
}
