//! Links that confirm. A link is locked before its erasure or request.

use std::collections::HashMap;
use std::time::Duration;

use super::columns::{erasure_id, ids, maybe_millis, millis, small};
use super::row::{self, LINK};
use super::tx::{Connection, NOW_MS, Tx};
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
pub(super) async fn want(tx: &Tx, erasure: ErasureId, address: Digest) -> Result<(), LedgerError> {
    let sql = "SELECT FROM confirmation_link WHERE erasure = $1 AND state IN ('waiting', 'sending') LIMIT 1";
    if tx.maybe(sql, &[&erasure.0.as_slice()]).await?.is_some() {
        return Ok(());
    }
    insert(tx, &Link::wanted(LinkFor::Erasure(erasure), address, tx.now)).await
}

/// Locks those of a request, before it is changed.
pub(super) async fn lock_of_request(tx: &Tx, request: RequestId) -> Result<(), LedgerError> {
    let sql = "SELECT id FROM confirmation_link WHERE request = $1 ORDER BY id FOR UPDATE";
    tx.rows(sql, &[&request.0.as_slice()]).await?;
    Ok(())
}

/// Wants one that shows whose a request is, in the place of those that there were.
pub(super) async fn want_anew(tx: &Tx, request: RequestId, address: Digest) -> Result<(), LedgerError> {
    let of = LinkFor::Request(request);
    end_all(tx, of).await?;
    insert(tx, &Link::wanted(of, address, tx.now)).await
}

/// Whether a mail is due, where any waits.
pub(super) async fn due(connection: &Connection) -> Result<Option<bool>, LedgerError> {
    let sql = format!(
        "SELECT due <= {NOW_MS} FROM confirmation_link WHERE state IN ('waiting', 'sending') ORDER BY due, id LIMIT 1"
    );
    Ok(connection.maybe(&sql, &[]).await?.map(|row| row.get(0)))
}

/// Takes the next link whose mail is due.
pub(super) async fn take(tx: &Tx, proof: &LinkProof, bounds: &LinkBounds) -> Result<Option<LinkMail>, LedgerError> {
    for _ in 0..PASSED_MAX {
        let Some((id, link)) = next(tx).await? else { return Ok(None) };
        let awaited = is_awaited(tx, link.of).await?;
        let mailed = mailed(tx, link.address).await?;
        match link.taken(awaited, mailed, bounds, proof, tx.now) {
            TakenLink::Later => return Ok(None),
            TakenLink::NoMail(link) => update(tx, id, &link).await?,
            TakenLink::Again { first, second } => {
                update(tx, id, &first).await?;
                insert(tx, &second).await?;
            }
            TakenLink::Mail(link) => {
                update(tx, id, &link).await?;
                let capsules = match link.of {
                    LinkFor::Erasure(id) => capsules::of(tx, &[id]).await?.remove(&id).unwrap_or_default(),
                    LinkFor::Request(id) => requests::capsule(tx, id).await?.into_iter().collect(),
                };
                return Ok(Some(LinkMail { of: link.of, capsules, expires: link.expires.unwrap_or(tx.now) }));
            }
        }
    }
    Ok(None)
}

/// Writes how sending the mail with this token ended.
pub(super) async fn mail_ended(tx: &Tx, token: Digest, end: LinkMailEnd) -> Result<(), LedgerError> {
    let Some((id, link)) = found(tx, token).await? else { return Ok(()) };
    let (link, second) = link.mail_ended(token, end, tx.now);
    update(tx, id, &link).await?;
    match second {
        Some(second) => insert(tx, &second).await,
        None => Ok(()),
    }
}

/// The link of a token, with its number; only where it was mailed for what it names. It is locked.
pub(super) async fn of_proof(tx: &Tx, proof: &LinkProof) -> Result<Option<(i64, Link)>, LedgerError> {
    Ok(found(tx, proof.found_by()).await?.filter(|(_, link)| link.is_of(proof)))
}

/// A link was used: nobody needs the others any more.
pub(super) async fn use_up(tx: &Tx, id: i64, link: Link) -> Result<(), LedgerError> {
    let of = link.of;
    update(tx, id, &Link { state: LinkState::Used, ended: Some(tx.now), ..link }).await?;
    end_all(tx, of).await
}

/// Whoever has used this link has shown whose its request is. Returns the request where that is news.
pub(super) async fn verify(
    tx: &Tx,
    id: RequestId,
    (number, link): (i64, Link),
    proof: &LinkProof,
    calendar: &Calendar,
) -> Result<(Confirmed, Option<Request>), LedgerError> {
    let Some(StoredRequest { version, request, .. }) = requests::one(tx, id).await? else {
        return Ok((Confirmed::NotValid, None));
    };
    let (confirmed, verified) = verified(number, &link, request, proof, calendar, tx.now);
    if let Some(verified) = &verified {
        requests::write(tx, version, verified).await?;
        use_up(tx, number, link).await?;
    }
    Ok((confirmed, verified))
}

/// None of them that is not used is good for anything any more.
async fn end_all(tx: &Tx, of: LinkFor) -> Result<(), LedgerError> {
    let now = millis(tx.now);
    match of {
        LinkFor::Erasure(id) => tx.execute(OVER_OF_ERASURE, &[&now, &id.0.as_slice()]).await?,
        LinkFor::Request(id) => tx.execute(OVER_OF_REQUEST, &[&now, &id.0.as_slice()]).await?,
    };
    Ok(())
}

/// The newest link of each of these erasures.
pub(super) async fn newest(
    connection: &Connection,
    all: &[ErasureId],
) -> Result<HashMap<ErasureId, Link>, LedgerError> {
    let sql = format!(
        "SELECT DISTINCT ON (erasure) {LINK} FROM confirmation_link WHERE erasure = ANY($1) ORDER BY erasure, id DESC"
    );
    let rows = connection.rows(&sql, &[&ids(all)]).await?;
    rows.iter().map(|row| Ok((erasure_id(row.get(0))?, row::link(row)?))).collect()
}

/// The newest link of each of these requests that has one.
pub(super) async fn newest_of_requests(
    connection: &Connection,
    all: &[RequestId],
) -> Result<HashMap<RequestId, Link>, LedgerError> {
    let sql = format!(
        "SELECT DISTINCT ON (request) {LINK} FROM confirmation_link WHERE request = ANY($1) ORDER BY request, id DESC"
    );
    let wanted: Vec<&[u8]> = all.iter().map(|id| id.0.as_slice()).collect();
    let mut links = HashMap::new();
    for row in connection.rows(&sql, &[&wanted]).await? {
        let link = row::link(&row)?;
        if let LinkFor::Request(id) = link.of {
            links.insert(id, link);
        }
    }
    Ok(links)
}

/// Deletes those that ended so long ago.
pub(super) async fn forget_old(tx: &Tx, age: Duration) -> Result<(), LedgerError> {
    let Some(before) = forgotten_before(tx.now, age) else { return Ok(()) };
    let sql = "DELETE FROM confirmation_link WHERE id IN (
                 SELECT id FROM confirmation_link
                 WHERE COALESCE(ended, expires) IS NOT NULL AND COALESCE(ended, expires) < $1 AND state <> 'sending' LIMIT $2)";
    tx.execute(sql, &[&millis(before), &FORGOTTEN_MAX]).await?;
    Ok(())
}

/// Others take other ones.
async fn next(tx: &Tx) -> Result<Option<(i64, Link)>, LedgerError> {
    let sql = format!(
        "SELECT {LINK}, id FROM confirmation_link WHERE state IN ('waiting', 'sending') AND due <= $1
         ORDER BY due, id LIMIT 1 FOR UPDATE SKIP LOCKED"
    );
    let row = tx.maybe(&sql, &[&millis(tx.now)]).await?;
    row.map(|row| Ok((row.get(13), row::link(&row)?))).transpose()
}

async fn found(tx: &Tx, token: Digest) -> Result<Option<(i64, Link)>, LedgerError> {
    let sql = format!("SELECT {LINK}, id FROM confirmation_link WHERE token = $1 FOR UPDATE");
    let row = tx.maybe(&sql, &[&token.0.as_slice()]).await?;
    row.map(|row| Ok((row.get(13), row::link(&row)?))).transpose()
}

async fn is_awaited(tx: &Tx, of: LinkFor) -> Result<bool, LedgerError> {
    // By its id, and not by how few there are in that state.
    let of_erasure = "SELECT state = 'requested' AND COALESCE(confirm = 'email', FALSE) FROM erasure WHERE id = $1";
    Ok(match of {
        LinkFor::Erasure(id) => tx.maybe(of_erasure, &[&id.0.as_slice()]).await?.is_some_and(|row| row.get(0)),
        LinkFor::Request(id) => tx.maybe(AWAITED_OF_REQUEST, &[&id.0.as_slice()]).await?.is_some(),
    })
}

async fn mailed(tx: &Tx, address: Digest) -> Result<Mailed, LedgerError> {
    let since = |age| millis(ago(tx.now, Some(age)).unwrap_or(tx.now));
    let to_one = "SELECT COUNT(*) FILTER (WHERE mailed > $2), COUNT(*) FROM confirmation_link
                  WHERE address = $1 AND mailed IS NOT NULL AND mailed > $3";
    let to_one = tx.row(to_one, &[&address.0.as_slice(), &since(HOUR), &since(DAY)]).await?;
    let to_all = "SELECT COUNT(*) FROM confirmation_link WHERE mailed IS NOT NULL AND mailed > $1";
    let to_all = tx.row(to_all, &[&since(HOUR)]).await?;
    Ok(Mailed {
        to_one_in_an_hour: small(to_one.get(0)),
        to_one_in_a_day: small(to_one.get(1)),
        in_an_hour: small(to_all.get(0)),
    })
}

async fn insert(tx: &Tx, link: &Link) -> Result<(), LedgerError> {
    let sql = format!(
        "INSERT INTO confirmation_link ({LINK}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
    );
    let (erasure, request) = match &link.of {
        LinkFor::Erasure(id) => (Some(id.0.as_slice()), None),
        LinkFor::Request(id) => (None, Some(id.0.as_slice())),
    };
    tx.execute(
        &sql,
        &[
            &erasure,
            &link.state.as_str(),
            &link.address.0.as_slice(),
            &link.token.as_ref().map(|token| token.0.as_slice()),
            &link.bound.as_ref().map(|bound| bound.0.as_slice()),
            &millis(link.due),
            &i64::from(link.attempts),
            &link.again,
            &link.reason,
            &maybe_millis(link.mailed),
            &maybe_millis(link.expires),
            &maybe_millis(link.ended),
            &request,
        ],
    )
    .await?;
    Ok(())
}

async fn update(tx: &Tx, id: i64, link: &Link) -> Result<(), LedgerError> {
    tx.execute(
        "UPDATE confirmation_link SET state = $2, token = $3, bound = $4, due = $5, attempts = $6, reason = $7, mailed = $8,
                                      expires = $9, ended = $10 WHERE id = $1",
        &[
            &id,
            &link.state.as_str(),
            &link.token.as_ref().map(|token| token.0.as_slice()),
            &link.bound.as_ref().map(|bound| bound.0.as_slice()),
            &millis(link.due),
            &i64::from(link.attempts),
            &link.reason,
            &maybe_millis(link.mailed),
            &maybe_millis(link.expires),
            &maybe_millis(link.ended),
        ],
    )
    .await?;
    Ok(())
}
