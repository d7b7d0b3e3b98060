//! `quietus erasures`: see them, approve or reject what waits for it, set parked ones going again, cancel scheduled ones.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::Timestamp;

use super::deployment::Deployment;
use super::exit::{Exit, Failure};
use super::out::{self, Out};
use crate::erasure::{Erasure, ErasureId, ErasureState, Step};
use crate::ledger::{ErasureFilter, TargetHealth, TargetState};
use crate::subject::TargetName;

#[derive(clap::Subcommand)]
pub(super) enum Erasures {
    /// List erasures, newest first
    List {
        /// Only those in these states
        #[arg(long, value_delimiter = ',', value_parser = states())]
        state: Vec<ErasureState>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one erasure and its steps
    Show { id: ErasureId },
    /// Approve an erasure that waits for it: it begins when its time has come
    Approve { id: ErasureId },
    /// Reject an erasure that waits for approval: nothing is erased, and its identifiers are destroyed
    Reject { id: ErasureId },
    /// Set what is parked going again; begin a scheduled one now
    #[command(arg_required_else_help = true)]
    Retry {
        id: Option<ErasureId>,
        /// The events and sessions that could not be decided on, and mluvii, which is asked for that
        #[arg(long, conflicts_with = "id")]
        undecided: bool,
    },
    /// Cancel an erasure that has not begun; close a parked one, with a receipt that says so
    Cancel { id: ErasureId },
}

impl Erasures {
    pub(super) async fn run(self, deployment: &Deployment, out: &mut Out) -> Result<Exit, Failure> {
        let ledger = &deployment.ledger;
        match self {
            Self::List { state, limit } => list(&ledger.erasures(&ErasureFilter { states: state, limit }).await?, out),
            Self::Show { id } => show(ledger.erasure(id).await?, id, out),
            Self::Approve { id } => answer(
                ledger.approve_erasure(id).await?,
                out,
                "approved; it begins when its time has come",
                NOT_WAITING,
            ),
            Self::Reject { id } => {
                let waits = ledger.erasure(id).await?.is_some_and(|found| found.state == ErasureState::Requested);
                let rejected = waits && ledger.cancel_erasure(id).await?;
                answer(rejected, out, "rejected; nothing is erased", NOT_WAITING)
            }
            Self::Retry { id: Some(id), .. } => answer(
                ledger.retry_erasure(id).await?,
                out,
                "set going again",
                "nothing to do: it is not parked or scheduled, or there is none",
            ),
            Self::Retry { id: None, .. } => {
                let opened = open_mluvii(deployment).await?;
                let again = ledger.retry_parked().await?;
                let asked = if opened { "mluvii is asked again; " } else { "" };
                let no = "nothing to do: nothing is parked";
                answer(opened || again > 0, out, &format!("{asked}set going again: {again}"), no)
            }
            Self::Cancel { id } => answer(
                ledger.cancel_erasure(id).await?,
                out,
                "cancelled",
                "not cancelled: it is under way or over, or there is none",
            ),
        }
    }
}

const NOT_WAITING: &str = "nothing to do: it does not wait for approval, or there is none";

/// Deciding asks mluvii, so what is undecided stands still while mluvii is parked.
async fn open_mluvii(on: &Deployment) -> Result<bool, Failure> {
    let called: Vec<_> = on.config.mluvii.iter().map(|settings| TargetName::mluvii_of(&settings.name)).collect();
    let parked = on
        .ledger
        .targets()
        .await?
        .into_iter()
        .filter(|health| called.contains(&health.target) && matches!(health.state, TargetState::Parked { .. }));
    let mut opened = false;
    for health in parked {
        let open = TargetHealth { target: health.target, state: TargetState::Closed, since: Timestamp::now() };
        on.ledger.set_target(open).await?;
        opened = true;
    }
    Ok(opened)
}

fn states() -> impl clap::builder::TypedValueParser<Value = ErasureState> {
    let state = |name: String| ErasureState::ALL.into_iter().find(|state| state.as_str() == name);
    PossibleValuesParser::new(ErasureState::ALL.map(ErasureState::as_str))
        .try_map(move |name| state(name).ok_or("unknown"))
}

fn list(erasures: &[Erasure], out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(&erasures)?;
    } else {
        let row = |e: &Erasure| {
            let steps = e.steps.iter().map(|step| format!("{}: {}", step.target, standing(step)));
            let steps = steps.collect::<Vec<_>>().join(", ");
            let installation = e.subject.installation().to_string();
            let possible = possible(e).map_or_else(|| "-".to_owned(), |left| left.to_string());
            let state = e.state.as_str().to_owned();
            [e.id.to_string(), state, verdict(e), installation, e.subject.key(), possible, out::time(e.due), steps]
        };
        let header = ["ID", "STATE", "VERDICT", "INSTALLATION", "SUBJECT", "POSSIBLE LEFT", "DUE", "TARGETS"];
        out.table(header, erasures.iter().map(row))?;
    }
    Ok(Exit::Done)
}

fn show(erasure: Option<Erasure>, id: ErasureId, out: &mut Out) -> Result<Exit, Failure> {
    let Some(erasure) = erasure else {
        out.error(&format!("there is no erasure {id}"));
        return Ok(Exit::No);
    };
    if out.is_json() {
        out.json(&erasure)?;
        return Ok(Exit::Done);
    }
    out.line(format_args!("erasure   {}", erasure.id))?;
    out.line(format_args!("state     {}", erasure.state.as_str()))?;
    out.line(format_args!("verdict   {}", verdict(&erasure)))?;
    out.line(format_args!("mluvii    {}", erasure.subject.installation()))?;
    out.line(format_args!("subject   {}", erasure.subject.key()))?;
    out.line(format_args!("rules     {}", erasure.rules.join(", ")))?;
    out.line(format_args!("sessions  {}", sessions(&erasure)))?;
    out.line(format_args!("created   {}", out::time(erasure.created)))?;
    out.line(format_args!("approved  {}", out::time_or_dash(erasure.approved)))?;
    out.line(format_args!("due       {}", out::time(erasure.due)))?;
    out.line(format_args!("begun     {}", out::time_or_dash(erasure.begun)))?;
    out.line(format_args!("ended     {}", out::time_or_dash(erasure.ended)))?;
    let row = |step: &Step| {
        let counts = step.counts.iter().map(|(what, count)| format!("{what}: {count}")).collect::<Vec<_>>().join(", ");
        let attempts = step.attempts.to_string();
        let reason = step.reason.clone().unwrap_or_default();
        let (erased, verified) = (out::time_or_dash(step.erased_at), out::time_or_dash(step.verified_at));
        [step.target.to_string(), standing(step), counts, erased, verified, attempts, reason]
    };
    out.line("")?;
    let header = ["TARGET", "OUTCOME", "COUNTS", "ERASED", "VERIFIED", "ATTEMPTS", "REASON"];
    out.table(header, erasure.steps.iter().map(row))?;
    Ok(Exit::Done)
}

/// The receipt's verdict, once there is one.
fn verdict(erasure: &Erasure) -> String {
    erasure.verdict.map_or_else(|| "-".to_owned(), |verdict| verdict.as_str().to_owned())
}

/// How many possible sessions were left, once that is known.
fn possible(erasure: &Erasure) -> Option<u32> {
    erasure.findings.as_ref().map(|findings| findings.possible_left)
}

/// How many sessions go, how surely they are meant, and how many stay.
fn sessions(erasure: &Erasure) -> String {
    let Some(found) = &erasure.findings else { return "not known before it begins".to_owned() };
    let mut parts =
        vec![format!("{} go ({} certain, {} possible)", erasure.sessions, found.certain, found.possible_included)];
    if found.possible_left > 0 {
        parts.push(format!("{} possible left", found.possible_left));
    }
    if found.unread > 0 {
        parts.push(format!("{} not readable", found.unread));
    }
    if found.possible_excluded > 0 {
        parts.push(format!("{} somebody else's", found.possible_excluded));
    }
    if found.excluded > 0 {
        parts.push(format!("{} kept", found.excluded));
    }
    if let Some(narrowed) = found.narrowed {
        parts.push(format!("narrowed: {}", narrowed.as_str()));
    }
    parts.join(", ")
}

/// A step's outcome, or what is under way.
fn standing(step: &Step) -> String {
    if let Some(by) = step.report_by() {
        return format!("accepted, report by {}", out::time_or_dash(Some(by)));
    }
    match (step.stage(), step.outcome()) {
        (None, Some(outcome)) => outcome.as_str().to_owned(),
        (Some(stage), _) => format!("to {}", stage.as_str()),
        (None, None) => "waiting".to_owned(),
    }
}

fn answer(done: bool, out: &mut Out, yes: &str, no: &str) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(&serde_json::json!({ "done": done }))?;
    } else {
        out.line(if done { yes } else { no })?;
    }
    Ok(Exit::when(done))
}
