//! Checks of what it is for: health, dry runs, erasing, erasing again, looking again.

use std::time::Duration;

use quietus_plugin::Operation;
use quietus_plugin::protocol::Reply;
use serde_json::{Value, json};

use super::bench::{Bench, Erased, Method, in_words, lost_during};
use super::finding::{Checked, Not};
use super::person::{Person, fresh_key};
use super::resume;
use super::usage::Files;
use super::wire::Storing;
use crate::erasure::Outcome;

/// The longest that is waited until `verify` makes sense.
const VERIFY_AFTER_MAX: Duration = Duration::from_secs(30);

pub(super) async fn run(bench: &mut Bench<'_>) {
    bench.check("health-answers", "`health` is answered, and the system can be reached", health).await;
    bench.check("dry-run-repeats", "a dry run says twice the same and changes nothing that it says", dry_run).await;
    bench.check("dry-run-writes-nothing", "a dry run leaves the granted folders as they are", dry_run_files).await;
    resume::before_erasing(bench).await;
    let mut erased = None;
    let sentence = "`erase` is answered with an outcome";
    bench
        .check("erase-answers", sentence, async |bench| {
            let person = Person::named(&bench.subject, bench.manifest()?);
            let key = fresh_key();
            // So late that it shows whether it waits; what it stored is looked at in checks of their own.
            bench.ready().await?.storing = Storing::StoreLate;
            let answer = bench.ask(Method::Erase, &person, &key).await?;
            let wire = bench.ready().await?;
            wire.storing = Storing::Store;
            let stored = std::mem::take(&mut wire.stored);
            let rushed = wire.rushed;
            bench.stored = stored;
            bench.rushed = rushed;
            let note = in_words(&answer);
            erased = Some((person, key, answer));
            Ok(Some(note))
        })
        .await;
    let sentence = "`erase` with the same key again ends the same";
    bench.check("erase-again", sentence, async |bench| again(bench, erased.as_ref()).await).await;
    let sentence = "`verify` after `erase` says that it is gone";
    bench.check("verify-after-erase", sentence, async |bench| verify(bench, erased.as_ref()).await).await;
    resume::after_erasing(bench, erased.as_ref()).await;
    bench
        .check("identifiers-missing", "without required identifiers nothing is erased and nothing crashes", missing)
        .await;
    bench.check("identifiers-undeclared", "an identifier of an undeclared kind crashes nothing", undeclared).await;
}

async fn health(bench: &mut Bench<'_>) -> Checked {
    if !bench.can(&Operation::Health)? {
        return Err(Not::skipped("it does not declare `health`"));
    }
    let longest = Duration::from_millis(bench.manifest()?.timeouts.health_ms);
    match bench.ready().await?.call("health", Value::Null, longest).await {
        Ok(Reply::Result { .. }) => Ok(None),
        Ok(Reply::Error { error }) => {
            let advice = "start the system that it talks to, and give a configuration that reaches it";
            Err(Not::failed(bench.shown_error(&error), advice))
        }
        Ok(Reply::Unsupported) => {
            Err(Not::failed("it is declared and not supported", "declare only the operations that are there"))
        }
        Err(lost) => Err(lost_during("`health`", &lost)),
    }
}

async fn dry_run(bench: &mut Bench<'_>) -> Checked {
    if !bench.can(&Operation::DryRun)? {
        return Err(Not::skipped("it does not declare `dry_run`"));
    }
    let person = Person::named(&bench.subject, bench.manifest()?);
    let verifies = bench.can(&Operation::Verify)?;
    let before = if verifies { Some(bench.ask(Method::Verify, &person, &fresh_key()).await?) } else { None };
    let first = bench.ask(Method::DryRun, &person, &fresh_key()).await?;
    if first.outcome == Outcome::Erased {
        let advice = "answer a dry run with `residual` and what would go, or with `absent`";
        return Err(Not::failed("a dry run was answered `erased`", advice));
    }
    let second = bench.ask(Method::DryRun, &person, &fresh_key()).await?;
    let advice = "change nothing when `dry_run` is set: not one request that writes";
    if (first.outcome, &first.counts) != (second.outcome, &second.counts) {
        return Err(Not::failed(format!("first {}, then {}", in_words(&first), in_words(&second)), advice));
    }
    if let Some(before) = before {
        let after = bench.ask(Method::Verify, &person, &fresh_key()).await?;
        if before.outcome != after.outcome {
            let why = format!("`verify` said {} before it, and {} after it", in_words(&before), in_words(&after));
            return Err(Not::failed(why, advice));
        }
    }
    Ok(Some(in_words(&first)))
}

async fn dry_run_files(bench: &mut Bench<'_>) -> Checked {
    bench.manifest()?;
    let before = Files::in_folders(bench.subject.permissions().writes.iter().cloned().collect());
    match before.missing() {
        0 => {}
        missing => {
            let why = format!("{missing} of the folders that it is granted to write in are not there");
            let advice = "make them, or correct the configuration; where nobody can look, nothing is `absent`: answer \
                          `needs_operator`";
            return Err(Not::failed(why, advice));
        }
    }
    if !bench.can(&Operation::DryRun)? {
        return Err(Not::skipped("it does not declare `dry_run`"));
    }
    if before.is_empty() {
        return Err(Not::skipped("it is granted no folder to write in"));
    }
    let person = Person::named(&bench.subject, bench.manifest()?);
    bench.ask(Method::DryRun, &person, &fresh_key()).await?;
    match before.changed() {
        None => Ok(Some(format!("{} files", before.len()))),
        Some(what) => Err(Not::failed(what, "change nothing when `dry_run` is set")),
    }
}

async fn again(bench: &mut Bench<'_>, erased: Erased<'_>) -> Checked {
    let Some((person, key, first)) = erased else { return Err(Not::skipped("`erase` did not work")) };
    if !bench.manifest()?.idempotent {
        return Err(Not::skipped("it declares that it must not be asked twice"));
    }
    let second = bench.ask(Method::Erase, person, key).await?;
    match (first.outcome, second.outcome) {
        (first, second) if first == second => Ok(Some(first.as_str().into())),
        (Outcome::Erased, Outcome::Absent) => Ok(Some(
            "first `erased`, then `absent`: true, but when the first answer is lost, the receipt says that there was \
             nothing; remember what was erased by the idempotency key"
                .into(),
        )),
        _ => Err(Not::failed(
            format!("first {}, then {}", in_words(first), in_words(&second)),
            "the same call again must come to the same, or declare that it must not be asked twice",
        )),
    }
}

async fn verify(bench: &mut Bench<'_>, erased: Erased<'_>) -> Checked {
    if !bench.can(&Operation::Verify)? {
        return Err(Not::skipped("it does not declare `verify`"));
    }
    let Some((person, key, first)) = erased else { return Err(Not::skipped("`erase` did not work")) };
    if !matches!(first.outcome, Outcome::Erased | Outcome::Absent) {
        return Err(Not::skipped(format!("`erase` said {}", in_words(first))));
    }
    let pause = first.verify_after.unwrap_or_default();
    if pause > VERIFY_AFTER_MAX {
        let longest = VERIFY_AFTER_MAX.as_secs();
        return Err(Not::skipped(format!("its system needs {} s, more than {longest} s", pause.as_secs())));
    }
    tokio::time::sleep(pause).await;
    let answer = bench.ask(Method::Verify, person, key).await?;
    match answer.outcome {
        Outcome::Erased | Outcome::Absent => Ok(Some(in_words(&answer))),
        Outcome::Unverifiable => {
            let advice = "declare `verify` only when it can look, or configure what it looks with";
            Err(Not::failed(in_words(&answer), advice))
        }
        Outcome::Residual | Outcome::Retained | Outcome::Parked => {
            let advice = "erase until it is gone; tell by `verify_after_s` when the system needs time";
            Err(Not::failed(format!("it says {}", in_words(&answer)), advice))
        }
    }
}

async fn missing(bench: &mut Bench<'_>) -> Checked {
    let wanted = bench.manifest()?.identifiers.clone();
    let person = Person::nobody(bench.manifest()?);
    let nobody = person.without(&super::person::kinds(bench.manifest()?));
    let advice = "erase nothing when there is nothing to find by: an empty search finds everybody";
    let mut cases = vec![("no identifier at all", nobody)];
    if !wanted.required.is_empty() && !wanted.optional.is_empty() {
        cases.push(("optional kinds only", person.without(&wanted.required)));
    }
    for (what, person) in cases {
        let reply = bench.call(&format!("a request with {what}"), Method::Erase, &person, &fresh_key()).await?;
        if let Reply::Result { result } = reply
            && result["outcome"] == json!("erased")
        {
            return Err(Not::failed(format!("a request with {what} was answered `erased`"), advice));
        }
        bench.still_lives(&format!("a request with {what}")).await?;
    }
    Ok(None)
}

/// Whether anything was ever there: a plugin that looks nowhere answers `absent`, and passes all else.
pub(super) async fn run_of_it_all(bench: &mut Bench<'_>) {
    let sentence = "the person who was named was found or erased in the whole run";
    bench.check("somebody-found", sentence, async |bench| somebody(bench)).await;
}

fn somebody(bench: &Bench<'_>) -> Checked {
    let answered = bench.answered;
    match (answered.found, answered.calls) {
        (1.., _) => Ok(None),
        (0, 0) => Err(Not::skipped("it has answered no call about a person")),
        (0, calls) if bench.subject.identifiers.is_empty() => Err(Not::skipped(format!(
            "nothing was ever found or erased, in {calls} calls, and no person of the test system was named; such as \
             --email test@example.com"
        ))),
        (0, calls) => Err(Not::failed(
            format!(
                "nothing was ever found or erased of the person who was named, in {calls} calls: one that never looks would \
                 answer the same"
            ),
            "put the person that you name into the test system before each run; the run erases them there",
        )),
    }
}

async fn undeclared(bench: &mut Bench<'_>) -> Checked {
    let person = Person::nobody(bench.manifest()?).with_more("quietus_kit", "kit-undeclared");
    bench.call("a request with an undeclared kind", Method::Erase, &person, &fresh_key()).await?;
    bench.still_lives("a request with an undeclared kind").await?;
    Ok(None)
}
