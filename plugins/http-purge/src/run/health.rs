//! Whether the system can be reached and accepts the credentials: the configured step, or the searches with somebody who
//! does not exist.

use std::collections::BTreeMap;

use quietus_plugin::http::Client;
use quietus_plugin::{Call, PluginError};

use super::answer::{Page, Verdict, allowed};
use super::request::outgoing;
use super::{in_step, made_up};
use crate::plan::{Holder, Plan, Planned};
use crate::template::Values;

const ADVICE: &str = "add `health`, a request that reads and needs them";

/// Asks with the credentials, always. The error names the request that is not allowed.
pub(crate) fn health(plan: &Plan, client: &Client, call: &Call) -> Result<(), PluginError> {
    let has_token = client.access_token(call)?.is_some();
    if let Some(step) = &plan.health {
        return match shows(step, client, call)? {
            true => Ok(()),
            false => Err(PluginError::needs_operator(format!(
                "the answer to {} does not show what `items` names, which only an answer to the right credentials has: check \
                 `base_url`, `auth` and its secret",
                step.shown
            ))),
        };
    }
    let steps = plan.erase.iter().chain(&plan.verify).chain(&plan.find);
    let searches: Vec<_> = steps.filter(|step| made_up::is_possible(step)).collect();
    // The token was given for the credentials.
    if searches.is_empty() && !has_token {
        return Err(PluginError::needs_operator(format!("nothing tells whether the credentials work: {ADVICE}")));
    }
    searches.into_iter().try_for_each(|step| search(step, client, call).map_err(|error| in_step(step, error)))
}

fn search(step: &Planned, client: &Client, call: &Call) -> Result<(), PluginError> {
    match made_up::look(step, None, client, call)? {
        true => Ok(()),
        false => {
            let text = format!("the system takes no made-up value, which tells nothing of the credentials: {ADVICE}");
            Err(PluginError::needs_operator(text))
        }
    }
}

/// Runs the health step because of a 404 elsewhere: where it does not show what it should either, nothing is known.
pub(super) fn control(step: &Planned, client: &Client, call: &Call) -> Result<(), PluginError> {
    match shows(step, client, call)? {
        true => Ok(()),
        false => {
            let text = "even what is always there is answered not to be there: nothing can be said by this address";
            Err(in_step(step, PluginError::retryable(text)))
        }
    }
}

/// Whether the answer has what only one to the right credentials has: the list, or a value that is not null.
fn shows(step: &Planned, client: &Client, call: &Call) -> Result<bool, PluginError> {
    let lists = BTreeMap::new();
    let values =
        Values { kinds: BTreeMap::new(), region: None, item: None, lists: &lists, idempotency_key: "", erasure: "" };
    let ask = || -> Result<bool, PluginError> {
        let answer = client.exchange(&outgoing(step, &values)?.to_read(), call)?;
        if allowed(step, &answer, client)? != Verdict::Ok {
            return Ok(false);
        }
        let page = Page::read(step, &answer, &values)?;
        let is_one = step.results.items.as_ref().is_some_and(|items| matches!(items.holder, Holder::Value));
        Ok(!is_one || page.results > 0)
    };
    ask().map_err(|error| in_step(step, error))
}
