//! Finds out how an installation behaves where that is not publicly known, without writing anything. What it reports can
//! be shared: numbers and mluvii's own names of keys, never a value.

mod anonymized;
mod contacts;
mod findings;
mod lists;
mod paths;
mod sample;

pub(crate) use findings::{Finding, Probe, State};

use super::client::MluviiClient;
use super::error::MluviiError;
use crate::subject::SessionId;
use sample::Sample;

/// Tries each thing out. `named` are sessions to look at beside those that mluvii lists, best one that is anonymized and
/// one that is not. An error means that nothing could be tried.
pub(crate) async fn probe(client: &MluviiClient, named: &[SessionId]) -> Result<Probe, MluviiError> {
    client.health().await?;
    let mut probe = Probe::default();
    probe.ok("token", "mluvii gives a token and answers the API's calls");
    let sample = Sample::take(client, named, &mut probe).await?;
    sample.examine(client, &mut probe);
    lists::session_filter(client, &mut probe).await;
    lists::guest_filters(client, &sample, &mut probe).await;
    lists::pages(client, &mut probe).await;
    anonymized::look(client, &sample, &mut probe).await;
    paths::anonymizing(client, &mut probe).await;
    contacts::look(client, &sample, &mut probe).await;
    Ok(probe)
}
