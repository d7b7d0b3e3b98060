//! Control requests: questions with a known answer. Whether a filter works and whether a route answers is asked before
//! another answer of the same route is believed.

use tokio::time::Instant;

use super::calls::Purpose;
use super::client::MluviiClient;
use super::error::MluviiError;
use super::proofs::{Filters, NOBODY, SHARED_FOR};
use super::template::Template;
use super::wire;
use crate::subject::SessionId;

impl MluviiClient {
    /// Whether an impossible id gives an empty list, asked at most once in a minute. Failures are not remembered.
    pub(super) async fn filters(&self) -> Result<Filters, MluviiError> {
        let mut shared = self.proofs.filters.lock().await;
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
        let listed = self.listed(request, &[id], purpose).await?;
        Ok(listed.into_iter().map(|one| one.id).collect())
    }

    /// Whether the look-up route answers as it should at this moment: with some other session that exists. Never shared:
    /// an outage may have begun a second ago.
    pub(super) async fn looking_up_works(&self, besides: SessionId) -> Result<Control, MluviiError> {
        // Not with the session itself: that it is missing is what is to be believed.
        if let Some(session) = self.proofs.last_read().filter(|session| *session != besides)
            && self.is_readable(session).await?
        {
            return Ok(Control::Works);
        }
        let request = &self.requests.control_list;
        let listed = self.listed(request, &[], Purpose::Control).await?;
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
