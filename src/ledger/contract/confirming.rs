//! Links that let an erasure begin.

use std::collections::BTreeSet;
use std::time::Duration;

use zeroize::Zeroizing;

use super::attention::limits;
use super::fixtures::*;
use super::verifying;
use crate::chance::Chance;
use crate::deadline::{Calendar, DEFAULT_ZONE};
use crate::erasure::confirmation::{LinkBounds, LinkFor, LinkMailEnd, LinkProof, LinkState, LinkToken, mailbox_of};
use crate::erasure::{Confirm, Confirming, ErasureId, ErasureState, NewErasure};
use crate::keys::{Digest, IndexKey, KeyIds};
use crate::ledger::{AuditRange, Confirmed, Cursor, LinkMail, Work};
use crate::subject::Whom;

pub(super) const BOUNDS: LinkBounds =
    LinkBounds { to_one_in_an_hour: 3, to_one_in_a_day: 6, in_an_hour: 100, valid_for: HOUR, lease: HOUR };

/// Who takes it is killed at once.
pub(super) const KILLED: LinkBounds = LinkBounds { lease: Duration::ZERO, ..BOUNDS };

pub(super) fn key() -> IndexKey {
    IndexKey::new(&Zeroizing::new([1; 32]))
}

/// Whose days count.
pub(crate) fn calendar() -> Calendar {
    Calendar::of(DEFAULT_ZONE).expect("it is built in")
}

pub(super) fn proof() -> LinkProof {
    LinkProof::new(LinkToken::generate(), &key())
}

/// An erasure about the address of this number, which was typed into a form.
pub(super) fn by_link(address: u8) -> NewErasure {
    let confirm = Some(Confirm::Email { address: Digest([address; 16]) });
    let capsule = to_seal(&format!("p{address}@x.cz"));
    NewErasure { approve: true, confirm, capsule, ..erasure_of(person(address), &["crm"], in_hours(-1)) }
}

/// One whose link is being sent.
pub(crate) async fn link_to_send(ledger: &Shared) -> (ErasureId, LinkProof) {
    let id = requested(ledger, 9).await;
    let (proof, _) = taken_by(ledger, &BOUNDS).await.expect("one is due");
    (id, proof)
}

async fn requested(ledger: &Shared, address: u8) -> ErasureId {
    ledger.request(by_link(address), &by()).await.expect("requested")
}

pub(super) async fn taken_by(ledger: &Shared, bounds: &LinkBounds) -> Option<(LinkProof, LinkMail)> {
    let proof = proof();
    let mail = ledger.take_link(&proof, bounds).await.expect("answered")?;
    Some((proof, mail))
}

/// Takes the next mail, and sends it.
pub(super) async fn mailed(ledger: &Shared) -> (LinkProof, LinkMail) {
    let (proof, mail) = taken_by(ledger, &BOUNDS).await.expect("one is due");
    ledger.link_mail_ended(&proof, LinkMailEnd::Sent).await.expect("noted");
    (proof, mail)
}

pub(super) async fn is_due(ledger: &Shared) -> bool {
    ledger.link_due().await.expect("read") == Some(true)
}

pub(super) async fn confirm(ledger: &Shared, proof: &LinkProof) -> Confirmed {
    ledger.use_link(proof, &calendar()).await.expect("answered")
}

async fn resolvable(ledger: &Shared) -> Vec<ErasureId> {
    let all = claim(ledger, &to_resolve()).await;
    let id = |claim: &crate::ledger::Claim| match &claim.work {
        Work::Resolve(work) => work.id,
        other => panic!("not an erasure: {other:?}"),
    };
    all.iter().map(id).collect()
}

async fn link_state(ledger: &Shared, id: ErasureId) -> Option<LinkState> {
    shown(ledger, id).await.confirmation.and_then(|confirmation| confirmation.link).map(|link| link.state)
}

pub(crate) async fn an_erasure_that_waits_for_a_link_begins_once_it_is_used_and_only_once(ledger: Shared) {
    assert!(!is_due(&ledger).await);
    let id = requested(&ledger, 1).await;
    let waits = shown(&ledger, id).await;
    assert_eq!((waits.state, waits.confirmation.expect("one").by), (ErasureState::Requested, Confirming::Email));
    assert!(!ledger.retry_erasure(id, None, &by()).await.expect("answered"), "nobody goes around the link");
    assert!(is_due(&ledger).await);
    let (link, mail) = mailed(&ledger).await;
    assert!(!is_due(&ledger).await);
    let mut whom = Whom::default();
    for capsule in &mail.capsules {
        whom.extend(capsule.open(id, &seal()).expect("opens"));
    }
    assert_eq!((mail.of, mailbox_of(&whom.identifiers).expect("one").expose()), (LinkFor::Erasure(id), "p1@x.cz"));
    assert_eq!(link_state(&ledger, id).await, Some(LinkState::Sent));
    assert_eq!(resolvable(&ledger).await, []);

    assert_eq!(confirm(&ledger, &proof()).await, Confirmed::NotValid);
    assert_eq!(resolvable(&ledger).await, []);
    assert_eq!(confirm(&ledger, &link).await, Confirmed::Done(id));
    assert_eq!(confirm(&ledger, &link).await, Confirmed::Already);
    assert_eq!(resolvable(&ledger).await, [id]);
    let begins = shown(&ledger, id).await;
    assert_eq!((begins.state, begins.approved), (ErasureState::Scheduled, None), "no person has approved it");
    assert!(begins.confirmation.expect("one").confirmed.is_some());
    assert_eq!(link_state(&ledger, id).await, Some(LinkState::Used));
    // What was tried in vain was no order.
    let rows = ledger.audit(&AuditRange::all(Cursor::NEWEST, 9)).await.expect("listed").items;
    let acts: Vec<_> = rows.iter().map(|row| (&*row.statement.act, row.statement.actor.as_str())).collect();
    let ours: Vec<_> = acts.iter().filter(|(act, _)| *act == "erasure.confirm").collect();
    assert_eq!(ours.len(), 1, "{acts:?}");
    assert!(ours[0].1.starts_with("link:"), "{acts:?}");
}

pub(crate) async fn what_a_person_has_decided_needs_no_link_and_a_link_is_nothing_then(ledger: Shared) {
    let [approved, rejected] = [requested(&ledger, 1).await, requested(&ledger, 2).await];
    let links = [mailed(&ledger).await.0, mailed(&ledger).await.0];
    assert!(ledger.approve_erasure(approved, None, &by()).await.expect("approved"));
    assert!(ledger.reject_erasure(rejected, &by()).await.expect("rejected"));
    for link in &links {
        assert_eq!(confirm(&ledger, link).await, Confirmed::NotValid);
    }
    assert_eq!(resolvable(&ledger).await, [approved]);
    assert_eq!(shown(&ledger, rejected).await.state, ErasureState::Cancelled);
    // Nor is a mail sent for what nobody waits for any more.
    let third = requested(&ledger, 3).await;
    assert!(ledger.approve_erasure(third, None, &by()).await.expect("approved"));
    assert!(taken_by(&ledger, &BOUNDS).await.is_none());
    assert_eq!(link_state(&ledger, third).await, Some(LinkState::Over));
}

pub(crate) async fn a_link_confirms_what_was_typed_of_its_own_address_and_nothing_else(ledger: Shared) {
    let ann = requested(&ledger, 1).await;
    assert_eq!(requested(&ledger, 1).await, ann, "the same address");
    let bob = requested(&ledger, 2).await;
    let to_approve = NewErasure { confirm: None, ..by_link(1) };
    let by_a_person = ledger.request(to_approve, &by()).await.expect("requested");
    let no_address = NewErasure { confirm: Some(Confirm::NoAddress), ..by_link(1) };
    assert_eq!(ledger.request(no_address, &by()).await.expect("requested"), by_a_person, "a person decides on both");
    assert_eq!(BTreeSet::from([ann, bob, by_a_person]).len(), 3);
    let elsewhere = crate::erasure::Subject::Person { installation: other(), digest: Digest([1; 16]) };
    let elsewhere = ledger.request(NewErasure { subject: elsewhere, ..by_link(1) }, &by()).await.expect("requested");
    // One mail for the two forms of one address.
    let links = [mailed(&ledger).await, mailed(&ledger).await, mailed(&ledger).await];
    assert!(taken_by(&ledger, &BOUNDS).await.is_none());
    let of = |id| &links.iter().find(|(_, mail)| mail.of == LinkFor::Erasure(id)).expect("one").0;
    assert_eq!(confirm(&ledger, of(ann)).await, Confirmed::Done(ann));
    assert_eq!(resolvable(&ledger).await, [ann]);
    for waits in [bob, by_a_person, elsewhere] {
        assert_eq!(shown(&ledger, waits).await.state, ErasureState::Requested);
    }
    // What is typed after that waits for a link of its own.
    assert_ne!(requested(&ledger, 1).await, ann);
}

pub(crate) async fn whoever_is_killed_while_sending_leaves_a_second_mail_at_most(ledger: Shared) {
    let id = requested(&ledger, 1).await;
    let (first, _) = taken_by(&ledger, &KILLED).await.expect("one is due");
    let (second, _) = taken_by(&ledger, &KILLED).await.expect("another one");
    assert!(taken_by(&ledger, &KILLED).await.is_none(), "no third one");
    assert!(!is_due(&ledger).await);
    // Whoever comes back late changes nothing.
    ledger.link_mail_ended(&first, LinkMailEnd::Refused("550".into())).await.expect("answered");
    assert_eq!(confirm(&ledger, &first).await, Confirmed::Done(id), "its mail may be there");
    assert_eq!(confirm(&ledger, &second).await, Confirmed::Already);
    assert_eq!(resolvable(&ledger).await, [id]);
}

pub(crate) async fn an_address_gets_so_much_mail_and_all_together_so_much(ledger: Shared) {
    for _ in 0..BOUNDS.to_one_in_an_hour {
        requested(&ledger, 1).await;
        mailed(&ledger).await;
    }
    let id = requested(&ledger, 1).await;
    assert!(taken_by(&ledger, &BOUNDS).await.is_none());
    assert!(!is_due(&ledger).await, "it does not come later either");
    assert_eq!(link_state(&ledger, id).await, Some(LinkState::Over));
    let few = LinkBounds { in_an_hour: BOUNDS.to_one_in_an_hour, ..BOUNDS };
    requested(&ledger, 2).await;
    assert!(taken_by(&ledger, &few).await.is_none());
    assert!(is_due(&ledger).await, "that one waits");
    assert!(taken_by(&ledger, &BOUNDS).await.is_some());
}

pub(crate) async fn a_mail_that_is_refused_is_tried_later_and_counts_as_none(ledger: Shared) {
    let id = requested(&ledger, 1).await;
    let (link, _) = taken_by(&ledger, &BOUNDS).await.expect("one is due");
    ledger.link_mail_ended(&link, LinkMailEnd::Refused("550 5.1.1: refused".into())).await.expect("noted");
    assert_eq!(confirm(&ledger, &link).await, Confirmed::NotValid, "nobody has it");
    assert!(!is_due(&ledger).await);
    let waits = shown(&ledger, id).await.confirmation.and_then(|confirmation| confirmation.link).expect("a link");
    assert_eq!(
        (waits.state, waits.mailed, waits.reason.as_deref()),
        (LinkState::Waiting, None, Some("550 5.1.1: refused"))
    );
}

pub(crate) async fn a_link_that_is_too_old_is_none_and_told_of_and_a_person_can_approve(ledger: Shared) {
    let told = async || {
        let all = ledger.attention(&limits()).await.expect("read");
        let named = all.iter().map(|found| (found.code.as_str(), found.severity.as_str()));
        named
            .filter(|(code, _)| code.contains("confirm") || code.contains("approval"))
            .map(|(code, of)| format!("{code} {of}"))
            .collect::<Vec<_>>()
    };
    let id = requested(&ledger, 1).await;
    assert_eq!(told().await, [""; 0], "nobody has to act");
    let (link, _) = taken_by(&ledger, &LinkBounds { valid_for: Duration::ZERO, ..BOUNDS }).await.expect("one is due");
    ledger.link_mail_ended(&link, LinkMailEnd::Sent).await.expect("noted");
    assert_eq!(confirm(&ledger, &link).await, Confirmed::NotValid);
    assert_eq!(told().await, ["confirmation_missing notice"]);
    let no_address = NewErasure { confirm: Some(Confirm::NoAddress), ..by_link(2) };
    ledger.request(no_address, &by()).await.expect("requested");
    assert_eq!(told().await, ["approval_waiting attention", "confirmation_missing notice"]);
    // Asking again brings another link; a person can approve it all the same.
    requested(&ledger, 1).await;
    assert_eq!(told().await, ["approval_waiting attention"]);
    assert!(ledger.approve_erasure(id, None, &by()).await.expect("approved"));
    assert_eq!(resolvable(&ledger).await, [id]);
    // What mail is counted by stays for a day, whatever else goes.
    ledger.maintain(KEEP_NOTHING).await.expect("maintained");
    assert_eq!(link_state(&ledger, id).await, Some(LinkState::Waiting));
}

pub(crate) async fn a_link_is_found_under_the_index_key_that_replaced_its_own(ledger: Shared) {
    let old = key();
    let new = old.clone().replaced_by(&Zeroizing::new([2; 32]));
    let ids = |key: &IndexKey| KeyIds { index: key.id().clone(), ..key_ids("1") };
    ledger.key_ids(&ids(&old)).await.expect("noted");
    let id = requested(&ledger, 1).await;
    let token = LinkToken::generate();
    let [under_old, under_new] = [&old, &new].map(|key| LinkProof::new(token.clone(), key));
    ledger.take_link(&under_old, &BOUNDS).await.expect("answered").expect("one is due");
    let carry = new.carry_from(old.id()).expect("it was replaced");
    assert!(ledger.rotate_index(&carry, &by()).await.expect("answered"));
    assert!(
        ledger.use_link(&under_old, &calendar()).await.is_err(),
        "whoever knows only of the old key cannot say that it is none"
    );
    ledger.key_ids(&ids(&new)).await.expect("noted");
    assert_eq!(confirm(&ledger, &under_new).await, Confirmed::Done(id));
}

/// Whatever happens in whatever order: nothing that waits for a link begins, or is verified, without it, or a person.
pub(crate) async fn nothing_begins_without_its_link_or_a_person_in_whatever_order(ledger: Shared) {
    let seed = std::env::var("QUIETUS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_130);
    let mut chance = Chance::new(seed);
    let (mut links, mut known) = (Vec::new(), Vec::new());
    let (mut allowed, mut begun) = (BTreeSet::new(), BTreeSet::new());
    let (mut entered, mut verified) = (BTreeSet::new(), BTreeSet::new());
    for _ in 0..200 {
        match chance.below(14) {
            0 | 1 => known.push(requested(&ledger, chance.below(3) as u8).await),
            2 | 3 => {
                let bounds = LinkBounds { to_one_in_an_hour: 1000, to_one_in_a_day: 1000, in_an_hour: 1000, ..BOUNDS };
                let lease = if chance.one_in(3) { Duration::ZERO } else { HOUR };
                links.extend(taken_by(&ledger, &LinkBounds { lease, ..bounds }).await);
            }
            4 if !links.is_empty() => {
                let end = chance.of(&[
                    LinkMailEnd::Sent,
                    LinkMailEnd::Unclear("x".into()),
                    LinkMailEnd::Refused("x".into()),
                    LinkMailEnd::ServerAway("x".into()),
                    LinkMailEnd::KeyAway("x".into()),
                ]);
                let (link, _) = chance.of(&links);
                ledger.link_mail_ended(&link, end).await.expect("noted");
            }
            5 if !links.is_empty() => {
                let (link, mail) = chance.of(&links);
                match confirm(&ledger, &link).await {
                    Confirmed::Done(id) => {
                        assert_eq!(LinkFor::Erasure(id), mail.of, "seed {seed}");
                        assert!(allowed.insert(id), "seed {seed}: once");
                    }
                    Confirmed::Verified(id) => {
                        assert_eq!(LinkFor::Request(id), mail.of, "seed {seed}");
                        assert!(verified.insert(id.0[0]), "seed {seed}: once");
                    }
                    Confirmed::Already | Confirmed::NotValid => {}
                }
            }
            6 => assert_eq!(confirm(&ledger, &proof()).await, Confirmed::NotValid, "seed {seed}"),
            7 if !known.is_empty() => {
                let id = chance.of(&known);
                if ledger.approve_erasure(id, None, &by()).await.expect("answered") {
                    assert!(allowed.insert(id), "seed {seed}: once");
                }
            }
            8 if !known.is_empty() => {
                let id = chance.of(&known);
                match chance.below(3) {
                    0 => _ = ledger.reject_erasure(id, &by()).await.expect("answered"),
                    1 => _ = ledger.retry_erasure(id, None, &by()).await.expect("answered"),
                    // It says so where a reader is in its way.
                    _ => _ = ledger.maintain(KEEP).await,
                }
            }
            9 => begun.extend(resolvable(&ledger).await),
            10 => {
                let byte = 1 + chance.below(20) as u8;
                if entered.insert(byte) {
                    verifying::unverified(&ledger, byte).await;
                }
            }
            11 | 12 if !entered.is_empty() => {
                let byte = chance.of(&entered.iter().copied().collect::<Vec<_>>());
                let read = verifying::now(&ledger, byte).await;
                let waits = read.request.clone().wants_link().is_ok();
                assert_eq!(waits, !verified.contains(&byte), "seed {seed}: {byte}");
                if waits {
                    assert!(verifying::want(&ledger, &read).await, "seed {seed}");
                }
            }
            _ if !entered.is_empty() && chance.one_in(3) => {
                let byte = chance.of(&entered.iter().copied().collect::<Vec<_>>());
                let read = verifying::now(&ledger, byte).await;
                if read.request.verified.is_none() {
                    assert!(verifying::by_document(&ledger, &read).await, "seed {seed}");
                    assert!(verified.insert(byte), "seed {seed}: once");
                }
            }
            _ => {}
        }
        assert!(begun.is_subset(&allowed), "seed {seed}");
    }
    for byte in entered {
        let is_verified = verifying::now(&ledger, byte).await.request.verified.is_some();
        assert_eq!(is_verified, verified.contains(&byte), "seed {seed}: {byte}");
    }
    assert!(!begun.is_empty() && !verified.is_empty(), "seed {seed}: nothing happened");
}
