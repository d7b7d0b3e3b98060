use zeroize::Zeroizing;

use super::*;
use crate::keys::IndexKey;

fn fingerprinter(installation: &str) -> Fingerprinter {
    let key = IndexKey::new(&Zeroizing::new([1; 32]));
    Fingerprinter::new(&key, &InstallationName(installation.into()), Some("CZ".parse().expect("a region")))
}

fn prints(kind: Kind, value: &str) -> Vec<Fingerprinted> {
    fingerprinter("acme").of(&Identifier::new(kind, value).expect("not empty"))
}

#[test]
fn fingerprints_agree_over_spellings_and_differ_over_kinds() {
    assert_eq!(prints(Kind::Email, "ANN@x.cz"), prints(Kind::Email, "ann@x.cz "));
    assert_eq!(prints(Kind::Phone, "777 123 456"), prints(Kind::Phone, "+420 777 123 456"));
    assert_ne!(prints(Kind::Other("a".into()), "1"), prints(Kind::Other("b".into()), "1"));
    assert_eq!(prints(Kind::Phone, "n/a"), []);
    assert_eq!(prints(Kind::Email, "ann@x.cz")[0].version, quietus_plugin::identity::VERSION);
}

#[test]
fn nothing_but_a_persons_own_tells_them_from_a_namesake() {
    let of_ann = [prints(Kind::Name, "Ann Dvořák"), prints(Kind::Email, "ann@x.cz")].concat();
    let mut to_call_back = prints(Kind::Phone, "777 123 456");
    to_call_back.iter_mut().for_each(|one| one.supplementary = true);
    let marks = Fingerprinted::marks(&[of_ann, to_call_back].concat());
    assert_eq!(marks, [format!("<email@{}>", quietus_plugin::identity::VERSION)].into());
}

#[test]
fn persons_and_guests_cannot_be_linked_across_companies() {
    let email = Identifier::new(Kind::Email, "ann@x.cz").expect("not empty");
    let guest = GuestId("g-1".into());
    let acme = fingerprinter("acme");
    let other = fingerprinter("other");
    assert_ne!(acme.of(&email), other.of(&email));
    assert_ne!(acme.guest(&guest), other.guest(&guest));
    assert_ne!(acme.person(&acme.of(&email)), other.person(&other.of(&email)));
}

#[test]
fn typed_text_never_becomes_an_internal_id() {
    for kind in [Kind::GuestId, Kind::SessionId] {
        assert_eq!(Identifier::new(kind, "4711"), None);
    }
    let forged = br#"{"identifiers":[["guest_id","4711"],["email","ann@x.cz"]]}"#;
    assert_eq!(Whom::from_bytes(forged).expect("a capsule").identifiers.0.len(), 1);
}

#[test]
fn what_an_erasure_is_about_survives_the_capsule_and_never_prints() {
    let session = SessionKey { installation: InstallationName("acme".into()), session: SessionId(7) };
    let whom = Whom {
        identifiers: Identifiers(Identifier::new(Kind::Email, "ann@x.cz").into_iter().collect()),
        guests: [GuestId("g-1".into())].into(),
        whole_guests: [GuestId("g-1".into())].into(),
        origin: [session].into(),
        by_address_alone: true,
        narrowed: Some(Narrowed::NoGuestId),
        searched: true,
    };
    assert_eq!(Whom::from_bytes(&whom.to_bytes()), Ok(whom.clone()));
    assert!(!format!("{:?}", whom.identifiers).contains("ann"));
}

#[test]
fn a_target_is_called_by_the_name_of_its_installation() {
    let named = InstallationName("acme".into());
    assert_eq!(&*TargetName::mluvii().called_for(&named).0, "mluvii/acme");
    assert_eq!(&*TargetName::mluvii().called_for(&InstallationName::unnamed()).0, "mluvii");
    assert_eq!(&*TargetName("crm".into()).called_for(&named).0, "crm");
}

/// What was kept under an older form is found only where that is made as well: whoever raises the version has to do that first.
#[test]
fn an_identifier_has_fingerprints_of_all_versions_of_the_normal_form() {
    let made: std::collections::BTreeSet<_> = prints(Kind::Email, "ann@x.cz").iter().map(|one| one.version).collect();
    assert_eq!(made, (1..=quietus_plugin::identity::VERSION).collect());
}
