//! Whether whoever approves is surely somebody else than who has asked for it (`requests.four_eyes`), as far as the ledger says who has
//! which name, and who has given whom what they came by.

use crate::access::{AccountName, TokenId};
use crate::audit::{Act, ActResult, Actor, Apart, AuditRow, Object};
use crate::ledger::{AuditRange, Cursor, PAGE_MAX};
use crate::operations::{OperationError, Operations};

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
pub(crate) async fn why_not(on: &Operations, by: &Actor, asked: &[Actor]) -> Result<Option<String>, OperationError> {
    for own in asked {
        match by.apart_from(own) {
            Apart::Two => {}
            Apart::One => return Ok(Some(format!("somebody else has to approve it than {own}, who has asked for it"))),
            Apart::WhereAccount(name) => {
                if !is_known(on, name.as_ref()).await? {
                    return Ok(Some(unclear(by, own, name.as_ref())));
                }
            }
        }
    }
    if let Some(why) = given_by(on, by, asked).await? {
        return Ok(Some(why));
    }
    for own in asked {
        if let Some(why) = given_by(on, own, std::slice::from_ref(by)).await? {
            return Ok(Some(why));
        }
    }
    for own in asked {
        if let Some(why) = given_by_one(on, by, own).await? {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// Whether an account of the ledger says who it is.
async fn is_known(on: &Operations, name: Option<&AccountName>) -> Result<bool, OperationError> {
    match name {
        Some(name) => Ok(on.ledger.account(name).await?.is_some()),
        None => Ok(false),
    }
}

/// The first of those who have asked of whom nothing shows who it is, so that nobody who comes by an account of the ledger is surely
/// somebody else.
pub(crate) async fn unknown_among(
    on: &Operations,
    by: &Actor,
    asked: &[Actor],
) -> Result<Option<Actor>, OperationError> {
    for own in asked {
        let Apart::WhereAccount(name) = by.apart_from(own) else { continue };
        if !is_known(on, name.as_ref()).await? {
            return Ok(Some(own.clone()));
        }
    }
    Ok(None)
}

/// Why two are not surely two people: one account has given both what they came by, or has given it to whoever has. Whoever runs commands
/// could do anything anyway, and an operator with a browser is not to.
async fn given_by_one(on: &Operations, by: &Actor, own: &Actor) -> Result<Option<String>, OperationError> {
    let (of_by, of_own) = match (givers(on, by).await?, givers(on, own).await?) {
        (Ok(of_by), Ok(of_own)) => (of_by, of_own),
        (Err(unknown), _) | (_, Err(unknown)) => return Ok(Some(nobody_knows(&unknown))),
    };
    let all_of_own = || of_own.iter().chain([own]);
    let one = of_by.iter().find(|giver| all_of_own().any(|other| giver.apart_from(other) == Apart::One));
    let one = one.or_else(|| of_own.iter().find(|giver| giver.apart_from(by) == Apart::One));
    Ok(one.map(|giver| {
        format!(
            "somebody else has to approve it: {giver} has given {by} and {own} the token or password, or has given it to who has, and may have \
             both; have one of them given anew by another operator, or by command"
        )
    }))
}

/// The accounts by which somebody came by what they carry, the nearest first: each has given it to the one before, by what they carried then.
/// What a giver was given later is not what they gave it with: it is looked for among the rows before, whose sequences fall until nobody is
/// left, also where accounts have given one another theirs. Whose own is not known, where that is so.
async fn givers(on: &Operations, of: &Actor) -> Result<Result<Vec<Actor>, Actor>, OperationError> {
    let mut all = Vec::new();
    let (mut of, mut before) = (of.clone(), Cursor::NEWEST);
    loop {
        let (found, sequence) = match giver(on, &of, before).await? {
            Given::By(found, sequence) => (found, sequence),
            Given::ByNobody => return Ok(Ok(all)),
            Given::Unknown => return Ok(Err(of)),
        };
        if found.came_by().is_none() {
            return Ok(Ok(all));
        }
        if !all.contains(&found) {
            all.push(found.clone());
        }
        (of, before) = (found, Cursor::Down(sequence.saturating_sub(1)));
    }
}

/// Why two are not surely two people: one of these has given `to` the token or password that they came by, and so can come by it, too.
async fn given_by(on: &Operations, to: &Actor, others: &[Actor]) -> Result<Option<String>, OperationError> {
    Ok(match giver(on, to, Cursor::NEWEST).await? {
        Given::ByNobody => None,
        Given::By(giver, _) => others.iter().any(|other| giver.apart_from(other) == Apart::One).then(|| {
            format!(
                "somebody else has to approve it: {giver} has given {to} the token or password, and may have it, too; have it given \
                 anew by somebody who has neither asked for it nor approves it"
            )
        }),
        Given::Unknown => Some(nobody_knows(to)),
    })
}

fn nobody_knows(to: &Actor) -> String {
    format!(
        "who has given {to} the token or password is no longer in the ledger's audit, so nobody is surely somebody else: have a \
         new one given (`quietus tokens issue`, `quietus users password`), and use that"
    )
}

/// Of a session, whoever has given its account a password last, of the rows from `before` down: who has changed their own since was signed in by
/// that one.
async fn giver(on: &Operations, to: &Actor, before: Cursor) -> Result<Given, OperationError> {
    let Some((account, token)) = to.came_by() else { return Ok(Given::ByNobody) };
    let row = match token {
        Some(id) => newest(on, Act::IssueToken, (&account, before), |row| is_of_token(row, &id)).await?,
        None => {
            let own = Actor::user(&account);
            let by_others = |row: &AuditRow| row.statement.actor != own;
            match newest(on, Act::SetPassword, (&account, before), by_others).await? {
                Some(row) => Some(row),
                None => newest(on, Act::AddAccount, (&account, before), by_others).await?,
            }
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
        let mut done = page.items.into_iter().filter(|row| row.statement.result == ActResult::Done.as_str());
        if let Some(found) = done.find(&is_looked_for) {
            return Ok(Some(found));
        }
        let Some(next) = page.next else { return Ok(None) };
        range.cursor = next;
    }
}

fn unclear(by: &Actor, own: &Actor, name: Option<&AccountName>) -> String {
    let what = match name {
        Some(name) => format!(
            "give whoever has the machine's account {name} an account of that name (`quietus users add {name}`), or let both come by the \
             same way"
        ),
        None => "let both come by the same way, each with an account of their own".to_owned(),
    };
    format!("it is not known whether {by} is somebody else than {own}, who has asked for it: {what}")
}
