//! Signing in and out, and one's own password.

use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::hashing::{self, Busy};
use super::identity::{ByWhat, Identity, is_good, noted};
use crate::access::{
    Account, AccountName, Bearer, BearerKind, Browser, Lockout, LoginSession, ONE_TIME_MAX, PasswordHash,
    PasswordRefused, SESSION_MAX, TokenId, UnderWay,
};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::keys::Secret;
use crate::ledger::{NewSession, OwnPassword};
use crate::lock::lock;
use crate::operations::{InputError, OperationError, Operations};

/// What a process remembers of those who try to sign in; one for all of its ways in.
#[derive(Default)]
pub(crate) struct SignInLimits(Mutex<Lockout>);

/// What a browser carries from now on.
pub(crate) struct SessionSecret(Secret);

impl SessionSecret {
    /// The text itself, for a cookie; every use of this is a place where it could leak.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Somebody who has signed in.
pub(crate) struct SignedIn {
    pub(crate) cookie: SessionSecret,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "what follows is asked for with the cookie, which says who it is")
    )]
    pub(crate) identity: Identity,
}

/// Why somebody is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignInRefused {
    /// There is no such account, it is disabled, or it has another password: which of these is told nobody.
    Wrong,
    /// There were too many tries; the next one may come after so long.
    Later(Duration),
    /// Too many are being looked at.
    Busy,
    /// It is the one-time password of the account: nobody signs in with it, but chooses one of their own by it.
    OneTime,
}

/// Begins a session of whoever shows an account's password. `name` is as it was typed.
pub(crate) async fn sign_in(
    on: &Operations,
    name: &str,
    password: Secret,
    from: IpAddr,
    browser: Option<Browser>,
    limits: &SignInLimits,
) -> Result<Result<SignedIn, SignInRefused>, OperationError> {
    let account = name.trim().to_ascii_lowercase().parse::<AccountName>().ok();
    let Proved { tried, account, password } = match prove(on, account.as_ref(), &password, from, limits).await? {
        Ok(proved) => proved,
        Err(refused) => return Ok(Err(refused)),
    };
    if password.is_one_time() {
        return match on.ledger.clock().await {
            // As any other that is wrong: who tries passwords learns nothing of one that was good.
            Ok(clock) if is_over(&account, clock.now) => Ok(Err(wrong(on, Some(&account.name), limits).await?)),
            Ok(_) => {
                lock(&limits.0).undone(&tried);
                Ok(Err(SignInRefused::OneTime))
            }
            Err(error) => {
                lock(&limits.0).undone(&tried);
                Err(error.into())
            }
        };
    }
    let Bearer { id, hash, text } = Bearer::generate(BearerKind::Session);
    let new = NewSession { id, hash, account: account.name.clone(), browser, lasts: SESSION_MAX };
    match on.ledger.add_session(&new, &password, &Actor::user(&account.name)).await {
        Ok(true) => {
            lock(&limits.0).succeeded(tried);
            let identity = Identity::of(account, ByWhat::Session(new.id));
            Ok(Ok(SignedIn { cookie: SessionSecret(text), identity }))
        }
        // It was changed or disabled since it was read.
        Ok(false) => Ok(Err(wrong(on, Some(&account.name), limits).await?)),
        Err(error) => {
            lock(&limits.0).undone(&tried);
            Err(error.into())
        }
    }
}

/// Whether a one-time password is good no more.
pub(super) fn is_over(account: &Account, now: Timestamp) -> bool {
    let ends = account.password_changed.and_then(|given| given.checked_add(ONE_TIME_MAX).ok());
    ends.is_none_or(|ends| now > ends)
}

/// Gives an account the password that its person chooses, who has shown the one-time password that they were given, and begins a session.
/// None begins where somebody has changed it once more, or disabled the account, meanwhile.
pub(crate) async fn choose_password(
    on: &Operations,
    name: &str,
    (given, new): (Secret, Secret),
    from: IpAddr,
    browser: Option<Browser>,
    limits: &SignInLimits,
) -> Result<Result<Option<SessionSecret>, SignInRefused>, OperationError> {
    let name = name.trim().to_ascii_lowercase().parse::<AccountName>().ok();
    // Said of what was typed alone, whosever it is: it tells nobody anything of an account.
    if new == given {
        return Err(InputError::Password(PasswordRefused::WasGiven).into());
    }
    if let Some(name) = &name {
        PasswordHash::must_be_fine(&new, name).map_err(InputError::Password)?;
    }
    let Proved { tried, account, password } = match prove(on, name.as_ref(), &given, from, limits).await? {
        Ok(proved) => proved,
        Err(refused) => return Ok(Err(refused)),
    };
    let by = Actor::user(&account.name);
    let chosen = async {
        // Whoever has a password of their own changes it where they have signed in.
        if !password.is_one_time() || is_over(&account, on.ledger.clock().await?.now) {
            return Ok(None);
        }
        let hash = super::hash(&new, &account.name).await?;
        let own = OwnPassword { verified: password, session: None };
        let is_set = on.ledger.set_password(&account.name, &hash, Some(&own), &by).await?;
        Ok(is_set.then_some(hash))
    };
    let chosen: Result<Option<PasswordHash>, OperationError> = chosen.await;
    match chosen {
        Ok(Some(hash)) => {
            lock(&limits.0).succeeded(tried);
            let begun = begin_session(on, &account.name, &hash, browser, &by).await;
            begun.map(Ok).map_err(OperationError::after_the_act)
        }
        Ok(None) => Ok(Err(wrong(on, Some(&account.name), limits).await?)),
        Err(error) => {
            lock(&limits.0).undone(&tried);
            Err(error)
        }
    }
}

/// Has whoever has signed in show their own password once more. Tries are counted as those to sign in are: who finds a browser open must not
/// find out by it which password it is.
pub(crate) async fn show_own_password(
    on: &Operations,
    of: &Identity,
    password: &Secret,
    from: IpAddr,
    limits: &SignInLimits,
) -> Result<Result<(), SignInRefused>, OperationError> {
    if matches!(of.by, ByWhat::Token(_)) {
        return Err(not_by_token());
    }
    match prove(on, Some(&of.account), password, from, limits).await? {
        Ok(Proved { tried, password, .. }) if !password.is_one_time() => {
            lock(&limits.0).succeeded(tried);
            Ok(Ok(()))
        }
        // Somebody has given the account another one meanwhile: its sessions have ended.
        Ok(_) => Ok(Err(wrong(on, Some(&of.account), limits).await?)),
        Err(refused) => Ok(Err(refused)),
    }
}

/// Whose session this is; `None` of one that is over, or whose account is disabled.
pub(crate) async fn by_session(on: &Operations, text: &str) -> Result<Option<Identity>, OperationError> {
    let Some((id, hash)) = Bearer::read(BearerKind::Session, text) else { return Ok(None) };
    let Some(found) = on.ledger.account_session(&id).await? else { return Ok(None) };
    if !is_good(&found.account, &found.hash, &hash) {
        return Ok(None);
    }
    if found.note {
        noted(on.ledger.session_seen(&id).await)?;
    }
    Ok(Some(Identity::of(found.account, ByWhat::Session(id))))
}

/// Ends the session of whoever asks.
pub(crate) async fn sign_out(on: &Operations, of: &Identity) -> Result<(), OperationError> {
    let ByWhat::Session(id) = &of.by else { return Err(not_by_token()) };
    // One that is over already has ended as well.
    on.ledger.end_session(id, &of.actor()).await?;
    Ok(())
}

/// Ends one session of whoever asks, by its id. Nobody's else, and none that is over.
pub(crate) async fn end_own(on: &Operations, of: &Identity, id: &str) -> Result<(), OperationError> {
    let own = on.ledger.account_sessions(&of.account).await?;
    let meant = own.iter().find(|session| session.id.as_str() == id);
    let meant = meant.ok_or_else(|| OperationError::NotFound("the session is over".to_owned()))?;
    on.ledger.end_session(&meant.id, &of.actor()).await?;
    Ok(())
}

/// Ends all sessions of whoever asks; returns how many there were.
pub(crate) async fn sign_out_everywhere(on: &Operations, of: &Identity) -> Result<u64, OperationError> {
    Ok(on.ledger.end_sessions(&of.account, &of.actor()).await?)
}

/// The sessions of whoever asks, the newest first.
pub(crate) async fn sessions(on: &Operations, of: &Identity) -> Result<Vec<LoginSession>, OperationError> {
    Ok(on.ledger.account_sessions(&of.account).await?)
}

/// Gives whoever asks another password, once they have shown the old one, and ends all of their sessions; what the browser carries from now on
/// is of a new one, if one could begin, so that whoever has seen the former cookie has nothing. Tries of the old password are counted as those to sign in are:
/// who finds a browser open must not find out by it which password it is.
pub(crate) async fn change_password(
    on: &Operations,
    of: &Identity,
    old: Secret,
    new: Secret,
    from: IpAddr,
    browser: Option<Browser>,
    limits: &SignInLimits,
) -> Result<Result<Option<SessionSecret>, SignInRefused>, OperationError> {
    let ByWhat::Session(former) = &of.by else { return Err(not_by_token()) };
    PasswordHash::must_be_fine(&new, &of.account).map_err(InputError::Password)?;
    let Proved { tried, password, .. } = match prove(on, Some(&of.account), &old, from, limits).await? {
        Ok(proved) => proved,
        Err(refused) => return Ok(Err(refused)),
    };
    let own = OwnPassword { verified: password, session: Some(former.clone()) };
    let changed = async {
        let hash = super::hash(&new, &of.account).await?;
        let is_set = on.ledger.set_password(&of.account, &hash, Some(&own), &of.actor()).await?;
        Ok(is_set.then_some(hash))
    };
    let changed: Result<Option<PasswordHash>, OperationError> = changed.await;
    match changed {
        Ok(Some(hash)) => {
            lock(&limits.0).succeeded(tried);
            // None where somebody has changed it once more, or disabled the account, meanwhile.
            let begun = another_session(on, of, former, &hash, browser).await;
            begun.map(Ok).map_err(OperationError::after_the_act)
        }
        // It was changed or disabled since it was read, or the session has ended.
        Ok(None) => Ok(Err(wrong(on, Some(&of.account), limits).await?)),
        Err(error) => {
            lock(&limits.0).undone(&tried);
            Err(error)
        }
    }
}

/// Begins a session in the place of the former one, which is over whether or not another one could begin.
async fn another_session(
    on: &Operations,
    of: &Identity,
    former: &TokenId,
    password: &PasswordHash,
    browser: Option<Browser>,
) -> Result<Option<SessionSecret>, OperationError> {
    on.ledger.end_session(former, &of.actor()).await?;
    begin_session(on, &of.account, password, browser, &of.actor()).await
}

/// Begins a session of an account whose password was set just now.
async fn begin_session(
    on: &Operations,
    account: &AccountName,
    password: &PasswordHash,
    browser: Option<Browser>,
    by: &Actor,
) -> Result<Option<SessionSecret>, OperationError> {
    let Bearer { id, hash, text } = Bearer::generate(BearerKind::Session);
    let new = NewSession { id, hash, account: account.clone(), browser, lasts: SESSION_MAX };
    let is_added = on.ledger.add_session(&new, password, by).await?;
    Ok(is_added.then_some(SessionSecret(text)))
}

/// An account whose password was shown.
struct Proved {
    tried: UnderWay,
    account: Account,
    password: PasswordHash,
}

/// Looks whether it is an account's password, unless whoever asks has to wait.
async fn prove(
    on: &Operations,
    name: Option<&AccountName>,
    password: &Secret,
    from: IpAddr,
    limits: &SignInLimits,
) -> Result<Result<Proved, SignInRefused>, OperationError> {
    let begun = lock(&limits.0).begin(name, from, Instant::now());
    let tried = match begun {
        Ok(tried) => tried,
        Err(wait) => return Ok(Err(SignInRefused::Later(wait))),
    };
    match verified(on, name, password, tried.is_known()).await {
        Ok(Ok(Some((account, password)))) => Ok(Ok(Proved { tried, account, password })),
        Ok(Ok(None)) => Ok(Err(wrong(on, name, limits).await?)),
        Ok(Err(Busy)) => {
            lock(&limits.0).undone(&tried);
            Ok(Err(SignInRefused::Busy))
        }
        Err(error) => {
            lock(&limits.0).undone(&tried);
            Err(error)
        }
    }
}

/// The account with what is kept of its password, where this is it. Takes as long where there is no such account.
async fn verified(
    on: &Operations,
    name: Option<&AccountName>,
    password: &Secret,
    is_known: bool,
) -> Result<Result<Option<(Account, PasswordHash)>, Busy>, OperationError> {
    let stored = match name {
        Some(name) => on.ledger.account(name).await?,
        None => None,
    };
    let usable = stored.filter(|stored| stored.account.disabled.is_none());
    let Some((account, kept)) = usable.and_then(|stored| Some((stored.account, stored.password?))) else {
        let nobodys = hashing::in_turn(is_known, || PasswordHash::verify_nobodys(password)).await;
        return Ok(nobodys.map(|()| None));
    };
    let is_it = hashing::in_turn(is_known, || kept.is_of(password)).await;
    Ok(is_it.map(|is_it| is_it.then_some((account, kept))))
}

/// Writes into the audit that somebody was refused: with the account where there is one, and without what was typed where there is none.
async fn wrong(
    on: &Operations,
    name: Option<&AccountName>,
    limits: &SignInLimits,
) -> Result<SignInRefused, OperationError> {
    let noted = lock(&limits.0).note(Instant::now());
    let Some(unwritten) = noted else { return Ok(SignInRefused::Wrong) };
    let known = match name {
        Some(name) => on.ledger.account(name).await?.map(|_| name),
        None => None,
    };
    let object = known.map_or_else(Object::accounts, Object::account);
    let entry = AuditEntry::new(&Actor::stranger(), Act::RefuseSignIn, object, ActResult::Unchanged);
    on.ledger.note(if unwritten > 0 { entry.with("unwritten", unwritten) } else { entry }).await?;
    Ok(SignInRefused::Wrong)
}

fn not_by_token() -> OperationError {
    let why = "a token neither signs out nor changes a password; it is revoked, by `quietus tokens revoke`";
    OperationError::Conflict(why.to_owned())
}
