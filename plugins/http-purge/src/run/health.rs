//! Whether the system can be reached and accepts the credentials: the configured step, or the searches with somebody who
//! does not exist.

use std::collections::BTreeMap;

use quietus_plugin::http::Client;
use quietus_plugin::{Call, PluginError};

use super::answer::{Verdict, allowed};
use super::request::outgoing;
use super::{in_step, made_up};
use crate::plan::{Plan, Planned};
use crate::template::Values;

const ADVICE: &str = "add `health`, a request that reads and needs them";

/// Asks with the credentials, always. The error names the request that is not allowed.
pub(crate) fn health(plan: &Plan, client: &Client, call: &Call) -> Result<(), PluginError> {
    let has_token = client.access_token(call)?.is_some();
    if let Some(step) = &plan.health {
        return match check_step(step, client, call)? {
            Verdict::Ok => Ok(()),
            Verdict::Absent | Verdict::Retained => {
                Err(PluginError::needs_operator("the health step's address is not there"))
            }
        };
    }
    let searches: Vec<_> = plan.erase.iter().chain(&plan.verify).filter(|step| made_up::is_possible(step)).collect();
    // The token was given for the credentials.
    if searches.is_empty() && !has_token {
        return Err(PluginError::needs_operator(format!("nothing tells whether the credentials work: {ADVICE}")));
    }
    searches.into_iter().try_for_each(|step| search(step, client, call).map_err(|error| in_step(step, error)))
}

fn search(step: &Planned, client: &Client, call: &Call) -> Result<(), PluginError> {
    match made_up::look(step, client, call)? {
        true => Ok(()),
        false => {
            let text = format!("the system takes no made-up value, which tells nothing of the credentials: {ADVICE}");
            Err(PluginError::needs_operator(text))
        }
    }
}

/// Runs the health step because of a 404 elsewhere: where it is not there either, nothing is known.
pub(super) fn control(step: &Planned, client: &Client, call: &Call) -> Result<(), PluginError> {
    match check_step(step, client, call)? {
        Verdict::Ok => Ok(()),
        Verdict::Absent | Verdict::Retained => {
            let text = "even what is always there is answered not to be there: nothing can be said by this address";
            Err(in_step(step, PluginError::retryable(text)))
        }
    }
}

fn check_step(step: &Planned, client: &Client, call: &Call) -> Result<Verdict, PluginError> {
    let lists = BTreeMap::new();
    let values =
        Values { kinds: BTreeMap::new(), region: None, item: None, lists: &lists, idempotency_key: "", erasure: "" };
    let answer = outgoing(step, &values).and_then(|request| Ok(client.exchange(&request.to_read(), call)?));
    answer.and_then(|answer| allowed(step, &answer)).map_err(|error| in_step(step, error))
}
