//! Sending the mails with links that the ledger wants: each server sends some, whichever takes them first. A mail is noted before it goes
//! out, so that whoever is killed in between leaves a second mail at most.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::mailer::LinkMailer;
use super::words::About;
use crate::attention::CONFIRMATION;
use crate::causes::with_causes;
use crate::erasure::confirmation::{LinkFor, LinkMailEnd, LinkProof, LinkToken, mailbox_of};
use crate::keys::{IndexKey, NoSealKey, NotOpened, SealKey};
use crate::ledger::{GenerationState, Ledger, LedgerError, LinkMail};
use crate::mail::NotSent;
use crate::request;
use crate::subject::Whom;

/// Between two looks whether one is due.
const LOOK: Duration = Duration::from_secs(1);

/// After the mail server was not there, or the ledger was not.
const AGAIN: Duration = Duration::from_secs(5);

/// How often the mail server is away before a person is told.
const AWAY_MAX: u32 = 3;

/// How long a shutdown waits for a mail that is being sent.
const GRACE: Duration = Duration::from_secs(5);

/// What sending needs.
pub(crate) struct LinkSender {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) index: IndexKey,
    pub(crate) seal: SealKey,
    pub(crate) mailer: Arc<LinkMailer>,
}

/// Sends them until the shutdown.
pub(crate) async fn send_links(sender: Arc<LinkSender>, shutdown: CancellationToken) {
    let mut away = None;
    while !shutdown.is_cancelled() {
        let late = async {
            shutdown.cancelled().await;
            sleep(GRACE).await;
        };
        let sent = tokio::select! {
            biased;
            sent = sender.next(&mut away) => sent,
            () = late => return,
        };
        let pause = match sent {
            Ok(Next::Sent) => continue,
            Ok(Next::Nothing) => LOOK,
            Ok(Next::Away) => AGAIN,
            Err(error) => {
                debug!(error = %with_causes(&error), "mails with links are sent later");
                AGAIN
            }
        };
        shutdown.run_until_cancelled(sleep(pause)).await;
    }
}

/// What came of a look.
enum Next {
    Nothing,
    /// One was dealt with, and there may be another one.
    Sent,
    Away,
}

impl LinkSender {
    /// Sends the next one. `away` is how often in a row the mail server was not there, where that is known.
    async fn next(&self, away: &mut Option<u32>) -> Result<Next, LedgerError> {
        // A look that finds nothing writes nothing.
        match self.ledger.link_due().await? {
            Some(true) => {}
            Some(false) => return Ok(Next::Nothing),
            // Nobody waits for the mail server any more.
            None => return self.is_there(away).await.map(|()| Next::Nothing),
        }
        let proof = LinkProof::new(LinkToken::generate(), &self.index);
        let Some(mail) = self.ledger.take_link(&proof, &self.mailer.bounds).await? else { return Ok(Next::Nothing) };
        let end = self.send(&mail, &proof).await;
        let of = mail.of;
        match &end {
            LinkMailEnd::Sent => info!(link.of = %of, "a mail with a link was sent"),
            LinkMailEnd::ServerAway(reason) => {
                warn!(reason, "the mail server takes no mails with links; they are sent later");
            }
            LinkMailEnd::KeyAway(reason) => {
                warn!(link.of = %of, reason, "a mail with a link is sent once the key of its address is back");
            }
            LinkMailEnd::Refused(reason) | LinkMailEnd::Unclear(reason) | LinkMailEnd::NoAddress(reason) => {
                warn!(link.of = %of, reason, "a mail with a link was not sent, or perhaps not");
            }
        }
        self.ledger.link_mail_ended(&proof, end.clone()).await?;
        self.note(end, away).await
    }

    async fn send(&self, mail: &LinkMail, proof: &LinkProof) -> LinkMailEnd {
        let mut whom = Whom::default();
        for capsule in &mail.capsules {
            let opened = match mail.of {
                LinkFor::Erasure(id) => capsule.open(id, &self.seal),
                LinkFor::Request(id) => request::open(capsule, id, &self.seal),
            };
            match opened {
                Ok(opened) => whom.extend(opened),
                // With another part of it, another one could be meant.
                Err(error) => return unopened(&error, &*self.ledger).await,
            }
        }
        let Some(to) = mailbox_of(&whom.identifiers) else {
            return LinkMailEnd::NoAddress("it names no single address".to_owned());
        };
        let about = match mail.of {
            LinkFor::Erasure(_) => About::Form,
            LinkFor::Request(_) => About::Request,
        };
        match self.mailer.send(&to, about, proof.token(), mail.expires, Timestamp::now()).await {
            Ok(()) => LinkMailEnd::Sent,
            Err(NotSent::Away(reason)) => LinkMailEnd::ServerAway(reason),
            Err(NotSent::Refused(reason)) => LinkMailEnd::Refused(reason),
            Err(NotSent::Unclear(reason)) => LinkMailEnd::Unclear(reason),
        }
    }

    /// No person is needed for the mail server.
    async fn is_there(&self, away: &mut Option<u32>) -> Result<(), LedgerError> {
        if *away != Some(0) {
            self.ledger.keeper_ended(CONFIRMATION, None).await?;
        }
        *away = Some(0);
        Ok(())
    }

    /// Has a person told where the mail server is away for longer, and of its being back.
    async fn note(&self, end: LinkMailEnd, away: &mut Option<u32>) -> Result<Next, LedgerError> {
        let reason = match end {
            LinkMailEnd::ServerAway(reason) => reason,
            // Nobody has asked the mail server, so nothing is known of it.
            LinkMailEnd::KeyAway(_) => return Ok(Next::Sent),
            _ => return self.is_there(away).await.map(|()| Next::Sent),
        };
        let times = away.unwrap_or_default().saturating_add(1);
        if times == AWAY_MAX {
            self.ledger.keeper_ended(CONFIRMATION, Some(&reason)).await?;
        }
        // Once that is told: else nobody would be, after the one time that the ledger was busy.
        *away = Some(times);
        Ok(Next::Away)
    }
}

/// What becomes of a mail whose address is under a seal that does not open. A key that is not there now ends no link, unless the ledger
/// says that it is gone for good.
async fn unopened(error: &NotOpened, ledger: &dyn Ledger) -> LinkMailEnd {
    let never_opens = match error {
        NotOpened::Broken => true,
        NotOpened::NoKey(NoSealKey::Away { .. }) => false,
        // A ledger that does not answer has not said so.
        NotOpened::NoKey(NoSealKey::Gone(id)) => ledger.seal_state(id).await.is_ok_and(never_comes_back),
    };
    let reason = error.to_string();
    if never_opens { LinkMailEnd::NoAddress(reason) } else { LinkMailEnd::KeyAway(reason) }
}

/// Whether the key of a generation never comes back: of one that the ledger still needs, the folder may be away.
fn never_comes_back(state: Option<GenerationState>) -> bool {
    match state {
        Some(GenerationState::New | GenerationState::Open | GenerationState::Closed) => false,
        Some(GenerationState::Lost) | None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyId;
    use crate::ledger::Admin as _;
    use crate::ledger::sqlite::SqliteLedger;

    #[tokio::test]
    async fn a_seal_key_that_is_away_for_a_moment_ends_no_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let ledger = SqliteLedger::open(&folder.path().join("ledger.db")).expect("opens");
        let id = KeyId::written("1111111111111111".to_owned());
        let away = || NotOpened::NoKey(NoSealKey::Away { id: id.clone(), why: "permission denied".into() });
        let gone = || NotOpened::NoKey(NoSealKey::Gone(id.clone()));
        let waits = async |error: NotOpened| match unopened(&error, &*ledger).await {
            LinkMailEnd::KeyAway(_) => true,
            LinkMailEnd::NoAddress(_) => false,
            other => panic!("{other:?}"),
        };
        assert!(waits(away()).await);
        assert!(!waits(gone()).await, "nobody knows it");
        assert!(!waits(NotOpened::Broken).await);
        ledger.begin_seal_generation(&id).await.expect("noted");
        assert!(ledger.open_seal_generation(&id, None).await.expect("opened"));
        assert!(waits(gone()).await && waits(away()).await, "the folder may be away");
    }
}
