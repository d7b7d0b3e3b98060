use zeroize::Zeroizing;

use super::*;

#[test]
fn a_seal_opens_for_its_own_purpose_only() {
    let key = SealKey::new(&Zeroizing::new([7; 32]));
    let sealed = key.seal("form", b"text");
    assert_eq!(&key.open("form", &sealed).expect("opens")[..], b"text");
    assert!(key.open("quarantine", &sealed).is_err());
}

#[test]
fn a_changed_or_short_seal_does_not_open() {
    let key = SealKey::new(&Zeroizing::new([7; 32]));
    let mut sealed = key.seal("form", b"text");
    *sealed.0.last_mut().expect("not empty") ^= 1;
    assert!(key.open("form", &sealed).is_err());
    assert!(key.open("form", &Sealed(vec![1, 2, 3])).is_err());
}

#[test]
fn what_was_sealed_under_a_replaced_key_opens_and_nothing_is_sealed_under_it() {
    let [old, new] = [7, 8].map(|byte| Zeroizing::new([byte; 32]));
    let sealed = SealKey::new(&old).seal("form", b"text");
    let both = SealKey::new(&new).replacing(&old);
    assert_eq!(&both.open("form", &sealed).expect("opens")[..], b"text");
    assert!(both.open("quarantine", &sealed).is_err());
    assert!(SealKey::new(&new).open("form", &sealed).is_err());
    assert!(SealKey::new(&old).open("form", &both.seal("form", b"text")).is_err());
    assert_eq!(both.id(), SealKey::new(&new).id());
}

#[test]
fn a_capsule_key_survives_wrapping() {
    let seal = SealKey::new(&Zeroizing::new([7; 32]));
    let key = CapsuleKey::generate();
    let capsule = key.seal(b"identifiers");
    let again = CapsuleKey::unwrap(&key.wrap(&seal), &seal).expect("unwraps");
    assert_eq!(&again.open(&capsule).expect("opens")[..], b"identifiers");
}

#[test]
fn parts_that_concatenate_alike_digest_differently() {
    let key = IndexKey::new(&Zeroizing::new([1; 32]));
    assert_ne!(key.seen(&[b"ab", b"c"]), key.seen(&[b"a", b"bc"]));
    assert_ne!(key.idempotency("e1", "crm", 0).to_string(), key.idempotency("e", "1crm", 0).to_string());
}
