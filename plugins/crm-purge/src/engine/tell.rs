//! By which of its own ids the vendor knows the person, for other systems. Only of records that an erasure would call the person's.

use quietus_plugin::{Call, Found, PluginError, Request};

use super::setup::Engine;
use crate::choice::By;

impl Engine {
    /// The ids. Records that only a person can judge are more than that.
    pub(crate) fn tell(&self, request: &Request, call: &Call<'_>) -> Result<Found, PluginError> {
        let Some(kind) = &self.returns else { return Ok(Found::nothing()) };
        let mut asked = self.asked(request, call);
        let all = asked.wanted.len();
        // Whoever shares the number would be erased by this id in other systems, whose receipts could not say so.
        if self.scope.rules.phone_alone {
            asked.wanted.retain(|wanted| wanted.by() != By::Phone);
        }
        let is_left_out = asked.wanted.len() < all;
        if asked.wanted.is_empty() {
            return Ok(Found::nothing().with_more());
        }
        let people = self.people(&asked, call)?;
        let is_person = |id: &String| self.vendor.person(id.clone());
        let ids = people.theirs.iter().filter(|record| is_person(&record.id).object == record.object);
        let ids: Vec<_> = ids.map(|record| &record.id).collect();
        let told = ids.iter().take(Found::IDENTIFIERS_MAX);
        let found = told.fold(Found::nothing(), |found, id| found.identifier(kind, *id));
        let is_more = is_left_out || !people.unclear.is_empty() || ids.len() > Found::IDENTIFIERS_MAX;
        Ok(if is_more { found.with_more() } else { found })
    }
}
