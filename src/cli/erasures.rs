//! `quietus erasures`: see them, set parked ones going again, call scheduled ones off.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::Timestamp;

use super::exit::{Exit, Failure};
use super::installation::Installation;
use super::out::{self, Out};
use crate::erasure::{Erasure, ErasureId, ErasureState, Step};
use crate::ledger::{ErasureFilter, Ledger, TargetHealth, TargetState};
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
    /// Set what is parked going again; begin a scheduled one now
    #[command(arg_required_else_help = true)]
    Retry {
        id: Option<ErasureId>,
        /// The events and sessions that could not be decided on, and mluvii, which is asked for that
        #[arg(long, conflicts_with = "id")]
        undecided: bool,
    },
    /// Call off an erasure that has not begun; close a parked one, with a receipt that says so
    Cancel { id: ErasureId },
}

impl Erasures {
    pub(super) async fn run(self, installation: &Installation, out: &mut Out) -> Result<Exit, Failure> {
        let ledger = &installation.ledger;
        match self {
            Self::List { state, limit } => list(&ledger.erasures(&ErasureFilter { states: state, limit }).await?, out),
            Self::Show { id } => show(ledger.erasure(id).await?, id, out),
            Self::Retry { id: Some(id), .. } => answer(
                ledger.retry_erasure(id).await?,
                out,
                "set going again",
                "nothing to do: it is not parked or scheduled, or there is none",
            ),
            Self::Retry { id: None, .. } => {
                let opened = open_mluvii(&**ledger).await?;
                let again = ledger.retry_parked().await?;
                let asked = if opened { "mluvii is asked again; " } else { "" };
                let no = "nothing to do: nothing is parked";
                answer(opened || again > 0, out, &format!("{asked}set going again: {again}"), no)
            }
            Self::Cancel { id } => answer(
                ledger.cancel_erasure(id).await?,
                out,
                "called off",
                "not called off: it is under way or over, or there is none",
            ),
        }
    }
}

/// Deciding asks mluvii, so what is undecided stands still while mluvii is parked.
async fn open_mluvii(ledger: &dyn Ledger) -> Result<bool, Failure> {
    let (target, since) = (TargetName::mluvii(), Timestamp::now());
    let parked = |health: &TargetHealth| health.target == target && matches!(health.state, TargetState::Parked { .. });
    let opened = ledger.targets().await?.iter().any(parked);
    if opened {
        ledger.set_target(TargetHealth { target, state: TargetState::Open, since }).await?;
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
            [e.id.to_string(), e.state.as_str().to_owned(), e.subject.key(), out::time(e.due), steps]
        };
        out.table(["ID", "STATE", "SUBJECT", "DUE", "TARGETS"], erasures.iter().map(row))?;
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
    out.line(format_args!("subject   {}", erasure.subject.key()))?;
    out.line(format_args!("rules     {}", erasure.rules.join(", ")))?;
    out.line(format_args!("sessions  {}", erasure.sessions))?;
    out.line(format_args!("created   {}", out::time(erasure.created)))?;
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

/// A step's outcome, or what is under way.
fn standing(step: &Step) -> String {
    if let Some(by) = step.report_by {
        return format!("accepted, report by {}", out::time_or_dash(Some(by)));
    }
    match (step.stage, step.outcome) {
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
