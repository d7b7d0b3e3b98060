//! Links that confirm.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::{Millis, Word};
use super::job::Tx;
use super::row::{self, LINK};
use super::{LedgerError, capsules, requests};
use crate::deadline::Calendar;
use crate::erasure::ErasureId;
use crate::erasure::confirmation::{Link, LinkBounds, LinkFor, LinkMailEnd, LinkProof, LinkState, Mailed, TakenLink};
use crate::keys::Digest;
use crate::ledger::confirming::{
    AWAITED_OF_REQUEST, DAY, FORGOTTEN_MAX, HOUR, LinkMail, OVER_OF_ERASURE, OVER_OF_REQUEST, PASSED_MAX,
    forgotten_before, verified,
};
use crate::ledger::expiry::ago;
use crate::ledger::{Confirmed, StoredRequest};
use crate::request::{Request, RequestId};

/// Wants a mail with a link, unless one is wanted already.
pub(super) fn want(tx: &Tx<'_>, erasure: ErasureId, address: Digest) -> Result<(), LedgerError> {
    let mut there =
        tx.prepare_cached("SELECT 1 FROM confirmation_link WHERE erasure = ?1 AND state IN ('waiting', 'sending')")?;
    if there.exists([erasure])? {
        return Ok(());
    }
    insert(tx, &Link::wanted(LinkFor::Erasure(erasure), address, tx.now))
}

/// Wants one that shows whose a request is, in the place of those that there were.
pub(super) fn want_anew(tx: &Tx<'_>, request: RequestId, address: Digest) -> Result<(), LedgerError> {
    let of = LinkFor::Request(request);
    end_all(tx, of)?;
    insert(tx, &Link::wanted(of, address, tx.now))
}

/// Whether a mail is due, where any waits.
pub(super) fn due(connection: &Connection) -> Result<Option<bool>, LedgerError> {
    let mut due = connection.prepare_cached(
        "SELECT due <= ?1 FROM confirmation_link WHERE state IN ('waiting', 'sending') ORDER BY due, id LIMIT 1",
    )?;
    Ok(due.query_row([Millis(Timestamp::now())], |row| row.get(0)).optional()?)
}

/// Takes the next link whose mail is due.
pub(super) fn take(tx: &Tx<'_>, proof: &LinkProof, bounds: &LinkBounds) -> Result<Option<LinkMail>, LedgerError> {
    for _ in 0..PASSED_MAX {
        let Some((id, link)) = next(tx)? else { return Ok(None) };
        let awaited = is_awaited(tx, link.of)?;
        let mailed = mailed(tx, link.address)?;
        match link.taken(awaited, mailed, bounds, proof, tx.now) {
            TakenLink::Later => return Ok(None),
            TakenLink::NoMail(link) => update(tx, id, &link)?,
            TakenLink::Again { first, second } => {
                update(tx, id, &first)?;
                insert(tx, &second)?;
            }
            TakenLink::Mail(link) => {
                update(tx, id, &link)?;
                let capsules = match link.of {
                    LinkFor::Erasure(id) => capsules::of(tx, id)?,
                    LinkFor::Request(id) => requests::capsule(tx, id)?.into_iter().collect(),
                };
                return Ok(Some(LinkMail { of: link.of, capsules, expires: link.expires.unwrap_or(tx.now) }));
            }
        }
    }
    Ok(None)
}

/// Writes how sending the mail with this token ended.
pub(super) fn mail_ended(tx: &Tx<'_>, token: Digest, end: LinkMailEnd) -> Result<(), LedgerError> {
    let Some((id, link)) = found(tx, token)? else { return Ok(()) };
    let (link, second) = link.mail_ended(token, end, tx.now);
    update(tx, id, &link)?;
    second.map_or(Ok(()), |second| insert(tx, &second))
}

/// The link of a token, with its number; only where it was mailed for what it names.
pub(super) fn of_proof(tx: &Tx<'_>, proof: &LinkProof) -> Result<Option<(i64, Link)>, LedgerError> {
    Ok(found(tx, proof.found_by())?.filter(|(_, link)| link.is_of(proof)))
}

/// A link was used: nobody needs the others any more.
pub(super) fn use_up(tx: &Tx<'_>, id: i64, link: Link) -> Result<(), LedgerError> {
    let of = link.of;
    update(tx, id, &Link { state: LinkState::Used, ended: Some(tx.now), ..link })?;
    end_all(tx, of)
}

/// Whoever has used this link has shown whose its request is. Returns the request where that is news.
pub(super) fn verify(
    tx: &Tx<'_>,
    id: RequestId,
    (number, link): (i64, Link),
    proof: &LinkProof,
    calendar: &Calendar,
) -> Result<(Confirmed, Option<Request>), LedgerError> {
    let Some(StoredRequest { version, request, .. }) = requests::one(tx, id)? else {
        return Ok((Confirmed::NotValid, None));
    };
    let (confirmed, verified) = verified(number, &link, request, proof, calendar, tx.now);
    if let Some(verified) = &verified {
        requests::write(tx, version, verified)?;
        use_up(tx, number, link)?;
    }
    Ok((confirmed, verified))
}

/// None of them that is not used is good for anything any more.
fn end_all(tx: &Tx<'_>, of: LinkFor) -> Result<(), LedgerError> {
    let now = Millis(tx.now);
    match of {
        LinkFor::Erasure(id) => tx.prepare_cached(OVER_OF_ERASURE)?.execute(params![now, id])?,
        LinkFor::Request(id) => tx.prepare_cached(OVER_OF_REQUEST)?.execute(params![now, id.0])?,
    };
    Ok(())
}

/// An erasure's newest link.
pub(super) fn newest(connection: &Connection, erasure: ErasureId) -> Result<Option<Link>, LedgerError> {
    let sql = format!("SELECT {LINK} FROM confirmation_link WHERE erasure = ?1 ORDER BY id DESC LIMIT 1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([erasure])?;
    rows.next()?.map(row::link).transpose()
}

/// The newest link of each of these requests that has one.
pub(super) fn newest_of_requests(
    connection: &Connection,
    all: &[RequestId],
) -> Result<HashMap<RequestId, Link>, LedgerError> {
    let sql = format!("SELECT {LINK} FROM confirmation_link WHERE request = ?1 ORDER BY id DESC LIMIT 1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut links = HashMap::new();
    for request in all {
        if let Some(row) = statement.query([request.0])?.next()? {
            links.insert(*request, row::link(row)?);
        }
    }
    Ok(links)
}

/// Deletes those that ended so long ago.
pub(super) fn forget_old(tx: &Tx<'_>, age: std::time::Duration) -> Result<(), LedgerError> {
    let Some(before) = forgotten_before(tx.now, age) else { return Ok(()) };
    tx.prepare_cached(
        "DELETE FROM confirmation_link WHERE id IN (
           SELECT id FROM confirmation_link
           WHERE COALESCE(ended, expires) IS NOT NULL AND COALESCE(ended, expires) < ?1 AND state <> 'sending' LIMIT ?2)",
    )?
    .execute(params![Millis(before), FORGOTTEN_MAX])?;
    Ok(())
}

fn next(tx: &Tx<'_>) -> Result<Option<(i64, Link)>, LedgerError> {
    let sql = format!(
        "SELECT {LINK}, id FROM confirmation_link WHERE state IN ('waiting', 'sending') AND due <= ?1 ORDER BY due, id LIMIT 1"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([Millis(tx.now)])?;
    rows.next()?.map(|row| Ok((row.get(13)?, row::link(row)?))).transpose()
}

fn found(tx: &Tx<'_>, token: Digest) -> Result<Option<(i64, Link)>, LedgerError> {
    let sql = format!("SELECT {LINK}, id FROM confirmation_link WHERE token = ?1");
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([token])?;
    rows.next()?.map(|row| Ok((row.get(13)?, row::link(row)?))).transpose()
}

fn is_awaited(tx: &Tx<'_>, of: LinkFor) -> Result<bool, LedgerError> {
    let of_erasure = "SELECT 1 FROM erasure WHERE id = ?1 AND state = 'requested' AND confirm = 'email'";
    Ok(match of {
        LinkFor::Erasure(id) => tx.prepare_cached(of_erasure)?.exists([id])?,
        LinkFor::Request(id) => tx.prepare_cached(AWAITED_OF_REQUEST)?.exists([id.0])?,
    })
}

fn mailed(tx: &Tx<'_>, address: Digest) -> Result<Mailed, LedgerError> {
    let since = |age| ago(tx.now, Some(age)).unwrap_or(tx.now);
    let count = |sql: &str, values: &[&dyn rusqlite::ToSql]| -> Result<u32, LedgerError> {
        Ok(tx.prepare_cached(sql)?.query_row(values, |row| row.get(0))?)
    };
    let to_one = "SELECT COUNT(*) FROM confirmation_link WHERE address = ?1 AND mailed IS NOT NULL AND mailed > ?2";
    let to_all = "SELECT COUNT(*) FROM confirmation_link WHERE mailed IS NOT NULL AND mailed > ?1";
    Ok(Mailed {
        to_one_in_an_hour: count(to_one, params![address, Millis(since(HOUR))])?,
        to_one_in_a_day: count(to_one, params![address, Millis(since(DAY))])?,
        in_an_hour: count(to_all, params![Millis(since(HOUR))])?,
    })
}

fn insert(tx: &Tx<'_>, link: &Link) -> Result<(), LedgerError> {
    let sql = format!(
        "INSERT INTO confirmation_link ({LINK}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
    );
    let (erasure, request) = match link.of {
        LinkFor::Erasure(id) => (Some(id), None),
        LinkFor::Request(id) => (None, Some(id.0)),
    };
    tx.prepare_cached(&sql)?.execute(params![
        erasure,
        Word(link.state),
        link.address,
        link.token,
        link.bound,
        Millis(link.due),
        link.attempts,
        link.again,
        link.reason,
        link.mailed.map(Millis),
        link.expires.map(Millis),
        link.ended.map(Millis),
        request
    ])?;
    Ok(())
}

fn update(tx: &Tx<'_>, id: i64, link: &Link) -> Result<(), LedgerError> {
    tx.prepare_cached(
        "UPDATE confirmation_link SET state = ?2, token = ?3, bound = ?4, due = ?5, attempts = ?6, reason = ?7, mailed = ?8,
                                      expires = ?9, ended = ?10 WHERE id = ?1",
    )?
    .execute(params![
        id,
        Word(link.state),
        link.token,
        link.bound,
        Millis(link.due),
        link.attempts,
        link.reason,
        link.mailed.map(Millis),
        link.expires.map(Millis),
        link.ended.map(Millis)
    ])?;
    Ok(())
}
