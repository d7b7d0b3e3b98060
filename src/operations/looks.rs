//! Looks at what is known of a session, a guest or a person: the audit names each before it is answered, so that where it cannot be written
//! down, nothing is shown.

use super::erasures::About;
use super::person::note_search;
use super::{OperationError, Operations};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};

/// Writes down a look at so many `records`. A session is named by its number. A guest's id may be somebody's name, and is kept nowhere; nor
/// are a person's identifiers, as looking for a person is a search.
pub(super) async fn note_look(
    on: &Operations,
    act: Act,
    records: &'static str,
    about: &About,
    found: usize,
    by: &Actor,
) -> Result<(), OperationError> {
    let object = match about {
        About::Person { installation, identifiers } => {
            return note_search(on, records, installation.as_ref(), identifiers, found, by).await;
        }
        About::Session(key) => Object::session(&on.session_key(key)?),
        About::Guest { installation, .. } => Object::company(&on.installation(installation)?.name),
    };
    let entry = AuditEntry::new(by, act, object, ActResult::Done);
    Ok(on.ledger.note(entry.with("found", found as u64)).await?)
}
