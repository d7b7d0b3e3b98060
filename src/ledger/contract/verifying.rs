//! Links that show whose a request is.

use std::time::Duration;

use jiff::civil::date;

use super::confirming::{BOUNDS, KILLED, by_link, confirm, is_due, key, link_to_send, mailed, proof, taken_by};
use super::fixtures::*;
use super::requesting::{enter, new, rejected, there};
use crate::audit::{Act, Detail};
use crate::erasure::ErasureState;
use crate::erasure::confirmation::{LinkBounds, LinkFor, LinkMailEnd, LinkProof, LinkState, LinkToken, mailbox_of};
use crate::keys::{Digest, KeyIds};
use crate::ledger::{AuditRange, Confirmed, Cursor, NewRequest, RequestChange, StoredRequest};
use crate::request::{self, Entered, Request, RequestId, RequestState, VerifiedBy};

/// A request of which it is not known whose it is. Its number is of the company's own.
pub(super) async fn unverified(ledger: &Shared, byte: u8) -> StoredRequest {
    let new = new(byte, vec![email(byte)]);
    let number = Some(number(byte).parse().expect("a number"));
    enter(ledger, &NewRequest { entered: Entered { verified: None, number, ..new.entered.clone() }, ..new }).await
}

pub(super) fn number(byte: u8) -> String {
    format!("2026/{byte}")
}

pub(super) async fn now(ledger: &Shared, byte: u8) -> StoredRequest {
    there(ledger, &number(byte)).await
}

fn changed(read: &StoredRequest, request: Request) -> RequestChange {
    let details = vec![("link", Detail::Word("wanted".into()))];
    RequestChange { read_version: read.version, request, act: Act::VerifyRequest, details }
}

/// Wants a link for a request as it was read; `false` where that is not what it is.
pub(super) async fn want(ledger: &Shared, read: &StoredRequest) -> bool {
    let wanted = read.request.clone().wants_link().expect("it waits for that");
    let to = Digest([read.request.id.0[0]; 16]);
    ledger.want_request_link(&changed(read, wanted), to, &by()).await.expect("answered")
}

/// Somebody says how it is known whose it is.
pub(super) async fn by_document(ledger: &Shared, read: &StoredRequest) -> bool {
    let day = date(2026, 11, 5);
    let verified = read.request.clone().verify(VerifiedBy::Document, day, &by(), jiff::Timestamp::now());
    ledger.change_request(&changed(read, verified.expect("verified")), &by()).await.expect("answered")
}

/// One that has a link which is being mailed.
pub(crate) async fn link_of_request(ledger: &Shared) -> (RequestId, LinkProof) {
    let read = unverified(ledger, 92).await;
    assert!(want(ledger, &read).await);
    let (proof, _) = taken_by(ledger, &BOUNDS).await.expect("one is due");
    (read.request.id, proof)
}

async fn link_state(ledger: &Shared, read: &StoredRequest) -> Option<LinkState> {
    let id = read.request.id;
    ledger.links_of_requests(&[id]).await.expect("read").remove(&id).map(|link| link.state)
}

/// What `request.verify` rows say of who and whether: the oldest first.
async fn audited(ledger: &Shared) -> Vec<(String, String)> {
    let rows = ledger.audit(&AuditRange::all(Cursor::OLDEST, 99)).await.expect("listed").items;
    let ours = rows.iter().filter(|row| &*row.statement.act == "request.verify");
    ours.map(|row| {
        let text: serde_json::Value = serde_json::from_str(row.text()).expect("JSON");
        let actor = row.statement.actor.as_str();
        let who = if actor.starts_with("link:") { "link" } else { "officer" };
        (who.to_owned(), text["result"].as_str().unwrap_or_default().to_owned())
    })
    .collect()
}

fn row(who: &str, result: &str) -> (String, String) {
    (who.to_owned(), result.to_owned())
}

pub(crate) async fn a_request_is_verified_by_its_link_and_only_once(ledger: Shared) {
    let read = unverified(&ledger, 1).await;
    let id = read.request.id;
    assert_eq!(link_state(&ledger, &read).await, None);
    assert!(want(&ledger, &read).await && is_due(&ledger).await);
    assert_eq!(link_state(&ledger, &read).await, Some(LinkState::Waiting));
    let (link, mail) = mailed(&ledger).await;
    assert_eq!(mail.of, LinkFor::Request(id));
    let whom = request::open(&mail.capsules[0], id, &seal()).expect("opens");
    assert_eq!((mail.capsules.len(), mailbox_of(&whom.identifiers).expect("one").expose()), (1, "ann@x.cz"));
    assert_eq!((link_state(&ledger, &read).await, is_due(&ledger).await), (Some(LinkState::Sent), false));

    assert_eq!(confirm(&ledger, &proof()).await, Confirmed::NotValid);
    assert_eq!(now(&ledger, 1).await.request.state(), RequestState::Unverified);
    assert_eq!(confirm(&ledger, &link).await, Confirmed::Verified(id));
    assert_eq!(confirm(&ledger, &link).await, Confirmed::Already, "a button is clicked twice");
    let verified = now(&ledger, 1).await.request;
    assert_eq!((verified.state(), verified.is_by_address_alone()), (RequestState::Verified, true));
    let how = verified.verified.expect("it is known");
    assert!(how.by.as_str().starts_with("link:") && how.on.is_some(), "{how:?}");
    assert_eq!(link_state(&ledger, &read).await, Some(LinkState::Used));
    assert!(ledger.request_capsule(id).await.expect("read").is_some(), "it is planned next");
    assert_eq!(audited(&ledger).await, [row("officer", "done"), row("link", "done")]);
}

pub(crate) async fn a_link_is_an_answer_to_what_was_asked_for(ledger: Shared) {
    let read = unverified(&ledger, 1).await;
    let asked = read.request.clone().ask(date(2026, 11, 5), date(2026, 11, 5)).expect("asked");
    assert!(ledger.change_request(&changed(&read, asked), &by()).await.expect("answered"));
    let read = now(&ledger, 1).await;
    assert_eq!((read.request.state(), read.request.due()), (RequestState::Asked, None));
    assert!(want(&ledger, &read).await);
    let (link, _) = mailed(&ledger).await;
    assert_eq!(now(&ledger, 1).await.request.due(), None, "a mail is no answer");
    assert_eq!(confirm(&ledger, &link).await, Confirmed::Verified(read.request.id));
    let verified = now(&ledger, 1).await.request;
    assert!(!verified.term.is_paused() && verified.due() >= Some(date(2026, 12, 3)), "{verified:?}");
}

pub(crate) async fn of_the_links_of_a_request_the_newest_is_good(ledger: Shared) {
    let wanted = async || assert!(want(&ledger, &now(&ledger, 1).await).await);
    let read = unverified(&ledger, 1).await;
    wanted().await;
    let (first, _) = mailed(&ledger).await;
    wanted().await;
    // One that is on its way as the next one is wanted.
    let (second, _) = taken_by(&ledger, &BOUNDS).await.expect("one is due");
    wanted().await;
    ledger.link_mail_ended(&second, LinkMailEnd::Unclear("x".into())).await.expect("noted");
    let (third, _) = mailed(&ledger).await;
    assert!(!is_due(&ledger).await, "nobody sends the second once more");
    for older in [&first, &second] {
        assert_eq!(confirm(&ledger, older).await, Confirmed::NotValid);
    }
    assert_eq!(confirm(&ledger, &third).await, Confirmed::Verified(read.request.id));
    // By what was read before, nothing is wanted, and the link that there is stays good.
    let other = unverified(&ledger, 2).await;
    assert!(want(&ledger, &other).await);
    let (link, _) = mailed(&ledger).await;
    assert!(!want(&ledger, &other).await, "somebody has changed it");
    assert!(!is_due(&ledger).await);
    assert_eq!(confirm(&ledger, &link).await, Confirmed::Verified(other.request.id));
}

pub(crate) async fn a_request_that_has_ended_or_is_verified_otherwise_has_no_use_for_its_link(ledger: Shared) {
    let mut links = Vec::new();
    for byte in [1, 2, 3] {
        assert!(want(&ledger, &unverified(&ledger, byte).await).await);
        links.push(mailed(&ledger).await.0);
    }
    assert!(by_document(&ledger, &now(&ledger, 1).await).await);
    assert!(ledger.change_request(&rejected(&now(&ledger, 2).await), &by()).await.expect("answered"));
    for link in &links[..2] {
        assert_eq!(confirm(&ledger, link).await, Confirmed::NotValid);
    }
    let how = now(&ledger, 1).await.request.verified.expect("it is known");
    assert_eq!((how.how, how.on), (VerifiedBy::Document, Some(date(2026, 11, 5))), "the day that was said");
    assert_eq!(now(&ledger, 2).await.request.state(), RequestState::Rejected);
    // Nor has one that has ended since.
    assert!(matches!(confirm(&ledger, &links[2]).await, Confirmed::Verified(_)));
    assert!(ledger.change_request(&rejected(&now(&ledger, 3).await), &by()).await.expect("answered"));
    assert_eq!(confirm(&ledger, &links[2]).await, Confirmed::NotValid);
    // Nobody is mailed what nobody waits for.
    let fourth = unverified(&ledger, 4).await;
    assert!(want(&ledger, &fourth).await && by_document(&ledger, &now(&ledger, 4).await).await);
    assert!(taken_by(&ledger, &BOUNDS).await.is_none());
    assert_eq!(link_state(&ledger, &fourth).await, Some(LinkState::Over));
}

pub(crate) async fn a_link_of_a_request_that_is_too_old_is_none(ledger: Shared) {
    let read = unverified(&ledger, 1).await;
    assert!(want(&ledger, &read).await);
    let (link, _) = taken_by(&ledger, &LinkBounds { valid_for: Duration::ZERO, ..BOUNDS }).await.expect("one is due");
    ledger.link_mail_ended(&link, LinkMailEnd::Sent).await.expect("noted");
    assert_eq!(confirm(&ledger, &link).await, Confirmed::NotValid);
    assert_eq!(now(&ledger, 1).await.request.state(), RequestState::Unverified);
    // What mail is counted by stays for a day, whatever else goes.
    ledger.maintain(KEEP_NOTHING).await.expect("maintained");
    assert_eq!(link_state(&ledger, &read).await, Some(LinkState::Sent));
}

pub(crate) async fn whoever_is_killed_while_mailing_for_a_request_leaves_a_second_mail_at_most(ledger: Shared) {
    let read = unverified(&ledger, 1).await;
    assert!(want(&ledger, &read).await);
    let (first, _) = taken_by(&ledger, &KILLED).await.expect("one is due");
    let (second, mail) = taken_by(&ledger, &KILLED).await.expect("another one");
    assert_eq!(mail.of, LinkFor::Request(read.request.id));
    assert!(taken_by(&ledger, &KILLED).await.is_none() && !is_due(&ledger).await, "no third one");
    assert_eq!(confirm(&ledger, &first).await, Confirmed::Verified(read.request.id), "its mail may be there");
    assert_eq!(confirm(&ledger, &second).await, Confirmed::Already);
    assert_eq!(audited(&ledger).await, [row("officer", "done"), row("link", "done")]);
}

pub(crate) async fn a_link_of_a_request_lets_no_erasure_begin_and_the_other_way(ledger: Shared) {
    // An erasure and a request of one address.
    let read = unverified(&ledger, 9).await;
    let (erasure, of_erasure) = link_to_send(&ledger).await;
    assert!(want(&ledger, &read).await);
    let (of_request, _) = mailed(&ledger).await;
    let state = async || shown(&ledger, erasure).await.state;
    assert_eq!(confirm(&ledger, &of_request).await, Confirmed::Verified(read.request.id));
    assert_eq!(state().await, ErasureState::Requested);
    let other = unverified(&ledger, 8).await;
    assert!(want(&ledger, &other).await);
    mailed(&ledger).await;
    assert_eq!(confirm(&ledger, &of_erasure).await, Confirmed::Done(erasure));
    assert_eq!(state().await, ErasureState::Scheduled);
    assert_eq!(now(&ledger, 8).await.request.state(), RequestState::Unverified);
}

pub(crate) async fn mail_to_one_address_is_counted_whatever_its_links_are_for(ledger: Shared) {
    for _ in 0..BOUNDS.to_one_in_an_hour {
        let read = match ledger.requests_numbered(&number(9).parse().expect("a number")).await.expect("read").pop() {
            Some(read) => read,
            None => unverified(&ledger, 9).await,
        };
        assert!(want(&ledger, &read).await);
        mailed(&ledger).await;
    }
    // A form with the same address.
    ledger.request(by_link(9), &by()).await.expect("requested");
    assert!(taken_by(&ledger, &BOUNDS).await.is_none());
    assert!(want(&ledger, &now(&ledger, 9).await).await);
    assert!(taken_by(&ledger, &BOUNDS).await.is_none());
    let shown = now(&ledger, 9).await;
    let links = ledger.links_of_requests(&[shown.request.id]).await.expect("read");
    let newest = &links[&shown.request.id];
    assert_eq!((newest.state, newest.reason.is_some()), (LinkState::Over, true), "and that is said");
}

pub(crate) async fn a_link_of_a_request_is_found_under_the_index_key_that_replaced_its_own(ledger: Shared) {
    let old = key();
    let new = old.clone().replaced_by(&zeroize::Zeroizing::new([2; 32]));
    let ids = |key: &crate::keys::IndexKey| KeyIds { index: key.id().clone(), ..key_ids("1") };
    ledger.key_ids(&ids(&old)).await.expect("noted");
    let read = unverified(&ledger, 1).await;
    assert!(want(&ledger, &read).await);
    let token = LinkToken::generate();
    let [under_old, under_new] = [&old, &new].map(|key| LinkProof::new(token.clone(), key));
    ledger.take_link(&under_old, &BOUNDS).await.expect("answered").expect("one is due");
    let carry = new.carry_from(old.id()).expect("it was replaced");
    assert!(ledger.rotate_index(&carry, &by()).await.expect("answered"));
    ledger.key_ids(&ids(&new)).await.expect("noted");
    assert_eq!(confirm(&ledger, &under_new).await, Confirmed::Verified(read.request.id));
}

pub(crate) async fn what_a_link_has_proved_is_followed_by_what_a_document_proves(ledger: Shared) {
    let read = unverified(&ledger, 1).await;
    assert!(want(&ledger, &read).await);
    let (link, _) = mailed(&ledger).await;
    assert_eq!(confirm(&ledger, &link).await, Confirmed::Verified(read.request.id));
    assert!(by_document(&ledger, &now(&ledger, 1).await).await);
    let wider = now(&ledger, 1).await.request;
    assert_eq!((wider.state(), wider.is_by_address_alone()), (RequestState::Verified, false));
    assert_eq!(wider.verified.expect("it is known").by, by());
    assert_eq!(confirm(&ledger, &link).await, Confirmed::NotValid);
}
