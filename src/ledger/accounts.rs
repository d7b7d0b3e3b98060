//! Accounts, their tokens and their sessions: the port, and what both backends do alike. They speak the same SQL here; what is not there
//! stands as 0 or as an empty text, so that each column has a value.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use super::copy::Value;
use super::expiry::ago;
use super::query::Statement;
use super::row::Row;
use super::{LedgerError, broken, sum};
use crate::access::{
    Account, AccountChange, AccountName, BearerHash, Browser, IDLE_MAX, LoginSession, NewAccount, NewToken,
    PasswordHash, Token, TokenId,
};
use crate::audit::Actor;

/// How long a token that is over is still listed, so that somebody finds out why it is not taken any more.
const TOKEN_LISTED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How often it is noted that a token is used, and that a session is.
const USED_EVERY: Duration = Duration::from_secs(60 * 60);
const SEEN_EVERY: Duration = Duration::from_secs(60);

/// Who may use the admin API and the pages. What a person orders leaves a row in the audit, written with it. A name that no account has may
/// be anything that somebody has typed, and is not written there.
#[async_trait]
pub(crate) trait Accounts: Send + Sync {
    /// `false` where there is one of this name.
    async fn add_account(&self, new: &NewAccount, by: &Actor) -> Result<bool, LedgerError>;

    /// `false` where there is none of this name.
    async fn change_account(&self, name: &AccountName, change: &AccountChange, by: &Actor)
    -> Result<bool, LedgerError>;

    /// Gives it another password, and ends its sessions, but not the one in which somebody changes their `own`. `false` where there is none
    /// of this name, or where that one may not be changed any more by what was shown.
    async fn set_password(
        &self,
        name: &AccountName,
        password: &PasswordHash,
        own: Option<&OwnPassword>,
        by: &Actor,
    ) -> Result<bool, LedgerError>;

    /// Ends its sessions, and nothing is taken of it from now on, tokens neither. `false` where there is none, or it is disabled.
    async fn disable_account(&self, name: &AccountName, by: &Actor) -> Result<bool, LedgerError>;

    /// `false` where there is none, or it is not disabled.
    async fn enable_account(&self, name: &AccountName, by: &Actor) -> Result<bool, LedgerError>;

    /// All of them, by name.
    async fn accounts(&self) -> Result<Vec<Account>, LedgerError>;

    async fn account(&self, name: &AccountName) -> Result<Option<StoredAccount>, LedgerError>;

    /// `false` where there is no such account.
    async fn add_token(&self, new: &NewToken, by: &Actor) -> Result<bool, LedgerError>;

    /// `false` where there is none of this id.
    async fn revoke_token(&self, id: &TokenId, by: &Actor) -> Result<bool, LedgerError>;

    /// Those of one account, or all; also those that are over, for a while.
    async fn tokens(&self, of: Option<&AccountName>) -> Result<Vec<Token>, LedgerError>;

    /// One that is not over, with its account.
    async fn token(&self, id: &TokenId) -> Result<Option<Carried<Token>>, LedgerError>;

    /// Notes that it is used, at most once an hour.
    async fn token_used(&self, id: &TokenId) -> Result<(), LedgerError>;

    /// Begins a session of an account that is not disabled and still has the password that was verified; `false` of any other.
    async fn add_session(&self, new: &NewSession, verified: &PasswordHash, by: &Actor) -> Result<bool, LedgerError>;

    /// Those of an account that are not over, the newest first.
    async fn account_sessions(&self, of: &AccountName) -> Result<Vec<LoginSession>, LedgerError>;

    /// One that is not over, with its account.
    async fn account_session(&self, id: &TokenId) -> Result<Option<Carried<LoginSession>>, LedgerError>;

    /// Notes that something came of it, at most once a minute: it does not end by itself for as long as that goes on.
    async fn session_seen(&self, id: &TokenId) -> Result<(), LedgerError>;

    /// `false` where it is over.
    async fn end_session(&self, id: &TokenId, by: &Actor) -> Result<bool, LedgerError>;

    /// All of an account; returns how many.
    async fn end_sessions(&self, of: &AccountName, by: &Actor) -> Result<u64, LedgerError>;

    /// Ends every session: whoever goes on with a ledger need not know how old it is.
    async fn forget_sessions(&self) -> Result<u64, LedgerError>;

    /// Ends every session, and disables every account: a ledger that is older than it was knows sessions, tokens, accounts and passwords that
    /// were ended, revoked, disabled or changed since. Returns how many accounts; one that is not as it was written is none anyway.
    async fn suspend_accounts(&self, by: &Actor) -> Result<u64, LedgerError>;
}

/// An account as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredAccount {
    pub(crate) account: Account,
    pub(crate) password: Option<PasswordHash>,
}

impl StoredAccount {
    pub(super) fn new(new: &NewAccount, now: Timestamp) -> Self {
        let NewAccount { name, shown_as, roles, companies, password } = new.clone();
        let password_changed = password.as_ref().map(|_| now);
        let account = Account { name, shown_as, roles, companies, disabled: None, created: now, password_changed };
        Self { account, password }
    }

    pub(super) fn change(&mut self, change: &AccountChange) {
        let AccountChange { shown_as, roles, companies } = change.clone();
        let account = &mut self.account;
        account.shown_as = shown_as.unwrap_or_else(|| std::mem::take(&mut account.shown_as));
        if let Some(roles) = roles {
            account.roles = roles;
        }
        if let Some(companies) = companies {
            account.companies = companies;
        }
    }

    pub(super) fn set_password(&mut self, password: &PasswordHash, now: Timestamp) {
        self.password = Some(password.clone());
        self.account.password_changed = Some(now);
    }

    /// `false` where it is so already.
    pub(super) fn disable(&mut self, disabled: Option<Timestamp>) -> bool {
        let changes = self.account.disabled.is_some() != disabled.is_some();
        if changes {
            self.account.disabled = disabled;
        }
        changes
    }

    /// Whether it may be used, and this is its password still.
    pub(super) fn has(&self, verified: &PasswordHash) -> bool {
        self.account.disabled.is_none() && self.password.as_ref() == Some(verified)
    }

    /// Whether somebody may begin a session who has shown this password. Whoever has given a one-time password knows it.
    pub(super) fn may_sign_in(&self, verified: &PasswordHash) -> bool {
        self.has(verified) && !verified.is_one_time()
    }
}

/// By what somebody changes their own password.
#[derive(Clone, Debug)]
pub(crate) struct OwnPassword {
    /// The password that was shown.
    pub(crate) verified: PasswordHash,
    /// The session in which it is changed, which goes on; none where it is a one-time password, with which nobody signs in.
    pub(crate) session: Option<TokenId>,
}

/// A token or a session that is not over.
#[derive(Debug)]
pub(crate) struct Carried<T> {
    pub(crate) of: T,
    /// Of the secret that belongs to it.
    pub(crate) hash: BearerHash,
    pub(crate) account: Account,
    /// Whether it is to be noted that it is used.
    pub(crate) note: bool,
}

/// A session that is to be.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    pub(crate) id: TokenId,
    pub(crate) hash: BearerHash,
    pub(crate) account: AccountName,
    pub(crate) browser: Option<Browser>,
    /// How long it lasts at most.
    pub(crate) lasts: Duration,
}

/// The columns of an account.
pub(super) const ACCOUNT: &str = "account.name, account.shown_as, account.roles, account.companies, account.password, \
                                  account.password_changed, account.disabled, account.created, account.sum";
const ACCOUNT_COLUMNS: usize = 9;

/// The columns of a token; when it was used last is no part of the checksum.
pub(super) const TOKEN: &str = "account_token.id, account_token.account, account_token.roles, account_token.companies, \
                                account_token.purpose, account_token.hash, account_token.issued, account_token.expires, \
                                account_token.sum, account_token.last_used";
const TOKEN_COLUMNS: usize = 10;

/// The columns of a session; when it was seen last is no part of the checksum.
pub(super) const SESSION: &str = "account_session.id, account_session.account, account_session.browser, \
                                  account_session.hash, account_session.created, account_session.expires, \
                                  account_session.sum, account_session.seen";
const SESSION_COLUMNS: usize = 8;

pub(super) fn all() -> Statement {
    statement(format!("SELECT {ACCOUNT} FROM account ORDER BY account.name"), [])
}

pub(super) fn one(name: &AccountName) -> Statement {
    statement(format!("SELECT {ACCOUNT} FROM account WHERE account.name = $1"), [text(name)])
}

/// Does nothing where there is one of its name.
pub(super) fn insert(stored: &StoredAccount) -> Result<Statement, LedgerError> {
    let columns = ACCOUNT.replace("account.", "");
    let sql = format!(
        "INSERT INTO account ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (name) DO NOTHING"
    );
    Ok(statement(sql, account_values(stored)?))
}

/// Writes all of it; nobody else changes it meanwhile.
pub(super) fn update(stored: &StoredAccount) -> Result<Statement, LedgerError> {
    let sql = "UPDATE account SET shown_as = $1, roles = $2, companies = $3, password = $4, password_changed = $5, disabled = $6,
                                  created = $7, sum = $8 WHERE name = $9";
    let [name, values @ ..] = account_values(stored)?;
    Ok(statement(sql, values.into_iter().chain([name])))
}

pub(super) fn insert_token(new: &NewToken, now: Timestamp) -> Result<Statement, LedgerError> {
    let columns = TOKEN.replace("account_token.", "");
    let [roles, companies] = [json(&new.roles)?, json(&new.companies)?];
    let (issued, expires) = (now.as_millisecond(), new.expires.as_millisecond());
    let texts = [new.id.as_str(), new.account.as_str(), &roles, &companies, &new.purpose];
    let sum = of_token(&texts, new.hash.bytes(), issued, expires);
    let sql = format!("INSERT INTO account_token ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
    let numbers = [issued, expires, sum, 0].map(Value::Number);
    let values = texts.into_iter().map(|one| Value::Text(one.to_owned())).chain([bytes(&new.hash)]).chain(numbers);
    Ok(statement(sql, values))
}

pub(super) fn delete_token(id: &TokenId) -> Statement {
    statement("DELETE FROM account_token WHERE id = $1", [Value::Text(id.to_string())])
}

pub(super) fn tokens(of: Option<&AccountName>) -> Statement {
    let order = "ORDER BY account_token.account, account_token.issued, account_token.id";
    match of {
        None => statement(format!("SELECT {TOKEN} FROM account_token {order}"), []),
        Some(of) => {
            statement(format!("SELECT {TOKEN} FROM account_token WHERE account_token.account = $1 {order}"), [text(of)])
        }
    }
}

/// A token, whether it is over or not, without its account.
pub(super) fn any_token(id: &TokenId) -> Statement {
    statement(format!("SELECT {TOKEN} FROM account_token WHERE account_token.id = $1"), [Value::Text(id.to_string())])
}

pub(super) fn token(id: &TokenId, now: Timestamp) -> Statement {
    let sql = format!(
        "SELECT {TOKEN}, {ACCOUNT} FROM account_token JOIN account ON account.name = account_token.account
         WHERE account_token.id = $1 AND account_token.expires > $2"
    );
    statement(sql, [Value::Text(id.to_string()), Value::Number(now.as_millisecond())])
}

pub(super) fn token_used(id: &TokenId, now: Timestamp) -> Statement {
    used("UPDATE account_token SET last_used = $1 WHERE id = $2 AND last_used <= $3", id, now, USED_EVERY)
}

pub(super) fn insert_session(new: &NewSession, now: Timestamp) -> Result<Statement, LedgerError> {
    let columns = SESSION.replace("account_session.", "");
    let expires = now.checked_add(new.lasts).map_err(|_| broken("a session would end beyond the calendar"))?;
    let (created, expires) = (now.as_millisecond(), expires.as_millisecond());
    let texts = [new.id.as_str(), new.account.as_str(), new.browser.map_or("", Browser::as_str)];
    let sum = of_session(&texts, new.hash.bytes(), created, expires);
    let sql = format!("INSERT INTO account_session ({columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    let numbers = [created, expires, sum, created].map(Value::Number);
    let values = texts.into_iter().map(|one| Value::Text(one.to_owned())).chain([bytes(&new.hash)]).chain(numbers);
    Ok(statement(sql, values))
}

/// Those of an account that are not over.
pub(super) fn sessions(of: &AccountName, now: Timestamp) -> Statement {
    let sql = format!(
        "SELECT {SESSION} FROM account_session
         WHERE account_session.account = $1 AND account_session.expires > $2 AND account_session.seen > $3
         ORDER BY account_session.created DESC, account_session.id"
    );
    statement(sql, [text(of), Value::Number(now.as_millisecond()), before(now, IDLE_MAX)])
}

pub(super) fn session(id: &TokenId, now: Timestamp) -> Statement {
    let sql = format!(
        "SELECT {SESSION}, {ACCOUNT} FROM account_session JOIN account ON account.name = account_session.account
         WHERE account_session.id = $1 AND account_session.expires > $2 AND account_session.seen > $3"
    );
    statement(sql, [Value::Text(id.to_string()), Value::Number(now.as_millisecond()), before(now, IDLE_MAX)])
}

pub(super) fn session_seen(id: &TokenId, now: Timestamp) -> Statement {
    used("UPDATE account_session SET seen = $1 WHERE id = $2 AND seen <= $3", id, now, SEEN_EVERY)
}

/// Returns whose it was: the account's name.
pub(super) fn delete_session(id: &TokenId) -> Statement {
    statement("DELETE FROM account_session WHERE id = $1 RETURNING account", [Value::Text(id.to_string())])
}

pub(super) fn delete_sessions(of: &AccountName, kept: Option<&TokenId>) -> Statement {
    // No session has an empty id.
    let kept = kept.map(TokenId::to_string).unwrap_or_default();
    statement("DELETE FROM account_session WHERE account = $1 AND id <> $2", [text(of), Value::Text(kept)])
}

pub(super) fn delete_all_sessions() -> Statement {
    statement("DELETE FROM account_session", [])
}

/// What is over, at a time.
pub(super) fn forget_old(now: Timestamp) -> [Statement; 2] {
    [
        statement(
            "DELETE FROM account_session WHERE expires <= $1 OR seen <= $2",
            [Value::Number(now.as_millisecond()), before(now, IDLE_MAX)],
        ),
        statement("DELETE FROM account_token WHERE expires <= $1", [before(now, TOKEN_LISTED)]),
    ]
}

/// An account, unless it is not as it was written.
pub(super) fn whole_account(row: &impl Row) -> Result<Option<StoredAccount>, LedgerError> {
    match read_account(row, 0) {
        Ok(stored) => Ok(Some(stored)),
        Err(damaged) if damaged.of_this_work().is_some() => Ok(None),
        Err(error) => Err(error),
    }
}

/// An account, whose columns begin at `from`.
pub(super) fn read_account(row: &impl Row, from: usize) -> Result<StoredAccount, LedgerError> {
    account_is_whole(row, from)?;
    let account = Account {
        name: name(row, from)?,
        shown_as: word(row, from + 1)?.to_owned(),
        roles: row.json(from + 2)?,
        companies: row.json(from + 3)?,
        disabled: maybe_time(row, from + 6)?,
        created: row.time(from + 7)?,
        password_changed: maybe_time(row, from + 5)?,
    };
    Ok(StoredAccount { account, password: PasswordHash::kept(word(row, from + 4)?) })
}

pub(super) fn read_token(row: &impl Row) -> Result<Token, LedgerError> {
    token_is_whole(row)?;
    Ok(Token {
        id: id(row)?,
        account: name(row, 1)?,
        roles: row.json(2)?,
        companies: row.json(3)?,
        purpose: word(row, 4)?.to_owned(),
        issued: row.time(6)?,
        expires: row.time(7)?,
        last_used: maybe_time(row, 9)?,
    })
}

pub(super) fn read_session(row: &impl Row) -> Result<LoginSession, LedgerError> {
    session_is_whole(row)?;
    Ok(LoginSession {
        id: id(row)?,
        account: name(row, 1)?,
        created: row.time(4)?,
        seen: row.time(7)?,
        expires: row.time(5)?,
        browser: Browser::written(word(row, 2)?),
    })
}

/// A row of [`token`], at the same time.
pub(super) fn carried_token(row: &impl Row, now: Timestamp) -> Result<Carried<Token>, LedgerError> {
    let of = read_token(row)?;
    let note = of.last_used.is_none_or(|last| Some(last) <= ago(now, Some(USED_EVERY)));
    Ok(Carried { of, hash: hash(row, 5)?, account: read_account(row, TOKEN_COLUMNS)?.account, note })
}

/// A row of [`session`], at the same time.
pub(super) fn carried_session(row: &impl Row, now: Timestamp) -> Result<Carried<LoginSession>, LedgerError> {
    let of = read_session(row)?;
    let note = Some(of.seen) <= ago(now, Some(SEEN_EVERY));
    Ok(Carried { of, hash: hash(row, 3)?, account: read_account(row, SESSION_COLUMNS)?.account, note })
}

/// Fails where an account's row, whose columns begin at `from`, is not as it was written.
pub(super) fn account_is_whole(row: &impl Row, from: usize) -> Result<(), LedgerError> {
    let sums = || {
        let texts = [0, 1, 2, 3, 4].map(|column| word(row, from + column));
        let [name, shown_as, roles, companies, password] = texts;
        let texts = [name?, shown_as?, roles?, companies?, password?];
        let numbers = [5, 6, 7].map(|column| row.number(from + column).map(Option::unwrap_or_default));
        let [changed, disabled, created] = numbers;
        let found = of_account(&texts, [changed?, disabled?, created?]);
        Ok((row.number(from + ACCOUNT_COLUMNS - 1)?, found))
    };
    sum::is_as_written("an account", sums())
}

/// The same of a row that begins with the columns of a token.
pub(super) fn token_is_whole(row: &impl Row) -> Result<(), LedgerError> {
    let sums = || {
        let [id, account, roles, companies, purpose] = [0, 1, 2, 3, 4].map(|column| word(row, column));
        let [issued, expires] = [6, 7].map(|column| row.number(column).map(Option::unwrap_or_default));
        let secret = row.bytes(5)?.unwrap_or_default();
        Ok((row.number(8)?, of_token(&[id?, account?, roles?, companies?, purpose?], secret, issued?, expires?)))
    };
    sum::is_as_written("a token", sums())
}

/// The same of a session.
pub(super) fn session_is_whole(row: &impl Row) -> Result<(), LedgerError> {
    let sums = || {
        let [id, account, browser] = [0, 1, 2].map(|column| word(row, column));
        let [created, expires] = [4, 5].map(|column| row.number(column).map(Option::unwrap_or_default));
        let secret = row.bytes(3)?.unwrap_or_default();
        Ok((row.number(6)?, of_session(&[id?, account?, browser?], secret, created?, expires?)))
    };
    sum::is_as_written("a session of an account", sums())
}

/// In the order of [`ACCOUNT`].
fn account_values(stored: &StoredAccount) -> Result<[Value; ACCOUNT_COLUMNS], LedgerError> {
    let StoredAccount { account, password } = stored;
    let [roles, companies] = [json(&account.roles)?, json(&account.companies)?];
    let password = password.as_ref().map_or("", PasswordHash::as_str);
    let texts = [account.name.as_str(), &account.shown_as, &roles, &companies, password];
    let millis = |time: Option<Timestamp>| time.map_or(0, Timestamp::as_millisecond);
    let numbers = [millis(account.password_changed), millis(account.disabled), account.created.as_millisecond()];
    let sum = of_account(&texts, numbers);
    let [name, shown_as, roles, companies, password] = texts.map(|text| Value::Text(text.to_owned()));
    let [changed, disabled, created] = numbers.map(Value::Number);
    Ok([name, shown_as, roles, companies, password, changed, disabled, created, Value::Number(sum)])
}

fn of_account(texts: &[&str; 5], numbers: [i64; 3]) -> i64 {
    sum::of_columns(texts, &[], &numbers)
}

fn of_token(texts: &[&str; 5], secret: &[u8], issued: i64, expires: i64) -> i64 {
    sum::of_columns(texts, secret, &[issued, expires])
}

fn of_session(texts: &[&str; 3], secret: &[u8], created: i64, expires: i64) -> i64 {
    sum::of_columns(texts, secret, &[created, expires])
}

fn statement(sql: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement { sql: sql.into(), values: values.into_iter().collect() }
}

fn used(sql: &str, id: &TokenId, now: Timestamp, every: Duration) -> Statement {
    statement(sql, [Value::Number(now.as_millisecond()), Value::Text(id.to_string()), before(now, every)])
}

fn before(now: Timestamp, age: Duration) -> Value {
    Value::Number(ago(now, Some(age)).unwrap_or(Timestamp::MIN).as_millisecond())
}

fn text(name: &AccountName) -> Value {
    Value::Text(name.to_string())
}

fn bytes(hash: &BearerHash) -> Value {
    Value::Bytes(hash.bytes().to_vec())
}

fn json(value: &impl Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|error| LedgerError::Broken(error.into()))
}

fn word(row: &impl Row, column: usize) -> Result<&str, LedgerError> {
    row.text(column)?.ok_or_else(|| broken("an account's row lacks a column"))
}

/// The name of an account in a row.
pub(super) fn name(row: &impl Row, column: usize) -> Result<AccountName, LedgerError> {
    word(row, column)?.parse().map_err(|_| broken("an account's name is none"))
}

fn id(row: &impl Row) -> Result<TokenId, LedgerError> {
    word(row, 0)?.parse().map_err(|_| broken("a token's id is none"))
}

fn hash(row: &impl Row, column: usize) -> Result<BearerHash, LedgerError> {
    row.bytes(column)?.and_then(BearerHash::kept).ok_or_else(|| broken("a digest has another length"))
}

fn maybe_time(row: &impl Row, column: usize) -> Result<Option<Timestamp>, LedgerError> {
    Ok(row.maybe_time(column)?.filter(|time| *time != Timestamp::UNIX_EPOCH))
}
