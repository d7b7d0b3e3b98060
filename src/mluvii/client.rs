//! The client: five requests, each authenticated and bounded.

use std::time::Duration;

use reqwest::{Client, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::error::MluviiError;
use super::settings::{MluviiSettings, Requests, SettingsError};
use super::template::Template;
use super::token::{Token, Tokens};
use super::transport::{self, Reply, garbage};
use super::wire::{self, Params, SessionFacts};
use crate::keys::{IdempotencyKey, ReadSecret};
use crate::subject::{GuestId, SessionId};

/// A client of one mluvii installation; shared by all who call it.
#[derive(Debug)]
pub(crate) struct MluviiClient {
    http: Client,
    base: String,
    tokens: Tokens,
    requests: Requests,
    params: Params,
    permits: Semaphore,
    pub(crate) call_max: Duration,
    pub(crate) concurrency_max: usize,
    pub(super) verify_after: Duration,
}

/// What a session's look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LookUp {
    Found(SessionFacts),
    /// mluvii does not know the session.
    Gone,
}

/// What became of an anonymizing call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// Answered as if it were not there. `unknown_path` is the failure to report when it turns out to be there.
    Missing {
        unknown_path: MluviiError,
    },
}

/// Whether a session is anonymized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anonymized {
    Yes,
    /// mluvii does not know the session, or no longer.
    Gone,
    /// It still shows identifiers.
    No,
    /// mluvii does not list it as anonymized, and it shows no identifier either.
    Unsaid,
}

/// What an authenticated call brought.
enum Called {
    Done(Zeroizing<Vec<u8>>),
    Missing(StatusCode),
}

impl MluviiClient {
    /// A client made of the settings; nothing is called yet.
    pub(crate) fn new(settings: &MluviiSettings, read: ReadSecret<'_>) -> Result<Self, SettingsError> {
        let requests = settings.requests()?;
        let base = settings.base()?;
        if settings.concurrency_max == 0 || settings.concurrency_max > Semaphore::MAX_PERMITS {
            return Err(SettingsError::new("concurrency_max", "at least one call must be allowed at once"));
        }
        let credentials = settings.credentials(read)?;
        let http = transport::client(settings)?;
        Ok(Self {
            tokens: Tokens::new(http.clone(), &base, credentials),
            http,
            base,
            requests,
            params: settings.params.clone(),
            permits: Semaphore::new(settings.concurrency_max),
            call_max: settings.call_max.get(),
            concurrency_max: settings.concurrency_max,
            verify_after: settings.verify_after.get(),
        })
    }

    /// What mluvii knows of a session: two requests.
    pub(crate) async fn look_up(&self, session: SessionId) -> Result<LookUp, MluviiError> {
        let LookUp::Found(mut facts) = self.look_up_session(session).await? else { return Ok(LookUp::Gone) };
        let request = &self.requests.look_up_params;
        if let Some(json) = self.read(request, session).await? {
            wire::add_call_params(&mut facts, &json, &self.params).ok_or_else(|| garbage(&request.to_string()))?;
        }
        Ok(LookUp::Found(facts))
    }

    /// What the session's own reply says, without the forms: one request.
    pub(super) async fn look_up_session(&self, session: SessionId) -> Result<LookUp, MluviiError> {
        let request = &self.requests.look_up_session;
        let Some(json) = self.read(request, session).await? else { return Ok(LookUp::Gone) };
        let facts = wire::session(&json, session, &self.params).ok_or_else(|| garbage(&request.to_string()))?;
        Ok(LookUp::Found(facts))
    }

    /// Has one session anonymized.
    pub(crate) async fn anonymize_session(
        &self,
        session: SessionId,
        step: &IdempotencyKey,
    ) -> Result<Written, MluviiError> {
        self.write(&self.requests.anonymize_session, &session.to_string(), step).await
    }

    /// Has all sessions of a guest anonymized.
    pub(crate) async fn anonymize_guest(&self, guest: &GuestId, step: &IdempotencyKey) -> Result<Written, MluviiError> {
        self.write(&self.requests.anonymize_guest, &guest.0, step).await
    }

    /// Asks mluvii's list of anonymized sessions and the session itself.
    pub(crate) async fn is_anonymized(&self, session: SessionId) -> Result<Anonymized, MluviiError> {
        let request = &self.requests.verify_session;
        let listed = match self.read(request, session).await? {
            Some(json) => wire::lists(&json, session).ok_or_else(|| garbage(&request.to_string()))?,
            None => false,
        };
        // A list alone is not believed: a mluvii that does not know the filter lists every session.
        Ok(match self.look_up(session).await? {
            LookUp::Gone => Anonymized::Gone,
            LookUp::Found(facts) if !facts.identifiers.0.is_empty() => Anonymized::No,
            LookUp::Found(_) if listed => Anonymized::Yes,
            LookUp::Found(_) => Anonymized::Unsaid,
        })
    }

    /// Whether mluvii can be reached, accepts the credentials and knows the API.
    pub(crate) async fn health(&self) -> Result<(), MluviiError> {
        // No session has this id: the list is empty.
        let nobody = SessionId(0);
        let request = &self.requests.verify_session;
        match self.call(request, &nobody.to_string(), None).await? {
            Called::Done(json) => wire::lists(&json, nobody).map(drop).ok_or_else(|| garbage(&request.to_string())),
            Called::Missing(status) => Err(unknown_path(request, status)),
        }
    }

    /// A request that changes nothing; `None` when mluvii does not know the session.
    async fn read(&self, request: &Template, session: SessionId) -> Result<Option<Zeroizing<Vec<u8>>>, MluviiError> {
        match self.call(request, &session.to_string(), None).await? {
            Called::Done(json) => Ok(Some(json)),
            Called::Missing(StatusCode::METHOD_NOT_ALLOWED) => {
                Err(unknown_path(request, StatusCode::METHOD_NOT_ALLOWED))
            }
            Called::Missing(_) => Ok(None),
        }
    }

    async fn write(&self, request: &Template, id: &str, step: &IdempotencyKey) -> Result<Written, MluviiError> {
        Ok(match self.call(request, id, Some(step)).await? {
            Called::Done(_) => Written::Done,
            Called::Missing(status) => Written::Missing { unknown_path: unknown_path(request, status) },
        })
    }

    /// One call within its time, with a new token and once more on a 401.
    async fn call(
        &self,
        request: &Template,
        id: &str,
        idempotency: Option<&IdempotencyKey>,
    ) -> Result<Called, MluviiError> {
        let what = request.to_string();
        let path = request
            .fill(id)
            .ok_or_else(|| MluviiError::Refused(format!("{what}: there is an id that cannot stand in a path")))?;
        let url = format!("{}{path}", self.base);
        let send = async |token: &Token| {
            let mut http = self.http.request(request.method.clone(), &url).bearer_auth(token.bearer.expose());
            if let Some(step) = idempotency {
                http = http.header("Idempotency-Key", idempotency_key(step, &path));
            }
            transport::send(http, &what).await
        };
        let exchange = async {
            let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
            let token = self.tokens.get().await?;
            let reply = match send(&token).await? {
                Reply::Unauthorized => send(&self.tokens.replace(&token).await?).await?,
                reply => reply,
            };
            match reply {
                Reply::Done(body) => Ok(Called::Done(body)),
                Reply::Missing(status) => Ok(Called::Missing(status)),
                Reply::Forbidden => {
                    let why = format!("{what}: 403: the API client may not do this");
                    // A client may be kept from single sessions; to be kept from erasing concerns them all.
                    Err(if idempotency.is_some() { MluviiError::Denied(why) } else { MluviiError::Refused(why) })
                }
                Reply::Unauthorized => {
                    Err(MluviiError::Denied(format!("{what}: 401: mluvii refuses the token that it has just given")))
                }
            }
        };
        let late = |_| Err(MluviiError::Away(format!("{what}: no answer in time")));
        tokio::time::timeout(self.call_max, exchange).await.unwrap_or_else(late)
    }
}

/// A key of its own for each write of a step: whoever heeds the header takes two requests of one key for one request.
/// The path may hold a guest's id, so it is only in there as a digest that is keyed with the step.
fn idempotency_key(step: &IdempotencyKey, path: &str) -> String {
    let digest = Sha256::new().chain_update(step.to_string()).chain_update(path).finalize();
    format!("{step}-{}", hex::encode(&digest[..8]))
}

fn unknown_path(request: &Template, status: StatusCode) -> MluviiError {
    MluviiError::Denied(format!("{request}: {status}: this mluvii does not know this path; see `{}`", request.key()))
}
