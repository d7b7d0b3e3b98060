//! Accounts, tokens and sessions. An account that is changed is locked first, so that nothing begins by what it was before.

use std::time::Duration;

use async_trait::async_trait;

use super::connection::Pauses;
use super::tx::{Connection, Tx};
use super::{CONFLICTS_MAX, LedgerError, PostgresLedger, acts, audit, clock, failure, query};
use crate::access::{
    Account, AccountChange, AccountName, LoginSession, NewAccount, NewToken, PasswordHash, Token, TokenId,
};
use crate::audit::Actor;
use crate::ledger::accounts::{self as both, Accounts, Carried, NewSession, OwnPassword, StoredAccount};

#[async_trait]
impl Accounts for PostgresLedger {
    async fn add_account(&self, new: &NewAccount, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let added = tx.run(&both::insert(&StoredAccount::new(new, tx.now))?).await? > 0;
            audit::append(tx, &acts::accounts::added(by, new, added)).await?;
            Ok(added)
        })
    }

    async fn change_account(
        &self,
        name: &AccountName,
        change: &AccountChange,
        by: &Actor,
    ) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let mut stored = locked(tx, name).await?;
            if let Some(stored) = &mut stored {
                stored.change(change);
                tx.run(&both::update(stored)?).await?;
            }
            let is_there = stored.is_some();
            audit::append(tx, &acts::accounts::changed(by, is_there.then_some(name), change)).await?;
            Ok(is_there)
        })
    }

    async fn set_password(
        &self,
        name: &AccountName,
        password: &PasswordHash,
        own: Option<&OwnPassword>,
        by: &Actor,
    ) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let mut stored = locked(tx, name).await?;
            let (mut changed, mut ended) = (false, 0);
            if let Some(stored) = &mut stored {
                changed = match own {
                    Some(own) => {
                        let is_own = match &own.session {
                            Some(id) => {
                                let rows = tx.listed(&both::session(id, tx.now)).await?;
                                let session = rows.first().map(|row| both::name(row, 1)).transpose()?;
                                session.as_ref() == Some(name)
                            }
                            None => own.verified.is_one_time(),
                        };
                        is_own && stored.has(&own.verified)
                    }
                    None => true,
                };
                if changed {
                    stored.set_password(password, tx.now);
                    tx.run(&both::update(stored)?).await?;
                    ended = tx.run(&both::delete_sessions(name, own.and_then(|own| own.session.as_ref()))).await?;
                }
            }
            let named = stored.is_some().then_some(name);
            audit::append(tx, &acts::accounts::password(by, named, changed, ended)).await?;
            Ok(changed)
        })
    }

    async fn disable_account(&self, name: &AccountName, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let mut stored = locked(tx, name).await?;
            let (mut changed, mut ended) = (false, 0);
            if let Some(stored) = &mut stored {
                changed = stored.disable(Some(tx.now));
                tx.run(&both::update(stored)?).await?;
                ended = tx.run(&both::delete_sessions(name, None)).await?;
            }
            let named = stored.is_some().then_some(name);
            audit::append(tx, &acts::accounts::disabled(by, named, changed, ended)).await?;
            Ok(changed)
        })
    }

    async fn enable_account(&self, name: &AccountName, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let mut stored = locked(tx, name).await?;
            let mut changed = false;
            if let Some(stored) = &mut stored {
                changed = stored.disable(None);
                tx.run(&both::update(stored)?).await?;
            }
            let named = stored.is_some().then_some(name);
            audit::append(tx, &acts::accounts::enabled(by, named, changed)).await?;
            Ok(changed)
        })
    }

    async fn accounts(&self) -> Result<Vec<Account>, LedgerError> {
        let rows = self.reading().await?.listed(&both::all()).await?;
        rows.iter().map(|row| Ok(both::read_account(row, 0)?.account)).collect()
    }

    async fn account(&self, name: &AccountName) -> Result<Option<StoredAccount>, LedgerError> {
        one(&self.reading().await?, &both::one(name)).await
    }

    async fn add_token(&self, new: &NewToken, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let is_there = locked(tx, &new.account).await?.is_some();
            if is_there {
                tx.run(&both::insert_token(new, tx.now)?).await?;
            }
            audit::append(tx, &acts::accounts::token_issued(by, new, is_there)).await?;
            Ok(is_there)
        })
    }

    async fn revoke_token(&self, id: &TokenId, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let token = tx.listed(&both::any_token(id)).await?.first().map(both::read_token).transpose()?;
            // Of two who revoke it at once, one has.
            let token = if tx.run(&both::delete_token(id)).await? > 0 { token } else { None };
            audit::append(tx, &acts::accounts::token_revoked(by, token.as_ref())).await?;
            Ok(token.is_some())
        })
    }

    async fn tokens(&self, of: Option<&AccountName>) -> Result<Vec<Token>, LedgerError> {
        self.reading().await?.listed(&both::tokens(of)).await?.iter().map(both::read_token).collect()
    }

    async fn token(&self, id: &TokenId) -> Result<Option<Carried<Token>>, LedgerError> {
        let connection = self.reading().await?;
        let now = clock::now(&connection).await?;
        let rows = connection.listed(&both::token(id, now)).await?;
        rows.first().map(|row| both::carried_token(row, now)).transpose()
    }

    async fn token_used(&self, id: &TokenId) -> Result<(), LedgerError> {
        transact!(self, |tx| async { tx.run(&both::token_used(id, tx.now)).await.map(drop) })
    }

    async fn add_session(&self, new: &NewSession, verified: &PasswordHash, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let may = locked(tx, &new.account).await?.is_some_and(|stored| stored.may_sign_in(verified));
            if may {
                tx.run(&both::insert_session(new, tx.now)?).await?;
            }
            audit::append(tx, &acts::accounts::signed_in(by, &new.account, &new.id, may)).await?;
            Ok(may)
        })
    }

    async fn account_sessions(&self, of: &AccountName) -> Result<Vec<LoginSession>, LedgerError> {
        let connection = self.reading().await?;
        let now = clock::now(&connection).await?;
        connection.listed(&both::sessions(of, now)).await?.iter().map(both::read_session).collect()
    }

    async fn account_session(&self, id: &TokenId) -> Result<Option<Carried<LoginSession>>, LedgerError> {
        let connection = self.reading().await?;
        let now = clock::now(&connection).await?;
        let rows = connection.listed(&both::session(id, now)).await?;
        rows.first().map(|row| both::carried_session(row, now)).transpose()
    }

    async fn session_seen(&self, id: &TokenId) -> Result<(), LedgerError> {
        transact!(self, |tx| async { tx.run(&both::session_seen(id, tx.now)).await.map(drop) })
    }

    async fn end_session(&self, id: &TokenId, by: &Actor) -> Result<bool, LedgerError> {
        transact!(self, |tx| async {
            let whose =
                tx.listed(&both::delete_session(id)).await?.first().map(|row| both::name(row, 0)).transpose()?;
            audit::append(tx, &acts::accounts::signed_out(by, whose.as_ref(), id)).await?;
            Ok(whose.is_some())
        })
    }

    async fn end_sessions(&self, of: &AccountName, by: &Actor) -> Result<u64, LedgerError> {
        transact!(self, |tx| async {
            let named = locked(tx, of).await?.is_some().then_some(of);
            let ended = tx.run(&both::delete_sessions(of, None)).await?;
            audit::append(tx, &acts::accounts::signed_out_everywhere(by, named, ended)).await?;
            Ok(ended)
        })
    }

    async fn forget_sessions(&self) -> Result<u64, LedgerError> {
        transact!(self, |tx| async { tx.run(&both::delete_all_sessions()).await })
    }

    async fn suspend_accounts(&self, by: &Actor) -> Result<u64, LedgerError> {
        transact!(self, |tx| async {
            let all = both::all();
            let locked = query::Statement { sql: format!("{} FOR UPDATE", all.sql), values: all.values };
            let rows = tx.listed(&locked).await?;
            let ended = tx.run(&both::delete_all_sessions()).await?;
            let mut accounts = 0;
            for row in &rows {
                let Some(mut stored) = both::whole_account(row)? else { continue };
                if stored.disable(Some(tx.now)) {
                    accounts += tx.run(&both::update(&stored)?).await?;
                }
            }
            // Of a ledger without accounts nothing is said.
            if accounts > 0 || ended > 0 {
                audit::append(tx, &acts::accounts::suspended(by, accounts, ended)).await?;
            }
            Ok(accounts)
        })
    }
}

/// Deletes what is over.
pub(super) async fn forget_old(tx: &Tx) -> Result<(), LedgerError> {
    for statement in both::forget_old(tx.now) {
        tx.run(&statement).await?;
    }
    Ok(())
}

/// An account that nobody else changes until the transaction is over.
async fn locked(tx: &Tx, name: &AccountName) -> Result<Option<StoredAccount>, LedgerError> {
    let query::Statement { sql, values } = both::one(name);
    one(tx, &query::Statement { sql: format!("{sql} FOR UPDATE"), values }).await
}

async fn one(connection: &Connection, statement: &query::Statement) -> Result<Option<StoredAccount>, LedgerError> {
    connection.listed(statement).await?.first().map(|row| both::read_account(row, 0)).transpose()
}
