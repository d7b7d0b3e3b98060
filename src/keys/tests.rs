use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use zeroize::Zeroizing;

use super::*;

fn form() -> SealedAs {
    SealedAs::new("form", &[b"acme", b"1"])
}

#[test]
fn a_seal_opens_as_what_it_was_sealed_as_only() {
    let key = SealKey::new(&Zeroizing::new([7; 32]));
    let sealed = key.seal(&form(), b"text");
    assert_eq!(&key.open(&form(), &sealed).expect("opens")[..], b"text");
    for other in [
        SealedAs::new("quarantine", &[b"acme", b"1"]),
        SealedAs::new("form", &[b"acme", b"2"]),
        SealedAs::new("form", &[b"acme1", b""]),
        SealedAs::new("form", &[b"acme", b"1", b""]),
    ] {
        assert!(key.open(&other, &sealed).is_err());
    }
}

#[test]
fn a_changed_or_short_seal_does_not_open() {
    let key = SealKey::new(&Zeroizing::new([7; 32]));
    let mut sealed = key.seal(&form(), b"text");
    *sealed.0.last_mut().expect("not empty") ^= 1;
    assert!(key.open(&form(), &sealed).is_err());
    assert!(key.open(&form(), &Sealed(vec![1, 2, 3])).is_err());
}

/// Generations, as long as they are there.
#[derive(Default)]
struct Kept(Mutex<BTreeMap<KeyId, Zeroizing<[u8; 32]>>>);

impl Kept {
    fn find(self: &Arc<Self>) -> Arc<FindSealKey> {
        let kept = Arc::clone(self);
        Arc::new(move |id| Ok(kept.0.lock().expect("whole").get(id).cloned()))
    }

    fn make(&self, root: &SealRoot, byte: u8) -> KeyId {
        let (id, key) = root.generation(&Zeroizing::new([byte; 32]));
        self.0.lock().expect("whole").insert(id.clone(), key);
        id
    }
}

#[test]
fn what_was_sealed_under_an_earlier_generation_opens_until_its_key_is_destroyed() {
    let root = SealRoot::new(Zeroizing::new([1; 32]));
    let kept = Arc::new(Kept::default());
    let first = kept.make(&root, 1);
    let key = SealKey::of(&first, kept.find(), Arc::new(|_| true)).expect("it is there");
    let other_process = SealKey::of(&first, kept.find(), Arc::new(|_| true)).expect("it is there");
    let sealed = key.seal(&form(), b"text");
    assert_eq!(sealed.generation().as_ref(), Some(&first));
    let second = kept.make(&root, 2);
    key.turn_to(&second).expect("it is there");
    let later = key.clone().seal(&form(), b"more");
    assert_eq!((later.generation().as_ref(), key.id()), (Some(&second), second.clone()));
    // It is met there for the first time, and not sealed under.
    assert_eq!(&other_process.open(&form(), &later).expect("opens")[..], b"more");
    assert_eq!(other_process.id(), first);
    assert_eq!(&key.open(&form(), &sealed).expect("opens")[..], b"text");

    kept.0.lock().expect("whole").remove(&first);
    key.keep_only(&[]);
    assert!(matches!(key.open(&form(), &sealed), Err(NotOpened::NoKey(NoSealKey::Gone(id))) if id == first));
    assert_eq!(&key.open(&form(), &later).expect("what seals stays")[..], b"more");
    assert!(matches!(key.turn_to(&first), Err(NoSealKey::Gone(_))));
}

#[test]
fn a_generation_is_of_no_use_without_the_deployments_key() {
    let secret = Zeroizing::new([9; 32]);
    let [ours, theirs] = [1, 2].map(|byte| SealRoot::new(Zeroizing::new([byte; 32])).generation(&secret));
    assert!(ours.0 != theirs.0 && ours.1 != theirs.1 && ours.1 != secret);
}

#[test]
fn a_capsule_key_survives_wrapping() {
    let seal = SealKey::new(&Zeroizing::new([7; 32]));
    let key = CapsuleKey::generate();
    let capsule = key.seal(&form(), b"identifiers");
    let again = CapsuleKey::unwrap(&form(), &key.wrap(&form(), &seal), &seal).expect("unwraps");
    assert_eq!(&again.open(&form(), &capsule).expect("opens")[..], b"identifiers");
}

#[test]
fn parts_that_concatenate_alike_digest_differently() {
    let key = IndexKey::new(&Zeroizing::new([1; 32]));
    assert_ne!(key.seen(&[b"ab", b"c"]), key.seen(&[b"a", b"bc"]));
    assert_ne!(key.idempotency("e1", "crm", 0).to_string(), key.idempotency("e", "1crm", 0).to_string());
}

fn three() -> [IndexKey; 3] {
    let [one, two, three] = [1, 2, 3].map(|byte| Zeroizing::new([byte; 32]));
    let first = IndexKey::new(&one);
    let second = first.clone().replaced_by(&two);
    let third = second.clone().replaced_by(&three);
    [first, second, third]
}

#[test]
fn what_is_carried_over_is_what_the_new_key_digests() {
    let keys = three();
    let email = Secret::new("ann@example.com");
    let [first, second, third] =
        keys.each_ref().map(|key| (key.of_installation("acme").fingerprint("email", &email), key.body(b"body")));
    let from = |key: &IndexKey| keys[2].carry_from(key.id()).expect("it had that id");
    let carried = |carry: &Carry, (print, digest)| (carry.fingerprint(print), carry.digest(digest));
    assert_eq!(carried(&from(&keys[0]), first), third, "over two replacements at once");
    assert_eq!(carried(&from(&keys[1]), second), third);
    assert_eq!(carried(&from(&keys[2]), third), third, "nothing was replaced");
    assert_eq!(carried(&keys[1].carry_from(keys[0].id()).expect("it had that id"), first), second);
    assert_eq!((&from(&keys[0]).from, &from(&keys[0]).to), (keys[0].id(), keys[2].id()));
    assert!(keys[0].carry_from(keys[1].id()).is_none(), "never back");
    // Of two installations nothing is linked, also after a replacement.
    assert_ne!(keys[2].of_installation("acme").seen(&[b"x"]), keys[2].of_installation("globex").seen(&[b"x"]));
}

#[test]
fn a_key_that_replaced_others_is_another_one_without_them() {
    let [one, two, three_bytes] = [1, 2, 3].map(|byte| Zeroizing::new([byte; 32]));
    let [_, second, third] = three();
    assert_ne!(second.id(), IndexKey::new(&two).id());
    assert_ne!(third.id(), IndexKey::new(&one).replaced_by(&three_bytes).id(), "one between them is missing");
    assert_ne!(third.id(), IndexKey::new(&two).replaced_by(&one).replaced_by(&three_bytes).id(), "another order");
}

#[test]
fn what_others_know_is_made_with_the_key_as_it_was() {
    let [first, second, third] = three();
    let of = |key: &IndexKey| key.idempotency("e1", "crm", 0).to_string();
    assert_eq!(of(&third.as_it_was(first.id()).expect("it had that id")), of(&first));
    assert_eq!(of(&third.as_it_was(second.id()).expect("it had that id")), of(&second));
    assert_ne!(of(&third), of(&second));
    assert!(second.as_it_was(third.id()).is_none());
    let ids: Vec<_> = third.all().iter().map(|key| key.id().clone()).collect();
    assert_eq!(ids, [third.id(), second.id(), first.id()].map(Clone::clone));
}
