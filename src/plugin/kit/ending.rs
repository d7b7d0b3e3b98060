//! Checks of the end: asked to, the plugin ends by itself, in time, and leaves nothing behind.

use serde_json::json;

use super::bench::{Bench, Method, lost_during};
use super::finding::{Checked, Not};
use super::person::{Person, fresh_key};
use super::usage::left_in_group;
use super::wire::Wire;
use crate::plugin::process::describe;
use crate::plugin::session::CANCEL_GRACE;

pub(super) async fn run(bench: &mut Bench<'_>) {
    let mut group = None;
    bench
        .check("shutdown-in-time", "asked to end, it ends within 2 s with exit code 0", async |bench| {
            let mut wire = worked(bench).await?;
            let process = wire.process();
            let ended = shut_down(&mut wire).await;
            // Counted before the group is killed.
            group = process.map(left_in_group);
            wire.end().await;
            ended
        })
        .await;
    let sentence = "it leaves no process behind when it ends";
    bench.check("shutdown-leaves-nothing", sentence, async |_| left(group)).await;
}

/// A process that has done a call.
async fn worked(bench: &mut Bench<'_>) -> Result<Wire, Not> {
    bench.restart().await;
    let mut wire = bench.fresh().await?;
    let person = Person::nobody(bench.manifest()?);
    person.register(&bench.scanner);
    let call = wire.call("erase", person.request(&fresh_key(), false), bench.longest(Method::Erase)).await;
    call.map_err(|lost| lost_during("`erase`", &lost))?;
    Ok(wire)
}

async fn shut_down(wire: &mut Wire) -> Checked {
    let advice = "end when the last call is done; give threads of your own a way to end";
    wire.send(&json!({ "type": "shutdown" })).await.map_err(|lost| lost_during("`shutdown`", &lost))?;
    match wire.ended(CANCEL_GRACE).await {
        Some(status) if status.success() => Ok(None),
        Some(status) => Err(Not::failed(format!("it ended with {}", describe(status)), advice)),
        None => Err(Not::failed("it did not end within 2 s, so that it would be killed", advice)),
    }
}

fn left(group: Option<usize>) -> Checked {
    match group {
        None => Err(Not::skipped("it was not asked to end")),
        Some(0) => Ok(None),
        Some(left) => {
            let advice = "wait for every process that it starts";
            Err(Not::failed(format!("{left} of its processes still live"), advice))
        }
    }
}
