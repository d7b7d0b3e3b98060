//! The writes that mluvii was asked for. The stand-in forgets old calls, so they are fetched while there are more to come.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::StandIn;

/// Calls by their number.
#[derive(Default)]
pub(super) struct Calls {
    writes: BTreeMap<u64, Value>,
    /// Every call before this one has ended.
    from: u64,
}

impl Calls {
    /// Fetches those that are new, and those that were under way.
    pub(super) fn fetch(&mut self, standin: &StandIn) {
        let calls = standin.get(&standin.mluvii, &format!("/standin/calls?from={}", self.from));
        let number = |call: &Value| call["number"].as_u64().expect("a number");
        let calls = calls.as_array().expect("a list of calls");
        assert!(calls.first().is_none_or(|call| number(call) <= self.from), "some calls were forgotten already");
        let under_way = calls.iter().find(|call| call["ended"].is_null()).map(number);
        self.from = under_way.or(calls.last().map(|call| number(call) + 1)).unwrap_or(self.from);
        let writes = calls.iter().filter(|call| call["path"].as_str().is_some_and(|path| path.ends_with("/anonymous")));
        self.writes.extend(writes.map(|call| (number(call), call.clone())));
    }

    /// All that were fetched, in their order.
    pub(super) fn writes(&self) -> Vec<Value> {
        self.writes.values().cloned().collect()
    }
}
