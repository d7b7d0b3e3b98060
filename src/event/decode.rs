//! mluvii's JSON, read tolerantly.

use super::Event;
use crate::keys::IndexKey;
use crate::subject::{SourceName, TenantId};
use crate::verify::Verified;

/// What a verified delivery turned out to be.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// Leads to work.
    Event(Event),
    /// An event type that leads to no work, or one that is not known: acknowledged and counted.
    Ignored,
    /// Of a tenant that the source does not list.
    ForeignTenant(TenantId),
    /// Not JSON, or an event that matters in a shape that is not known; the reason shows no content.
    Unreadable(&'static str),
}

/// Reads the body of a verified delivery.
pub(crate) fn decode(
    _verified: &Verified<'_>,
    _source: &SourceName,
    _tenants: &[TenantId],
    _key: &IndexKey,
) -> Decoded {
    Decoded::Ignored
}
