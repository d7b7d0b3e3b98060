//! Whether whoever approves is surely somebody else than who has asked for it (`requests.four_eyes`), as far as the ledger says who has
//! which name, and who has given whom what they came by.

use std::collections::BTreeMap;

use crate::access::{AccountName, TokenId};
use crate::audit::{Act, Actor, Apart, AuditRow, NotApart, Object, Whose};
use crate::ledger::{AuditRange, Cursor, PAGE_MAX};
use crate::operations::{OperationError, Operations, audit};

/// Who has asked for something, and when. By what they came by then it is known who that was: what the same account was given later, nobody
/// has asked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) actor: Actor,
    when: When,
}

/// When somebody has asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// In this row of the audit.
    Row(u64),
    Now,
    /// In a row that is no longer there.
    Gone,
}

impl Asker {
    /// As this row of the audit says.
    pub(crate) fn of(row: &AuditRow) -> Self {
        Self { actor: row.statement.actor.clone(), when: When::Row(row.statement.sequence) }
    }

    /// Somebody who asks, or approves, at this moment, or with what they have now.
    pub(crate) fn now(actor: &Actor) -> Self {
        Self { actor: actor.clone(), when: When::Now }
    }

    /// Somebody of whom the audit no longer says when that was.
    pub(crate) fn forgotten(actor: &Actor) -> Self {
        Self { actor: actor.clone(), when: When::Gone }
    }

    /// Where the rows begin, the newest first, that came before.
    fn before(&self) -> Option<Cursor> {
        match self.when {
            When::Row(sequence) => Some(before(sequence)),
            When::Now => Some(Cursor::NEWEST),
            When::Gone => None,
        }
    }
}

/// The rows before this one, the newest first.
fn before(sequence: u64) -> Cursor {
    Cursor::Down(sequence.saturating_sub(1))
}

/// In which rows accounts were given passwords, as far as they were looked up: what somebody has asked with, and how often they have, is told
/// apart by it.
#[derive(Debug, Default)]
pub(crate) struct Passwords(BTreeMap<AccountName, Vec<u64>>);

impl Passwords {
    /// Those who have asked, each once for what they have asked with: whoever has asked a hundred times is looked at once.
    pub(crate) async fn distinct(&mut self, on: &Operations, asked: &[Asker]) -> Result<Vec<Asker>, OperationError> {
        let mut all = Vec::new();
        for one in asked {
            let one = self.with_what(on, one).await?;
            if !all.contains(&one) {
                all.push(one);
            }
        }
        Ok(all)
    }

    /// The same for all who have asked with the same, and nobody else.
    async fn with_what(&mut self, on: &Operations, asker: &Asker) -> Result<Asker, OperationError> {
        let Some((account, token)) = asker.actor.came_by() else { return Ok(Asker::now(&asker.actor)) };
        if token.is_some() {
            // It names itself, whenever it is used.
            return Ok(Asker::now(&asker.actor));
        }
        let When::Row(sequence) = asker.when else { return Ok(asker.clone()) };
        let given = match self.0.get(&account) {
            Some(given) => given.clone(),
            None => {
                let given = given_in(on, &account).await?;
                self.0.insert(account, given.clone());
                given
            }
        };
        let newest = given.iter().rev().find(|given| **given < sequence);
        Ok(Asker { actor: asker.actor.clone(), when: When::Row(newest.map_or(0, |given| given + 1)) })
    }
}

/// The rows in which others have given an account a password, the oldest first.
async fn given_in(on: &Operations, account: &AccountName) -> Result<Vec<u64>, OperationError> {
    let own = Actor::user(account);
    let mut all = Vec::new();
    for act in GIVES_PASSWORD {
        let of_account = AuditRange {
            act: Some(act),
            object: Some(Object::account(account)),
            ..AuditRange::all(Cursor::OLDEST, PAGE_MAX)
        };
        let rows = audit::all(on, of_account).await?;
        let by_others = rows.iter().filter(|row| row.statement.is_done() && row.statement.actor != own);
        all.extend(by_others.map(|row| row.statement.sequence));
    }
    all.sort_unstable();
    Ok(all)
}

/// Acts by which an account comes to a password, the likelier first.
const GIVES_PASSWORD: [Act; 2] = [Act::SetPassword, Act::AddAccount];

/// Who has given somebody what they came by.
enum Given {
    /// Nobody: the machine says who it is.
    ByNobody,
    /// By whom, and in which row of the audit.
    By(Actor, u64),
    /// The audit no longer says.
    Unknown,
}

/// Why `by` does not approve what these have asked for; `None` where all of them are surely somebody else, and neither has given the other
/// what they came by.
pub(crate) async fn why_not(on: &Operations, by: &Actor, asked: &[Asker]) -> Result<Option<NotApart>, OperationError> {
    for own in asked {
        if let Some(why) = is_or_may_be(on, by, &own.actor).await? {
            return Ok(Some(why));
        }
    }
    let asked = Passwords::default().distinct(on, asked).await?;
    let by = Asker::now(by);
    for own in &asked {
        if let Some(why) = given_by(on, &by, own, Whose::Approvers).await? {
            return Ok(Some(why));
        }
    }
    for own in &asked {
        if let Some(why) = given_by(on, own, &by, Whose::Askers).await? {
            return Ok(Some(why));
        }
    }
    for own in &asked {
        if let Some(why) = given_by_one(on, &by, own).await? {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// Why the two are one by their names, or may be.
async fn is_or_may_be(on: &Operations, by: &Actor, asked: &Actor) -> Result<Option<NotApart>, OperationError> {
    let (by, asked) = (by.clone(), asked.clone());
    Ok(match by.apart_from(&asked) {
        Apart::Two => None,
        Apart::One if asked.is_nobodys() => Some(NotApart::Nobodys(asked)),
        Apart::One => Some(NotApart::Own(asked)),
        Apart::WhereAccount(Some(account)) => {
            let is_known = on.ledger.account(&account).await?.is_some();
            (!is_known).then_some(NotApart::NoAccount { by, asked, account })
        }
        // One of them comes by an account of the ledger.
        Apart::WhereAccount(None) if by.came_by().is_some() => Some(NotApart::UnknownAsker { by, asked }),
        Apart::WhereAccount(None) => Some(NotApart::UnknownApprover { by, asked }),
    })
}

/// Why two are not surely two people: one account has given both what they came by, or has given it to whoever has. Whoever runs commands
/// could do anything anyway, and an operator with a browser is not to.
async fn given_by_one(on: &Operations, by: &Asker, own: &Asker) -> Result<Option<NotApart>, OperationError> {
    let (of_by, of_own) = match (givers(on, by).await?, givers(on, own).await?) {
        (Ok(of_by), Ok(of_own)) => (of_by, of_own),
        (Err(to), _) => return Ok(Some(NotApart::Forgotten { to, whose: Whose::Approvers })),
        (_, Err(to)) => return Ok(Some(NotApart::Forgotten { to, whose: Whose::Askers })),
    };
    let all_of_own = || of_own.iter().chain([&own.actor]);
    let one = of_by.iter().find(|giver| all_of_own().any(|other| giver.apart_from(other) == Apart::One));
    let one = one.or_else(|| of_own.iter().find(|giver| giver.apart_from(&by.actor) == Apart::One));
    Ok(one.map(|giver| NotApart::GivenBoth { giver: giver.clone(), by: by.actor.clone(), asked: own.actor.clone() }))
}

/// The accounts by which somebody came by what they carry, the nearest first: each has given it to the one before, by what they carried then.
/// What a giver was given later is not what they gave it with: it is looked for among the rows before, whose sequences fall until nobody is
/// left, also where accounts have given one another theirs. Whose own is not known, where that is so.
async fn givers(on: &Operations, of: &Asker) -> Result<Result<Vec<Actor>, Actor>, OperationError> {
    let mut all = Vec::new();
    let mut of = of.clone();
    loop {
        let (found, sequence) = match giver(on, &of).await? {
            Given::By(found, sequence) => (found, sequence),
            Given::ByNobody => return Ok(Ok(all)),
            Given::Unknown => return Ok(Err(of.actor)),
        };
        if found.came_by().is_none() {
            return Ok(Ok(all));
        }
        if !all.contains(&found) {
            all.push(found.clone());
        }
        of = Asker { actor: found, when: When::Row(sequence) };
    }
}

/// Why two are not surely two people: the other one has given `to` the token or password that they came by, and so can come by it, too.
async fn given_by(
    on: &Operations,
    to: &Asker,
    other: &Asker,
    whose: Whose,
) -> Result<Option<NotApart>, OperationError> {
    let to_actor = to.actor.clone();
    Ok(match giver(on, to).await? {
        Given::ByNobody => None,
        Given::By(giver, _) => {
            (giver.apart_from(&other.actor) == Apart::One).then_some(NotApart::Given { giver, to: to_actor, whose })
        }
        Given::Unknown => Some(NotApart::Forgotten { to: to_actor, whose }),
    })
}

/// Of a session, whoever had given its account a password last when they asked: who has changed their own since was signed in by that one.
async fn giver(on: &Operations, to: &Asker) -> Result<Given, OperationError> {
    let Some((account, token)) = to.actor.came_by() else { return Ok(Given::ByNobody) };
    let row = match token {
        Some(id) => {
            let before = to.before().unwrap_or(Cursor::NEWEST);
            newest(on, Act::IssueToken, (&account, before), |row| is_of_token(row, &id)).await?
        }
        None => {
            let Some(before) = to.before() else { return Ok(Given::Unknown) };
            let own = Actor::user(&account);
            let by_others = |row: &AuditRow| row.statement.actor != own;
            let mut found = None;
            for act in GIVES_PASSWORD {
                if found.is_none() {
                    found = newest(on, act, (&account, before), by_others).await?;
                }
            }
            found
        }
    };
    Ok(row.map_or(Given::Unknown, |row| Given::By(row.statement.actor, row.statement.sequence)))
}

fn is_of_token(row: &AuditRow, id: &TokenId) -> bool {
    row.statement.details.get("token").and_then(serde_json::Value::as_str) == Some(id.as_str())
}

/// The newest row that says that this was done to an account, of those from `before` down that are looked for.
async fn newest(
    on: &Operations,
    act: Act,
    (account, before): (&AccountName, Cursor),
    is_looked_for: impl Fn(&AuditRow) -> bool,
) -> Result<Option<AuditRow>, OperationError> {
    let mut range =
        AuditRange { act: Some(act), object: Some(Object::account(account)), ..AuditRange::all(before, PAGE_MAX) };
    loop {
        let page = on.ledger.audit(&range).await?;
        let mut done = page.items.into_iter().filter(|row| row.statement.is_done());
        if let Some(found) = done.find(&is_looked_for) {
            return Ok(Some(found));
        }
        let Some(next) = page.next else { return Ok(None) };
        range.cursor = next;
    }
}
