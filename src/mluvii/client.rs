//! The client of one installation: every request is authenticated, bounded in time and number, and counted.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::calls::Purpose;
use super::error::{MluviiError, SettingsError};
use super::left::Accepted;
use super::meter::Meter;
use super::pointer::Pointer;
use super::proofs::{NOBODY, Proofs};
use super::settings::{GuestIdField, MluviiSettings, Nulls, Requests};
use super::template::Template;
use super::token::{Token, Tokens};
use super::transport::{self, Reply, Tried, garbage};
use super::wire::{self, Listed, SessionFacts};
use crate::keys::{IdempotencyKey, ReadSecret};
use crate::subject::{GuestId, Identifier, Kind, Params, SessionId};

/// A client of one mluvii installation; shared by all who call it.
#[derive(Debug)]
pub(crate) struct MluviiClient {
    http: Client,
    base: String,
    tokens: Tokens,
    meter: Meter,
    pub(super) requests: Requests,
    pub(super) params: Params,
    pub(super) nulls: Nulls,
    pub(super) guest_id: GuestIdField,
    pub(super) must_be_empty: Vec<Pointer>,
    pub(super) accept_left: Accepted,
    /// The contact record's field for each kind of identifier.
    pub(super) contact_fields: Vec<(Kind, String)>,
    pub(super) proofs: Proofs,
    permits: Semaphore,
    pub(crate) call_max: Duration,
    pub(crate) concurrency_max: usize,
    pub(super) verify_after: Duration,
    pub(super) verify_within: Duration,
}

/// What to look up of a session beside its own reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Also the call params with their sources: one more request.
    pub(crate) params: bool,
    /// Also the form that this activity of the session holds.
    pub(crate) activity: Option<i64>,
}

impl Look {
    /// The session alone, without its forms.
    pub(crate) const SESSION_ONLY: Self = Self { params: false, activity: None };
}

/// What a session's look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LookUp {
    Found(Box<SessionFacts>),
    /// 404. By itself it proves nothing: it may be early, or an outage.
    Missing,
    /// Answered, but not as mluvii does: an error document, a key that is missing. For people, free of personal data.
    NotUnderstood(String),
    /// Larger than what is read at once, which it stays. For people.
    TooLarge(String),
}

/// The result of an anonymizing call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// Answered as if it were not there. `refused` is the failure to report when it turns out to be there.
    Missing {
        refused: MluviiError,
    },
}

/// The result of an authenticated call.
#[derive(Debug)]
pub(super) enum Called {
    Done(Zeroizing<Vec<u8>>),
    Missing(StatusCode),
    Conflict(Zeroizing<Vec<u8>>),
}

/// One call, filled in.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    /// Names it in errors.
    pub(super) what: &'a str,
    /// Names it in metrics.
    pub(super) kind: &'static str,
    pub(super) idempotency: Option<&'a IdempotencyKey>,
    pub(super) purpose: Purpose,
    /// A document in JSON.
    pub(super) body: Option<&'a [u8]>,
}

impl MluviiClient {
    /// A client made of the settings; nothing is called yet.
    pub(crate) fn new(settings: &MluviiSettings, read: ReadSecret<'_>) -> Result<Self, SettingsError> {
        Self::build(settings, read).map_err(|error| error.of(&settings.name))
    }

    fn build(settings: &MluviiSettings, read: ReadSecret<'_>) -> Result<Self, SettingsError> {
        settings.check()?;
        let base = settings.base()?;
        if settings.concurrency_max == 0 || settings.concurrency_max > Semaphore::MAX_PERMITS {
            return Err(SettingsError::new("concurrency_max", "at least one call must be allowed at once"));
        }
        let credentials = settings.credentials(read)?;
        let http = transport::client(settings)?;
        let fields = settings.search.iter().flat_map(|search| search.fields.clone());
        let requests = settings.requests()?;
        let meter = Meter::new(&settings.name, requests.kinds());
        Ok(Self {
            tokens: Tokens::new(http.clone(), &base, credentials, meter.clone()),
            meter,
            http,
            base,
            requests,
            params: settings.params.clone(),
            nulls: settings.nulls,
            guest_id: settings.guest_id,
            must_be_empty: settings.pointers()?,
            accept_left: settings.accepted()?,
            contact_fields: fields.collect(),
            proofs: Proofs::default(),
            permits: Semaphore::new(settings.concurrency_max),
            call_max: settings.call_max.0,
            concurrency_max: settings.concurrency_max,
            verify_after: settings.verify_after.0,
            verify_within: settings.verify_within.0,
        })
    }

    /// What mluvii knows of a session: one request, and one for each thing that the look asks for beside it.
    pub(crate) async fn look_up(&self, session: SessionId, look: Look) -> Result<LookUp, MluviiError> {
        match self.look_at(session, look).await {
            Err(MluviiError::TooLarge(what)) => Ok(LookUp::TooLarge(what)),
            looked => looked,
        }
    }

    async fn look_at(&self, session: SessionId, look: Look) -> Result<LookUp, MluviiError> {
        let request = &self.requests.look_up_session;
        let json = match self.read_session(session, Purpose::Work).await {
            Ok(Some(json)) => json,
            Ok(None) => return Ok(LookUp::Missing),
            Err(MluviiError::Page(what)) => return Ok(LookUp::NotUnderstood(what)),
            Err(error) => return Err(error),
        };
        let mut facts = match wire::session(&json, session, self.nulls, &self.params) {
            Ok(facts) => facts,
            Err(wrong) => return Ok(LookUp::NotUnderstood(format!("{request}: {wrong}"))),
        };
        // Only what was understood: an error document would serve as the session by which a 404 of others is believed.
        self.proofs.has_read(session);
        if let Some(activity) = look.activity {
            facts.activity_form = wire::activity_form(&json, activity);
        }
        if look.params
            && let Some(wrong) = self.add_params(session, &json, &mut facts).await?
        {
            return Ok(LookUp::NotUnderstood(wrong));
        }
        if let Some(wrong) = self.add_contact(&mut facts).await? {
            return Ok(LookUp::NotUnderstood(wrong));
        }
        Ok(LookUp::Found(Box::new(facts)))
    }

    /// The call params with their sources; says what was not understood. `json` is the session's own reply.
    async fn add_params(
        &self,
        session: SessionId,
        json: &[u8],
        facts: &mut SessionFacts,
    ) -> Result<Option<String>, MluviiError> {
        if wire::has_no_params(json) {
            // There is nothing of which the list could tell the source.
            facts.forms = Some(Vec::new());
            return Ok(None);
        }
        let request = &self.requests.look_up_params;
        let Some(json) = self.read(request, &[&session.to_string()], Purpose::Work).await? else {
            return Ok(Some(format!("{request}: 404, but the session is there and has some")));
        };
        let added = wire::add_call_params(facts, &json, &self.params);
        Ok(added.err().map(|wrong| format!("{request}: {wrong}")))
    }

    /// E-mail and phone of the contact record where the session has none of the kind; says what was not understood.
    async fn add_contact(&self, facts: &mut SessionFacts) -> Result<Option<String>, MluviiError> {
        let Some(request) = &self.requests.look_up_contact else { return Ok(None) };
        let known: Vec<_> = facts.identifiers.0.iter().map(|identifier| identifier.kind.clone()).collect();
        let missing = self.contact_fields.iter().filter(|(kind, _)| !known.contains(kind)).collect::<Vec<_>>();
        let Some(guest) = facts.guest.clone().filter(|_| !missing.is_empty()) else { return Ok(None) };
        let Some(json) = self.read(request, &[&guest.0], Purpose::Work).await? else { return Ok(None) };
        // Another contact's address, taken for the guest's, would lead the erasure to somebody else.
        let Some(contact) = wire::contact(&json).filter(|contact| contact.id == guest) else {
            return Ok(Some(format!("{request}: the reply is not this contact record")));
        };
        for (kind, field) in missing {
            let values = contact.values(field).filter_map(|value| Identifier::new(kind.clone(), value));
            facts.identifiers.0.extend(values);
        }
        Ok(None)
    }

    /// The session's own reply; `None` on a 404.
    pub(super) async fn read_session(
        &self,
        session: SessionId,
        purpose: Purpose,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, MluviiError> {
        self.read(&self.requests.look_up_session, &[&session.to_string()], purpose).await
    }

    /// Has one session anonymized.
    pub(super) async fn anonymize_session(
        &self,
        session: SessionId,
        step: &IdempotencyKey,
    ) -> Result<Written, MluviiError> {
        self.write(&self.requests.anonymize_session, &session.to_string(), step).await
    }

    /// Has all sessions of a guest anonymized; `guest` is the id that this installation's path takes.
    pub(super) async fn anonymize_guest(&self, guest: &GuestId, step: &IdempotencyKey) -> Result<Written, MluviiError> {
        self.write(&self.requests.anonymize_guest, &guest.0, step).await
    }

    /// Whether mluvii can be reached, accepts the credentials and knows the API.
    pub(crate) async fn health(&self) -> Result<(), MluviiError> {
        let request = &self.requests.list_anonymized;
        match self.call(request, &[NOBODY], None, Purpose::Control).await? {
            Called::Done(json) => wire::listed(&json).map(drop).ok_or_else(|| garbage(&request.to_string())),
            Called::Missing(status) => Err(unknown_path(request, status)),
            Called::Conflict(_) => Err(garbage(&request.to_string())),
        }
    }

    /// A request that changes nothing; `None` when mluvii answers 404.
    pub(super) async fn read(
        &self,
        request: &Template,
        values: &[&str],
        purpose: Purpose,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, MluviiError> {
        match self.call(request, values, None, purpose).await? {
            Called::Done(json) => Ok(Some(json)),
            // It says that the path or the verb is wrong, never that a session is not there.
            Called::Missing(StatusCode::METHOD_NOT_ALLOWED) => {
                Err(unknown_path(request, StatusCode::METHOD_NOT_ALLOWED))
            }
            Called::Missing(_) => Ok(None),
            Called::Conflict(_) => Err(garbage(&request.to_string())),
        }
    }

    /// A list. It cannot be missing: a 404 of a list is a failure, never an empty list.
    pub(super) async fn list(
        &self,
        request: &Template,
        values: &[&str],
        purpose: Purpose,
    ) -> Result<Zeroizing<Vec<u8>>, MluviiError> {
        self.read(request, values, purpose).await?.ok_or_else(|| {
            MluviiError::Away(format!("{request}: 404, which is no answer of a list; see `{}`", request.key()))
        })
    }

    /// A list of sessions.
    pub(super) async fn listed(
        &self,
        request: &Template,
        values: &[&str],
        purpose: Purpose,
    ) -> Result<Vec<Listed>, MluviiError> {
        let json = self.list(request, values, purpose).await?;
        wire::listed(&json).ok_or_else(|| garbage(&request.to_string()))
    }

    async fn write(&self, request: &Template, id: &str, step: &IdempotencyKey) -> Result<Written, MluviiError> {
        Ok(match self.call(request, &[id], Some(step), Purpose::Work).await? {
            // A conflict says that it is already so, or being done; whether it is, verifying shows.
            Called::Done(_) | Called::Conflict(_) => Written::Done,
            // It says that the path or the verb is wrong, never that a session is not there.
            Called::Missing(status @ StatusCode::METHOD_NOT_ALLOWED) => {
                return Err(unknown_path(request, status));
            }
            // It may concern this record only, whatever else is there; where it is the path, others are refused alike.
            Called::Missing(status) => Written::Missing { refused: not_for_this(request, status) },
        })
    }

    async fn call(
        &self,
        request: &Template,
        values: &[&str],
        idempotency: Option<&IdempotencyKey>,
        purpose: Purpose,
    ) -> Result<Called, MluviiError> {
        let what = request.to_string();
        let path = request
            .fill(values)
            .ok_or_else(|| MluviiError::Refused(format!("{what}: there is an id that cannot stand in a path")))?;
        let (method, kind) = (&request.method, request.kind());
        self.exchange(Call { method, path: &path, what: &what, kind, idempotency, purpose, body: None }).await
    }

    /// One call within its time, once it is its turn.
    pub(super) async fn exchange(&self, call: Call<'_>) -> Result<Called, MluviiError> {
        let what = call.what;
        call.purpose.turn().await;
        tokio::time::timeout(self.call_max, self.exchange_with_token(call)).await.map_err(|_| late(what))?
    }

    /// With a new token once more when the first one was not accepted.
    async fn exchange_with_token(&self, call: Call<'_>) -> Result<Called, MluviiError> {
        let what = call.what;
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        let token = self.tokens.get().await?;
        let reply = match self.send(&call, &token).await? {
            // Once: a client that mluvii keeps refusing would ask for tokens without end.
            Reply::Unauthorized | Reply::LoginPage(_) => self.send(&call, &self.tokens.replace(&token).await?).await?,
            reply => reply,
        };
        match reply {
            Reply::Done(body) => Ok(Called::Done(body)),
            Reply::Missing(status) => Ok(Called::Missing(status)),
            Reply::Conflict(body) => Ok(Called::Conflict(body)),
            // It may concern this session only; the target's other work goes on.
            Reply::Forbidden => Err(MluviiError::Refused(format!("{what}: 403: the API client may not do this"))),
            // mluvii and every gateway answer so for a while; it is no reason to keep everything from going on.
            Reply::LoginPage(status) if status.is_success() => {
                Err(MluviiError::Page(format!("{what}: {status}: a web page, as of a login or a gateway")))
            }
            Reply::LoginPage(status) => {
                Err(MluviiError::Unavailable(format!("{what}: {status}: a redirect or a web page, as to a login")))
            }
            Reply::Unauthorized => {
                Err(MluviiError::Denied(format!("{what}: 401: mluvii refuses the token that it has just given")))
            }
        }
    }

    async fn send(&self, call: &Call<'_>, token: &Token) -> Result<Reply, MluviiError> {
        let url = format!("{}{}", self.base, call.path);
        let mut http = self.http.request(call.method.clone(), url).bearer_auth(token.bearer.expose());
        if let Some(step) = call.idempotency {
            http = http.header("Idempotency-Key", idempotency_key(step, call.path));
        }
        if let Some(body) = call.body {
            http = http.header(CONTENT_TYPE, "application/json").body(body.to_vec());
        }
        call.purpose.note();
        let under_way = self.meter.begin(call.kind);
        let reply = transport::send(http, call.what).await;
        under_way.ended(&reply);
        reply
    }

    /// Tries a path out; every status is an answer. `what` names it in errors.
    pub(super) async fn try_out(&self, method: Method, path: &str, what: &str) -> Result<Tried, MluviiError> {
        let exchange = async {
            let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
            let token = self.tokens.get().await?;
            let http = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(token.bearer.expose());
            Purpose::Control.note();
            transport::try_out(http, what).await
        };
        tokio::time::timeout(self.call_max, exchange).await.map_err(|_| late(what))?
    }
}

/// A key of its own for each write of a step: a server that heeds the header treats two requests of one key as one.
/// The path may hold a guest's id, so it is only in there as a digest that is keyed with the step.
fn idempotency_key(step: &IdempotencyKey, path: &str) -> String {
    let digest = Sha256::new().chain_update(step.to_string()).chain_update(path).finalize();
    format!("{step}-{}", hex::encode(&digest[..8]))
}

fn late(what: &str) -> MluviiError {
    MluviiError::Away(format!("{what}: no answer in time"))
}

fn unknown_path(request: &Template, status: StatusCode) -> MluviiError {
    MluviiError::Denied(format!("{request}: {status}: this mluvii does not know this path; see {}", keys(request)))
}

/// Of a session or guest that is there.
fn not_for_this(request: &Template, status: StatusCode) -> MluviiError {
    let why = "mluvii does not do it for this one, or does not know this path";
    MluviiError::Refused(format!("{request}: {status}, although it is there: {why}; see {}", keys(request)))
}

/// The settings that it may be due to.
fn keys(request: &Template) -> String {
    let mut keys = format!("`{}`", request.key());
    // Of a guest's path, the id may be of the wrong kind instead.
    if keys.contains("anonymize_guest") {
        keys.push_str(" or `mluvii.guest_id`");
    }
    keys
}
