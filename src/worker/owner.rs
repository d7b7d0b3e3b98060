//! Whose a session is: of a tenant of ours, or of another one of the same company.

use super::failure::Failure;
use super::look_up::{Seen, Times};
use super::parts::Worker;
use super::patience::Awaited;
use crate::subject::{SessionKey, SourceName, TenantId};

/// Whose a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Ours,
    /// Of this tenant of ours, as its department says.
    Tenant(TenantId),
    Foreign,
}

impl Worker {
    /// Whose the session is that a source told of, and a tenant if a delivery named one. A form names none, so the session's department decides, once it is proved that the two
    /// agree at this installation.
    pub(super) async fn owner(
        &self,
        key: &SessionKey,
        source: &SourceName,
        tenant: Option<TenantId>,
        seen: &Seen,
        times: Times,
    ) -> Result<Owner, Failure> {
        let ours = self.tenants.get(source).map_or(&[][..], Vec::as_slice);
        // A delivery that names a tenant of somebody else's is never recorded (`http`), so one with a tenant is ours.
        if ours.is_empty() || tenant.is_some() {
            return Ok(Owner::Ours);
        }
        let facts = match seen {
            // Its settling will look.
            Seen::NotLooked => return Ok(Owner::Ours),
            Seen::Unknown(_) => {
                // `read` has waited for all of the patience.
                let why = "mluvii does not show the session, so it is not known whose it is";
                return Err(Failure::Permanent(why.to_owned()));
            }
            Seen::Read(facts) => facts,
        };
        let Some(department) = facts.department else {
            let why = "mluvii's reply names no department, so it is not known whose the session is";
            return Err(self.missed(key, Awaited::Owner, times, why));
        };
        let proved = self.records.installation(&key.installation).await?.tenants_are_departments;
        let Some(owner) = owner_by(department, ours, proved) else {
            let why = "the session names no tenant, and its department does not tell it";
            return Err(self.missed(key, Awaited::Owner, times, why));
        };
        self.patience.found(key, Awaited::Owner);
        Ok(owner)
    }
}

/// Whose a session of this department is; `None` as long as no session has proved that departments are tenants here: one
/// that has the number of a tenant of ours may be of any tenant until then.
fn owner_by(department: TenantId, ours: &[TenantId], proved: Option<bool>) -> Option<Owner> {
    let is_ours = ours.contains(&department);
    match proved {
        Some(true) => Some(if is_ours { Owner::Tenant(department) } else { Owner::Foreign }),
        Some(false) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_department_tells_whose_a_session_is_once_that_is_proved() {
        let ours = [TenantId(62)];
        let owner = |department, proved| owner_by(TenantId(department), &ours, proved);
        assert_eq!(owner(62, Some(true)), Some(Owner::Tenant(TenantId(62))));
        assert_eq!(owner(63, Some(true)), Some(Owner::Foreign));
        for proved in [None, Some(false)] {
            assert_eq!((owner(62, proved), owner(63, proved)), (None, None), "{proved:?}");
        }
    }
}
