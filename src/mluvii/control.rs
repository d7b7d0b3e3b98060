//! Control requests: questions with a known answer. Whether a filter works and whether a route answers is asked before
//! another answer of the same route is believed.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::calls::Purpose;
use super::client::MluviiClient;
use super::error::MluviiError;
use super::template::Template;
use super::transport::garbage;
use super::wire;
use crate::subject::SessionId;

/// An id that no session has: the largest whole number that every JSON reader holds exactly.
pub(super) const NOBODY: &str = "9007199254740991";

/// How long the verifications of one client share a proof of the filters.
const SHARED_FOR: Duration = Duration::from_secs(60);
/// How long a session that was read may serve as the one to look up again.
const READ_FOR: Duration = Duration::from_secs(300);

/// What is known of the installation's answers.
#[derive(Debug, Default)]
pub(super) struct Controls {
    /// Locked while it is asked, so that many verifications ask once.
    filters: tokio::sync::Mutex<Option<(Instant, Filters)>>,
    last_read: Mutex<Option<(Instant, SessionId)>>,
}

/// Whether the lists of anonymized sessions heed the session's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filters {
    Heeded,
    Ignored,
}

impl Controls {
    /// Remembers a session that has just been read and understood.
    pub(super) fn has_read(&self, session: SessionId) {
        *self.last_read.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), session));
    }

    fn last_read(&self) -> Option<SessionId> {
        let last = *self.last_read.lock().unwrap_or_else(PoisonError::into_inner);
        last.filter(|(at, _)| at.elapsed() < READ_FOR).map(|(_, session)| session)
    }
}

impl MluviiClient {
    /// Whether an impossible id gives an empty list, asked at most once in a minute. Failures are not remembered.
    pub(super) async fn filters(&self) -> Result<Filters, MluviiError> {
        let mut shared = self.controls.filters.lock().await;
        if let Some((_, filters)) = shared.filter(|(at, _)| at.elapsed() < SHARED_FOR) {
            return Ok(filters);
        }
        let mut filters = Filters::Heeded;
        for request in [&self.requests.list_anonymized, &self.requests.list_not_anonymized] {
            if !self.list_sessions(request, NOBODY, Purpose::Control).await?.is_empty() {
                filters = Filters::Ignored;
            }
        }
        *shared = Some((Instant::now(), filters));
        Ok(filters)
    }

    /// The sessions of a list that takes one id.
    pub(super) async fn list_sessions(
        &self,
        request: &Template,
        id: &str,
        purpose: Purpose,
    ) -> Result<Vec<SessionId>, MluviiError> {
        let json = self.list(request, &[id], purpose).await?;
        let listed = wire::listed(&json).ok_or_else(|| garbage(&request.to_string()))?;
        Ok(listed.into_iter().map(|one| one.id).collect())
    }

    /// Whether the look-up route answers as it should at this moment: with some other session that exists. Never shared:
    /// an outage may have begun a second ago.
    pub(super) async fn looking_up_works(&self, besides: SessionId) -> Result<Control, MluviiError> {
        if let Some(session) = self.controls.last_read().filter(|session| *session != besides)
            && self.is_readable(session).await?
        {
            return Ok(Control::Works);
        }
        let request = &self.requests.control_list;
        let json = self.list(request, &[], Purpose::Control).await?;
        let listed = wire::listed(&json).ok_or_else(|| garbage(&request.to_string()))?;
        if listed.is_empty() {
            return Ok(Control::NothingThere);
        }
        for session in listed.into_iter().map(|one| one.id).filter(|id| *id != besides).take(CANDIDATES_MAX) {
            if self.is_readable(session).await? {
                return Ok(Control::Works);
            }
        }
        let why = "404, and no other session shows that this means anything";
        Err(MluviiError::Away(format!("{}: {why}; see `{}`", self.requests.look_up_session, request.key())))
    }

    async fn is_readable(&self, session: SessionId) -> Result<bool, MluviiError> {
        let json = self.read_session(session, Purpose::Control).await?;
        Ok(json.is_some_and(|json| wire::session_shape(&json, session, self.nulls).is_ok()))
    }
}

/// What a control of the look-up route showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// A session that is there was found by it.
    Works,
    /// mluvii lists no session at all: there is none to prove it with.
    NothingThere,
}

/// Listed sessions that are looked up before the control counts as failed.
const CANDIDATES_MAX: usize = 3;
