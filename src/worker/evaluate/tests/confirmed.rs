//! What is demanded where a link is to confirm it.

use super::*;
use crate::erasure::Confirm;
use crate::policy::ConfirmBy;

/// What a form with these params comes to.
fn asked(params: &[(&str, &str)]) -> crate::erasure::NewErasure {
    let rules = [RuleSettings {
        approve: false,
        confirm: Some(ConfirmBy::Email),
        // Not the entry form, which the session shows as well.
        ..rule(Trigger::FormSubmitted, "form.origin == 'hero_card'", Scope::Person)
    }];
    let (head, form) = (event(EventKind::SessionActivityHeroCardSubmission), form("hero_card", params));
    let mut decision = decide(&rules, None, Cause::Event(&head, Some(&form)), &read(known()));
    assert_eq!(decision.erasures.len(), 1);
    let erasure = decision.erasures.remove(0);
    assert!(erasure.approve, "a person can let it begin all the same");
    erasure
}

#[test]
fn an_erasure_that_a_link_confirms_is_about_the_one_address_of_its_form_alone() {
    let of_ann = asked(&[("oo1_guest_email", "Ann@X.cz"), ("oo1_guest_ident", "Bob")]);
    let address = fingerprinter().address(&Secret::new("ann@x.cz"));
    assert_eq!(of_ann.confirm, Some(Confirm::Email { address }));
    let whom = of_ann.capsule.as_ref().expect("a capsule").whom().clone();
    let kinds: Vec<_> = whom.identifiers.0.iter().map(|one| one.kind.clone()).collect();
    assert_eq!((kinds, whom.by_address_alone), (vec![Kind::Email], true));
    assert_eq!(of_ann.fingerprints.len(), 1, "nothing else finds it");
    // However it is spelt, and whatever else is typed.
    let again = asked(&[("oo1_guest_email", " ann@x.cz"), ("oo1_guest_ident", "Cyril")]);
    assert_eq!(again.merge_key(), of_ann.merge_key());
    assert_ne!(asked(&[("oo1_guest_email", "bob@x.cz")]).merge_key(), of_ann.merge_key());
}

#[test]
fn a_form_without_one_address_waits_for_a_person_and_what_the_session_shows_is_not_taken_for_it() {
    // The session itself shows ann@x.cz.
    for params in [
        &[("oo1_guest_ident", "Ann")][..],
        &[("oo1_guest_email", "n/a")],
        &[("oo1_guest_email", "ann@x.cz, bob@x.cz")],
        &[("oo1_guest_email", "ann@x.cz"), ("OO1_guest_email", "bob@x.cz")],
    ] {
        let erasure = asked(params);
        assert_eq!(erasure.confirm, Some(Confirm::NoAddress), "{params:?}");
        let whom = erasure.capsule.as_ref().expect("a capsule").whom();
        assert!(!whom.by_address_alone, "{params:?}");
        assert!(erasure.merge_key().starts_with("approve:"), "{params:?}");
    }
}
