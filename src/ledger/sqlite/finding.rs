//! Finding sessions by what their guests have filled in: those of a person, and those that may be. Of a common name not all that carry
//! it are read: only those that may be theirs.

use std::collections::BTreeSet;

use rusqlite::{Connection, ToSql};

use super::LedgerError;
use super::names::{Names, Place};
use super::sessions::{OWN, fingerprints, one, views};
use crate::ledger::SessionView;
use crate::subject::{Fingerprinted, InstallationName};

/// The fingerprints that erased sessions had.
const BEFORE_ERASURE: &str = "consent_fingerprint";

/// The sessions that may be a person's.
pub(super) fn with(
    connection: &Connection,
    installation: &InstallationName,
    person: &[Fingerprinted],
) -> Result<Vec<SessionView>, LedgerError> {
    let places = places_with(connection, OWN, installation, person)?;
    views(connection, places)
}

/// The erased sessions that prove a consent and may have been a person's, with the fingerprints that they carried.
pub(super) fn erased_with(
    connection: &Connection,
    installation: &InstallationName,
    person: &[Fingerprinted],
) -> Result<Vec<SessionView>, LedgerError> {
    let mut all = Vec::new();
    for place in places_with(connection, BEFORE_ERASURE, installation, person)? {
        // A session that is not erased is found by the fingerprints that it has now.
        if let Some(view) = one(connection, place)?.filter(|view| view.erased_at.is_some()) {
            all.push(SessionView { fingerprints: fingerprints(connection, BEFORE_ERASURE, place)?, ..view });
        }
    }
    Ok(all)
}

/// A namesake's session is found by the name alone, where something else stands beside it that the person has another value of.
fn places_with(
    connection: &Connection,
    table: &str,
    installation: &InstallationName,
    person: &[Fingerprinted],
) -> Result<BTreeSet<Place>, LedgerError> {
    let Some(installation) = Names::Installation.known(connection, &installation.0)? else {
        return Ok(BTreeSet::new());
    };
    let marks = Fingerprinted::marks(person);
    let no_namesake: String = (3..3 + marks.len()).map(|mark| format!(" AND instr(beside, ?{mark}) = 0")).collect();
    let mut carrying = connection.prepare_cached(&format!(
        "SELECT installation, session FROM {table} WHERE fingerprint = ?1 AND installation = ?2{no_namesake}"
    ))?;
    let mut places = BTreeSet::new();
    for one in person {
        let mut values: Vec<&dyn ToSql> = vec![&one.fingerprint, &installation];
        values.extend(marks.iter().map(|mark| mark as &dyn ToSql));
        let found = carrying.query_map(values.as_slice(), Place::read)?;
        places.extend(found.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(places)
}
