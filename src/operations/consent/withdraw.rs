//! A consent that a person withdraws outside of mluvii, by a letter or a call. What the rules would then demand is shown first, by the
//! function that decides, and only what was shown is done.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::find::{Meant, meant};
use crate::audit::{Act, Actor};
use crate::consent::{CameBy, Consent, Withdrawal};
use crate::erasure::{ErasureId, NewErasure};
use crate::key_files::Keys;
use crate::keys::SealKey;
use crate::ledger::{Decision, Withdrawn, sealing};
use crate::mluvii::{LookUp, SessionFacts};
use crate::operations::erasures::About;
use crate::operations::looks::note_look;
use crate::operations::reconcile::charge;
use crate::operations::{InputError, OperationError, Operations};
use crate::policy::{Certainty, Demand, RuleFailed};
use crate::subject::{Fingerprinted, InstallationName, SessionKey, TargetName};
use crate::worker::{Foresight, WithdrawalDecided};

/// The most sessions of which consents are withdrawn at once.
const SESSIONS_MAX: usize = 1_000;

/// What an officer was told.
pub(crate) struct Asked {
    pub(crate) about: About,
    /// Sessions that are only possibly meant, and are taken.
    pub(crate) include: BTreeSet<SessionKey>,
    /// Sessions that are left.
    pub(crate) exclude: BTreeSet<SessionKey>,
    pub(crate) came: CameBy,
    /// The day (UTC) on which the person said so: what was given after it stands. Now, where none is named.
    pub(crate) on: Option<Date>,
}

/// What a withdrawal would do.
#[derive(Debug, Serialize)]
pub(crate) struct ForeseenWithdrawal {
    /// Names all of this: with it, the withdrawal is ordered.
    pub(crate) hash: String,
    pub(crate) sessions: Vec<ForeseenSession>,
    pub(crate) left: Vec<LeftSession>,
}

/// A session whose consent would end.
#[derive(Debug, Serialize)]
pub(crate) struct ForeseenSession {
    pub(crate) session: String,
    pub(crate) meant: &'static str,
    pub(crate) why: String,
    pub(crate) consent: Consent,
    /// What the rules demand at once.
    pub(crate) demands: Vec<DemandShown>,
    /// What they demand when it settles after that, as far as it is known now.
    pub(crate) at_settling: Vec<DemandShown>,
    /// Whether it is at rest, so that it settles as soon as it is looked at again.
    pub(crate) at_rest: bool,
    /// mluvii did not show it, so that who it is about is not known: an erasure by it may reach less.
    pub(crate) unread: bool,
}

/// An erasure that a rule demands.
#[derive(Debug, Serialize)]
pub(crate) struct DemandShown {
    pub(crate) rule: String,
    version: Option<String>,
    pub(crate) scope: &'static str,
    pub(crate) targets: Vec<TargetName>,
    pub(crate) due: Timestamp,
    /// Whether a person has to approve it first.
    pub(crate) approve: bool,
}

/// A session whose consent stays as it is.
#[derive(Debug, Serialize)]
pub(crate) struct LeftSession {
    pub(crate) session: String,
    pub(crate) why: Left,
}

/// Why a session's consent stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Left {
    /// It is only possibly the person's.
    Possible,
    Excluded,
    /// None is given that a withdrawal could end, or it was given after the withdrawal.
    NotGiven,
}

/// What stands for the whole of what was shown. Not when anything is due: that follows from the rule's version, and moves with the clock.
#[derive(Serialize)]
struct Hashed<'a> {
    came: &'static str,
    on: Option<Date>,
    sessions: Vec<HashedSession<'a>>,
}

/// A session, and whom what is demanded reaches, no more of it than digests.
#[derive(Serialize)]
struct HashedSession<'a> {
    session: &'a str,
    read_version: i64,
    /// What was not read then and is now may name somebody of whom nobody was shown anything, and the other way round.
    unread: bool,
    guest: Option<String>,
    /// Of what mluvii shows: it is sealed for the plugins.
    identifiers: Option<Vec<String>>,
    demands: Vec<(HashedDemand<'a>, HashedReach)>,
    at_settling: Vec<HashedDemand<'a>>,
}

/// Whom an erasure is about.
#[derive(Serialize)]
struct HashedReach {
    merge_key: String,
    identifiers: Vec<String>,
}

type HashedDemand<'a> = (&'a str, Option<&'a str>, &'static str, &'a [TargetName], bool);

/// A withdrawal, decided on every session and not written.
struct Prepared {
    shown: ForeseenWithdrawal,
    withdrawal: Withdrawal,
    decisions: Vec<Decision>,
}

/// What it is decided with.
struct Deciding<'a> {
    on: &'a Operations,
    installation: &'a InstallationName,
    foresight: Foresight<'a>,
    seal: &'a SealKey,
}

/// Says what a withdrawal would do; asks the ledger and mluvii, and changes nothing. The audit names the look before it is answered.
pub(crate) async fn foresee(on: &Operations, asked: &Asked, by: &Actor) -> Result<ForeseenWithdrawal, OperationError> {
    let keys = on.keys().await?;
    let seal = on.seal_key(&keys).await?;
    let shown = prepare(on, &keys, &seal, asked).await?.shown;
    let found = shown.sessions.len() + shown.left.len();
    note_look(on, Act::ForeseeWithdrawal, "consents", &asked.about, found, by).await?;
    Ok(shown)
}

/// Does what was shown under this hash, and nothing else. Returns it, with the erasures that stand for its demands: new ones, and those
/// that were joined.
pub(crate) async fn withdraw(
    on: &Operations,
    asked: &Asked,
    hash: &str,
    by: &Actor,
) -> Result<(ForeseenWithdrawal, BTreeSet<ErasureId>), OperationError> {
    let keys = on.keys().await?;
    let seal = on.seal_key(&keys).await?;
    let Prepared { shown, withdrawal, decisions } = prepare(on, &keys, &seal, asked).await?;
    if shown.hash != hash {
        let text = format!("what would be done is not what was shown as {hash}: nothing has changed; see it again");
        return Err(OperationError::Conflict(text));
    }
    if decisions.is_empty() {
        return Err(OperationError::Conflict("there is no consent that it would end".to_owned()));
    }
    must_be_known(on, &decisions).await?;
    let write = || on.ledger.withdraw_consents(decisions.clone(), withdrawal, by);
    match sealing(&seal, write).await? {
        Withdrawn::Done(erasures) => Ok((shown, erasures.into_iter().collect())),
        Withdrawn::Stale => {
            let text = "a session has changed at this moment: nothing was done; see what would be done again";
            Err(OperationError::Conflict(text.to_owned()))
        }
    }
}

async fn prepare(on: &Operations, keys: &Keys, seal: &SealKey, asked: &Asked) -> Result<Prepared, OperationError> {
    let installation = on.installation(&one_installation(on, &asked.about)?)?;
    let now = on.ledger.clock().await?.now;
    let withdrawal = Withdrawal { came: asked.came, at: said_at(asked.on, now)? };
    let (include, exclude) = (keys_of(on, &asked.include)?, keys_of(on, &asked.exclude)?);
    let deciding = Deciding {
        on,
        installation: &installation.name,
        foresight: Foresight {
            policy: &on.settings.policy,
            settling: &on.settings.settling,
            params: &installation.params,
            fingerprinter: &on.fingerprinter(keys, &installation.name),
            index: &keys.index,
            sessions_kept_for: on.settings.retention.sessions.limit(),
            four_eyes: on.settings.four_eyes,
            now,
        },
        seal,
    };
    let (mut sessions, mut left, mut decisions) = (Vec::new(), Vec::new(), Vec::new());
    for one in meant(on, keys, &installation.name, &asked.about).await? {
        let key = &one.view.record.session;
        let why = if exclude.contains(key) {
            Some(Left::Excluded)
        } else if one.certainty == Certainty::Possible && !include.contains(key) {
            Some(Left::Possible)
        } else if !one.view.record.consent.ends_by(withdrawal) {
            Some(Left::NotGiven)
        } else {
            None
        };
        if let Some(why) = why {
            left.push(LeftSession { session: key.to_string(), why });
            continue;
        }
        if sessions.len() >= SESSIONS_MAX {
            let text = format!("these are more than {SESSIONS_MAX} sessions: name fewer");
            return Err(OperationError::Conflict(text));
        }
        let (session, decision) = deciding.decide(one, withdrawal).await?;
        sessions.push(session);
        decisions.push(decision);
    }
    let hash = hash(asked, &sessions, &decisions);
    Ok(Prepared { shown: ForeseenWithdrawal { hash, sessions, left }, withdrawal, decisions })
}

impl Deciding<'_> {
    async fn decide(
        &self,
        meant: Meant,
        withdrawal: Withdrawal,
    ) -> Result<(ForeseenSession, Decision), OperationError> {
        let Meant { view, certainty, why } = meant;
        let key = view.record.session.clone();
        let facts = self.look_at(&key, view.erased_at.is_some()).await?;
        let unread = matches!(facts, Looked::Unread);
        let facts = match facts {
            Looked::Read(facts) => Some(facts),
            Looked::Unread | Looked::NotNeeded => None,
        };
        let decided = self.foresight.withdrawn(&view, withdrawal, facts, self.seal);
        let WithdrawalDecided { decision, at_settling } = decided.map_err(|failed| not_evaluated(&key, &failed))?;
        let shown = ForeseenSession {
            session: key.to_string(),
            meant: certainty.as_str(),
            why,
            consent: view.record.consent,
            demands: decision.erasures.iter().map(DemandShown::of_erasure).collect(),
            at_settling: at_settling.into_iter().map(DemandShown::of_demand).collect(),
            at_rest: decision.session.settle_at.is_some_and(|at| at <= self.foresight.now),
            unread,
        };
        Ok((shown, decision))
    }

    /// Reads the session, where a rule asks about a change of the consent: who it is about may have to be sealed.
    async fn look_at(&self, key: &SessionKey, is_erased: bool) -> Result<Looked, OperationError> {
        let Some(look) = self.foresight.look_of_withdrawal().filter(|_| !is_erased) else {
            return Ok(Looked::NotNeeded);
        };
        charge(self.on, self.installation, 1).await;
        let client = self.on.client(self.installation)?;
        match client.look_up(key.session, look).await {
            Ok(LookUp::Found(facts)) => Ok(Looked::Read(facts)),
            Ok(LookUp::Missing | LookUp::NotUnderstood(_) | LookUp::TooLarge(_)) => Ok(Looked::Unread),
            Err(error) => Err(OperationError::Unavailable(error.into())),
        }
    }
}

/// What a look came to.
enum Looked {
    NotNeeded,
    Read(Box<SessionFacts>),
    Unread,
}

impl DemandShown {
    fn of_erasure(erasure: &NewErasure) -> Self {
        Self {
            rule: erasure.rule.clone(),
            version: erasure.version.clone(),
            scope: erasure.subject.scope().as_str(),
            targets: erasure.targets.clone(),
            due: erasure.due,
            approve: erasure.approve,
        }
    }

    fn of_demand(demand: Demand) -> Self {
        let Demand { rule, version, scope, due, approve, targets, confirm: _ } = demand;
        Self { rule, version, scope: scope.as_str(), targets, due, approve }
    }

    fn hashed(&self) -> HashedDemand<'_> {
        (&self.rule, self.version.as_deref(), self.scope, &self.targets, self.approve)
    }
}

fn hash(asked: &Asked, sessions: &[ForeseenSession], decisions: &[Decision]) -> String {
    let mut hashed = Vec::new();
    for (foreseen, decision) in sessions.iter().zip(decisions) {
        let reaches = decision.erasures.iter().map(|erasure| HashedReach {
            merge_key: erasure.merge_key(),
            identifiers: in_order(&erasure.fingerprints),
        });
        hashed.push(HashedSession {
            session: &foreseen.session,
            read_version: decision.session.read_version,
            unread: foreseen.unread,
            guest: decision.session.record.guest_digest.map(|digest| hex::encode(digest.0)),
            identifiers: decision.session.fingerprints.as_deref().map(in_order),
            demands: foreseen.demands.iter().map(DemandShown::hashed).zip(reaches).collect(),
            at_settling: foreseen.at_settling.iter().map(DemandShown::hashed).collect(),
        });
    }
    let all = Hashed { came: asked.came.as_str(), on: asked.on, sessions: hashed };
    let text = serde_json::to_vec(&all).expect("texts and numbers are JSON");
    hex::encode(&Sha256::digest(&text)[..8])
}

fn in_order(fingerprints: &[Fingerprinted]) -> Vec<String> {
    let one = |print: &Fingerprinted| format!("{}:{}", print.kind.as_str(), hex::encode(print.fingerprint.0));
    let all: BTreeSet<String> = fingerprints.iter().map(one).collect();
    all.into_iter().collect()
}

/// By a rule that no server works by, nothing is demanded: every version of a rule is in the ledger before anything is decided by it.
async fn must_be_known(on: &Operations, decisions: &[Decision]) -> Result<(), OperationError> {
    let versions = on.ledger.rule_versions().await?;
    for erasure in decisions.iter().flat_map(|decision| &decision.erasures) {
        let newest = versions.iter().rfind(|known| known.rule.name == erasure.rule).map(|known| &known.rule.digest);
        if erasure.version.is_some() && newest != erasure.version.as_ref() {
            let text = format!(
                "the rule `{}` is not the one that servers work by: have them take this configuration first (`quietus reload`)",
                erasure.rule
            );
            return Err(OperationError::Conflict(text));
        }
    }
    Ok(())
}

/// Consents are withdrawn in one company.
fn one_installation(on: &Operations, about: &About) -> Result<InstallationName, OperationError> {
    match (about, on.settings.installations.as_slice()) {
        (About::Session(key), _) => Ok(key.installation.clone()),
        (About::Guest { installation, .. } | About::Person { installation: Some(installation), .. }, _) => {
            Ok(installation.clone())
        }
        (About::Person { installation: None, .. }, [only]) => Ok(only.name.clone()),
        (About::Person { installation: None, .. }, _) => {
            Err(InputError::SeveralInstallations { known: on.settings.installation_names() }.into())
        }
    }
}

fn keys_of(on: &Operations, keys: &BTreeSet<SessionKey>) -> Result<BTreeSet<SessionKey>, OperationError> {
    keys.iter().map(|key| on.session_key(key)).collect()
}

/// The end of the day that is named, as nobody knows the hour: what was given on that day was given before.
fn said_at(day: Option<Date>, now: Timestamp) -> Result<Timestamp, OperationError> {
    let Some(day) = day else { return Ok(now) };
    let begins = day.to_zoned(TimeZone::UTC).map_err(|error| OperationError::Failed(error.into()))?;
    if begins.timestamp() > now {
        return Err(OperationError::Conflict(format!("{day} is yet to come")));
    }
    let ends = begins.checked_add(1.day()).map_err(|error| OperationError::Failed(error.into()))?;
    Ok(ends.timestamp().min(now))
}

fn not_evaluated(key: &SessionKey, failed: &RuleFailed) -> OperationError {
    OperationError::Conflict(format!("{key}: {failed}, so nothing is decided"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::{ErasureId, Selection, Subject};
    use crate::keys::{Digest, Fingerprint};
    use crate::ledger::SessionChange;
    use crate::subject::{Kind, SessionId};

    /// The value of a withdrawal in one session, by which one erasure is demanded.
    fn hash_of(subject: Subject, addresses: &[u8], shown: &[u8], unread: bool) -> String {
        let prints = |bytes: &[u8]| {
            let print = |byte: &u8| Fingerprinted {
                kind: Kind::Email,
                fingerprint: Fingerprint([*byte; 32]),
                version: 1,
                supplementary: false,
            };
            bytes.iter().map(print).collect::<Vec<_>>()
        };
        let key = session();
        let erasure = NewErasure {
            id: ErasureId::generate(Timestamp::UNIX_EPOCH),
            subject,
            rule: "consent withdrawn".into(),
            version: None,
            targets: vec![TargetName::mluvii()],
            due: Timestamp::UNIX_EPOCH,
            approve: false,
            approved: None,
            confirm: None,
            origin: None,
            selection: Selection::default(),
            capsule: None,
            fingerprints: prints(addresses),
        };
        let foreseen = ForeseenSession {
            session: key.to_string(),
            meant: "certain",
            why: String::new(),
            consent: Consent::default(),
            demands: vec![DemandShown::of_erasure(&erasure)],
            at_settling: Vec::new(),
            at_rest: false,
            unread,
        };
        let session = SessionChange { fingerprints: Some(prints(shown)), ..SessionChange::unknown(&key) };
        let decision = Decision {
            session,
            erasures: vec![erasure],
            rules_no_longer: Vec::new(),
            tenants_are_departments: None,
            foreign: false,
            outdated: false,
        };
        let asked = Asked {
            about: About::Session(key),
            include: BTreeSet::new(),
            exclude: BTreeSet::new(),
            came: CameBy::Letter,
            on: None,
        };
        hash(&asked, &[foreseen], &[decision])
    }

    fn session() -> SessionKey {
        SessionKey { installation: InstallationName("acme".into()), session: SessionId(1) }
    }

    fn person(byte: u8) -> Subject {
        Subject::Person { installation: session().installation, digest: Digest([byte; 16]) }
    }

    #[test]
    fn the_value_that_is_confirmed_stands_for_whom_it_reaches() {
        let shown = hash_of(person(1), &[1, 2], &[1], false);
        assert_eq!(hash_of(person(1), &[2, 1], &[1], false), shown, "in whichever order, under whichever id");
        assert_ne!(hash_of(person(2), &[1, 2], &[1], false), shown, "somebody else");
        assert_ne!(hash_of(person(1), &[1, 3], &[1], false), shown, "by something else");
        assert_ne!(hash_of(person(1), &[1, 2], &[2], false), shown, "mluvii shows somebody else");
        assert_ne!(hash_of(person(1), &[1, 2], &[1], true), shown, "mluvii shows nothing");
    }

    #[test]
    fn a_day_counts_to_its_end_and_none_is_yet_to_come() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let now = at("2026-11-30T12:00:00Z");
        let day = |day: i8| Some(jiff::civil::date(2026, 11, day));
        assert_eq!(said_at(None, now).ok(), Some(now));
        assert_eq!(said_at(day(28), now).ok(), Some(at("2026-11-29T00:00:00Z")));
        assert_eq!(said_at(day(30), now).ok(), Some(now));
        assert!(said_at(Some(jiff::civil::date(2026, 12, 1)), now).is_err());
    }
}
