//! Accounts, tokens and sessions.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, params_from_iter};

use super::job::{Tx, Wakes};
use super::{LedgerError, SqliteLedger, acts, audit, query};
use crate::access::{
    Account, AccountChange, AccountName, LoginSession, NewAccount, NewToken, PasswordHash, Token, TokenId,
};
use crate::audit::Actor;
use crate::ledger::accounts::{self as both, Accounts, Carried, NewSession, OwnPassword, StoredAccount};

#[async_trait]
impl Accounts for SqliteLedger {
    async fn add_account(&self, new: &NewAccount, by: &Actor) -> Result<bool, LedgerError> {
        let (new, by) = (new.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let added = run(tx, both::insert(&StoredAccount::new(&new, tx.now))?)? > 0;
            Ok((added, acts::accounts::added(&by, &new, added)))
        })
        .await
    }

    async fn change_account(
        &self,
        name: &AccountName,
        change: &AccountChange,
        by: &Actor,
    ) -> Result<bool, LedgerError> {
        let (name, change, by) = (name.clone(), change.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let mut stored = one(tx, &name)?;
            if let Some(stored) = &mut stored {
                stored.change(&change);
                run(tx, both::update(stored)?)?;
            }
            let is_there = stored.is_some();
            Ok((is_there, acts::accounts::changed(&by, is_there.then_some(&name), &change)))
        })
        .await
    }

    async fn set_password(
        &self,
        name: &AccountName,
        password: &PasswordHash,
        own: Option<&OwnPassword>,
        by: &Actor,
    ) -> Result<bool, LedgerError> {
        let (name, password, own, by) = (name.clone(), password.clone(), own.cloned(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let Some(mut stored) = one(tx, &name)? else {
                return Ok((false, acts::accounts::password(&by, None, false, 0)));
            };
            if let Some(own) = &own {
                let is_own = match &own.session {
                    Some(id) => {
                        list(tx, both::session(id, tx.now), |row| both::name(row, 1))?.pop() == Some(name.clone())
                    }
                    None => own.verified.is_one_time(),
                };
                if !is_own || !stored.has(&own.verified) {
                    return Ok((false, acts::accounts::password(&by, Some(&name), false, 0)));
                }
            }
            stored.set_password(&password, tx.now);
            run(tx, both::update(&stored)?)?;
            let ended = run(tx, both::delete_sessions(&name, own.as_ref().and_then(|own| own.session.as_ref())))?;
            Ok((true, acts::accounts::password(&by, Some(&name), true, ended)))
        })
        .await
    }

    async fn disable_account(&self, name: &AccountName, by: &Actor) -> Result<bool, LedgerError> {
        let (name, by) = (name.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let Some(mut stored) = one(tx, &name)? else {
                return Ok((false, acts::accounts::disabled(&by, None, false, 0)));
            };
            let changed = stored.disable(Some(tx.now));
            run(tx, both::update(&stored)?)?;
            let ended = run(tx, both::delete_sessions(&name, None))?;
            Ok((changed, acts::accounts::disabled(&by, Some(&name), changed, ended)))
        })
        .await
    }

    async fn enable_account(&self, name: &AccountName, by: &Actor) -> Result<bool, LedgerError> {
        let (name, by) = (name.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let Some(mut stored) = one(tx, &name)? else {
                return Ok((false, acts::accounts::enabled(&by, None, false)));
            };
            let changed = stored.disable(None);
            run(tx, both::update(&stored)?)?;
            Ok((changed, acts::accounts::enabled(&by, Some(&name), changed)))
        })
        .await
    }

    async fn accounts(&self) -> Result<Vec<Account>, LedgerError> {
        self.readers
            .read(|connection| list(connection, both::all(), |row| Ok(both::read_account(row, 0)?.account)))
            .await
    }

    async fn account(&self, name: &AccountName) -> Result<Option<StoredAccount>, LedgerError> {
        let name = name.clone();
        self.readers.read(move |connection| one(connection, &name)).await
    }

    async fn add_token(&self, new: &NewToken, by: &Actor) -> Result<bool, LedgerError> {
        let (new, by) = (new.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let is_there = one(tx, &new.account)?.is_some();
            if is_there {
                run(tx, both::insert_token(&new, tx.now)?)?;
            }
            Ok((is_there, acts::accounts::token_issued(&by, &new, is_there)))
        })
        .await
    }

    async fn revoke_token(&self, id: &TokenId, by: &Actor) -> Result<bool, LedgerError> {
        let (id, by) = (id.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let token = list(tx, both::any_token(&id), |row| both::read_token(row))?.pop();
            run(tx, both::delete_token(&id))?;
            Ok((token.is_some(), acts::accounts::token_revoked(&by, token.as_ref())))
        })
        .await
    }

    async fn tokens(&self, of: Option<&AccountName>) -> Result<Vec<Token>, LedgerError> {
        let statement = both::tokens(of);
        self.readers.read(move |connection| list(connection, statement, |row| both::read_token(row))).await
    }

    async fn token(&self, id: &TokenId) -> Result<Option<Carried<Token>>, LedgerError> {
        let now = Timestamp::now();
        let statement = both::token(id, now);
        let look = move |connection: &Connection| list(connection, statement, |row| both::carried_token(row, now));
        Ok(self.readers.read(look).await?.pop())
    }

    async fn token_used(&self, id: &TokenId) -> Result<(), LedgerError> {
        let id = id.clone();
        self.writer.write(Wakes::NoOne, move |tx| run(tx, both::token_used(&id, tx.now)).map(drop)).await
    }

    async fn add_session(&self, new: &NewSession, verified: &PasswordHash, by: &Actor) -> Result<bool, LedgerError> {
        let (new, verified, by) = (new.clone(), verified.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let may = one(tx, &new.account)?.is_some_and(|stored| stored.may_sign_in(&verified));
            if may {
                run(tx, both::insert_session(&new, tx.now)?)?;
            }
            Ok((may, acts::accounts::signed_in(&by, &new.account, &new.id, may)))
        })
        .await
    }

    async fn account_sessions(&self, of: &AccountName) -> Result<Vec<LoginSession>, LedgerError> {
        let statement = both::sessions(of, Timestamp::now());
        self.readers.read(move |connection| list(connection, statement, |row| both::read_session(row))).await
    }

    async fn account_session(&self, id: &TokenId) -> Result<Option<Carried<LoginSession>>, LedgerError> {
        let now = Timestamp::now();
        let statement = both::session(id, now);
        let look = move |connection: &Connection| list(connection, statement, |row| both::carried_session(row, now));
        Ok(self.readers.read(look).await?.pop())
    }

    async fn session_seen(&self, id: &TokenId) -> Result<(), LedgerError> {
        let id = id.clone();
        self.writer.write(Wakes::NoOne, move |tx| run(tx, both::session_seen(&id, tx.now)).map(drop)).await
    }

    async fn end_session(&self, id: &TokenId, by: &Actor) -> Result<bool, LedgerError> {
        let (id, by) = (id.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let whose = list(tx, both::delete_session(&id), |row| both::name(row, 0))?.pop();
            Ok((whose.is_some(), acts::accounts::signed_out(&by, whose.as_ref(), &id)))
        })
        .await
    }

    async fn end_sessions(&self, of: &AccountName, by: &Actor) -> Result<u64, LedgerError> {
        let (of, by) = (of.clone(), by.clone());
        self.order(Wakes::NoOne, move |tx| {
            let is_there = one(tx, &of)?.is_some();
            let ended = run(tx, both::delete_sessions(&of, None))?;
            Ok((ended, acts::accounts::signed_out_everywhere(&by, is_there.then_some(&of), ended)))
        })
        .await
    }

    async fn forget_sessions(&self) -> Result<u64, LedgerError> {
        self.writer.write(Wakes::NoOne, |tx| run(tx, both::delete_all_sessions())).await
    }

    async fn suspend_accounts(&self, by: &Actor) -> Result<u64, LedgerError> {
        let by = by.clone();
        let suspend = move |tx: &Tx<'_>| {
            let ended = run(tx, both::delete_all_sessions())?;
            let all = list(tx, both::all(), |row| both::whole_account(row))?;
            let mut accounts = 0;
            for mut stored in all.into_iter().flatten() {
                if stored.disable(Some(tx.now)) {
                    accounts += run(tx, both::update(&stored)?)?;
                }
            }
            // Of a ledger without accounts nothing is said.
            if accounts > 0 || ended > 0 {
                audit::append(tx, &acts::accounts::suspended(&by, accounts, ended))?;
            }
            Ok(accounts)
        };
        self.writer.write(Wakes::NoOne, suspend).await
    }
}

/// Deletes what is over.
pub(super) fn forget_old(tx: &Tx<'_>) -> Result<(), LedgerError> {
    both::forget_old(tx.now).into_iter().try_for_each(|statement| run(tx, statement).map(drop))
}

fn one(connection: &Connection, name: &AccountName) -> Result<Option<StoredAccount>, LedgerError> {
    Ok(list(connection, both::one(name), |row| both::read_account(row, 0))?.pop())
}

/// Returns how many rows it touched.
pub(super) fn run(tx: &Tx<'_>, statement: query::Statement) -> Result<u64, LedgerError> {
    let query::Statement { sql, values } = statement;
    Ok(tx.prepare_cached(&sql)?.execute(params_from_iter(values))? as u64)
}

pub(super) fn list<T>(
    connection: &Connection,
    statement: query::Statement,
    read: impl Fn(&rusqlite::Row<'_>) -> Result<T, LedgerError>,
) -> Result<Vec<T>, LedgerError> {
    let query::Statement { sql, values } = statement;
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next()? {
        listed.push(read(row)?);
    }
    Ok(listed)
}
