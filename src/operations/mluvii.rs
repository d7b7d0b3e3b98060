//! How an installation of mluvii behaves. Nothing is written there, and no ledger is needed.

use super::{InputError, OperationError};
use crate::keys::ReadSecret;
use crate::mluvii::{self, MluviiClient, MluviiSettings, Probe};
use crate::subject::SessionId;

/// Finds out what is not publicly known of one installation, the only one unless it is named. The sessions are looked at
/// beside those that mluvii lists.
pub(crate) async fn probe(
    installations: &[MluviiSettings],
    named: Option<&str>,
    sessions: &[SessionId],
    read: ReadSecret<'_>,
) -> Result<Probe, OperationError> {
    let settings = one_of(installations, named)?;
    let client = MluviiClient::new(settings, read).map_err(|error| OperationError::Configuration(error.into()))?;
    let probe = mluvii::probe(&client, sessions).await;
    probe.map_err(|error| OperationError::Unavailable(anyhow::Error::from(error).context("mluvii could not be tried")))
}

fn one_of<'a>(installations: &'a [MluviiSettings], named: Option<&str>) -> Result<&'a MluviiSettings, InputError> {
    let known = || installations.iter().map(|settings| settings.name.to_string()).collect::<Vec<_>>().join(", ");
    match (named, installations) {
        (None, [only]) => Ok(only),
        (None, _) => Err(InputError::SeveralInstallations { known: known() }),
        (Some(name), all) => all
            .iter()
            .find(|settings| *settings.name.0 == *name)
            .ok_or_else(|| InputError::UnknownMluvii { name: name.to_owned(), known: known() }),
    }
}
