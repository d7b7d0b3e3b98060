//! What sessions show that mluvii lists as anonymized.

use std::collections::BTreeMap;

use super::findings::Probe;
use super::sample::{Read, Sample};
use crate::mluvii::calls::Purpose;
use crate::mluvii::client::MluviiClient;
use crate::mluvii::left;
use crate::mluvii::pointer::Pointer;

/// Places that may be empty in an anonymized session; where they are, that can be verified.
const CANDIDATES: [&str; 8] = [
    "/guest/callParams/*",
    "/guest/identity",
    "/guest/tempId",
    "/guest/trackedId",
    "/guest/channelIdentity",
    "/guest/ipAddress",
    "/phoneCallbackNumber",
    "/feedback",
];

pub(super) async fn look(client: &MluviiClient, sample: &Sample, probe: &mut Probe) {
    let mut anonymized = Vec::new();
    let mut live = Vec::new();
    let mut undecided = 0;
    for read in &sample.sessions {
        let id = read.id.to_string();
        let yes = client.list_sessions(&client.requests.list_anonymized, &id, Purpose::Control).await;
        let no = client.list_sessions(&client.requests.list_not_anonymized, &id, Purpose::Control).await;
        match (yes.unwrap_or_default() == [read.id], no.unwrap_or_default() == [read.id]) {
            (true, false) => anonymized.push(read),
            (false, true) => live.push(read),
            _ => undecided += 1,
        }
    }
    let said =
        format!("{} sessions are anonymized, {} are not, {undecided} cannot be told", anonymized.len(), live.len());
    let what = "Anonymized.Null";
    match (anonymized.is_empty(), live.is_empty(), undecided) {
        (_, _, 1..) => probe.warning(what, format!("{said}: the two lists do not say the opposite of each other")),
        (false, false, 0) => probe.ok(what, said),
        _ => probe.unknown(what, format!("{said}; name one of each kind with --session")),
    }
    what_is_left(client, &anonymized, &live, probe);
}

fn what_is_left(client: &MluviiClient, anonymized: &[&Read], live: &[&Read], probe: &mut Probe) {
    let what = "what anonymized sessions show";
    if anonymized.is_empty() {
        probe.unknown(what, "no anonymized session is known; name one with --session");
        return;
    }
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for kind in anonymized.iter().flat_map(|read| left::in_session(&read.shape, &client.params).into_keys()) {
        *left.entry(kind).or_default() += 1;
    }
    let of = anonymized.len();
    let said = left.iter().map(|(kind, count)| format!("{kind} in {count}")).collect::<Vec<_>>().join(", ");
    match said.is_empty() {
        true => probe.ok(what, format!("nothing personal in {of} sessions")),
        false => probe.warning(what, format!("of {of} sessions: {said}; see `mluvii.accept_left`")),
    }
    // What is empty in each anonymized session and not in others is emptied by anonymizing.
    let held = |pointer: &Pointer, read: &&Read| pointer.held(&read.shape).unwrap_or(0) > 0;
    let emptied = CANDIDATES.iter().filter(|text| {
        let Ok(pointer) = Pointer::parse(text) else { return false };
        let shown = anonymized.iter().all(|read| pointer.held(&read.shape) == Ok(0));
        shown && live.iter().any(|read| held(&pointer, read))
    });
    let emptied: Vec<toml::Value> = emptied.map(|text| (*text).into()).collect();
    match emptied.is_empty() {
        true => probe.unknown("must_be_empty", "no place is known that anonymizing empties"),
        false => {
            probe.ok("must_be_empty", format!("anonymizing empties {} of {} places", emptied.len(), CANDIDATES.len()));
            probe.set("must_be_empty", toml::Value::Array(emptied));
        }
    }
}
