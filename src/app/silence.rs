//! A server looks whether a source has fallen silent. By itself that is no alarm, as a quiet Sunday is none: it has what ended at mluvii
//! compared at once, and only sessions that ended meanwhile and of which nobody told us show that deliveries do not come.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::due::make_due;
use crate::attention::{Code, SILENT};
use crate::causes::with_causes;
use crate::operations::Operations;
use crate::operations::reconcile::Reconciled;
use crate::subject::{InstallationName, SourceName};
use crate::watch::silence_max;

/// So many sessions that ended since a source delivered anything show that it does not, however little is known of it. A single one may
/// have been dropped alone.
const UNDELIVERED_MIN: u64 = 3;

/// What is noted of deliveries is as exact as that.
const EXACT: Duration = Duration::from_secs(60);

/// What is known of the sources' silence.
#[derive(Default)]
pub(super) struct Silence {
    /// Those of which a person was told, and when they had delivered last by then.
    told: BTreeMap<SourceName, Option<Timestamp>>,
}

impl Silence {
    /// With what was told before this server began.
    pub(super) async fn of_ledger(on: &Operations) -> Result<Self, String> {
        let last = on.ledger.last_deliveries().await.map_err(|error| with_causes(&error))?;
        let all = on.ledger.attention(&on.settings.limits).await.map_err(|error| with_causes(&error))?;
        let silent = all.iter().filter(|found| found.code == Code::SourceSilent);
        let names = silent.filter_map(|found| Some(SourceName(found.parameters.get("source")?.as_str()?.into())));
        Ok(Self { told: names.map(|name| (name.clone(), last.get(&name).copied())).collect() })
    }

    /// Has compared what ended at mluvii where a source of it is silent, once for each silence; ends what was told of one that delivers
    /// again. Nothing younger than `after` is compared, so that a shorter silence is none.
    pub(super) async fn look(&mut self, on: &Operations, after: Duration) -> Result<(), String> {
        let last = on.ledger.last_deliveries().await.map_err(|error| with_causes(&error))?;
        let now = on.ledger.clock().await.map_err(|error| with_causes(&error))?.now;
        self.over(on, &last).await?;
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

    /// Ends what was told of sources that have delivered since.
    async fn over(&mut self, on: &Operations, last: &BTreeMap<SourceName, Timestamp>) -> Result<(), String> {
        let delivers = |(name, told): (&SourceName, &Option<Timestamp>)| {
            last.get(name).is_some_and(|last| told.is_none_or(|told| *last > told)).then(|| name.clone())
        };
        for name in self.told.iter().filter_map(delivers).collect::<Vec<_>>() {
            let ended = on.ledger.keeper_ended(&format!("{SILENT}{name}"), None).await;
            ended.map_err(|error| with_causes(&error))?;
            self.told.remove(&name);
        }
        Ok(())
    }

    /// Tells of sources that do not deliver, by what a comparison found.
    pub(super) async fn tell(&mut self, on: &Operations, found: &Reconciled) -> Result<(), String> {
        if found.undelivered.is_empty() {
            return Ok(());
        }
        let all = on.ledger.last_deliveries().await.map_err(|error| with_causes(&error))?;
        let now = on.ledger.clock().await.map_err(|error| with_causes(&error))?.now;
        for (name, count) in &found.undelivered {
            let last = all.get(name).copied();
            let is_silent = match last {
                Some(last) => is_silent(on, name, last, now).await?,
                None => false,
            };
            if *count < UNDELIVERED_MIN && !is_silent {
                continue;
            }
            let since = last.map_or_else(|| "ever".to_owned(), |last| format!("since {last}"));
            let reason = format!("{count} sessions have ended of which nobody told us, and nothing has come {since}");
            warn!(source = %name, reason, "deliveries do not reach us");
            let noted = on.ledger.keeper_ended(&format!("{SILENT}{name}"), Some(&reason)).await;
            noted.map_err(|error| with_causes(&error))?;
            self.told.insert(name.clone(), last);
        }
        Ok(())
    }
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
        return Ok(false);
    }
    on.ledger.put_off_periodic(&silence, Duration::ZERO, Some(last)).await.map_err(|error| with_causes(&error))?;
    Ok(true)
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}
