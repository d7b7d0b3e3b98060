//! Some sessions of the installation, read for the shape of their replies.

use zeroize::Zeroizing;

use super::findings::Probe;
use crate::mluvii::calls::Purpose;
use crate::mluvii::client::MluviiClient;
use crate::mluvii::error::MluviiError;
use crate::mluvii::settings::GuestIdField;
use crate::mluvii::shape::Shape;
use crate::mluvii::wire;
use crate::subject::{GuestId, SessionId};

/// Sessions that are read at most.
const SESSIONS_MAX: usize = 12;

/// Sessions that were read.
pub(super) struct Sample {
    pub(super) sessions: Vec<Read>,
}

/// A session's reply.
pub(super) struct Read {
    pub(super) id: SessionId,
    pub(super) shape: Shape,
    json: Zeroizing<Vec<u8>>,
}

impl Read {
    /// One of the guest's ids.
    pub(super) fn guest(&self, field: GuestIdField) -> Option<GuestId> {
        wire::guest_id(&self.json, field)
    }

    /// The department's id.
    pub(super) fn department(&self) -> Option<String> {
        wire::department(&self.json).map(|department| department.0.to_string())
    }

    fn has(&self, path: &[&str]) -> bool {
        path.iter().try_fold(&self.shape, |shape, name| shape.field(name)).is_some()
    }
}

impl Sample {
    /// Reads the named sessions and those of the control list.
    pub(super) async fn take(
        client: &MluviiClient,
        named: &[SessionId],
        probe: &mut Probe,
    ) -> Result<Self, MluviiError> {
        let mut ids = named.to_vec();
        ids.extend(listed(client, probe).await?);
        let mut sample = Self { sessions: Vec::new() };
        let mut not_read = 0;
        for id in ids {
            if sample.sessions.len() >= SESSIONS_MAX || sample.sessions.iter().any(|read| read.id == id) {
                continue;
            }
            let json = client.read_session(id, Purpose::Control).await?;
            let read = json.and_then(|json| Some((Shape::read(&json)?, json)));
            match read.filter(|(shape, _)| shape.field("id").is_some()) {
                Some((shape, json)) => sample.sessions.push(Read { id, shape, json }),
                None => not_read += 1,
            }
        }
        if not_read > 0 {
            probe.warning("sessions", format!("{not_read} sessions could not be read (404, or no session's reply)"));
        }
        Ok(sample)
    }

    /// What the replies show of nulls, tenants and ids.
    pub(super) fn examine(&self, client: &MluviiClient, probe: &mut Probe) {
        let of = self.sessions.len();
        if of == 0 {
            for what in ["nulls", "departmentId", "guest ids"] {
                probe.unknown(what, "no session could be read");
            }
            return;
        }
        self.nulls(client, probe);
        let with_department = self.sessions.iter().filter(|read| read.department().is_some()).count();
        let said = format!("{with_department} of {of} sessions have a departmentId");
        if with_department == of {
            probe.ok("departmentId", said)
        } else {
            probe.warning("departmentId", said)
        }
        let counted = GuestIdField::ALL.map(|field| {
            let count = self.sessions.iter().filter(|read| read.guest(field).is_some()).count();
            format!("{} in {count}", field.as_str())
        });
        let used = self.sessions.iter().any(|read| read.guest(client.guest_id).is_some());
        let said = format!("of {of} sessions: {}", counted.join(", "));
        if used { probe.ok("guest ids", said) } else { probe.warning("guest ids", said) }
    }

    fn nulls(&self, client: &MluviiClient, probe: &mut Probe) {
        let of = self.sessions.len();
        let keyed = self.sessions.iter().filter(|read| read.has(&["guest", "gdprVersion"])).count();
        let null = self.sessions.iter().filter(|read| has_null(&read.shape)).count();
        let said =
            format!("{keyed} of {of} sessions have the key guest.gdprVersion, {null} have some key that is null");
        let found = match (keyed == of, null > 0) {
            (true, true) => Some("explicit"),
            // All have a version, and nothing is null: it may be either.
            (true, false) => None,
            (false, false) => Some("omitted"),
            (false, true) => {
                probe.warning("nulls", format!("{said}: this installation writes some nulls and leaves out others"));
                return;
            }
        };
        let Some(found) = found else {
            probe.unknown("nulls", format!("{said}: look at a session without consent"));
            return;
        };
        probe.set("nulls", found.into());
        let set = if client.nulls == crate::mluvii::settings::Nulls::Explicit { "explicit" } else { "omitted" };
        if found == set {
            probe.ok("nulls", said);
        } else {
            probe.warning("nulls", format!("{said}: `mluvii.nulls` is \"{set}\" and should be \"{found}\""));
        }
    }
}

/// The sessions of the control list, and what its shape is.
async fn listed(client: &MluviiClient, probe: &mut Probe) -> Result<Vec<SessionId>, MluviiError> {
    let request = &client.requests.control_list;
    let json = client.list(request, &[], Purpose::Control).await?;
    let (Some(listed), Some(shape)) = (wire::listed(&json), Shape::read(&json)) else {
        probe.warning("list", format!("{request}: the reply is not a list of sessions"));
        return Ok(Vec::new());
    };
    let is_whole = listed.iter().zip(elements(&shape)).all(|(_, one)| one.field("guest").is_some());
    let shape = if matches!(shape, Shape::List(_)) { "a bare array" } else { "an array inside an object" };
    let of = if is_whole { "whole sessions" } else { "sessions without their guests" };
    match listed.is_empty() {
        true => probe.unknown("list", "mluvii lists no session yet; run this again when there are some"),
        false => probe.ok("list", format!("the list of sessions is {shape} of {of}")),
    }
    Ok(listed.into_iter().map(|one| one.id).collect())
}

/// The elements of a list, bare or wrapped.
fn elements(shape: &Shape) -> &[Shape] {
    let wrapped = shape.members().iter().map(|(_, member)| member.elements()).find(|elements| !elements.is_empty());
    if let Shape::List(elements) = shape { elements } else { wrapped.unwrap_or_default() }
}

fn has_null(shape: &Shape) -> bool {
    match shape {
        Shape::Null => true,
        Shape::Object(members) => members.iter().any(|(_, member)| has_null(member)),
        Shape::List(elements) => elements.iter().any(has_null),
        _ => false,
    }
}
