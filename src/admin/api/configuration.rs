//! The configuration by which the server that is asked works.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::answer::{Answer, Done};
use crate::admin::caller::{By, Operate};
use crate::admin::ending::to_its_end;
use crate::admin::given::Body;
use crate::admin::problem::{Code, Problem};
use crate::admin::state::Admin;
use crate::operations::configuration::{self, NotReloaded};

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new().api_route(
        "/api/v1/configuration/reload",
        post_with(reload, |op| {
            op.id("reload_configuration")
                .summary("Have this server take its configuration file anew: all of it, or nothing")
        }),
    )
}

/// That it is meant: the order names nothing by which a mistaken one would be noticed, so that it has a body.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReloadConfiguration {}

/// What a reload has changed.
#[derive(Debug, Serialize, JsonSchema)]
struct ReloadedConfiguration {
    /// The keys, without what stands there; none where nothing is another.
    changed: Vec<String>,
    /// Rules that are new or changed and wait for a person, as they would erase too much.
    waiting_rules: Vec<String>,
}

async fn reload(
    by: By<Operate>,
    Body(ReloadConfiguration {}): Body<ReloadConfiguration>,
) -> Answer<ReloadedConfiguration> {
    by.sees_all()?;
    let reloading =
        async move { configuration::reload(by.admin.configuration(), &by.actor()).await.map_err(Problem::from) };
    let done = to_its_end(reloading).await?.map_err(|not_reloaded| refused(&not_reloaded))?;
    Ok(Done(ReloadedConfiguration { changed: done.changed, waiting_rules: done.waiting_rules }))
}

/// Why the server works by the configuration that it had. Who reloads it is an operator, and learns what is wrong with it.
fn refused(why: &NotReloaded) -> Problem {
    let code = match why {
        NotReloaded::Wrong { .. } | NotReloaded::NeedsRestart { .. } => Code::Conflict,
        NotReloaded::NotNow { .. } => Code::Unavailable,
    };
    Problem::new(code, format!("the server works by the configuration that it had: {}", why.reason()))
}
