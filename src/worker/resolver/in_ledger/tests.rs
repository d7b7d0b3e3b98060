use std::sync::Arc;
use std::time::Duration;

use figment::Figment;
use figment::providers::{Format as _, Toml};
use zeroize::Zeroizing;

use super::*;
use crate::erasure::Selection;
use crate::keys::{IndexKey, Secret};
use crate::ledger::contract::{Shared, email, erase_a_guest, event, installation, session, to_decide};
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Bounds, Decision, Finished, Intake as _, Queue as _, Records as _, SessionChange};
use crate::mluvii::{MluviiClient, MluviiSettings};
use crate::policy::PersonSettings;
use crate::subject::{Fingerprinter, Identifier, Identifiers, Kind, Whom};
use crate::worker::resolver::OnUnread;

/// How surely the first session is meant by a person's demand that came from it and names somebody whom it has never named.
async fn of_origin(ledger: &SqliteLedger) -> Option<Certainty> {
    let defaults = Figment::from(Toml::string(include_str!("../../../../config/default.toml")));
    let settings = defaults.merge(("mluvii.name", "acme")).merge(("mluvii.client_id.env", "ID"));
    let settings: MluviiSettings =
        settings.merge(("mluvii.client_secret.env", "ID")).extract_inner("mluvii").expect("the defaults are settings");
    // Nobody calls it.
    let mluvii = MluviiClient::new(&settings, &|_| Ok(Secret::new("x"))).expect("a client");
    let person = PersonSettings { r#match: vec![[Kind::Email].into()], region: None, accept_ledger_only: true };
    let fingerprinter = Fingerprinter::new(&IndexKey::new(&Zeroizing::new([1; 32])), &installation(), None);
    let resolver =
        Resolver { ledger, mluvii: &mluvii, person: &person, fingerprinter: &fingerprinter, departments: &[] };
    let email = Identifier::new(Kind::Email, "ann@x.cz").expect("an address");
    let whom = Whom { identifiers: Identifiers([email].into()), origin: [session(1)].into(), ..Whom::default() };
    let subject = Subject::Person { installation: installation(), digest: Digest([9; 16]) };
    let selection = Selection::default();
    let question =
        Question { subject: &subject, whom, selection: &selection, targets: &[], on_unread: OnUnread::Count };
    let search = resolver.find(question).await.expect("found");
    search.found.get(&session(1)).map(|found| found.certainty)
}

#[tokio::test]
async fn the_session_of_a_demand_that_was_erased_is_possible_once_something_has_come_to_it_and_not_before() {
    let folder = tempfile::tempdir().expect("a directory");
    let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).expect("opens");
    let shared: Shared = Arc::<SqliteLedger>::clone(&ledger);
    erase_a_guest(&shared, "g-1", || async {}).await;
    assert_eq!(of_origin(&ledger).await, None, "nothing is left of it");

    // The conversation goes on, and names somebody.
    ledger.record(event(1, 99)).await.expect("recorded");
    let hour = Duration::from_secs(3_600);
    let claim = ledger.claim(&to_decide(), 1, hour, &Bounds::NONE).await.expect("claimed").claims.remove(0);
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    let change = SessionChange {
        read_version: view.version,
        record: view.record,
        fingerprints: Some(vec![email(2)]),
        ..SessionChange::unknown(&session(1))
    };
    let decision = Decision {
        session: change,
        erasures: Vec::new(),
        rules_no_longer: Vec::new(),
        tenants_are_departments: None,
        foreign: false,
        outdated: false,
    };
    assert_eq!(ledger.decided(claim, decision).await.expect("decided").finished, Finished::Done);
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert!(view.erased_at.is_some());
    assert_eq!(of_origin(&ledger).await, Some(Certainty::Possible));
}
