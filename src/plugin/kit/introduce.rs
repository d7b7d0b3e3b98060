//! What a plugin says of itself, without configuring it.

use std::collections::BTreeMap;

use super::tested::{Introduction, TestedPlugin};
use crate::plugin::inspect::look;
use crate::plugin::launching::StartFailed;

/// Starts the plugin, has it say hello, and ends it; the subject knows its permissions then. The error says why that failed.
pub(crate) async fn introduce(subject: &TestedPlugin) -> Result<Introduction, String> {
    let seen = look(&subject.program, &subject.installed).await.map_err(|failed| match failed {
        StartFailed::Refused(why) | StartFailed::Lost(why) => subject.shown(&why),
        StartFailed::Cancelled => "it was cancelled".into(),
    })?;
    let mut facts = BTreeMap::from([("sha256".to_owned(), seen.sha256)]);
    // What this program found out is not overwritten by what the plugin says.
    for (name, value) in seen.hello.facts {
        facts.entry(name).or_insert(value);
    }
    let introduction = Introduction { manifest: seen.hello.manifest, sandbox: seen.sandbox, facts };
    subject.remember(&introduction);
    Ok(introduction)
}
