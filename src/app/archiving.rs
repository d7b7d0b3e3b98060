//! A server archives receipts and audit by itself, as the configuration says how long they stay in the ledger.

use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::attention::ARCHIVE;
use crate::audit::Actor;
use crate::causes::with_causes;
use crate::operations::Operations;
use crate::operations::archive::keep_up;
use crate::receipt::ChainName;

/// How often it is looked whether something is old enough.
const LOOK: Duration = Duration::from_secs(3_600);

/// How long it is waited after a failure.
const AGAIN: Duration = Duration::from_secs(60);

/// What is noted in the ledger of a chain: that it is archived, or why not. Nothing at first, as a process before this one may have
/// noted something.
type Noted = Option<Result<(), String>>;

/// Archives until the shutdown. What is under way then is left: the next attempt goes on with it.
pub(super) async fn run(on: Operations, shutdown: CancellationToken) {
    let mut noted: [Noted; 2] = [None, None];
    loop {
        for (chain, noted) in ChainName::ALL.into_iter().zip(&mut noted) {
            if shutdown.run_until_cancelled(look(&on, chain, noted)).await.is_none() {
                return;
            }
        }
        let is_well = noted.iter().all(|noted| matches!(noted, Some(Ok(()))));
        if shutdown.run_until_cancelled(sleep(if is_well { LOOK } else { AGAIN })).await.is_none() {
            return;
        }
    }
}

/// Archives what is old enough, and notes for a person that it could not.
async fn look(on: &Operations, chain: ChainName, noted: &mut Noted) {
    let ended = archive(on, chain).await;
    if noted.as_ref() == Some(&ended) {
        return;
    }
    if let Err(why) = &ended {
        warn!(chain = chain.as_str(), reason = why, "could not archive; nothing has left the ledger");
    }
    let name = format!("{ARCHIVE}{}", chain.as_str());
    match on.ledger.keeper_ended(&name, ended.as_ref().err().map(String::as_str)).await {
        Ok(()) => *noted = Some(ended),
        Err(error) => debug!(error = %with_causes(&error), "what is not archived could not be noted"),
    }
}

async fn archive(on: &Operations, chain: ChainName) -> Result<(), String> {
    // Then everything stays in the ledger.
    if on.resources.archive_dir.is_none() {
        return Ok(());
    }
    let done = keep_up(on, chain, &Actor::retention()).await.map_err(|error| with_causes(&error))?;
    for archive in done.archives {
        info!(
            chain = chain.as_str(),
            file = archive.file,
            first = archive.first,
            last = archive.last,
            "archived; the file is in the folder of the archives"
        );
    }
    Ok(())
}
