//! Whether one session is anonymized: believed only when a filter that was proved says so and the session shows it.

use super::calls::Purpose;
use super::client::MluviiClient;
use super::error::MluviiError;
use super::gone::{Absence, Presence};
use super::left::{self, Left};
use super::pointer::NotShown;
use super::proofs::Filters;
use super::shape::Shape;
use crate::subject::SessionId;

/// What was seen of a session that should be anonymized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SessionCheck {
    /// It is, and this is what it still shows.
    Anonymized { left: Left },
    /// It is listed as anonymized and shows what must be empty; or it is not anonymized, and nothing else can tell.
    StillThere,
    /// Not anonymized, or not shown as such, yet.
    NotYet { later: Later },
    /// mluvii does not show it.
    Missing(Absence),
    /// Nothing proves it; the reason is for people.
    Unproved(String),
}

/// What a session that is not anonymized yet counts as when its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Later {
    StillThere,
    /// Listing neither as anonymized nor as not anonymized, and what must be empty is empty.
    Unlisted,
}

/// What mluvii shows of an erased session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterReceipt {
    Gone,
    /// With personal data, or as not anonymized.
    Shown,
    Unproved,
}

impl MluviiClient {
    /// Asks both lists and reads the session: three requests, and control requests that are shared.
    pub(super) async fn check_session(&self, session: SessionId) -> Result<SessionCheck, MluviiError> {
        let filters = self.filters().await?;
        // Before the session is read: where it is listed as not anonymized, reading it would tell nothing more.
        let listing = match filters {
            // Nothing of these lists would be believed.
            Filters::Ignored => Listing::Ignored,
            Filters::Heeded => self.listing(session).await?,
        };
        if listing == Listing::NotAnonymized {
            return Ok(SessionCheck::NotYet { later: Later::StillThere });
        }
        let shape = match self.presence(session).await? {
            Presence::There { shape, .. } => shape,
            // What is listed is somewhere, whether it can be read or not.
            Presence::Absent(_) if listing == Listing::Anonymized => {
                return Ok(SessionCheck::Unproved("mluvii lists it as anonymized and does not show it".to_owned()));
            }
            Presence::Absent(absence) => return Ok(SessionCheck::Missing(absence)),
        };
        let still_there = match self.must_be_empty(&shape) {
            Ok(held) => held > 0,
            Err((pointer, NotShown)) => {
                return Ok(SessionCheck::Unproved(format!(
                    "the session's reply does not show `{pointer}` (mluvii.must_be_empty)"
                )));
            }
        };
        Ok(match (listing, still_there) {
            (Listing::Anonymized, false) => SessionCheck::Anonymized { left: left::in_session(&shape, &self.params) },
            (Listing::Anonymized, true) => SessionCheck::StillThere,
            (Listing::Nowhere, false) => SessionCheck::NotYet { later: Later::Unlisted },
            (_, true) => SessionCheck::NotYet { later: Later::StillThere },
            (_, false) => {
                let why = "ignores its filters (an impossible id, or both values of `Anonymized.Null`, list sessions)";
                SessionCheck::Unproved(format!(
                    "mluvii's list of anonymized sessions {why}; see `mluvii.list_anonymized`"
                ))
            }
        })
    }

    /// Whether mluvii shows a session that was erased with personal data again, or as not anonymized. Only by positive sight: what is
    /// missing, or proved by nothing, is no reason to say so.
    pub(crate) async fn shows_again(&self, session: SessionId) -> Result<bool, MluviiError> {
        let seen = self.check_session(session).await?;
        Ok(matches!(seen, SessionCheck::StillThere | SessionCheck::NotYet { later: Later::StillThere }))
    }

    /// What mluvii shows of a session whose erasure has its receipt. That it is gone is believed as it was then: by a proved filter, or where
    /// another session was found by the same route.
    pub(crate) async fn after_receipt(&self, session: SessionId) -> Result<AfterReceipt, MluviiError> {
        Ok(match self.check_session(session).await? {
            SessionCheck::Anonymized { .. } | SessionCheck::Missing(Absence::Proved) => AfterReceipt::Gone,
            SessionCheck::StillThere | SessionCheck::NotYet { later: Later::StillThere } => AfterReceipt::Shown,
            SessionCheck::NotYet { later: Later::Unlisted }
            | SessionCheck::Missing(Absence::Unproved)
            | SessionCheck::Unproved(_) => AfterReceipt::Unproved,
        })
    }

    /// Whether mluvii lists it as not anonymized: one request. By itself it proves nothing.
    pub(crate) async fn is_listed_as_not_anonymized(&self, session: SessionId) -> Result<bool, MluviiError> {
        let listed =
            self.list_sessions(&self.requests.list_not_anonymized, &session.to_string(), Purpose::Work).await?;
        Ok(listed.contains(&session))
    }

    async fn listing(&self, session: SessionId) -> Result<Listing, MluviiError> {
        let id = session.to_string();
        // In this order: a session that is anonymized in between is in neither list, and is asked about again; the
        // other way round it would be in both, and the filters not be believed.
        let anonymized = self.list_sessions(&self.requests.list_anonymized, &id, Purpose::Work).await?;
        let not_anonymized = self.list_sessions(&self.requests.list_not_anonymized, &id, Purpose::Work).await?;
        let is_foreign = |listed: &Vec<SessionId>| listed.iter().any(|one| *one != session);
        if is_foreign(&anonymized) || is_foreign(&not_anonymized) {
            return Ok(Listing::Ignored);
        }
        Ok(match (anonymized.is_empty(), not_anonymized.is_empty()) {
            (false, true) => Listing::Anonymized,
            (true, false) => Listing::NotAnonymized,
            (true, true) => Listing::Nowhere,
            (false, false) => Listing::Ignored,
        })
    }

    fn must_be_empty(&self, shape: &Shape) -> Result<u64, (&str, NotShown)> {
        let mut held = 0;
        for pointer in &self.must_be_empty {
            held += match pointer.held(shape) {
                Ok(count) => count,
                // An installation that leaves nulls out leaves out what is empty.
                Err(NotShown) if self.nulls == super::settings::Nulls::Omitted => 0,
                Err(not_shown) => return Err((pointer.as_str(), not_shown)),
            };
        }
        Ok(held)
    }
}

/// What the two lists say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listing {
    Anonymized,
    NotAnonymized,
    /// In neither list: mluvii's lists may lag behind.
    Nowhere,
    /// In both lists, or with sessions that were not asked for: the filters do nothing.
    Ignored,
}
