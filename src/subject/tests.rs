use zeroize::Zeroizing;

use super::*;
use crate::keys::IndexKey;

#[track_caller]
fn check(kind: Kind, value: &str, normal: Option<&str>) {
    assert_eq!(normalize(&kind, value).as_deref(), normal);
}

#[test]
fn spellings_of_one_identifier_have_one_normal_form() {
    check(Kind::Email, "  Ann@X.CZ ", Some("ann@x.cz"));
    check(Kind::Email, "   ", None);
    check(Kind::Phone, "+420 777-123 456", Some("420777123456"));
    check(Kind::Phone, "00420777123456", Some("420777123456"));
    for nobody in ["n/a", "0", "12345", "000 000 000"] {
        check(Kind::Phone, nobody, None);
    }
    check(Kind::Name, "  Jan\u{a0} NOVÁK ", Some("jan novák"));
    check(Kind::Name, "Jan Nova\u{301}k", Some("jan novák"));
    check(Kind::Other("customer".into()), " A-17 ", Some("A-17"));
}

#[test]
fn fingerprints_agree_over_spellings_and_differ_over_kinds() {
    let key = IndexKey::new(&Zeroizing::new([1; 32]));
    let print = |kind, value| Identifier::new(kind, value).expect("not empty").fingerprint(&key);
    assert_eq!(print(Kind::Email, "ANN@x.cz"), print(Kind::Email, "ann@x.cz "));
    assert_ne!(print(Kind::Name, "ann@x.cz"), print(Kind::Email, "ann@x.cz"));
}

#[test]
fn identifiers_survive_the_capsule_and_never_print() {
    let all = Identifiers(Identifier::new(Kind::Email, "ann@x.cz").into_iter().collect());
    assert_eq!(Identifiers::from_bytes(&all.to_bytes()), Ok(all.clone()));
    assert!(!format!("{all:?}").contains("ann"));
}
