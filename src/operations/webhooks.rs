//! The webhooks at mluvii: looked at, registered, corrected, deleted. Only ours: one whose address is another is nobody's business, and
//! is neither changed nor shown.

mod noted;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{OperationError, Operations, SourceWebhook, audit};
use crate::audit::{Act, ActResult, Actor, Object};
use crate::mluvii::{Made, MluviiClient, MluviiError, Webhook, WebhookId};
use crate::subject::{InstallationName, SourceName};
use crate::verify::WebhookMode;
use crate::watch::{Lacks, NoCallback, State, Wanted, compare, is_ours};
use noted::Noted;

/// Why a webhook whose credentials nobody can compare is not right.
const MASKED_AND_REFUSED: &str = "mluvii does not show its credentials, and deliveries are refused, none of which was taken since: they \
                                  seem to be wrong";

/// Why one that is missing in the list is not registered.
const HIDDEN: &str = "mluvii has accepted it, and its list has not shown it since, so that it is not registered again: a person has to look, \
                      in mluvii";

/// How a source's webhook is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WebhookView {
    pub(crate) source: SourceName,
    pub(crate) mluvii: InstallationName,
    pub(crate) mode: WebhookMode,
    /// What mluvii calls, without credentials; unknown where the configuration does not say it.
    pub(crate) address: Option<String>,
    #[serde(flatten)]
    pub(crate) state: Seen,
}

/// Why one that is gone again is not registered yet.
const GONE_AGAIN: &str = "mluvii's list showed it and does not show it any more, a short while after it was registered; it is registered \
                          again where that stays so";

/// What was seen of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub(crate) enum Seen {
    Right {
        id: String,
        /// Others with the same address, by which events come twice.
        also: Vec<String>,
        /// Its credentials are not shown, so that nobody can compare them.
        masked: bool,
    },
    Wrong {
        id: String,
        lacks: Vec<String>,
        /// Whether its credentials are none that the source accepts.
        credentials: bool,
    },
    Missing,
    /// Nobody could look.
    Unknown {
        reason: String,
    },
}

impl Seen {
    fn of(state: State) -> Self {
        match state {
            State::Right { id, also, masked } => {
                Self::Right { id: id.to_string(), also: also.iter().map(ToString::to_string).collect(), masked }
            }
            State::Wrong { id, lacks } => {
                Self::Wrong { id: id.to_string(), lacks: lacks.event_types, credentials: lacks.credentials }
            }
            State::Missing => Self::Missing,
        }
    }

    /// What is wrong, for people; nothing where it is right or not known.
    pub(crate) fn wrong(&self) -> Option<String> {
        match self {
            Self::Right { .. } | Self::Unknown { .. } => None,
            Self::Missing => Some("mluvii does not have it, so that no deliveries come".to_owned()),
            Self::Wrong { id, lacks, credentials } => {
                let credentials = credentials.then(|| "its credentials are not those of the source".to_owned());
                let lacks = (!lacks.is_empty()).then(|| format!("it lacks {}", lacks.join(", ")));
                let all = lacks.into_iter().chain(credentials).collect::<Vec<_>>().join(", and ");
                Some(format!("mluvii has it (id {id}), but {all}"))
            }
        }
    }
}

/// Why a webhook is not deleted.
const MANAGED: &str = "the source has `webhook = \"managed\"`; take that out and reload first";

/// What was done about a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    /// It was right.
    None,
    Registered,
    Corrected,
}

/// What a source's webhook has to be.
pub(crate) struct ConfiguredWebhook {
    pub(crate) source: SourceName,
    pub(crate) mluvii: InstallationName,
    pub(crate) mode: WebhookMode,
    /// What mluvii is to call, without credentials, or why that cannot be said.
    pub(crate) address: Result<String, NoCallback>,
}

/// The webhooks of all sources, by the configuration alone: mluvii is not asked.
pub(crate) fn configured(on: &Operations) -> Vec<ConfiguredWebhook> {
    let of = |webhook: SourceWebhook| {
        let address = webhook.wanted.map(|wanted| wanted.address);
        let SourceWebhook { source, installation, mode, .. } = webhook;
        ConfiguredWebhook { source, mluvii: installation, mode, address }
    };
    (on.resources.webhooks)().into_iter().map(of).collect()
}

/// How the webhooks of all sources are, or of one.
pub(crate) async fn status(on: &Operations, only: Option<&SourceName>) -> Result<Vec<WebhookView>, OperationError> {
    let mut views = Vec::new();
    for webhook in chosen(on, only)? {
        let state = look(on, &webhook).await;
        let address = webhook.wanted.as_ref().ok().map(|wanted| wanted.address.clone());
        let SourceWebhook { source, installation, mode, .. } = webhook;
        views.push(WebhookView { source, mluvii: installation, mode, address, state });
    }
    Ok(views)
}

async fn look(on: &Operations, webhook: &SourceWebhook) -> Seen {
    let looked = async {
        let wanted = webhook.wanted.as_ref().map_err(ToString::to_string)?;
        let client = on.client(&webhook.installation).map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
        seen(&client, wanted).await.map_err(|error| error.to_string())
    };
    looked.await.unwrap_or_else(|reason| Seen::Unknown { reason })
}

/// How the webhooks at mluvii compare with what is wanted.
pub(crate) async fn seen(client: &MluviiClient, wanted: &Wanted) -> Result<Seen, MluviiError> {
    Ok(Seen::of(compare(wanted, &client.webhooks().await?)))
}

/// What is wrong with a webhook that nobody is to put right, by what is seen of it and of its deliveries.
pub(crate) async fn watched(
    on: &Operations,
    client: &MluviiClient,
    source: &SourceName,
    wanted: &Wanted,
) -> Result<Option<String>, OperationError> {
    let seen = seen(client, wanted).await.map_err(unavailable)?;
    let noted = Noted::read(on, source).await?;
    if seen != Seen::Missing {
        noted.is_shown().await?;
    }
    if matches!(seen, Seen::Right { masked: true, .. }) && noted.is_refused().await? {
        return Ok(Some(MASKED_AND_REFUSED.to_owned()));
    }
    Ok(seen.wrong())
}

/// Refuses what is ordered of a webhook of which the configuration does not say what it has to be: whoever orders it in a browser or over the
/// API cannot be told to look at the server's log.
pub(crate) fn must_be_configured(on: &Operations, source: &SourceName) -> Result<(), OperationError> {
    match one(on, source)?.wanted {
        Ok(_) => Ok(()),
        Err(why) => Err(OperationError::Conflict(format!("the configuration does not say what it has to be: {why}"))),
    }
}

/// Has mluvii call a source, with what the configuration needs. Says what was done.
pub(crate) async fn register(on: &Operations, source: &SourceName, by: &Actor) -> Result<Change, OperationError> {
    let webhook = one(on, source)?;
    let wanted = webhook.wanted.map_err(|error| OperationError::Configuration(error.into()))?;
    let client = on.client(&webhook.installation)?;
    put_right(on, &client, source, &wanted, by, &CancellationToken::new()).await
}

/// Registers or corrects it where it is not right, or where its credentials are not shown and seem to be wrong. A change that is to stop
/// midway has failed, and stands so in the audit: nobody knows whether it was made.
pub(crate) async fn put_right(
    on: &Operations,
    client: &MluviiClient,
    source: &SourceName,
    wanted: &Wanted,
    by: &Actor,
    stop: &CancellationToken,
) -> Result<Change, OperationError> {
    let noted = Noted::read(on, source).await?;
    let there = compare(wanted, &client.webhooks().await.map_err(unavailable)?);
    if there != State::Missing {
        noted.is_shown().await?;
    }
    let Some(wrong) = to_change(&noted, there, by).await? else { return Ok(Change::None) };
    let object = Object::source(source);
    audit::begun(&*on.ledger, by, Act::RegisterWebhook, &object).await?;
    let stopped = || Err(OperationError::Conflict("the server stops".to_owned()));
    let changed = stop.run_until_cancelled(change(&noted, client, wanted, wrong)).await.unwrap_or_else(stopped);
    let result = if changed.is_ok() { ActResult::Done } else { ActResult::Failed };
    audit::ended(&*on.ledger, by, Act::RegisterWebhook, &object, result).await;
    changed
}

/// What is to be changed; nothing where it is right. The error says why a person has to look.
async fn to_change(noted: &Noted<'_>, there: State, by: &Actor) -> Result<Option<State>, OperationError> {
    let by_itself = *by == Actor::watch();
    match there {
        State::Right { id, masked: true, .. } if noted.is_refused().await? => {
            // Not again and again: somebody else may be refused.
            if by_itself && noted.was_corrected() {
                return Err(OperationError::Conflict(format!(
                    "{MASKED_AND_REFUSED}; they were set anew, which did not help"
                )));
            }
            Ok(Some(State::Wrong { id, lacks: Lacks { credentials: true, ..Lacks::default() } }))
        }
        State::Right { .. } => Ok(None),
        // A further one would be registered at each look, and each event come as often.
        State::Missing if by_itself && noted.is_hidden() => Err(OperationError::Conflict(HIDDEN.to_owned())),
        // A list that shows it only now and then would have it registered again and again.
        State::Missing if by_itself && noted.was_registered() => Err(OperationError::Conflict(GONE_AGAIN.to_owned())),
        State::Missing | State::Wrong { .. } => Ok(Some(there)),
    }
}

async fn change(
    noted: &Noted<'_>,
    client: &MluviiClient,
    wanted: &Wanted,
    wrong: State,
) -> Result<Change, OperationError> {
    let [url, ..] = wanted.urls.as_slice() else { unreachable!("a source without a URL needs no webhook") };
    let was_missing = wrong == State::Missing;
    let change = match wrong {
        State::Right { .. } => Change::None,
        State::Wrong { id, .. } => correct(client, wanted, &id).await?,
        State::Missing => match client.create_webhook(url, &wanted.event_types).await.map_err(unavailable)? {
            Made::Done => Change::Registered,
            Made::Exists(id) => correct(client, wanted, &id).await?,
        },
    };
    if was_missing {
        noted.is_registered().await?;
    }
    // What was answered is not what was seen.
    let there = client.webhooks().await.map(|all| compare(wanted, &all));
    if change == Change::Corrected {
        noted.is_corrected().await?;
    }
    if matches!(there, Ok(State::Right { .. } | State::Wrong { .. })) {
        noted.is_shown().await?;
    }
    match there.map_err(unavailable)? {
        State::Right { .. } => Ok(change),
        other => {
            let why = Seen::of(other).wrong().unwrap_or_default();
            Err(OperationError::Conflict(format!("mluvii has accepted it, and afterwards: {why}")))
        }
    }
}

/// Changes a webhook of ours. What it is registered for beyond that, stays.
async fn correct(client: &MluviiClient, wanted: &Wanted, id: &WebhookId) -> Result<Change, OperationError> {
    let [url, ..] = wanted.urls.as_slice() else { unreachable!("a source without a URL needs no webhook") };
    let there = client.webhook(id).await.map_err(unavailable)?;
    let gone = || OperationError::Conflict(format!("mluvii names the webhook {id}, and does not have it"));
    let Webhook { event_types, callback_url, .. } = there.ok_or_else(gone)?;
    if !is_ours(wanted, &callback_url) {
        let text = format!(
            "mluvii has a webhook (id {id}) in its place that leads elsewhere, and which is not touched: a person has to decide, in mluvii"
        );
        return Err(OperationError::Conflict(text));
    }
    let mut all = event_types;
    for needed in &wanted.event_types {
        if !all.iter().any(|there| crate::event::same_word(there, needed)) {
            all.push(needed.clone());
        }
    }
    match client.change_webhook(id, url, &all).await.map_err(unavailable)? {
        true => Ok(Change::Corrected),
        false => Err(gone()),
    }
}

/// Has mluvii no longer call a source. Returns how many webhooks were deleted: only those with the source's address.
pub(crate) async fn unregister(on: &Operations, source: &SourceName, by: &Actor) -> Result<usize, OperationError> {
    let webhook = one(on, source)?;
    if webhook.mode == WebhookMode::Managed {
        return Err(OperationError::Conflict(format!("a server would register it again: {MANAGED}")));
    }
    let wanted = webhook.wanted.map_err(|error| OperationError::Configuration(error.into()))?;
    let client = on.client(&webhook.installation)?;
    let all = client.webhooks().await.map_err(unavailable)?;
    let ours: Vec<_> = all.into_iter().filter(|webhook| is_ours(&wanted, &webhook.callback_url)).collect();
    if ours.is_empty() {
        return Ok(0);
    }
    let object = Object::source(source);
    audit::begun(&*on.ledger, by, Act::UnregisterWebhook, &object).await?;
    let mut deleted = Ok(0);
    for webhook in &ours {
        deleted = match (deleted, client.delete_webhook(&webhook.id).await) {
            (Ok(count), Ok(was_there)) => Ok(count + usize::from(was_there)),
            (Ok(_), Err(error)) => Err(unavailable(error)),
            (failed, _) => failed,
        };
    }
    let result = if deleted.is_ok() { ActResult::Done } else { ActResult::Failed };
    audit::ended(&*on.ledger, by, Act::UnregisterWebhook, &object, result).await;
    deleted
}

/// The sources, or the one that is named.
fn chosen(on: &Operations, only: Option<&SourceName>) -> Result<Vec<SourceWebhook>, OperationError> {
    match only {
        Some(name) => Ok(vec![one(on, name)?]),
        None => Ok((on.resources.webhooks)()),
    }
}

fn one(on: &Operations, name: &SourceName) -> Result<SourceWebhook, OperationError> {
    let all = (on.resources.webhooks)();
    let known = all.iter().map(|webhook| webhook.source.to_string()).collect::<Vec<_>>().join(", ");
    let found = all.into_iter().find(|webhook| webhook.source == *name);
    found.ok_or_else(|| OperationError::NotFound(format!("there is no source `{name}`; there are: {known}")))
}

fn unavailable(error: MluviiError) -> OperationError {
    OperationError::Unavailable(error.into())
}
