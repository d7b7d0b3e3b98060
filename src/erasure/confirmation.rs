//! Confirming by a link: whoever has the mailbox that a form names lets an erasure begin, in the place of a person's approval; or shows
//! that a request is theirs which names it. What is known of each link, and how one state leads to the next ([`life`]); no I/O, no clock.

mod life;
mod token;

pub(crate) use life::{Link, LinkBounds, LinkMailEnd, LinkState, Mailed, TakenLink};
pub(crate) use token::{LinkProof, LinkToken};

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use quietus_plugin::identity::email;
use serde::{Deserialize, Serialize};

use super::ErasureId;
use crate::keys::{Digest, Secret};
use crate::request::RequestId;
use crate::subject::{Identifiers, Kind};

/// What a link is for. One of each never does for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LinkFor {
    /// It lets this erasure begin.
    Erasure(ErasureId),
    /// It shows whose this request is.
    Request(RequestId),
}

impl fmt::Display for LinkFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Erasure(id) => write!(f, "{id}"),
            Self::Request(id) => write!(f, "{id:?}"),
        }
    }
}

/// What a demand says of the link that is to let it begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Confirm {
    /// A link is sent to the one address that its form names: this is the address's digest. The erasure is about that address alone.
    Email { address: Digest },
    /// Its form names no address, or several, so that a person has to approve it.
    NoAddress,
}

/// The same as it is kept with the erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Confirming {
    Email,
    NoAddress,
}

impl Confirming {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::NoAddress => "no_address",
        }
    }
}

impl Confirm {
    pub(crate) fn kept(self) -> Confirming {
        match self {
            Self::Email { .. } => Confirming::Email,
            Self::NoAddress => Confirming::NoAddress,
        }
    }
}

/// How the confirmation of an erasure stands, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Confirmation {
    pub(crate) by: Confirming,
    /// When its link was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirmed: Option<Timestamp>,
    /// The newest link, as long as it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<ShownLink>,
}

impl Confirmation {
    /// Before its newest link is looked up.
    pub(crate) fn of(confirm: Option<Confirming>, confirmed: Option<Timestamp>) -> Option<Self> {
        Some(Self { by: confirm?, confirmed, link: None })
    }
}

/// Why a link that was mailed is good for nothing.
const RUN_OUT: &str = "it has run out";

/// A link as it is shown: neither what it says nor to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ShownLink {
    pub(crate) state: LinkState,
    /// Since when a mail with it may be on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mailed: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Timestamp>,
    /// Why its mail was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
}

impl ShownLink {
    /// As it stands now: one that has run out is waited for no more, although nothing has ended it.
    pub(crate) fn at(self, now: Timestamp) -> Self {
        let is_out = self.state == LinkState::Sent && self.expires.is_none_or(|expires| expires <= now);
        if is_out { Self { state: LinkState::Over, reason: Some(RUN_OUT.to_owned()), ..self } } else { self }
    }
}

impl From<Link> for ShownLink {
    fn from(link: Link) -> Self {
        Self { state: link.state, mailed: link.mailed, expires: link.expires, reason: link.reason }
    }
}

/// The one mailbox that identifiers name, in its normal form, as it is compared; `None` where they name none, or several.
pub(crate) fn mailbox_of(identifiers: &Identifiers) -> Option<Secret> {
    let typed = identifiers.of_kind(&Kind::Email);
    let forms: BTreeSet<_> = typed.map(|text| email(text.expose()).map(Secret::new)).collect();
    let mut forms = forms.into_iter();
    // What is typed and is no single address may be anybody's.
    let only = forms.next().flatten()?;
    (forms.next().is_none() && is_mailbox(only.expose())).then_some(only)
}

/// Whether mail may be sent there: nothing that a mail server could read as more than one mailbox of a domain.
fn is_mailbox(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:\"@".contains(c);
    let is_sound = |part: &str, most: usize| !part.is_empty() && part.len() <= most && part.chars().all(is_plain);
    is_sound(local, 64) && is_sound(domain, 253) && domain.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subject::Identifier;

    #[track_caller]
    fn check(typed: &[&str], expected: Option<&str>) {
        let identifiers = typed.iter().filter_map(|text| Identifier::new(Kind::Email, text));
        let name = Identifier::new(Kind::Name, "bob@example.com");
        let found = mailbox_of(&Identifiers(identifiers.chain(name).collect()));
        assert_eq!(found.as_ref().map(Secret::expose), expected, "{typed:?}");
    }

    #[test]
    fn a_link_that_has_run_out_is_waited_for_no_more() {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let link = |state| ShownLink { state, mailed: Some(at(1)), expires: Some(at(9)), reason: None };
        assert_eq!(link(LinkState::Sent).at(at(8)), link(LinkState::Sent));
        let over = ShownLink { reason: Some(RUN_OUT.to_owned()), ..link(LinkState::Over) };
        assert_eq!(link(LinkState::Sent).at(at(9)), over);
        for state in [LinkState::Waiting, LinkState::Sending, LinkState::Used, LinkState::Failed] {
            assert_eq!(link(state).at(at(9)), link(state));
        }
    }

    #[test]
    fn one_address_is_one_however_it_is_spelt_and_two_are_nobodys() {
        check(&["Ann@Example.com"], Some("ann@example.com"));
        check(&["Ann@Example.com", " ann@example.com. "], Some("ann@example.com"));
        check(&["jana@příklad.cz"], Some("jana@xn--pklad-zsa96e.cz"));
        check(&[], None);
        check(&["n/a"], None);
        check(&["ann@example.com", "n/a"], None);
        check(&["ann@example.com, bob@example.com"], None);
        check(&["ann@example.com", "bob@example.com"], None);
        check(&["ann@[192.0.2.1]"], None);
    }

    #[test]
    fn only_one_plain_mailbox_gets_mail() {
        for good in ["ann@example.com", "ann+eshop@example.co.uk", "jana.novákova@příklad.cz"] {
            assert!(is_mailbox(good), "{good}");
        }
        for bad in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@localhost",
            "ann@example.com, bob@example.com",
            "ann@bob@example.com",
            "Ann <ann@example.com>",
            "ann@example.com\r\nBcc: bob@example.com",
            "\"ann bob\"@example.com",
            "ann@[192.0.2.1]",
        ] {
            assert!(!is_mailbox(bad), "{bad:?}");
        }
    }
}
