//! Who may use the admin API and the pages: accounts, what their roles allow, passwords, tokens and sessions, and who is made to wait
//! before a next try. What is decided here knows no clock, no ledger and no HTTP.

mod account;
mod bearer;
mod browser;
mod lockout;
mod name;
mod password;
mod role;

pub(crate) use account::{Account, AccountChange, LINE_CHARS_MAX, NewAccount, NotOneLine, one_line};
pub(crate) use bearer::{
    Bearer, BearerHash, BearerKind, IDLE_MAX, LoginSession, NewToken, SESSION_MAX, TOKEN_DEFAULT, TOKEN_MAX, Token,
    TokenId,
};
pub(crate) use browser::Browser;
pub(crate) use lockout::{Lockout, UnderWay};
pub(crate) use name::AccountName;
pub(crate) use password::{ONE_TIME_MAX, PasswordHash, PasswordRefused, one_time_password};
pub(crate) use role::{Companies, Permission, Role, Roles};
