use zeroize::Zeroizing;

use super::*;
use crate::erasure::ErasureId;
use crate::erasure::confirmation::LinkToken;
use crate::keys::IndexKey;
use crate::request::RequestId;

const BOUNDS: LinkBounds = LinkBounds {
    to_one_in_an_hour: 3,
    to_one_in_a_day: 6,
    in_an_hour: 100,
    valid_for: Duration::from_secs(3600),
    lease: Duration::from_secs(60),
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn later(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

fn proof() -> LinkProof {
    LinkProof::new(LinkToken::generate(), &IndexKey::new(&Zeroizing::new([1; 32])))
}

fn wanted() -> Link {
    Link::wanted(LinkFor::Erasure(ErasureId([1; 16])), Digest([2; 16]), NOW)
}

#[track_caller]
fn mailed(link: Link, proof: &LinkProof) -> Link {
    match link.taken(true, Mailed::default(), &BOUNDS, proof, NOW) {
        TakenLink::Mail(link) => link,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_link_is_valid_from_before_its_mail_is_sent_until_it_expires() {
    let proof = self::proof();
    let sending = mailed(wanted(), &proof);
    assert!(sending.is_valid(&proof, NOW), "its mail may be there before this is known");
    let (sent, second) = sending.mail_ended(proof.found_by(), LinkMailEnd::Sent, NOW);
    assert_eq!((sent.state, second), (LinkState::Sent, None));
    assert!(sent.is_valid(&proof, later(3599)) && !sent.is_valid(&proof, later(3600)));
    assert!(!sent.is_valid(&self::proof(), NOW), "another token");
    for of in [LinkFor::Erasure(ErasureId([9; 16])), LinkFor::Request(RequestId([1; 16]))] {
        assert!(!Link { of, ..sent.clone() }.is_valid(&proof, NOW), "a row that was changed: {of}");
    }
    for state in [LinkState::Waiting, LinkState::Used, LinkState::Failed, LinkState::Over] {
        assert!(!Link { state, ..sent.clone() }.is_valid(&proof, NOW), "{state:?}");
    }
}

#[test]
fn whoever_is_killed_between_sending_and_noting_leaves_at_most_a_second_mail() {
    let (one, two, three) = (proof(), proof(), proof());
    let sending = mailed(wanted(), &one);
    let TakenLink::Again { first, second } = sending.taken(true, Mailed::default(), &BOUNDS, &two, later(60)) else {
        panic!("a second one");
    };
    assert!(first.is_valid(&one, later(60)), "its mail may be there");
    let second = mailed(second, &two);
    let TakenLink::NoMail(second) = second.taken(true, Mailed::default(), &BOUNDS, &three, later(120)) else {
        panic!("no third one");
    };
    assert!(second.is_valid(&two, later(120)));
}

#[test]
fn a_mail_of_which_nobody_knows_is_sent_once_more() {
    let unclear = |link| {
        let proof = self::proof();
        mailed(link, &proof).mail_ended(proof.found_by(), LinkMailEnd::Unclear("slow".into()), NOW)
    };
    let (first, second) = unclear(wanted());
    assert_eq!(first.state, LinkState::Sent);
    assert_eq!(unclear(second.expect("one")).1, None);
}

#[test]
fn a_refused_mail_is_tried_with_growing_pauses_and_given_up_and_its_link_is_nobodys() {
    let mut link = wanted();
    let mut waited = Duration::ZERO;
    for attempt in 1..=ATTEMPTS_MAX {
        let proof = self::proof();
        link = mailed(link, &proof);
        assert_eq!(link.attempts, attempt);
        (link, _) = link.mail_ended(proof.found_by(), LinkMailEnd::Refused("550".into()), NOW);
        assert!(!link.is_valid(&proof, NOW));
        assert_eq!((link.mailed, link.token), (None, None));
        if attempt < ATTEMPTS_MAX {
            assert_eq!(link.state, LinkState::Waiting);
            waited += link.due.duration_since(NOW).unsigned_abs();
        }
    }
    assert_eq!(link.state, LinkState::Failed);
    assert!((12 * 3600..48 * 3600).contains(&waited.as_secs()), "{waited:?}");
}

#[test]
fn no_outage_of_the_mail_server_ends_a_link() {
    let mut link = wanted();
    for _ in 0..10 * ATTEMPTS_MAX {
        let proof = self::proof();
        (link, _) = mailed(link, &proof).mail_ended(proof.found_by(), LinkMailEnd::ServerAway("away".into()), NOW);
        assert_eq!((link.state, link.attempts), (LinkState::Waiting, 0));
        assert!(link.due.duration_since(NOW).unsigned_abs() <= AWAY_PAUSE);
    }
}

#[test]
fn no_absence_of_a_key_ends_a_link() {
    let mut link = wanted();
    for _ in 0..10 * ATTEMPTS_MAX {
        let proof = self::proof();
        (link, _) = mailed(link, &proof).mail_ended(proof.found_by(), LinkMailEnd::KeyAway("away".into()), NOW);
        assert_eq!((link.state, link.attempts), (LinkState::Waiting, 0));
        // Nothing went out, so nothing counts as mail to this address.
        assert_eq!((link.mailed, link.token), (None, None));
        assert!(NOW < link.due && link.due.duration_since(NOW).unsigned_abs() <= KEY_AWAY_PAUSE);
    }
    let proof = self::proof();
    (link, _) = mailed(link, &proof).mail_ended(proof.found_by(), LinkMailEnd::NoAddress("broken".into()), NOW);
    assert_eq!(link.state, LinkState::Failed);
}

#[test]
fn an_address_gets_no_more_than_the_bound_and_all_together_wait() {
    let taken = |mailed| wanted().taken(true, mailed, &BOUNDS, &proof(), NOW);
    for mailed in
        [Mailed { to_one_in_an_hour: 3, ..Mailed::default() }, Mailed { to_one_in_a_day: 6, ..Mailed::default() }]
    {
        assert!(matches!(taken(mailed), TakenLink::NoMail(link) if link.state == LinkState::Over), "{mailed:?}");
    }
    assert_eq!(taken(Mailed { in_an_hour: 100, ..Mailed::default() }), TakenLink::Later);
    let below = Mailed { to_one_in_an_hour: 2, to_one_in_a_day: 5, in_an_hour: 99 };
    assert!(matches!(taken(below), TakenLink::Mail(_)));
}

#[test]
fn nothing_is_mailed_for_an_erasure_that_does_not_wait_for_it() {
    let taken = wanted().taken(false, Mailed::default(), &BOUNDS, &proof(), NOW);
    assert!(matches!(taken, TakenLink::NoMail(link) if link.state == LinkState::Over));
}

#[test]
fn whoever_was_overtaken_changes_nothing() {
    let (proof, other) = (self::proof(), self::proof());
    let sending = mailed(wanted(), &proof);
    let used = Link { state: LinkState::Used, ..sending.clone() };
    assert_eq!(used.clone().mail_ended(proof.found_by(), LinkMailEnd::Refused("550".into()), NOW), (used, None));
    assert_eq!(sending.clone().mail_ended(other.found_by(), LinkMailEnd::Sent, NOW), (sending, None));
}
