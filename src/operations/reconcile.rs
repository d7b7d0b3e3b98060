//! Finds sessions that have ended at mluvii and of which nobody told us: mluvii drops what it could not deliver in three tries, and
//! deletes a webhook that fails for three days. What is found goes the way of a delivery.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use tokio::task::JoinSet;

use super::{InputError, OperationError, Operations, audit};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::event::{EventHead, EventKind, StoredEvent};
use crate::keys::IndexKey;
use crate::ledger::Recorded;
use crate::mluvii::{EndedSession, Span, Sweep};
use crate::subject::{InstallationName, SessionKey, SourceName, TenantId};
use crate::verify::SourceSettings;

/// Ends that differ by less are one: lists and deliveries may cut times differently.
const SAME_END: SignedDuration = SignedDuration::from_mins(1);

/// Windows are as long, so that what was done is kept when it is stopped.
const WINDOW_MS: i64 = 86_400_000;

/// Why nobody can say it.
pub(crate) const UNCLEAR: &str = "nobody can say yet whether they are of a tenant that a source lists: no delivery has shown so far that \
                                  mluvii's departments are its tenants, or its list shows no department";

/// So many are written at once.
const AT_ONCE: usize = 256;

/// What is to be compared.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) installation: InstallationName,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
    /// Whether what is found is only counted.
    pub(crate) dry_run: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Reconciled {
    /// Sessions that mluvii lists.
    pub(crate) listed: u64,
    /// Those that were known, or had been.
    pub(crate) known: u64,
    /// Those of tenants that are not ours.
    pub(crate) foreign: u64,
    /// Those of which nobody can say yet whether their tenant is ours.
    pub(crate) unclear: u64,
    /// Those that nobody told us of.
    pub(crate) found: u64,
    /// The same by the month in which they ended.
    pub(crate) by_month: BTreeMap<String, u64>,
    pub(crate) requests: usize,
}

/// How far it has come: until when everything is compared.
pub(crate) type Tell<'a> = &'a (dyn Fn(Timestamp) + Sync);

/// Compares what has ended in a time, and has what was found decided on like a delivery.
pub(crate) async fn reconcile(
    on: &Operations,
    asked: &Asked,
    by: &Actor,
    tell: Tell<'_>,
) -> Result<Reconciled, OperationError> {
    let mut done = Reconciled::default();
    let compared = compare(on, asked, &mut done, tell).await;
    if done.found > 0 && !asked.dry_run {
        let result = if compared.is_ok() { ActResult::Done } else { ActResult::Failed };
        let entry = AuditEntry::new(by, Act::ReconcileSessions, Object::sessions(), result);
        let entry = entry.with_word("mluvii", &asked.installation).with("found", done.found);
        audit::noted(&*on.ledger, entry).await;
    }
    compared.map(|()| done)
}

async fn compare(on: &Operations, asked: &Asked, done: &mut Reconciled, tell: Tell<'_>) -> Result<(), OperationError> {
    let installation = on.installation(&asked.installation)?.name.clone();
    let client = on.client(&installation)?;
    let keys = on.keys().await?;
    let proved = on.ledger.installation(&installation).await?.tenants_are_departments;
    let mut sweep = Sweep::default();
    for window in windows(asked.from, asked.to) {
        let all = client.ended(window, &mut sweep).await;
        done.requests = sweep.requests;
        let all = all.map_err(|error| OperationError::Unavailable(error.into()))?;
        let mut missing = Vec::new();
        for session in all.into_values() {
            done.listed += 1;
            missing.extend(unknown(on, &installation, session, proved, &keys.index, done).await?);
        }
        for events in missing.chunks(AT_ONCE) {
            enter(on, events, asked.dry_run, done).await?;
        }
        // Those that are unclear are not passed over: once it is known whose they are, they are found here again.
        if done.unclear == 0 {
            tell(Timestamp::from_millisecond(window.to).unwrap_or(asked.to).min(asked.to));
        }
    }
    match done.unclear {
        0 => Ok(()),
        _ if asked.dry_run => Ok(()),
        count => Err(OperationError::Conflict(format!("{count} sessions: {UNCLEAR}"))),
    }
}

/// Days, the last of which is shorter.
fn windows(from: Timestamp, to: Timestamp) -> impl Iterator<Item = Span> {
    let (first, last) = (from.as_millisecond(), to.as_millisecond());
    let starts = (0..).map(move |day| first.saturating_add(day * WINDOW_MS)).take_while(move |start| *start <= last);
    starts.map(move |start| Span { from: start, to: last.min(start.saturating_add(WINDOW_MS - 1)) })
}

/// The event of a session of which nobody has told us, and which is ours.
async fn unknown(
    on: &Operations,
    installation: &InstallationName,
    session: EndedSession,
    proved: Option<bool>,
    index: &IndexKey,
    done: &mut Reconciled,
) -> Result<Option<EventHead>, OperationError> {
    let key = SessionKey { installation: installation.clone(), session: session.id };
    // A later end than the one that is known is news: the conversation went on.
    let is_told = |ended: Timestamp| session.ended.duration_since(ended) <= SAME_END;
    let known = on.ledger.session(&key).await?;
    let has_ended = known.is_some_and(|known| known.record.ended.or(known.erased_at).is_some_and(is_told));
    if has_ended || on.ledger.tombstone(&key).await?.is_some_and(|gone| is_told(gone.at)) {
        done.known += 1;
        return Ok(None);
    }
    let sources = on.settings.sources.iter().filter(|source| source.mluvii.as_ref() == Some(installation));
    Ok(match whose(&sources.collect::<Vec<_>>(), session.department, proved) {
        Whose::Ours(source) => Some(event(key, source, &session, index)),
        Whose::Foreign => {
            done.foreign += 1;
            None
        }
        Whose::Unclear => {
            done.unclear += 1;
            None
        }
    })
}

/// Has them decided on, several at once, which the ledger commits together.
async fn enter(
    on: &Operations,
    events: &[EventHead],
    dry_run: bool,
    done: &mut Reconciled,
) -> Result<(), OperationError> {
    let mut entering = JoinSet::new();
    for event in events {
        let (ledger, event) = (Arc::clone(&on.ledger), event.clone());
        entering.spawn(async move {
            let stored = StoredEvent { head: event.clone(), form: None };
            let recorded = if dry_run { Ok(Recorded::New) } else { ledger.record(stored).await };
            recorded.map(|recorded| (event, recorded))
        });
    }
    while let Some(entered) = entering.join_next().await {
        // Not its error: that holds a panic's text.
        let entered = entered.map_err(|_| OperationError::Failed(anyhow::anyhow!("a task panicked")))?;
        match entered? {
            (event, Recorded::New) => {
                done.found += 1;
                let ended = event.time.unwrap_or_default().to_zoned(TimeZone::UTC);
                *done.by_month.entry(ended.strftime("%Y-%m").to_string()).or_default() += 1;
            }
            // It is about to be decided on.
            (_, Recorded::Duplicate) => done.known += 1,
            (event, Recorded::Refused) => {
                let text = format!("the ledger refuses the session {}; its log says why", event.session);
                return Err(OperationError::Ledger(anyhow::anyhow!(text)));
            }
        }
    }
    Ok(())
}

/// Whose a listed session is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Whose {
    /// This source would have told of it.
    Ours(SourceName),
    Foreign,
    /// Nobody can say it yet.
    Unclear,
}

/// Lists name departments, deliveries tenants: only a session that a delivery told of, and that was read, shows that they are the
/// same here (`proved`). Until then a department with the number of a tenant of ours may be of anybody's.
fn whose(sources: &[&SourceSettings], department: Option<TenantId>, proved: Option<bool>) -> Whose {
    let named = |source: &SourceSettings| Whose::Ours(SourceName(source.name.as_str().into()));
    let listed = department.filter(|_| proved == Some(true));
    let lists = |source: &&&SourceSettings| listed.is_some_and(|tenant| source.tenants.contains(&tenant));
    if let Some(source) = sources.iter().find(lists).or_else(|| sources.iter().find(|source| source.tenants.is_empty()))
    {
        return named(source);
    }
    match (listed, sources, proved) {
        (Some(_), ..) | (None, [], _) => Whose::Foreign,
        // The look-up shows the department.
        (None, [only], Some(true)) => named(only),
        (None, ..) => Whose::Unclear,
    }
}

/// The event that was not delivered.
fn event(key: SessionKey, source: SourceName, session: &EndedSession, index: &IndexKey) -> EventHead {
    // One list may cut times where another does not.
    let said = [session.id.0, session.ended.as_millisecond()].map(i64::to_be_bytes).concat();
    EventHead {
        source,
        session: key,
        kind: EventKind::SessionEnded,
        digest: index.seen(&[b"reconciled", &said]),
        // The look-up tells it, where it is known that departments are tenants.
        tenant: None,
        time: Some(session.ended),
        channel: None,
        session_source: None,
        started: None,
        activity: None,
        reconciled: true,
    }
}

/// The installation that is meant: the only one, where none is named.
pub(crate) fn installation(on: &Operations, named: Option<&str>) -> Result<InstallationName, OperationError> {
    match (named, on.settings.installations.as_slice()) {
        (Some(name), _) => Ok(on.installation(&InstallationName(name.into()))?.name.clone()),
        (None, [only]) => Ok(only.name.clone()),
        (None, _) => Err(InputError::SeveralInstallations { known: on.settings.installation_names() }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_tells_whose_a_session_is_once_it_is_proved_to_be_a_tenant() {
        let source = |name: &str, tenants: &str| -> SourceSettings {
            toml::from_str(&format!("name = \"{name}\"\ntenants = {tenants}\nauth = []")).expect("settings")
        };
        let (some, other, all) = (source("some", "[62]"), source("other", "[7, 8]"), source("all", "[]"));
        let ours = |name: &str| Whose::Ours(SourceName(name.into()));
        let of = |sources: &[&SourceSettings], department: Option<i32>, proved| {
            whose(sources, department.map(|number| TenantId(number.into())), proved)
        };
        assert_eq!(of(&[&some, &other], Some(8), Some(true)), ours("other"));
        assert_eq!(of(&[&some, &other], Some(9), Some(true)), Whose::Foreign);
        for proved in [None, Some(false)] {
            assert_eq!(of(&[&some, &other], Some(62), proved), Whose::Unclear);
        }
        assert_eq!(of(&[&some], None, Some(true)), ours("some"));
        assert_eq!(of(&[&some, &other], None, Some(true)), Whose::Unclear);
        assert_eq!(of(&[&some], None, None), Whose::Unclear);
        assert_eq!(of(&[&some, &all], None, None), ours("all"));
        assert_eq!(of(&[&some, &all], Some(62), Some(true)), ours("some"));
    }

    #[test]
    fn windows_are_days_without_a_gap() {
        let at = |millis| Timestamp::from_millisecond(millis).expect("a time");
        let all: Vec<_> = windows(at(5), at(2 * WINDOW_MS + 7)).map(|window| (window.from, window.to)).collect();
        assert_eq!(all.first(), Some(&(5, WINDOW_MS + 4)));
        assert!(all.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "{all:?}");
        assert_eq!(all.last().map(|last| last.1), Some(2 * WINDOW_MS + 7));
        assert_eq!(windows(at(9), at(8)).count(), 0);
    }
}
