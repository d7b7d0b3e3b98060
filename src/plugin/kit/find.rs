//! Checks of `find`, where it is declared: it returns what the manifest allows it to return, and changes nothing.

use std::time::Duration;

use quietus_plugin::Operation;
use quietus_plugin::protocol::Reply;

use super::bench::{Bench, lost_during};
use super::finding::{Checked, Not};
use super::person::{Person, fresh_key};
use super::usage::Files;
use crate::plugin::contract::returned_kinds;
use crate::plugin::reading::of_found;
use crate::target::Found;

pub(super) async fn run(bench: &mut Bench<'_>) {
    let sentence = "`find` is answered with identifiers of the kinds that the manifest names";
    bench.check("find-answers", sentence, answers).await;
    bench.check("find-repeats", "`find` says twice the same and changes no file", repeats).await;
}

async fn find(bench: &mut Bench<'_>) -> Result<Found, Not> {
    if !bench.can(&Operation::Find)? {
        return Err(Not::skipped("it does not declare `find`"));
    }
    let kinds = returned_kinds(bench.manifest()?, &bench.subject.config());
    let person = Person::named(&bench.subject, bench.manifest()?);
    person.register(&bench.scanner);
    let longest = Duration::from_millis(bench.manifest()?.timeouts.verify_ms);
    let request = person.request(&fresh_key(), false);
    match bench.ready().await?.call("find", request, longest).await {
        Ok(Reply::Result { result }) => {
            bench.answered.note(&person, &result);
            of_found(result, &kinds)
                .map_err(|why| Not::failed(format!("`find`: {why}"), "answer as PLUGINS.md says in `Protocol 1`"))
        }
        Ok(Reply::Error { error }) => {
            let advice = "give the kit a test system that works, and a person who is known there";
            Err(Not::failed(format!("`find` was answered with an error, {}", bench.shown_error(&error)), advice))
        }
        Ok(Reply::Unsupported) => {
            Err(Not::failed("it is declared and not supported", "declare only the operations that are there"))
        }
        Err(lost) => Err(lost_during("`find`", &lost)),
    }
}

async fn answers(bench: &mut Bench<'_>) -> Checked {
    let found = find(bench).await?;
    Ok(Some(format!("{} identifiers", found.identifiers.0.len())))
}

async fn repeats(bench: &mut Bench<'_>) -> Checked {
    let files = Files::in_folders(bench.subject.permissions().writes.into_iter().collect());
    let first = find(bench).await?;
    let second = find(bench).await?;
    if first.identifiers != second.identifiers || first.more != second.more {
        return Err(Not::failed(
            "it says something else the second time",
            "return what the system surely knows, and all",
        ));
    }
    match files.changed() {
        None => Ok(None),
        Some(what) => Err(Not::failed(what, "change nothing in `find`")),
    }
}
