//! A server looks whether a source has fallen silent. By itself that is no alarm, as a quiet Sunday is none: it has what ended at mluvii
//! compared at once, and only sessions that ended meanwhile and of which nobody told us show that deliveries do not come.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;
use tracing::{debug, info, warn};

use super::due::make_due;
use crate::attention::{Attention, Code, SILENT};
use crate::causes::with_causes;
use crate::operations::Operations;
use crate::operations::reconcile::{Reconciled, is_after};
use crate::subject::{InstallationName, SourceName};
use crate::watch::silence_max;

/// So many sessions that ended since a source delivered anything show that it does not, however little is known of it. A single one may
/// have been dropped alone.
const UNDELIVERED_MIN: usize = 3;

/// Before it is said that nothing came: what came after a silence is written within a second.
const WRITTEN: Duration = Duration::from_secs(2);

/// When a source had delivered last that never has.
const NEVER: Timestamp = Timestamp::UNIX_EPOCH;

/// What is noted of deliveries is as exact as that.
const EXACT: Duration = Duration::from_secs(60);

/// Has compared what ended at mluvii where a source of it is silent, once for each silence; ends what was told of one that delivers
/// again. Nothing younger than `after` is compared, so that a shorter silence is none.
pub(super) async fn look(on: &Operations, after: Duration) -> Result<(), String> {
    over(on).await?;
    let last = on.ledger.last_deliveries().await.map_err(|error| with_causes(&error))?;
    let now = on.ledger.clock().await.map_err(|error| with_causes(&error))?.now;
    for source in &on.settings.sources {
        let name = SourceName(source.name.as_str().into());
        let Some(last) = last.get(&name).copied() else { continue };
        let is_young = now.duration_since(last) <= signed(after + EXACT);
        if is_young || !is_silent(on, &name, last, now).await? || !is_news(on, &name, last).await? {
            continue;
        }
        let installation = source.mluvii.clone().unwrap_or_else(InstallationName::unnamed);
        info!(source = %name, since = %last, "the source is silent; what has ended meanwhile is compared");
        make_due(on, &installation).await?;
    }
    Ok(())
}

/// Ends what was told of sources that have delivered since, by whichever server that was.
async fn over(on: &Operations) -> Result<(), String> {
    let all = on.ledger.attention(&on.settings.limits).await.map_err(|error| with_causes(&error))?;
    let silent = all.iter().filter(|found| found.code == Code::SourceSilent);
    let names: Vec<_> =
        silent.filter_map(|found| found.parameters.get("source")?.as_str().map(str::to_owned)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let marks = on.ledger.marks().await.map_err(|error| with_causes(&error))?;
    let last = on.ledger.last_deliveries().await.map_err(|error| with_causes(&error))?;
    for name in names.into_iter().map(|name| SourceName(name.into())) {
        let told = marks.get(&told_mark(&name)).copied().unwrap_or(NEVER);
        if last.get(&name).is_some_and(|last| *last > told) {
            let ended = on.ledger.keeper_ended(&format!("{SILENT}{name}"), None).await;
            ended.map_err(|error| with_causes(&error))?;
        }
    }
    Ok(())
}

/// Tells of sources that do not deliver, by what a comparison found; once of each silence.
pub(super) async fn tell(on: &Operations, found: &Reconciled) -> Result<(), String> {
    if !found.undelivered.is_empty() {
        sleep(WRITTEN).await;
    }
    for (name, ended) in &found.undelivered {
        tell_of(on, name, ended).await?;
    }
    Ok(())
}

async fn tell_of(on: &Operations, name: &SourceName, ended: &[Timestamp]) -> Result<(), String> {
    // Not what was known when the comparison began: something may have come during it.
    let last = on.ledger.last_deliveries().await.map_err(|error| with_causes(&error))?.remove(name);
    let now = on.ledger.clock().await.map_err(|error| with_causes(&error))?.now;
    let count = ended.iter().filter(|ended| is_after(**ended, last.as_ref())).count();
    let is_silent = match last {
        Some(last) => is_silent(on, name, last, now).await?,
        None => false,
    };
    if count == 0 {
        debug!(source = %name, "something has come from the source while it was compared, so that it is not silent");
        return Ok(());
    }
    if (count < UNDELIVERED_MIN && !is_silent) || is_told(on, name, last).await? {
        return Ok(());
    }
    let since = last.map_or_else(|| "ever".to_owned(), |last| format!("since {last}"));
    let reason = format!("{count} sessions have ended of which nobody told us, and nothing has come {since}");
    warn!(source = %name, reason, "deliveries do not reach us");
    // First what ends it: told without that, it would end with any delivery that is known, also one of before.
    let mark = on.ledger.put_off_periodic(&told_mark(name), Duration::ZERO, Some(last.unwrap_or(NEVER))).await;
    mark.map_err(|error| with_causes(&error))?;
    let noted = on.ledger.keeper_ended(&format!("{SILENT}{name}"), Some(&reason)).await;
    noted.map_err(|error| with_causes(&error))
}

/// Whether a person is told of this silence already, by whichever server.
async fn is_told(on: &Operations, name: &SourceName, last: Option<Timestamp>) -> Result<bool, String> {
    let all = on.ledger.attention(&on.settings.limits).await.map_err(|error| with_causes(&error))?;
    let is_of_source = |found: &Attention| {
        found.code == Code::SourceSilent && found.parameters.get("source").is_some_and(|source| *source == *name.0)
    };
    let marks = on.ledger.marks().await.map_err(|error| with_causes(&error))?;
    Ok(all.iter().any(is_of_source) && marks.get(&told_mark(name)) == Some(&last.unwrap_or(NEVER)))
}

/// Under which it is noted when a source had delivered last when its silence was told.
fn told_mark(name: &SourceName) -> String {
    format!("silence-told/{name}")
}

/// Whether it has delivered nothing for longer than it ever does at this time of the week.
async fn is_silent(on: &Operations, name: &SourceName, last: Timestamp, now: Timestamp) -> Result<bool, String> {
    let hours = on.ledger.delivery_hours(name).await.map_err(|error| with_causes(&error))?;
    Ok(silence_max(&hours, now).is_some_and(|max| now.duration_since(last) > signed(max)))
}

/// Whether nobody has acted on this silence yet.
async fn is_news(on: &Operations, name: &SourceName, last: Timestamp) -> Result<bool, String> {
    let silence = format!("silence/{name}");
    let before = on.ledger.marks().await.map_err(|error| with_causes(&error))?.remove(&silence);
    if before == Some(last) {
        debug!(source = %name, since = %last, "the source is still silent; what has ended meanwhile was compared");
        return Ok(false);
    }
    on.ledger.put_off_periodic(&silence, Duration::ZERO, Some(last)).await.map_err(|error| with_causes(&error))?;
    Ok(true)
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}
