//! Checks of time: calls that are cancelled, calls without time, calls at once.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::bench::{Bench, Method, lost_during};
use super::finding::{Checked, Not};
use super::person::{Person, fresh_key};
use crate::plugin::session::CANCEL_GRACE;

/// Calls at once, whatever a manifest says.
pub(super) const AT_ONCE_MAX: u32 = 64;

pub(super) async fn run(bench: &mut Bench<'_>) {
    bench.check("cancel-honoured", "a call that is cancelled is answered within 2 s", cancelled).await;
    bench.check("deadline-kept", "a call without time is answered within 2 s, and the process lives", deadline).await;
    let sentence = "as many calls at once as it declares are all answered, each by its own id";
    bench.check("calls-at-once", sentence, at_once).await;
}

const LOOK_AWAY: &str = "ask between two steps whether the call is cancelled (`call.check()?`), and give each request to a system a timeout";

async fn cancelled(bench: &mut Bench<'_>) -> Checked {
    let person = Person::named(&bench.subject, bench.manifest()?);
    let longest = bench.longest(Method::Erase);
    give_up(bench, &person, longest, "a call that was cancelled").await
}

async fn deadline(bench: &mut Bench<'_>) -> Checked {
    let person = Person::named(&bench.subject, bench.manifest()?);
    give_up(bench, &person, Duration::from_millis(1), "a call with 1 ms").await
}

/// Begins a call and cancels it, as the host does when its time is over.
async fn give_up(bench: &mut Bench<'_>, person: &Person, longest: Duration, what: &str) -> Checked {
    person.register(&bench.scanner);
    let wire = bench.ready().await?;
    let lost = |lost| match lost_during(what, &lost) {
        Not::Failed { why, .. } => Not::failed(why, LOOK_AWAY),
        skipped => skipped,
    };
    let id = wire.begin("erase", person.request(&fresh_key(), false), longest).await.map_err(lost)?;
    wire.send(&json!({ "type": "cancel", "id": id })).await.map_err(lost)?;
    wire.answer(id, CANCEL_GRACE).await.map_err(lost)?;
    bench.still_lives(what).await?;
    Ok(None)
}

async fn at_once(bench: &mut Bench<'_>) -> Checked {
    let declared = bench.manifest()?.max_concurrency.min(AT_ONCE_MAX);
    if declared <= 1 {
        return Err(Not::skipped("it declares one call at once"));
    }
    let longest = bench.longest(Method::Erase);
    let people: Vec<_> = (0..declared).map(|_| bench.manifest().map(Person::nobody)).collect::<Result<_, _>>()?;
    // Some of them, as every value that is listened for takes time.
    people.iter().take(4).for_each(|person| person.register(&bench.scanner));
    let wire = bench.ready().await?;
    let lost = |lost| lost_during("calls at once", &lost);
    let mut open = BTreeSet::new();
    for person in &people {
        open.insert(wire.begin("erase", person.request(&fresh_key(), false), longest).await.map_err(lost)?);
    }
    while !open.is_empty() {
        let (id, _) = wire.any_answer(longest + CANCEL_GRACE).await.map_err(lost)?;
        if !open.remove(&id) {
            let advice = "answer each call once, by the id that it came with";
            return Err(Not::failed(format!("it answered call {id}, which was not under way"), advice));
        }
    }
    bench.still_lives("calls at once").await?;
    Ok(Some(format!("{declared} calls")))
}
