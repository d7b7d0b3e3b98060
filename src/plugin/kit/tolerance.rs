//! Checks of what makes versions live together: fields and messages that it does not know, and hosts of other versions.

use quietus_plugin::protocol::Reply;
use serde_json::{Value, json};

use super::bench::{Bench, Method, lost_during};
use super::finding::{Checked, Not};
use super::person::{Person, fresh_key};
use super::tested::Form;
use super::wire::{HelloFrom, Reaction, Storing, Wire};
use crate::plugin::launch::{HostVersion, Launch};

pub(super) async fn run(bench: &mut Bench<'_>) {
    bench.check("unknown-fields", "fields that it does not know are ignored in every message", fields).await;
    bench.check("unknown-messages", "a message that it does not know is answered `unsupported`", messages).await;
    bench.check("stray-messages", "messages that need no answer are ignored", strays).await;
    bench.check("later-host", "a host of a later minor version is as good as this one", later_host).await;
    bench.check("earlier-host", "a host of protocol 1.0 and ABI 1.0 is as good as this one", earlier_host).await;
}

const IGNORE: &str = "ignore what a later version may add";

/// What a later version could add to any message.
fn more() -> Value {
    json!({ "kit_text": "x", "kit_list": [1, null, { "kit": true }], "minor": 9 })
}

async fn fields(bench: &mut Bench<'_>) -> Checked {
    bench.fresh().await?.end().await;
    let person = Person::nobody(bench.manifest()?);
    person.register(&bench.scanner);
    let mut wire = start(bench)?;
    let ended = with_more(bench, &mut wire, &person).await;
    wire.end().await;
    ended
}

async fn with_more(bench: &Bench<'_>, wire: &mut Wire, person: &Person) -> Checked {
    let lost = |lost| match lost_during("messages with unknown fields", &lost) {
        Not::Failed { why, .. } => Not::failed(why, IGNORE),
        skipped => skipped,
    };
    let refused = |error| Not::failed(bench.shown_error(&error), IGNORE);
    if let Reaction::Refused(error) = wire.hello(&bench.subject.launch(), more()).await.map_err(lost)? {
        return Err(refused(error));
    }
    let secrets = bench.subject.exposed_secrets();
    if let Reaction::Refused(error) = wire.configure(&bench.subject.config(), secrets, more()).await.map_err(lost)? {
        return Err(refused(error));
    }
    let mut request = person.request(&fresh_key(), false);
    request["kit_more"] = more();
    for identifier in request["identifiers"].as_array_mut().into_iter().flatten() {
        identifier["kit_more"] = more();
    }
    let reply = wire.call("erase", request, bench.longest(Method::Erase)).await.map_err(lost)?;
    if let Reply::Unsupported = reply {
        return Err(Not::failed("`erase` with unknown fields is not supported", IGNORE));
    }
    Ok(None)
}

async fn messages(bench: &mut Bench<'_>) -> Checked {
    let longest = bench.longest(Method::Erase);
    let wire = bench.ready().await?;
    let lost = |lost| lost_during("a message of an unknown type", &lost);
    let id = wire.fresh_id();
    wire.send(&json!({ "type": "quietus_kit", "id": id, "kit": more() })).await.map_err(lost)?;
    match wire.answer(id, longest).await.map_err(lost)? {
        Reply::Unsupported => {}
        _ => {
            let advice = "answer {\"type\":\"unsupported\",\"id\":…,\"what\":…}";
            return Err(Not::failed("it was answered as if it were known", advice));
        }
    }
    bench.still_lives("a message of an unknown type").await?;
    Ok(None)
}

async fn strays(bench: &mut Bench<'_>) -> Checked {
    let wire = bench.ready().await?;
    let never = wire.fresh_id();
    for stray in [
        json!({ "type": "cancel", "id": never }),
        json!({ "type": "unsupported", "what": "quietus_kit" }),
        json!({ "type": "unsupported", "id": never, "what": "quietus_kit" }),
    ] {
        wire.send(&stray).await.map_err(|lost| lost_during("a stray message", &lost))?;
    }
    bench.still_lives("stray messages").await?;
    Ok(None)
}

async fn later_host(bench: &mut Bench<'_>) -> Checked {
    bench.fresh().await?.end().await;
    if bench.subject.form() == Form::Exec {
        return Err(Not::skipped("to a program, a later host is one that says more: see `unknown-fields`"));
    }
    let person = Person::nobody(bench.manifest()?);
    person.register(&bench.scanner);
    let mut wire = start(bench)?;
    let ended = with_later_host(bench, &mut wire, &person).await;
    wire.end().await;
    ended
}

async fn with_later_host(bench: &Bench<'_>, wire: &mut Wire, person: &Person) -> Checked {
    let advice = "take a host whose `struct_size` and `abi_minor` are greater than yours: it begins with what you know";
    let during = "a start by a later host";
    let lost = |lost| match lost_during(during, &lost) {
        Not::Failed { why, .. } => Not::failed(why, advice),
        skipped => skipped,
    };
    let refused = |error| Not::failed(format!("during {during}: {}", bench.shown_error(&error)), advice);
    let launch = Launch { host: HostVersion::Later, ..bench.subject.launch() };
    if let Reaction::Refused(error) = wire.hello(&launch, Value::Null).await.map_err(lost)? {
        return Err(refused(error));
    }
    let secrets = bench.subject.exposed_secrets();
    if let Reaction::Refused(error) =
        wire.configure(&bench.subject.config(), secrets, Value::Null).await.map_err(lost)?
    {
        return Err(refused(error));
    }
    let longest = bench.longest(Method::Erase);
    wire.call("erase", person.request(&fresh_key(), false), longest).await.map_err(lost)?;
    Ok(None)
}

async fn earlier_host(bench: &mut Bench<'_>) -> Checked {
    bench.fresh().await?.end().await;
    let person = Person::nobody(bench.manifest()?);
    person.register(&bench.scanner);
    let mut wire = start(bench)?;
    let ended = with_earlier_host(bench, &mut wire, &person).await;
    wire.end().await;
    ended
}

async fn with_earlier_host(bench: &Bench<'_>, wire: &mut Wire, person: &Person) -> Checked {
    let advice = "work without what the host's `hello` and its table do not offer: keep checkpoints in memory";
    let during = "a start by an earlier host";
    let lost = |lost| match lost_during(during, &lost) {
        Not::Failed { why, .. } => Not::failed(why, advice),
        skipped => skipped,
    };
    let refused = |error| Not::failed(format!("during {during}: {}", bench.shown_error(&error)), advice);
    let launch = Launch { host: HostVersion::Earlier, ..bench.subject.launch() };
    wire.storing = Storing::Unknown;
    let hello = wire.hello_from(HelloFrom::EarlierHost, &launch, Value::Null).await.map_err(lost)?;
    if let Reaction::Refused(error) = hello {
        return Err(refused(error));
    }
    let secrets = bench.subject.exposed_secrets();
    if let Reaction::Refused(error) =
        wire.configure(&bench.subject.config(), secrets, Value::Null).await.map_err(lost)?
    {
        return Err(refused(error));
    }
    let longest = bench.longest(Method::Erase);
    match wire.call("erase", person.request(&fresh_key(), false), longest).await.map_err(lost)? {
        Reply::Error { error } if wire.refused > 0 => Err(refused(error)),
        _ => Ok(None),
    }
}

fn start(bench: &Bench<'_>) -> Result<Wire, Not> {
    let started = Wire::start(&bench.subject, &bench.scanner);
    started.map_err(|e| Not::failed(format!("cannot start its process: {e}"), "see the check `file-loads`"))
}
