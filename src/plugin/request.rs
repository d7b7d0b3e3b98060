//! What of a step's call a plugin may see: the request that it is sent, or why it is not asked.

use std::collections::BTreeSet;

use quietus_plugin::protocol::Sensitive;
use quietus_plugin::{Operation, Request};

use super::contract::Contract;
use crate::erasure::ReachedSession;
use crate::keys::Secret;
use crate::subject::{Kind, Scope};
use crate::target::TargetCall;

/// What is asked about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Erase,
    Verify,
    Find,
}

pub(super) const CANNOT_VERIFY: &str = "this plugin cannot look again";

/// The request, or why the plugin cannot be asked. Then nothing is known of the person's data there: `unverifiable`, and
/// not `absent`, which would say that somebody had looked.
pub(super) fn request(contract: &Contract, method: Method, call: &TargetCall) -> Result<Request, String> {
    // A find changes nothing, dry run or not.
    let dry_run = call.dry_run && method != Method::Find;
    if dry_run && !contract.can(&Operation::DryRun) {
        return Err("this plugin cannot say what would go without erasing it".into());
    }
    if method == Method::Verify && !contract.can(&Operation::Verify) {
        return Err(CANNOT_VERIFY.into());
    }
    if method == Method::Find && !contract.can(&Operation::Find) {
        return Err("this plugin has nothing to tell".into());
    }
    let identifiers = identifiers(contract, call);
    let kinds: BTreeSet<&Kind> = identifiers.iter().map(|(kind, _)| kind).collect();
    if kinds.is_empty() {
        return Err(format!("no identifier of a kind that this target understands ({})", contract.kinds()));
    }
    if let Some(kind) = contract.lacks(&kinds) {
        return Err(format!("no identifier of the kind `{kind}`, which this target requires"));
    }
    // What changes nothing is no part of a step: it is not reported, and goes on from nothing.
    let is_step = !call.dry_run && method != Method::Find;
    Ok(Request {
        erasure: call.erasure.to_string(),
        idempotency_key: call.idempotency.to_string(),
        scope: match call.scope {
            Scope::Session => quietus_plugin::Scope::Session,
            Scope::Guest => quietus_plugin::Scope::Guest,
            Scope::Person => quietus_plugin::Scope::Person,
        },
        dry_run,
        identifiers: identifiers
            .iter()
            .map(|(kind, value)| quietus_plugin::Identifier {
                kind: kind.clone(),
                value: Sensitive::new(value.expose()),
            })
            .collect(),
        region: call.region,
        report: call.report.clone().filter(|_| is_step && contract.can(&Operation::Report)),
        resume: call.resume.clone().filter(|_| is_step && contract.can(&Operation::Resume)),
    })
}

/// What the plugin may see of the call: kinds both declared and granted. mluvii's ids of guests and sessions are kinds like
/// others to it, and come from mluvii only, never from what somebody typed. A session is sent as its number alone.
fn identifiers(contract: &Contract, call: &TargetCall) -> BTreeSet<(Kind, Secret)> {
    let typed = call.identifiers.0.iter().map(|identifier| (identifier.kind.clone(), identifier.value.clone()));
    let guests = call.guests.iter().map(|guest| (Kind::GuestId, Secret::new(guest.0.as_str())));
    let sessions = call.sessions.iter().map(session_number);
    let all = typed.chain(guests).chain(sessions);
    all.filter(|(kind, _)| contract.sends(kind)).collect()
}

fn session_number(session: &ReachedSession) -> (Kind, Secret) {
    (Kind::SessionId, Secret::new(session.key.session.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use quietus_plugin::ResumeValue;
    use serde_json::json;
    use zeroize::Zeroizing;

    use super::*;
    use crate::erasure::ErasureId;
    use crate::keys::IndexKey;
    use crate::subject::{GuestId, Identifier, Identifiers, InstallationName, SessionId, SessionKey};
    use crate::target::no_checkpoint;

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
            resume: None,
            checkpoint: no_checkpoint(),
        }
    }

    #[track_caller]
    fn check(kinds: &[&str], expected: &[(&str, &str)]) {
        let request = request(&contract(kinds), Method::Erase, &call()).unwrap_or_else(|why| panic!("{why}"));
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

    #[test]
    fn what_was_stored_goes_to_a_step_of_a_plugin_that_declares_it_and_to_nothing_else() {
        let stored = TargetCall { resume: Some(ResumeValue::new(*b"page 7")), ..call() };
        let dry_run = TargetCall { dry_run: true, ..stored.clone() };
        let manifest =
            || quietus_plugin::Manifest::new("sample", "1").accepts("phone").dry_run().finds(["customer_no"]);
        let settings = json!({ "name": "x", "library": "x.so", "grants": ["phone"] });
        let settings = serde_json::from_value(settings).expect("settings");
        let resuming = Contract::make(&manifest().resumes(), &settings, &BTreeMap::new()).expect("it fits");
        let other = Contract::make(&manifest(), &settings, &BTreeMap::new()).expect("it fits");
        let handed =
            |contract, method, call| request(contract, method, call).expect("it may be asked").resume.is_some();
        assert!(handed(&resuming, Method::Erase, &stored) && handed(&resuming, Method::Verify, &stored));
        assert!(!handed(&resuming, Method::Erase, &dry_run) && !handed(&resuming, Method::Find, &stored));
        assert!(!handed(&other, Method::Erase, &stored));
    }

    #[test]
    fn a_find_changes_nothing_and_needs_no_dry_run() {
        let manifest = quietus_plugin::Manifest::new("sample", "1").accepts("phone").finds(["customer_no"]);
        let settings = json!({ "name": "x", "library": "x.so", "grants": ["phone"] });
        let settings = serde_json::from_value(settings).expect("settings");
        let contract = Contract::make(&manifest, &settings, &BTreeMap::new()).expect("it fits");
        let dry_run = TargetCall { dry_run: true, ..call() };
        assert!(!request(&contract, Method::Find, &dry_run).expect("it may be asked").dry_run);
        request(&contract, Method::Erase, &dry_run).expect_err("it would erase");
    }
}
