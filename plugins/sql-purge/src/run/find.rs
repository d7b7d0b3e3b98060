//! By what the configured statements know the person, for other systems. In a transaction in which the server lets nothing change.

use std::collections::BTreeSet;

use quietus_plugin::{Found, Kind, PluginError, Request};

use super::count::Turn;
use super::{Run, SCHEMA};
use crate::database::{Access, Serves, Session};
use crate::person::Person;
use crate::plan::Finds;
use crate::waiting::{Stop, attended};

impl Run<'_> {
    pub(crate) fn find(&self, request: &Request) -> Result<Found, PluginError> {
        let person = Person::of(request);
        let mut turns = Vec::new();
        for own in &self.plan.find {
            turns.extend(Turn::of(own, &own.finding.checked, &person)?);
        }
        // Where nobody can look by what is known of the person, nobody says that there is nothing.
        let asked: BTreeSet<&Kind> = turns.iter().map(|turn| &turn.own.returns).collect();
        let is_asked = self.plan.find.iter().all(|own| asked.contains(&own.returns));
        let found = if is_asked { Found::nothing() } else { Found::nothing().with_more() };
        if turns.is_empty() {
            return Ok(found);
        }
        let stop = Stop::default();
        attended(self.call, &stop, async {
            let mut session = self.connect(&stop).await?;
            for turn in &mut turns {
                let own = turn.own;
                let examined = session.examine(&own.finding.checked).await;
                examined.map_err(|e| e.in_statement_with(&own.name, SCHEMA))?;
                turn.keep_possible(&own.name, &mut session).await?;
            }
            let serves = session.begin(Access::Look, self.limits()).await.map_err(|e| e.anywhere())?;
            let mut found = found;
            for turn in &turns {
                self.call.check()?;
                for value in values(&mut session, turn).await? {
                    found = with(found, &turn.own.returns, value);
                }
            }
            session.close().await;
            Ok(match serves {
                Serves::Replica => found.with_more(),
                Serves::All | Serves::Ring | Serves::Hidden { .. } => found,
            })
        })
    }
}

/// The values of one statement, in an order that does not change.
async fn values(session: &mut Session, turn: &Turn<'_, Finds>) -> Result<Vec<String>, PluginError> {
    let own = turn.own;
    // No row can be the person's.
    if turn.aims.is_empty() {
        return Ok(Vec::new());
    }
    let aims: Vec<_> = turn.aims.iter().collect();
    // One more than may be, to see whether there are too many.
    let found = session.find(&own.finding.values(&aims, own.values_max + 1)).await;
    let mut found = found.map_err(|e| e.in_statement_with(&own.name, &own.finding.rights()))?;
    if found.len() > own.values_max {
        return Err(PluginError::permanent(format!(
            "statement `{}` finds more different values for one person than `values_max` allows ({}); nobody was told any",
            own.name, own.values_max
        )));
    }
    found.retain(|value| !value.trim().is_empty());
    found.sort();
    Ok(found)
}

/// What does not fit into the answer is more than it says.
fn with(found: Found, kind: &Kind, value: String) -> Found {
    if found.identifiers.len() == Found::IDENTIFIERS_MAX || value.len() > Found::VALUE_BYTES_MAX {
        return found.with_more();
    }
    found.identifier(kind, value)
}
