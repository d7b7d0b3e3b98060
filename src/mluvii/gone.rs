//! A 404 by itself proves nothing. A session counts as missing when another one is found by the same route right
//! afterwards, and it is still missing after that.

use zeroize::Zeroizing;

use super::calls::Purpose;
use super::client::MluviiClient;
use super::control::Control;
use super::error::MluviiError;
use super::shape::Shape;
use super::wire;
use crate::subject::SessionId;

/// Whether mluvii holds a session.
#[derive(Debug)]
pub(super) enum Presence {
    /// Its reply, which is understood as this session's, and the shape of it.
    There {
        json: Zeroizing<Vec<u8>>,
        shape: Shape,
    },
    Absent(Absence),
}

/// What stands behind a 404.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// Another session was found by the same route in between.
    Proved,
    /// mluvii lists no session that would prove anything: good enough to say that it does not know a session, never that
    /// one is gone.
    Unproved,
}

impl MluviiClient {
    /// Reads a session; that it is missing has been proved. What cannot be understood or believed is an error.
    pub(super) async fn presence(&self, session: SessionId) -> Result<Presence, MluviiError> {
        if let Some(json) = self.read_session(session, Purpose::Work).await? {
            return self.there(json, session);
        }
        let control = self.looking_up_works(session).await?;
        // Read again after the control: an outage may have ended between the first 404 and the control, which would then
        // prove a 404 that it did not cover.
        match (self.read_session(session, Purpose::Control).await?, control) {
            (Some(json), _) => self.there(json, session),
            (None, Control::Works) => Ok(Presence::Absent(Absence::Proved)),
            (None, Control::NothingThere) => Ok(Presence::Absent(Absence::Unproved)),
        }
    }

    fn there(&self, json: Zeroizing<Vec<u8>>, session: SessionId) -> Result<Presence, MluviiError> {
        match wire::session_shape(&json, session, self.nulls) {
            Ok(shape) => {
                self.proofs.has_read(session);
                Ok(Presence::There { json, shape })
            }
            Err(wrong) => Err(MluviiError::Away(format!("{}: {wrong}", self.requests.look_up_session))),
        }
    }
}
