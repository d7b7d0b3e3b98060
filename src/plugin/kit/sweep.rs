//! Checks of `sweep`, where it is declared: it tells of the person who is named, comes to an end whatever its pages are, says the same twice
//! and changes nothing; and of those of whom it told, `erase` takes the person alone.

use std::collections::BTreeSet;
use std::time::Duration;

use quietus_plugin::protocol::Reply;
use quietus_plugin::{ErrorClass, Operation, Sweep};
use serde_json::json;

use super::bench::{Bench, lost_during};
use super::finding::{Checked, Not};
use super::person::Person;
use super::usage::Files;
use crate::plugin::reading::of_swept;
use crate::subject::{Identifiers, Kind};

/// Of a test system.
const PAGES_MAX: usize = 10_000;
const AS_DOCUMENTED: &str = "answer as PLUGINS.md says in `Sweep`";

/// Whom it tells of, each once: how many records they have may depend on how a plugin makes its pages.
pub(super) type Held = BTreeSet<Vec<(String, String)>>;

/// Before the person is erased; whom it told of is compared with whom it tells of afterwards.
pub(super) async fn run(bench: &mut Bench<'_>) -> Held {
    let sentence = "`sweep` comes to an end and tells of the person who is named";
    bench.check("sweep-answers", sentence, answers).await;
    let mut held = Held::new();
    let sentence = "`sweep` tells of the same people whatever its pages are, and changes no file";
    bench.check("sweep-pages", sentence, async |bench| pages(bench, &mut held).await).await;
    held
}

/// Once the person is erased.
pub(super) async fn run_afterwards(bench: &mut Bench<'_>, before: &Held) {
    let sentence = "of those of whom `sweep` told, nobody is gone but the person who was erased";
    bench.check("sweep-after-erase", sentence, async |bench| afterwards(bench, before).await).await;
}

/// All whom it tells of, by pages of so many; and whether it has looked everywhere.
async fn sweep(bench: &mut Bench<'_>, records_max: u32) -> Result<(Held, bool), Not> {
    if !bench.can(&Operation::Sweep)? {
        return Err(Not::skipped("it does not declare `sweep`"));
    }
    let manifest = bench.manifest()?;
    let longest = Duration::from_millis(manifest.timeouts.verify_ms);
    let person = Person::named(&bench.subject, manifest);
    person.register(&bench.scanner);
    let kinds = swept_kinds(bench)?;
    let mut wanted = Sweep { kinds, records_max, region: bench.subject.region, cursor: None };
    let (mut held, mut everywhere) = (Held::new(), true);
    for _ in 0..PAGES_MAX {
        let page = match bench.ready().await?.call("sweep", json!(wanted), longest).await {
            Ok(Reply::Result { result }) => {
                of_swept(result, &wanted).map_err(|why| Not::failed(format!("`sweep`: {why}"), AS_DOCUMENTED))?
            }
            Ok(Reply::Error { error }) if error.class == ErrorClass::Permanent => {
                return Err(Not::skipped("as it is configured, it says that it cannot list what its system holds"));
            }
            Ok(Reply::Error { error }) => {
                // Without its text, which may be about anybody in the system.
                let class: &'static str = error.class.into();
                let advice = "give the kit a test system that works";
                return Err(Not::failed(format!("`sweep` was answered with an error of class `{class}`"), advice));
            }
            Ok(Reply::Unsupported) => {
                let advice = "declare only the operations that are there";
                return Err(Not::failed("it is declared and not supported", advice));
            }
            Err(lost) => return Err(lost_during("`sweep`", &lost)),
        };
        everywhere &= page.not_looked_at.is_empty();
        held.extend(page.records.iter().map(|record| written(&record.identifiers)));
        wanted.cursor = page.next;
        if wanted.cursor.is_none() {
            return Ok((held, everywhere));
        }
    }
    Err(Not::failed(format!("it has not come to an end after {PAGES_MAX} pages"), "end with a page without `next`"))
}

/// What the operator would grant of what it declares.
fn swept_kinds(bench: &Bench<'_>) -> Result<Vec<Kind>, Not> {
    let wanted = &bench.manifest()?.identifiers;
    let declared = wanted.required.iter().chain(&wanted.optional).filter_map(|word| word.parse().ok());
    let named = bench.subject.identifiers.iter().map(|(kind, _)| kind.clone());
    let mut kinds: Vec<Kind> = declared.chain(named).filter(|kind: &Kind| !kind.is_internal_id()).collect();
    kinds.sort();
    kinds.dedup();
    Ok(kinds)
}

fn written(identifiers: &Identifiers) -> Vec<(String, String)> {
    identifiers.0.iter().map(|one| (one.kind.to_string(), one.value.expose().to_lowercase())).collect()
}

/// Whether a record shows any identifier of the person that is named.
fn is_of(bench: &Bench<'_>, record: &[(String, String)]) -> bool {
    bench.subject.identifiers.iter().any(|(kind, value)| {
        record.iter().any(|(own, shown)| *own == kind.as_str() && *shown == value.expose().trim().to_lowercase())
    })
}

async fn answers(bench: &mut Bench<'_>) -> Checked {
    let (held, everywhere) = sweep(bench, 500).await?;
    let people = held.len();
    if !held.iter().any(|record| is_of(bench, record)) {
        if !everywhere {
            return Err(Not::skipped("it says that it does not look everywhere, and the person may be there"));
        }
        let advice = "tell of every record that `erase` would find, with the identifiers that it shows";
        return Err(Not::failed(format!("of {people} that it tells of, nobody is the person who is named"), advice));
    }
    Ok(Some(format!("{people} people")))
}

async fn pages(bench: &mut Bench<'_>, held: &mut Held) -> Checked {
    let files = Files::in_folders(bench.subject.permissions().writes.into_iter().collect());
    let (whole, _) = sweep(bench, 500).await?;
    let (small, _) = sweep(bench, 2).await?;
    if whole != small {
        let advice = "go through the system in one order, and begin each page right after the one before";
        return Err(Not::failed("by pages of two records, it tells of other people", advice));
    }
    *held = whole;
    match files.changed() {
        None => Ok(None),
        Some(what) => Err(Not::failed(what, "change nothing in `sweep`")),
    }
}

async fn afterwards(bench: &mut Bench<'_>, before: &Held) -> Checked {
    let (mut after, _) = sweep(bench, 500).await?;
    let gone = before.iter().filter(|record| !is_of(bench, record) && !after.contains(*record)).count();
    if gone > 0 {
        let advice = "erase only what is surely the person's";
        return Err(Not::failed(format!("{gone} others are not told of any more"), advice));
    }
    after.retain(|record| is_of(bench, record));
    match after.len() {
        0 => Ok(None),
        // A vendor may go on listing for a while what it has deleted, or what `erase` says it keeps.
        left => Ok(Some(format!("{left} records of the person are still told of"))),
    }
}
