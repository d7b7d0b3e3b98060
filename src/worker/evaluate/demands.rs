//! The fourth phase: what the rules demand, and the erasures that follow.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::consent::agreed_since;
use super::input::Evaluation;
use crate::consent::{Consent, ConsentRecord, ConsentState};
use crate::erasure::confirmation::mailbox_of;
use crate::erasure::{Confirm, ErasureId, NewErasure, Selection, Subject, ToSeal};
use crate::event::Form;
use crate::keys::{Digest, SealKey};
use crate::ledger::SessionView;
use crate::mluvii::SessionFacts;
use crate::policy::{CONTENT_AFTER_ERASURE, ConfirmBy, Demand, Demanded, Facts, RuleFailed, Trigger};
use crate::subject::{Fingerprinted, Identifier, Identifiers, Kind, Narrowed, Scope, TargetName, Whom, kind_of};

/// How long before an erasure begins its identifiers may be sealed.
const KEPT_MAX: Duration = Duration::from_secs(24 * 3600);

/// Whether it has the session itself erased at mluvii now. One that waits for a person, or for a retention period, may
/// come to nothing or take years.
fn erases_now(demand: &Demand, now: Timestamp) -> bool {
    !demand.approve && demand.due <= now && demand.targets.iter().any(TargetName::is_mluvii)
}

/// Whom an erasure is about, and what is sealed for it.
struct Meant {
    subject: Subject,
    whom: Whom,
    confirm: Option<Confirm>,
    /// Of the identifiers by which a person is found.
    fingerprints: Vec<Fingerprinted>,
}

impl Evaluation<'_> {
    /// Rules at the session's end that do not apply, re-checked when it settles: at its end, a consent that was given in it
    /// may not have been shown yet. Only a consent that is seen takes anything back: one that could not be read is missing, and
    /// nothing follows from that. Asked only when it settles for the first time since its end, and never when an erasure
    /// begins: the consent may change later, and the rules may be edited, and neither takes back what was rightly demanded,
    /// such as the end of a retention period.
    pub(super) fn rules_no_longer(&self, record: &ConsentRecord) -> Result<Vec<String>, RuleFailed> {
        if record.settled.is_some() || record.consent.state != ConsentState::Given {
            return Ok(Vec::new());
        }
        self.policy.not_applying(Trigger::SessionEnded, &Facts { record, form: None })
    }

    /// What came to a session after it was erased goes as the session went: the reason was one of the whole session. Nothing
    /// where it goes now anyway, or where consent was given since.
    pub(super) fn content_after_erasure<'f>(
        &self,
        view: Option<&SessionView>,
        consent: &Consent,
        demands: &[Demanded<'_>],
    ) -> Option<Demanded<'f>> {
        let erased_at = view?.erased_at?;
        let goes_anyway = demands.iter().any(|demanded| erases_now(&demanded.demand, self.now));
        if goes_anyway || agreed_since(consent, erased_at) {
            return None;
        }
        let demand = Demand {
            rule: CONTENT_AFTER_ERASURE.to_owned(),
            version: None,
            scope: Scope::Session,
            due: self.now,
            approve: false,
            confirm: None,
            targets: vec![TargetName::mluvii()],
        };
        Some(Demanded { demand, form: None })
    }

    /// Makes an erasure of a demand. `own` are the fingerprints of the session itself.
    pub(super) fn schedule(
        &self,
        demanded: Demanded<'_>,
        record: &ConsentRecord,
        facts: Option<&SessionFacts>,
        own: &[Fingerprinted],
        seal: &SealKey,
    ) -> NewErasure {
        let Meant { subject, whom, confirm, fingerprints } = self.meant(&demanded, record, facts);
        let own: Vec<_> = own.iter().filter(|one| !one.supplementary).cloned().collect();
        let identifies = subject.scope() == Scope::Guest && !own.is_empty();
        let demand = demanded.demand;
        NewErasure {
            id: ErasureId::generate(self.now),
            subject,
            rule: demand.rule,
            version: demand.version,
            targets: demand.targets,
            due: demand.due,
            approve: demand.approve,
            approved: None,
            confirm,
            origin: identifies.then(|| self.fingerprinter.person(&own)),
            selection: Selection::default(),
            capsule: ToSeal::of(whom, seal),
            fingerprints,
        }
    }

    /// Whom a demand is about. Where the wider scope cannot be told (no guest id, no identifiers), the erasure reaches as
    /// far as what is known, and its receipt says so.
    fn meant(&self, demanded: &Demanded<'_>, record: &ConsentRecord, facts: Option<&SessionFacts>) -> Meant {
        let mut whom = Whom { identifiers: self.identifiers_to_keep(&demanded.demand, facts), ..Whom::default() };
        let mut fingerprints = Vec::new();
        let address = demanded.demand.confirm.map(|ConfirmBy::Email| self.address(demanded.form));
        let session = Subject::Session(record.session.clone());
        let installation = record.session.installation.clone();
        let guest = record.guest_digest.map(|digest| Subject::Guest { installation: installation.clone(), digest });
        let subject = match demanded.demand.scope {
            Scope::Session => session,
            Scope::Guest => guest.unwrap_or_else(|| {
                whom.narrowed = Some(Narrowed::NoGuestId);
                session
            }),
            Scope::Person => {
                let identifiers = match &address {
                    // Nothing else that was typed is proved by the link.
                    Some(Some((address, _))) => Identifiers([address.clone()].into()),
                    _ => self.person(demanded.form, facts.map(|facts| &facts.identifiers)),
                };
                fingerprints = self.fingerprinter.of_all(&identifiers);
                if fingerprints.is_empty() {
                    whom.narrowed = Some(Narrowed::NoIdentifiers);
                    guest.unwrap_or(session)
                } else {
                    whom.identifiers = identifiers;
                    whom.by_address_alone = matches!(address, Some(Some(_)));
                    Subject::Person { installation, digest: self.fingerprinter.person(&fingerprints) }
                }
            }
        };
        if subject.scope() != Scope::Session {
            whom.origin.insert(record.session.clone());
            // Sealed with the demand: by the time that it begins, another erasure may have taken the guest's id out of
            // the ledger.
            whom.guests.extend(record.guest.clone());
        }
        let confirm = address.map(|address| match address {
            Some((_, address)) => Confirm::Email { address },
            None => Confirm::NoAddress,
        });
        Meant { subject, whom, confirm, fingerprints }
    }

    /// The one e-mail address that a form names, and its digest; `None` where it names none, or several, of which nobody knows whose each is.
    fn address(&self, form: Option<&Form>) -> Option<(Identifier, Digest)> {
        let typed = Identifiers(self.typed(form).collect());
        let mailbox = mailbox_of(&typed)?;
        let address = typed.0.into_iter().find(|one| one.kind == Kind::Email)?;
        Some((address, self.fingerprinter.address(&mailbox)))
    }

    /// What a form says that identifies somebody.
    fn typed<'f>(&'f self, form: Option<&'f Form>) -> impl Iterator<Item = Identifier> + 'f {
        form.into_iter().flat_map(|form| &form.params).filter_map(move |(name, value)| {
            let kind = kind_of(self.params, name);
            kind.and_then(|kind| Identifier::new(kind, value.expose()))
        })
    }

    /// Plugins have nothing else to look for once mluvii is anonymized, so what the session shows is sealed for them now.
    /// Nothing is kept for a retention period's length: such an erasure reads the session again when it begins.
    fn identifiers_to_keep(&self, demand: &Demand, facts: Option<&SessionFacts>) -> Identifiers {
        let is_soon = self.now.saturating_add(KEPT_MAX).is_ok_and(|end| demand.due <= end);
        let asks_plugins = demand.targets.iter().any(|target| !target.is_mluvii());
        match facts {
            Some(facts) if is_soon && asks_plugins => facts.all_identifiers(),
            _ => Identifiers::default(),
        }
    }

    /// A person who asks is identified by what the form itself says; where it says neither an address nor a number, by
    /// what the session knows as well, for a name is shared by many.
    fn person(&self, form: Option<&Form>, known: Option<&Identifiers>) -> Identifiers {
        let mut identifiers: BTreeSet<_> = self.typed(form).collect();
        let tells = identifiers.iter().any(|one| matches!(one.kind, Kind::Email | Kind::Phone));
        if let Some(known) = known.filter(|_| !tells) {
            identifiers.extend(known.0.iter().cloned());
        }
        Identifiers(identifiers)
    }
}
