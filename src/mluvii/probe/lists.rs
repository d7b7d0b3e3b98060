//! Whether mluvii's lists heed what is asked of them.

use std::collections::BTreeSet;

use reqwest::Method;

use super::findings::Probe;
use super::sample::Sample;
use crate::mluvii::client::MluviiClient;
use crate::mluvii::proofs::{Filters, NOBODY};
use crate::mluvii::settings::GuestIdField;
use crate::mluvii::template::percent_encode;
use crate::mluvii::wire::{self, Listed};
use crate::subject::GuestId;

/// Whether the lists of anonymized sessions heed the session's id.
pub(super) async fn session_filter(client: &MluviiClient, probe: &mut Probe) {
    let what = "SessionId";
    match client.filters().await {
        Ok(Filters::Heeded) => probe.ok(what, "an impossible id gives an empty list"),
        Ok(Filters::Ignored) => {
            probe
                .warning(what, "an impossible id lists sessions: the filter is ignored, nothing can be verified by it");
        }
        Err(error) => probe.warning(what, error.to_string()),
    }
}

/// Which of a guest's ids the guest filters take.
pub(super) async fn guest_filters(client: &MluviiClient, sample: &Sample, probe: &mut Probe) {
    for filter in ["ClientId", "ChannelIdentityId"] {
        match guest_filter(client, sample, filter).await {
            Some(field) => {
                probe.ok(
                    filter,
                    format!(
                        "an impossible id gives an empty list, and guest.{} lists the guest's own sessions",
                        field.as_str()
                    ),
                );
                if filter == "ClientId" && field == GuestIdField::Identity {
                    let path = client.requests.control_list.bare_path();
                    let template = format!("GET {path}?ClientId={{id}}&limit=200&offset={{offset}}");
                    probe.set("search.sessions_of_guest", template.into());
                }
            }
            None => {
                probe.unknown(filter, "no id of the sessions that were read lists that guest's sessions and no other")
            }
        }
    }
}

async fn guest_filter(client: &MluviiClient, sample: &Sample, filter: &str) -> Option<GuestIdField> {
    if !listed(client, &format!("{filter}={NOBODY}&limit=5")).await?.is_empty() {
        return None;
    }
    for field in GuestIdField::ALL {
        for read in &sample.sessions {
            let Some(id) = read.guest(field) else { continue };
            let GuestId(id) = &id;
            let Some(listed) = listed(client, &format!("{filter}={}&limit=20", percent_encode(id))).await else {
                continue;
            };
            let same = |one: &Listed| {
                field != GuestIdField::Identity || one.guest.as_ref().is_some_and(|guest| guest.0 == *id)
            };
            if listed.iter().any(|one| one.id == read.id) && listed.iter().all(same) {
                return Some(field);
            }
        }
    }
    None
}

/// How long pages may be, and whether the next one follows.
pub(super) async fn pages(client: &MluviiClient, probe: &mut Probe) {
    let mut most = 0;
    let mut said = Vec::new();
    for limit in [200, 1000, 5000] {
        let Some(page) = listed(client, &format!("limit={limit}&offset=0")).await else {
            said.push(format!("limit={limit} is refused"));
            break;
        };
        said.push(format!("limit={limit} gives {}", page.len()));
        // There are no more, or no more are given: a larger limit would say nothing new.
        if page.len() < limit {
            break;
        }
        most = limit;
    }
    let said = said.join(", ");
    if most > 0 {
        probe.ok("limit", said)
    } else {
        probe.unknown("limit", format!("{said}; there may be no more"))
    }
    let first = listed(client, "limit=2&offset=0").await.unwrap_or_default();
    let second = listed(client, "limit=2&offset=2").await.unwrap_or_default();
    let ids = |page: &[Listed]| page.iter().map(|one| one.id).collect::<BTreeSet<_>>();
    match (first.len(), second.is_empty()) {
        (2, false) if ids(&first).is_disjoint(&ids(&second)) => probe.ok("offset", "the next page has other sessions"),
        (2, false) => probe.warning("offset", "the next page has the same sessions: the offset is ignored"),
        (0..=2, _) => probe.unknown("offset", "there are too few sessions"),
        _ => probe.warning("offset", "limit=2 gives more than two sessions: the limit is ignored"),
    }
}

/// A list with this query; `None` when it is not answered as a list.
async fn listed(client: &MluviiClient, query: &str) -> Option<Vec<Listed>> {
    let path = client.requests.control_list.bare_path();
    let tried = client.try_out(Method::GET, &format!("{path}?{query}"), "a list of sessions").await.ok()?;
    wire::listed(&tried.body?)
}
