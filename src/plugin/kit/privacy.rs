//! Checks that nothing personal leaked in any earlier check: log lines, errors, reasons, counts, standard output and
//! error, before redaction.

use super::bench::Bench;
use super::finding::{Checked, Not};
use super::leak_scanner::Private;

/// Places that are named.
const NAMED_MAX: usize = 5;

pub(super) async fn run(bench: &mut Bench<'_>) {
    // The last of its outputs is searched once it has ended.
    bench.restart().await;
    let sentence = "no identifier stands in anything that it says";
    bench.check("says-no-identifier", sentence, async |bench| silent(bench, Private::Identifier)).await;
    let sentence = "no secret stands in anything that it says";
    bench.check("says-no-secret", sentence, async |bench| silent(bench, Private::Secret)).await;
}

fn silent(bench: &Bench<'_>, about: Private) -> Checked {
    bench.manifest()?;
    if about == Private::Secret && bench.subject.secrets().is_empty() {
        return Err(Not::skipped("it was given no secret"));
    }
    let scanner = bench.scanner.lock();
    let leaks = scanner.leaks(about);
    if leaks.is_empty() {
        return Ok(None);
    }
    let named: Vec<String> = leaks.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    Err(Not::failed(named.join("; "), "say nothing personal: the host redacts what it can, and cannot find all"))
}
