//! Whom an erasure reaches: which sessions, which guests, which identifiers. Asked before anything is erased, and by
//! the dry run, so that both see one set.

use std::collections::BTreeSet;

use jiff::Timestamp;
use quietus_plugin::{ReportTo, Sensitive};

use crate::erasure::{Capsule, ErasureId, Reportable, Subject};
use crate::keys::{IndexKey, SealBroken, SealKey};
use crate::ledger::{EraseWork, Ledger, LedgerError, Resolution, SessionView, StepWork};
use crate::mluvii::{LookUp, MluviiClient, MluviiError};
use crate::policy::PersonSettings;
use crate::subject::{GuestId, Identifier, Identifiers, Kind, Scope, SessionKey, SourceName, TargetName};
use crate::target::TargetCall;

/// What resolving needs.
pub(crate) struct Resolver<'a> {
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) mluvii: &'a MluviiClient,
    pub(crate) person: &'a PersonSettings,
    pub(crate) index: &'a IndexKey,
}

/// Whom an erasure reaches. Holds personal data in memory.
#[derive(Debug, Default)]
pub(crate) struct Reach {
    pub(crate) identifiers: Identifiers,
    pub(crate) guests: BTreeSet<GuestId>,
    pub(crate) sessions: BTreeSet<SessionKey>,
    /// Until when to wait, when one of the sessions has not settled.
    pub(crate) unsettled_until: Option<Timestamp>,
}

/// Why an erasure could not be resolved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Mluvii(#[from] MluviiError),
    #[error("a capsule does not open; were the keys replaced?")]
    Capsule(#[from] SealBroken),
}

impl Resolver<'_> {
    /// Resolves a subject with the identifiers that its requests brought.
    pub(crate) async fn reach(&self, subject: &Subject, brought: Identifiers) -> Result<Reach, ResolveError> {
        let mut reach = self.find(subject, brought).await?;
        self.identify(subject, &mut reach).await?;
        Ok(reach)
    }

    /// The sessions and guests, and whether all have settled: asks the ledger only.
    pub(super) async fn find(&self, subject: &Subject, brought: Identifiers) -> Result<Reach, LedgerError> {
        let mut reach = Reach { identifiers: brought, ..Reach::default() };
        match subject {
            Subject::Session(key) => {
                if let Some(view) = self.ledger.session(key).await? {
                    reach.wait_for(&view);
                }
                reach.sessions.insert(key.clone());
            }
            Subject::Guest { source, guest } => {
                self.find_guest(source, guest, &mut reach).await?;
                reach.guests.insert(guest.clone());
            }
            Subject::Person { .. } => self.find_person(&mut reach).await?,
        }
        Ok(reach)
    }

    /// A person's sessions: those the request came from and those whose fingerprints match, and all sessions of their
    /// guests, for at mluvii a guest goes as a whole.
    async fn find_person(&self, reach: &mut Reach) -> Result<(), LedgerError> {
        let came_from: Vec<_> =
            reach.identifiers.of_kind(&Kind::SessionId).filter_map(|value| value.expose().parse().ok()).collect();
        let mut views = Vec::new();
        for key in came_from {
            match self.ledger.session(&key).await? {
                Some(view) => views.push(view),
                None => drop(reach.sessions.insert(key)),
            }
        }
        for way in self.person.matches(&reach.identifiers, self.index) {
            views.extend(self.ledger.sessions_with(&way).await?);
        }
        let guest = |view: &SessionView| Some((view.record.session.source.clone(), view.record.guest.clone()?));
        let guests: BTreeSet<_> = views.iter().filter_map(guest).collect();
        views.into_iter().for_each(|view| reach.add(view));
        for (source, guest) in guests {
            self.find_guest(&source, &guest, reach).await?;
        }
        reach.identifiers.0.retain(|identifier| identifier.kind != Kind::SessionId);
        Ok(())
    }

    async fn find_guest(&self, source: &SourceName, guest: &GuestId, reach: &mut Reach) -> Result<(), LedgerError> {
        let views = self.ledger.sessions_of_guest(source, guest).await?;
        views.into_iter().for_each(|view| reach.add(view));
        Ok(())
    }

    /// Adds what mluvii knows of a session or a guest, before it is erased there. To a person, nothing is added:
    /// identifiers of other sessions could be somebody else's who shares a phone.
    pub(super) async fn identify(&self, subject: &Subject, reach: &mut Reach) -> Result<(), MluviiError> {
        if matches!(subject, Subject::Person { .. }) {
            return Ok(());
        }
        for key in &reach.sessions {
            if let LookUp::Found(facts) = self.mluvii.look_up(key.session).await? {
                reach.identifiers.0.extend(facts.identifiers.0);
            }
        }
        Ok(())
    }
}

impl Reach {
    fn add(&mut self, view: SessionView) {
        self.wait_for(&view);
        self.guests.extend(view.record.guest);
        self.sessions.insert(view.record.session);
    }

    fn wait_for(&mut self, view: &SessionView) {
        self.unsettled_until = self.unsettled_until.max(view.settle_at);
    }

    /// The call that asks a target what would go, and changes nothing.
    pub(crate) fn dry_run(&self, scope: Scope, target: &TargetName, index: &IndexKey) -> TargetCall {
        let erasure = ErasureId::generate(Timestamp::now());
        TargetCall {
            erasure,
            idempotency: index.idempotency(&erasure.to_string(), &target.0, 0),
            scope,
            dry_run: true,
            identifiers: self.identifiers.clone(),
            guests: self.guests.iter().cloned().collect(),
            sessions: self.sessions.iter().cloned().collect(),
            report: None,
        }
    }

    /// Seals what the steps need. Guests travel in the capsule, for a guest's id can be a customer's number.
    pub(super) fn seal(self, under: &SealKey) -> Resolution {
        let mut identifiers = self.identifiers;
        identifiers.0.extend(self.guests.iter().filter_map(|guest| Identifier::new(Kind::GuestId, &guest.0)));
        Resolution { capsule: Capsule::seal(&identifiers, under), sessions: self.sessions.into_iter().collect() }
    }
}

/// The identifiers that the requests of an erasure brought.
pub(super) fn brought(work: &EraseWork, seal: &SealKey) -> Result<Identifiers, SealBroken> {
    let mut all = Identifiers::default();
    for capsule in &work.capsules {
        all.0.extend(capsule.open(seal)?.0);
    }
    Ok(all)
}

/// The call of a step: what [`Reach::seal`] sealed, opened.
pub(super) fn call(
    work: &StepWork,
    index: &IndexKey,
    seal: &SealKey,
    reports: Option<&str>,
) -> Result<TargetCall, SealBroken> {
    let mut identifiers = work.capsule.open(seal)?;
    let guests = identifiers.of_kind(&Kind::GuestId).map(|value| GuestId(value.expose().to_owned())).collect();
    identifiers.0.retain(|identifier| identifier.kind != Kind::GuestId);
    let reportable = Reportable::now(work.erasure, work.stage, &work.step);
    let report_to =
        |base| ReportTo { url: format!("{base}{}", reportable.path()), token: Sensitive::new(reportable.token(index)) };
    Ok(TargetCall {
        erasure: work.erasure,
        idempotency: index.idempotency(&work.erasure.to_string(), &work.step.target.0, work.step.rounds),
        scope: work.subject.scope(),
        dry_run: false,
        identifiers,
        guests,
        sessions: work.sessions.clone(),
        report: reports.map(report_to),
    })
}
