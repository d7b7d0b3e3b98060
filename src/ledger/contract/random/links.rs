//! Links that confirm: wanted by forms and requests, mailed, mailed once more where nobody knows what became of a mail, and used, too late, twice
//! or for nothing. What a link is worth is said by `erasure/confirmation` alone; here is which one it is about, and what follows from its use.

use jiff::Timestamp;

use super::super::confirming::{calendar, confirm, proof};
use super::super::fixtures::Shared;
use super::action::LinkAct;
use super::compare::{near, near_if_both, near_is_same};
use super::model::Model;
use super::perform::Run;
use crate::erasure::confirmation::{Link, LinkBounds, LinkFor, LinkMailEnd, LinkProof, LinkState, Mailed, TakenLink};
use crate::erasure::life::Waiting;
use crate::erasure::{Confirmation, Confirming, ErasureId, ErasureState};
use crate::keys::Digest;
use crate::ledger::Confirmed;
use crate::ledger::confirming::verified;
use crate::request::{RequestId, RequestState};

impl Model {
    /// One mail is enough for what was typed meanwhile, too.
    pub(super) fn want_link(&mut self, id: ErasureId, address: Digest, now: Timestamp) {
        let of = LinkFor::Erasure(id);
        if !self.links.iter().any(|link| link.of == of && is_to_be_mailed(link)) {
            self.links.push(Link::wanted(of, address, now));
        }
    }

    /// The older ones are good for nothing.
    pub(super) fn want_link_anew(&mut self, id: RequestId, address: Digest, now: Timestamp) {
        let of = LinkFor::Request(id);
        self.end_links(of, now);
        self.links.push(Link::wanted(of, address, now));
    }

    /// How the confirmation of an erasure is shown, with its newest link.
    pub(super) fn confirmation(&self, waiting: &Waiting) -> Option<Confirmation> {
        let confirmation = Confirmation::of(waiting.confirm, waiting.confirmed)?;
        Some(Confirmation { link: self.newest(LinkFor::Erasure(waiting.id)).cloned().map(Into::into), ..confirmation })
    }

    fn newest(&self, of: LinkFor) -> Option<&Link> {
        self.links.iter().rev().find(|link| link.of == of)
    }

    /// The longest due is mailed, past those that nobody waits for, or whose address has got enough.
    fn link_taken(&mut self, proof: &LinkProof, bounds: &LinkBounds, now: Timestamp) -> Option<Link> {
        loop {
            let all = self.links.iter().enumerate();
            let due = all.filter(|(_, link)| is_to_be_mailed(link) && link.due <= now);
            let number = due.min_by_key(|(number, link)| (link.due, *number)).map(|(number, _)| number)?;
            let link = self.links[number].clone();
            let (is_awaited, mailed) = (self.awaits(link.of), self.mailed(link.address));
            match link.taken(is_awaited, mailed, bounds, proof, now) {
                TakenLink::Later => return None,
                TakenLink::NoMail(link) => self.links[number] = link,
                TakenLink::Again { first, second } => {
                    self.links[number] = first;
                    self.links.push(second);
                }
                TakenLink::Mail(link) => {
                    self.links[number] = link.clone();
                    return Some(link);
                }
            }
        }
    }

    fn awaits(&self, of: LinkFor) -> bool {
        match of {
            LinkFor::Erasure(id) => self.erasures.get(&id).is_some_and(|erasure| {
                erasure.state == ErasureState::Requested && erasure.waiting.confirm == Some(Confirming::Email)
            }),
            LinkFor::Request(id) => {
                let found = self.requests.iter().find(|kept| kept.stored.request.id == id);
                found.is_some_and(|kept| {
                    matches!(kept.stored.request.state(), RequestState::Unverified | RequestState::Asked)
                })
            }
        }
    }

    /// All within this hour.
    fn mailed(&self, address: Digest) -> Mailed {
        let count = |which: &dyn Fn(&Link) -> bool| {
            let mailed = self.links.iter().filter(|link| link.mailed.is_some() && which(link));
            u32::try_from(mailed.count()).expect("few")
        };
        let to_one = count(&|link: &Link| link.address == address);
        Mailed { to_one_in_an_hour: to_one, to_one_in_a_day: to_one, in_an_hour: count(&|_: &Link| true) }
    }

    fn link_mail_ended(&mut self, proof: &LinkProof, end: LinkMailEnd, now: Timestamp) {
        let token = proof.found_by();
        let Some(number) = self.links.iter().position(|link| link.token == Some(token)) else { return };
        let (link, second) = self.links[number].clone().mail_ended(token, end, now);
        self.links[number] = link;
        self.links.extend(second);
    }

    fn link_used(&mut self, proof: &LinkProof, now: Timestamp) -> Confirmed {
        let Some(number) = self.links.iter().position(|link| link.token == Some(proof.found_by())) else {
            return Confirmed::NotValid;
        };
        let link = self.links[number].clone();
        let of = link.of;
        let confirmed = match of {
            LinkFor::Erasure(id) => self.confirmed(id, link.is_valid(proof, now), now),
            LinkFor::Request(id) => self.verified_by(id, &link, proof, now),
        };
        if matches!(confirmed, Confirmed::Done(_) | Confirmed::Verified(_)) {
            self.links[number] = Link { state: LinkState::Used, ended: Some(now), ..link };
            self.end_links(of, now);
        }
        confirmed
    }

    fn verified_by(&mut self, id: RequestId, link: &Link, proof: &LinkProof, now: Timestamp) -> Confirmed {
        let Some(kept) = self.requests.iter_mut().find(|kept| kept.stored.request.id == id) else {
            return Confirmed::NotValid;
        };
        let stored = &mut kept.stored;
        // By which number is known to the ledger alone.
        let (confirmed, request) = verified(0, link, stored.request.clone(), proof, &calendar(), now);
        if let Some(request) = request {
            stored.request = request;
            stored.version += 1;
        }
        confirmed
    }

    fn end_links(&mut self, of: LinkFor, now: Timestamp) {
        let is_good = |link: &&mut Link| link.of == of && (is_to_be_mailed(link) || link.state == LinkState::Sent);
        for link in self.links.iter_mut().filter(is_good) {
            link.state = LinkState::Over;
            link.ended = Some(now);
        }
    }

    fn capsules_of(&self, of: LinkFor) -> usize {
        match of {
            LinkFor::Erasure(id) => self.erasures[&id].capsules,
            LinkFor::Request(_) => 1,
        }
    }
}

impl Run {
    pub(super) async fn link(&mut self, act: LinkAct, now: Timestamp) {
        let ledger = self.ledger.clone();
        match act {
            LinkAct::Take(bounds) => {
                let proof = proof();
                let mail = ledger.take_link(&proof, &bounds).await.expect("answered");
                let expected = self.model.link_taken(&proof, &bounds, now);
                let came = mail.as_ref().map(|mail| (mail.of, mail.capsules.len()));
                let mine = expected.as_ref().map(|link| (link.of, self.model.capsules_of(link.of)));
                assert_eq!(came, mine, "the mail that is sent now, and the model's");
                if let Some((mail, link)) = mail.zip(expected) {
                    assert!(link.expires.is_some_and(|expires| near(mail.expires, expires)), "{mail:?}, {link:?}");
                    self.model.mails.push(proof);
                }
            }
            LinkAct::MailEnded { of, end } => {
                let proof = self.mailed_under(of);
                self.model.link_mail_ended(&proof, end.clone(), now);
                ledger.link_mail_ended(&proof, end).await.expect("noted");
            }
            LinkAct::Use { of, again } => {
                let proof = self.mailed_under(of);
                for _ in 0..1 + u8::from(again) {
                    let expected = self.model.link_used(&proof, now);
                    assert_eq!(confirm(&ledger, &proof).await, expected, "what using a link came to, and the model's");
                }
            }
        }
    }

    /// The token of a mail, or one that nobody was sent.
    fn mailed_under(&self, number: usize) -> LinkProof {
        self.model.mails.get(number).cloned().unwrap_or_else(proof)
    }
}

/// It is wanted, or on its way until somebody else goes on.
fn is_to_be_mailed(link: &Link) -> bool {
    matches!(link.state, LinkState::Waiting | LinkState::Sending)
}

/// Compares what is not shown with an erasure: whether a mail is due, and the links of requests.
pub(super) async fn agree(ledger: &Shared, model: &Model) {
    let due = model.links.iter().filter(|link| is_to_be_mailed(link)).map(|link| link.due).min();
    let is_due = due.map(|due| due <= Timestamp::now());
    assert_eq!(ledger.link_due().await.expect("read"), is_due, "whether a mail is due");
    let ids: Vec<_> = model.requests.iter().map(|kept| kept.stored.request.id).collect();
    let mut shown = ledger.links_of_requests(&ids).await.expect("read");
    for id in ids {
        let mine = model.newest(LinkFor::Request(id));
        let mut shown = shown.remove(&id);
        if let (Some(shown), Some(mine)) = (&mut shown, mine) {
            near_is_same(&mut shown.due, mine.due);
            near_if_both(&mut shown.mailed, mine.mailed);
            near_if_both(&mut shown.expires, mine.expires);
            near_if_both(&mut shown.ended, mine.ended);
        }
        assert_eq!(shown.as_ref(), mine, "the newest link of a request, and the model's");
    }
}
