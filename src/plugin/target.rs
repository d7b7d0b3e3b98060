//! A plugin as a target: a step's call enters, is cut down to what the plugin may see, and the plugin's answer is read
//! with suspicion.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use quietus_plugin::protocol::Sensitive;
use quietus_plugin::{ErrorClass, Operation, Request};
use serde_json::Value;

use super::contract::Contract;
use super::failure::{killed_for_another, of_error};
use super::host::PluginHost;
use super::session::{Ask, Ended, Session};
use crate::erasure::{Outcome, ReachedSession};
use crate::keys::Secret;
use crate::subject::{Kind, Scope};
use crate::target::{Answer, Evidence, Said, Target, TargetCall, TargetError, read_answer};

/// Before a call is made again that found too many others under way.
const BUSY_PAUSE: Duration = Duration::from_secs(5);

#[async_trait]
impl Target for PluginHost {
    async fn erase(&self, call: &TargetCall) -> Result<Answer, TargetError> {
        self.ask(Method::Erase, call).await
    }

    async fn verify(&self, call: &TargetCall) -> Result<Answer, TargetError> {
        self.ask(Method::Verify, call).await
    }

    async fn health(&self) -> Result<(), TargetError> {
        self.session().await?.health().await
    }

    fn call_max(&self) -> Duration {
        PluginHost::call_max(self)
    }

    fn may_be_asked_twice(&self) -> bool {
        self.is_idempotent()
    }

    fn concurrency_max(&self) -> usize {
        self.concurrency()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Erase,
    Verify,
}

impl PluginHost {
    async fn ask(&self, method: Method, call: &TargetCall) -> Result<Answer, TargetError> {
        let asked = self.ask_session(method, call, &*self.session().await?).await;
        let asked = match asked {
            Ok(answer) => answer,
            // Another process has taken over, or will.
            Err(NotSent) => match self.ask_session(method, call, &*self.session().await?).await {
                Ok(answer) => answer,
                Err(NotSent) => Err(TargetError::Retryable("the plugin's process was lost before the call".into())),
            },
        };
        if let Err(TargetError::Retryable(why) | TargetError::Permanent(why) | TargetError::NeedsOperator(why)) = &asked
        {
            self.note_error(why);
        }
        asked
    }

    async fn ask_session(
        &self,
        method: Method,
        call: &TargetCall,
        session: &Session,
    ) -> Result<Result<Answer, TargetError>, NotSent> {
        let contract = &session.contract;
        let request = match may_ask(contract, method, call) {
            Ok(request) => request,
            Err(why) => return Ok(Ok(unverifiable(why))),
        };
        let (key, may_report) = (request.idempotency_key.clone(), request.report.is_some());
        let (ask, longest) = match method {
            Method::Erase => (Ask::Erase(request), contract.erase_max),
            Method::Verify => (Ask::Verify(request), contract.verify_max),
        };
        let ended = session.call(ask, longest, self.crashes.co_running(&key)).await;
        if matches!(ended, Ended::Result(_) | Ended::Failed(_) | Ended::Unsupported) {
            // It did not kill the child, whatever else it did.
            self.crashes.reset(&key);
        }
        // Once may be too often for a plugin that says so.
        let once = method == Method::Erase && !contract.idempotent && !call.dry_run;
        let unknown = |error: TargetError| match error {
            TargetError::Retryable(why) if once => {
                TargetError::Permanent(format!("{why}; its outcome is unknown, and the plugin must not be asked twice"))
            }
            error => error,
        };
        // A call that must not be made again needs no failure count.
        let attributed =
            |why| if once { unknown(TargetError::Retryable(why)) } else { self.crashes.count_failure(&key, why) };
        Ok(match ended {
            Ended::Result(result) => of_result(result, may_report).map_err(unknown),
            Ended::Failed(error) if error.class == ErrorClass::Protocol => Err(unknown(of_error(error))),
            Ended::Failed(error) => Err(of_error(error)),
            Ended::Unsupported if method == Method::Verify => Ok(unverifiable(CANNOT_VERIFY.into())),
            Ended::Unsupported => Err(TargetError::Permanent("the plugin does not support `erase`".into())),
            Ended::Lost(why) => Err(attributed(format!("the plugin's process was lost: {why}"))),
            Ended::TimedOut => {
                let why = format!("no answer within {} s; the plugin's process was killed", longest.as_secs());
                Err(attributed(why))
            }
            Ended::KilledForAnother => Err(unknown(killed_for_another())),
            Ended::Busy => Err(TargetError::RateLimited { retry_after: Some(BUSY_PAUSE) }),
            Ended::TooLarge => Err(TargetError::Permanent("more identifiers than one call can carry".into())),
            Ended::Stopped if once => {
                Err(unknown(TargetError::Retryable("the server shut down during the call".into())))
            }
            Ended::Stopped => Err(TargetError::Cancelled),
            Ended::NotSent => return Err(NotSent),
        })
    }
}

/// The session ended before the call was made.
struct NotSent;

const CANNOT_VERIFY: &str = "this plugin cannot look again";

/// The request, or why the plugin cannot be asked. Then nothing is known of the person's data there: `unverifiable`, and
/// not `absent`, which would say that somebody had looked.
fn may_ask(contract: &Contract, method: Method, call: &TargetCall) -> Result<Request, String> {
    if call.dry_run && !contract.can(&Operation::DryRun) {
        return Err("this plugin cannot say what would go without erasing it".into());
    }
    if method == Method::Verify && !contract.can(&Operation::Verify) {
        return Err(CANNOT_VERIFY.into());
    }
    let identifiers = identifiers(contract, call);
    let kinds: BTreeSet<&Kind> = identifiers.iter().map(|(kind, _)| kind).collect();
    if kinds.is_empty() {
        return Err(format!("no identifier of a kind that this target understands ({})", contract.kinds()));
    }
    if let Some(kind) = contract.lacks(&kinds) {
        return Err(format!("no identifier of the kind `{kind}`, which this target requires"));
    }
    Ok(Request {
        erasure: call.erasure.to_string(),
        idempotency_key: call.idempotency.to_string(),
        scope: match call.scope {
            Scope::Session => quietus_plugin::Scope::Session,
            Scope::Guest => quietus_plugin::Scope::Guest,
            Scope::Person => quietus_plugin::Scope::Person,
        },
        dry_run: call.dry_run,
        identifiers: identifiers
            .iter()
            .map(|(kind, value)| quietus_plugin::Identifier {
                kind: kind.as_str().into(),
                value: Sensitive::new(value.expose()),
            })
            .collect(),
        region: call.region,
        report: call.report.clone().filter(|_| !call.dry_run && contract.can(&Operation::Report)),
    })
}

/// What the plugin may see of the call: kinds both declared and granted. mluvii's ids of guests and sessions are kinds like
/// others to it, and come from mluvii only, never from what somebody typed. A session is told by its number alone.
fn identifiers(contract: &Contract, call: &TargetCall) -> BTreeSet<(Kind, Secret)> {
    let typed = call.identifiers.0.iter().map(|identifier| (identifier.kind.clone(), identifier.value.clone()));
    let guests = call.guests.iter().map(|guest| (Kind::GuestId, Secret::new(guest.0.as_str())));
    let number = |session: &ReachedSession| (Kind::SessionId, Secret::new(session.key.session.to_string()));
    let all = typed.chain(guests).chain(call.sessions.iter().map(number));
    all.filter(|(kind, _)| contract.sends(kind)).collect()
}

fn unverifiable(why: String) -> Answer {
    Answer {
        outcome: Outcome::Unverifiable,
        reason: Some(why),
        counts: BTreeMap::new(),
        verify_after: None,
        evidence: Evidence::default(),
    }
}

/// Reads a result; `may_report` says whether an address for reports went with the call. What cannot be read is a breach of
/// the protocol, and is not shown.
pub(super) fn of_result(result: Value, may_report: bool) -> Result<Answer, TargetError> {
    let broken = |why: &str| TargetError::Retryable(format!("the plugin's result: {why}"));
    match read_answer(result).map_err(|why| broken(&why))? {
        Said::Answer(answer) => Ok(answer),
        Said::Accepted { report_within } if may_report => Err(TargetError::Later { within: report_within }),
        Said::Accepted { .. } => Err(broken("accepted, but the call had no address for reports")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use zeroize::Zeroizing;

    use super::*;
    use crate::erasure::ErasureId;
    use crate::keys::IndexKey;
    use crate::subject::{GuestId, Identifier, Identifiers, InstallationName, SessionId, SessionKey};

    fn contract(kinds: &[&str]) -> Contract {
        let manifest = kinds.iter().fold(quietus_plugin::Manifest::new("sample", "1"), |all, kind| all.accepts(*kind));
        let settings = json!({ "name": "x", "library": "x.so", "grants": kinds });
        let settings = serde_json::from_value(settings).expect("settings");
        Contract::make(&manifest, &settings, &BTreeMap::new()).expect("it fits")
    }

    fn call() -> TargetCall {
        let session = |session| {
            let key = SessionKey { installation: InstallationName("globex".into()), session: SessionId(session) };
            ReachedSession { key, read_before: true }
        };
        TargetCall {
            erasure: ErasureId::generate(Timestamp::UNIX_EPOCH),
            idempotency: IndexKey::new(&Zeroizing::new([1; 32])).idempotency("e", "x", 0),
            scope: Scope::Person,
            dry_run: false,
            identifiers: Identifiers(Identifier::new(Kind::Phone, "777 123 456").into_iter().collect()),
            guests: vec![GuestId("g-1".into())],
            whole_guests: Vec::new(),
            sessions: vec![session(7), session(8)],
            searched: false,
            region: Some("CZ".parse().expect("a region")),
            erased_since: None,
            report: None,
        }
    }

    #[track_caller]
    fn check(kinds: &[&str], expected: &[(&str, &str)]) {
        let request = may_ask(&contract(kinds), Method::Erase, &call()).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(request.region, "CZ".parse().ok());
        let sent = request.identifiers.iter().map(|one| (one.kind.as_str().to_owned(), one.value.expose().to_owned()));
        let expected: Vec<_> = expected.iter().map(|(kind, value)| (kind.to_string(), value.to_string())).collect();
        assert_eq!(sent.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn ids_come_from_mluvii_and_a_session_is_told_by_its_number_alone() {
        check(&["guest_id", "session_id"], &[("guest_id", "g-1"), ("session_id", "7"), ("session_id", "8")]);
        check(&["phone", "guest_id"], &[("phone", "777 123 456"), ("guest_id", "g-1")]);
    }
}
