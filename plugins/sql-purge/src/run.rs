//! One call's work in the database: binds values to the plan's statements and counts what they met. Looking runs in a
//! transaction in which the server lets nothing change; erasing in one that is committed as a whole or not at all.

mod count;
mod find;
mod sweep;

use std::collections::BTreeSet;
use std::time::Duration;

use quietus_plugin::{Answer, Call, PluginError, Progress, Request, Writes};

use crate::database::{Access, Database, Fate, Limits, Serves, Session};
use crate::past::{Commit, Counts, Past};
use crate::person::{Person, Values};
use crate::plan::Plan;
use crate::statement::Bound;
use crate::told;
use crate::waiting::{Stop, attended};
use count::{Counted, Sights, Turns, rows};

/// So long before the host gives up, the server does, and says so.
const EARLIER: Duration = Duration::from_millis(500);

/// The right that PostgreSQL asks for before it tells of a table.
const SCHEMA: &str = "USAGE on its tables' schemas";

/// One statement, where the host names no deadline.
const STATEMENT_MAX: Duration = Duration::from_secs(240);

pub(crate) struct Run<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) database: &'a Database,
    pub(crate) lock_max: Duration,
    pub(crate) call: &'a Call<'a>,
}

impl Run<'_> {
    /// What is there, for a dry run and for `verify`.
    pub(crate) fn look(&self, request: &Request) -> Result<Answer, PluginError> {
        let stop = Stop::default();
        let person = Person::of(request);
        attended(self.call, &stop, async {
            let turns = Turns::of(self.plan, &person)?;
            let mut session = self.connect(&stop).await?;
            let turns = self.examined(&mut session, turns).await?;
            let counted = self.counted(&mut session, Access::Look, &turns).await?;
            session.close().await;
            let done = Progress::<Past>::of(self.call).own.done;
            Ok(counted.met.looked(request.dry_run, &done))
        })
    }

    pub(crate) fn erase(&self, request: &Request, _: Writes<'_>) -> Result<Answer, PluginError> {
        let stop = Stop::default();
        let person = Person::of(request);
        attended(self.call, &stop, async {
            let turns = Turns::of(self.plan, &person)?;
            let _alone = self.database.turn().await;
            let mut session = self.connect(&stop).await?;
            let mut progress = Progress::of(self.call);
            settle(&mut session, &mut progress.own).await?;
            let turns = self.examined(&mut session, turns).await?;
            let counted = self.counted(&mut session, Access::Erase, &turns).await?;
            progress.own.guess(&counted.met.there);
            // Before this attempt has a commit of its own to be unsure of: only one can be kept.
            progress.store(self.call)?;
            if !counted.met.there.is_empty() {
                erase_all(&mut session, &counted).await?;
                // The last moment to let go: after it, everything is committed whether anybody waits or not.
                self.call.check()?;
                commit(&mut session, &counted.met.there, &mut progress, self.call).await?;
            }
            session.close().await;
            Ok(counted.met.erased(&progress.own.done))
        })
    }

    /// Lets the server read all statements and check the user's rights, without running one.
    pub(crate) fn health(&self) -> Result<(), PluginError> {
        let stop = Stop::default();
        attended(self.call, &stop, async {
            let mut session = self.connect(&stop).await?;
            let find = self.plan.find.iter().map(|own| (own.name.as_str(), &own.finding.checked));
            for (name, checked) in self.plan.all().chain(find) {
                self.call.check()?;
                session.examine(checked).await.map_err(|e| e.in_statement_with(name, SCHEMA))?;
            }
            session.begin_rehearsal(self.limits()).await.map_err(|e| e.anywhere())?;
            for list in &self.plan.lists {
                self.call.check()?;
                let sql = list.listing.page(false, 1);
                let listed = session.rehearse(&Bound { sql, parameters: Vec::new() }).await;
                listed.map_err(|e| e.in_statement_with(&list.name, "SELECT on its table"))?;
            }
            for own in &self.plan.find {
                self.call.check()?;
                let checked = &own.finding.checked;
                let values = Values::same(&checked.kinds(), "");
                let Some(aim) = checked.aimed(&values, &BTreeSet::new()) else { continue };
                let found = session.rehearse(&own.finding.values(&[&aim], 1)).await;
                found.map_err(|e| e.in_statement_with(&own.name, &own.finding.rights()))?;
            }
            for (name, checked) in self.plan.all() {
                self.call.check()?;
                let values = Values::same(&checked.kinds(), "");
                let Some(aim) = checked.aimed(&values, &BTreeSet::new()) else { continue };
                let counted = session.rehearse(&checked.counting(&[&aim])).await;
                counted.map_err(|e| e.in_statement_with(name, &checked.rights_to_count()))?;
                if checked.writes.is_some() {
                    let erased = session.rehearse(&checked.erasing(&[&aim])).await;
                    erased.map_err(|e| e.in_statement_with(name, &checked.right_to_erase()))?;
                }
            }
            session.close().await;
            Ok(())
        })
    }

    async fn connect(&self, stop: &Stop) -> Result<Session, PluginError> {
        let longest = self.call.remaining().unwrap_or(Duration::MAX);
        let session = self.database.connect(longest).await.map_err(|e| e.anywhere())?;
        stop.by(session.stopper());
        Ok(session)
    }

    async fn counted<'t>(
        &self,
        session: &mut Session,
        access: Access,
        turns: &'t Turns<'_>,
    ) -> Result<Counted<'t>, PluginError> {
        let serves = session.begin(access, self.limits()).await.map_err(|e| e.anywhere())?;
        let mut counted = count::count(self.call, session, turns).await?;
        counted.met.elsewhere = match serves {
            Serves::All => None,
            Serves::Replica => Some(told::FOLLOWED.to_owned()),
            Serves::Ring => Some(told::RING.to_owned()),
            Serves::Hidden { right } => Some(told::hidden_primary(right)),
        };
        counted.met.keeps = session.keeps().await.map_err(|e| e.anywhere())?;
        Ok(counted)
    }

    /// All that is found out before the transaction, as an error would end it: whether the statements suit their tables, and the values
    /// their columns.
    async fn examined<'t>(&self, session: &mut Session, turns: Turns<'t>) -> Result<Turns<'t>, PluginError> {
        let mut sights = Sights::new();
        // Also to look, and of statements that this person needs not: what an erasure would refuse must not be told as what
        // it would erase.
        for (name, checked) in self.plan.all() {
            let sight = session.examine(checked).await.map_err(|e| e.in_statement_with(name, SCHEMA))?;
            sights.insert(name.to_owned(), sight);
        }
        turns.seen_by(sights).that_can_be_there(session).await
    }

    fn limits(&self) -> Limits {
        let left = self.call.remaining().unwrap_or(STATEMENT_MAX);
        let statement = left.saturating_sub(EARLIER).max(left / 2);
        Limits { statement, lock: self.lock_max.min(statement) }
    }
}

/// Finds out the result of a commit whose answer was lost, if the server can say.
async fn settle(session: &mut Session, past: &mut Past) -> Result<(), PluginError> {
    let Some(Commit { transaction: Some(transaction), .. }) = &past.unsure else { return Ok(()) };
    match session.fate(transaction).await.map_err(|e| e.anywhere())? {
        Fate::Committed => past.it_was_committed(),
        Fate::RolledBack => past.it_was_rolled_back(),
        Fate::UnderWay => {
            return Err(PluginError::retryable("the transaction of an earlier attempt has not ended yet"));
        }
        Fate::Unknown => {}
    }
    Ok(())
}

/// Erases exactly what was counted. Whatever is amiss, nothing is committed.
async fn erase_all(session: &mut Session, counted: &Counted<'_>) -> Result<(), PluginError> {
    for found in &counted.found {
        let name = &found.erasing.name;
        let rows = found.rows;
        let checked = &found.erasing.checked;
        let erased = session.erase(&checked.erasing(&found.aims)).await;
        let erased = erased.map_err(|e| e.in_statement_with(name, &checked.right_to_erase()))?;
        if erased != rows {
            return Err(PluginError::needs_operator(format!(
                "statement `{name}`: {rows} rows were there, and it would erase {erased}: a statement before it, a foreign key or a \
                 trigger took the others; put it before that, or join two statements about the same rows by OR; rolled back"
            )));
        }
    }
    for found in &counted.found {
        let left = rows(session, &found.erasing.name, &found.erasing.checked, &found.aims).await?;
        if left > 0 {
            return Err(PluginError::needs_operator(format!(
                "statement `{}`: its WHERE finds {left} rows after it has run, so that nobody can tell whether it has: leave out \
                 what is erased already; rolled back",
                found.erasing.name
            )));
        }
    }
    Ok(())
}

/// Commits. Before it does, it is stored that it may have.
async fn commit(
    session: &mut Session,
    counts: &Counts,
    progress: &mut Progress<Past>,
    call: &Call<'_>,
) -> Result<(), PluginError> {
    let transaction = session.transaction().await.map_err(|e| e.anywhere())?;
    progress.own.unsure = Some(Commit { counts: counts.clone(), transaction });
    progress.store(call)?;
    let ended = session.commit().await;
    match &ended {
        Ok(()) => progress.own.it_was_committed(),
        Err(trouble) if trouble.answered => progress.own.it_was_rolled_back(),
        Err(_) => {}
    }
    let stored = progress.store(call);
    ended.map_err(|trouble| match trouble.answered {
        true => trouble.anywhere(),
        false => PluginError::retryable(
            "the connection was lost before the database said whether it erased everything or nothing; the next attempt finds out",
        ),
    })?;
    // When this is not stored, the next attempt finds out.
    stored
}
