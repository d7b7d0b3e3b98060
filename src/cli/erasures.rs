//! `quietus erasures`: see them, approve or reject what waits for it, set parked ones going again, cancel scheduled ones, stop what is under way.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::Timestamp;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{self, BAD, Out};
use super::rechecks;
use super::words::subject;
use crate::attention::{days_left_words, delay_brief, delay_words};
use crate::erasure::confirmation::LinkState;
use crate::erasure::{Confirmation, Confirming, Erasure, ErasureId, ErasureState, Step, StepState, Verdict};
use crate::ledger::{ErasureCursor, ErasureFilter, Stopped};
use crate::operations::erasures::{self, Explained, Retried, ToApprove, UndecidedRetried};
use crate::operations::recheck::{self, Rechecks};
use crate::operations::{OperationError, Operations};
use crate::subject::{InstallationName, Kind, TargetName};

#[derive(clap::Subcommand)]
pub(super) enum Erasures {
    List(List),
    /// Show one erasure and its steps
    Show {
        id: ErasureId,
    },
    Approve(Approve),
    /// Reject an erasure that waits for approval: nothing is erased, and its identifiers are destroyed
    Reject {
        id: ErasureId,
    },
    /// Begin a scheduled erasure now, before its time: what is erased is gone
    Begin {
        id: ErasureId,
    },
    /// Retry what is parked; begin a scheduled one now
    ///
    /// A target that must not be asked twice (a plugin with `idempotent: false`) and was asked before is asked to erase once more:
    /// retry it when you know that this does no harm. The answer names these targets.
    #[command(arg_required_else_help = true)]
    Retry {
        id: Option<ErasureId>,
        /// Retry the events and sessions that could not be decided on, and call mluvii again, which is needed for that
        #[arg(long, conflicts_with = "id")]
        undecided: bool,
    },
    /// Stop an erasure: nothing further is erased, and its receipt says what was done and what was not
    ///
    /// What is being called just now ends, as a call that is cut off may have been made all the same; the answer names these targets. One
    /// that has not begun is cancelled, without a receipt. It cannot be taken up again: what is left needs an erasure of its own.
    Stop {
        id: ErasureId,
    },
    /// Cancel an erasure that has not begun; close a parked one, with a receipt that says so
    Cancel {
        id: ErasureId,
    },
}

/// List erasures, newest first
#[derive(clap::Args)]
pub(super) struct List {
    /// Only those in these states; `parked` finds all that need a person, also where other targets are still at work
    #[arg(long, value_delimiter = ',', value_parser = states())]
    state: Vec<ErasureState>,
    /// Only those with this target, such as `mluvii` or `crm`
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// Only those that this rule demands; `request` for those that somebody has asked for by hand
    #[arg(long, value_name = "RULE")]
    rule: Option<String>,
    /// Only those of this source or mluvii installation
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only those that were created since then, such as `2026-11-01T00:00:00Z`
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only open ones that are due before then; they are listed with the longest due first
    #[arg(long, value_name = "TIME")]
    due_before: Option<Timestamp>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Go on where a list ended: the cursor that it showed
    #[arg(long)]
    cursor: Option<ErasureCursor>,
}

impl List {
    async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let filter = ErasureFilter {
            states: self.state,
            target: self.target.map(|name| TargetName(name.into())),
            rule: self.rule,
            installation: self.source.map(|name| InstallationName(name.into())),
            since: self.since,
            due_before: self.due_before,
            after: self.cursor,
            limit: self.limit,
        };
        let page = erasures::list(on, filter).await?;
        let all = erasures::explain(on, page.items).await?;
        if out.is_json() {
            out.json(&all)?;
        } else {
            out.table(["ID", "STATE", "SUBJECT", "DUE"], all.iter().map(row))?;
            for late in all.iter().filter(|one| one.late) {
                let waits: Vec<_> = late.waits_for.iter().map(delay_brief).collect();
                let waits = waits.join(" and ");
                let days = late.days_left.map(|left| format!(" ({})", days_left_words(left))).unwrap_or_default();
                out.marked(BAD, "✗", format_args!("{} is late{days}, and waits for {waits}", late.erasure.id))?;
            }
        }
        out.next_page(page.next);
        Ok(Exit::Done)
    }
}

impl Erasures {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => list.run(on, out).await,
            Self::Show { id } => {
                show_one(on, erasures::show(on, id).await?, out).await?;
                Ok(Exit::Done)
            }
            Self::Approve(approve) => approve.run(on, out).await,
            Self::Reject { id } => {
                let rejected = erasures::reject(on, id, &actor()).await;
                answer(rejected, "rejected; nothing is erased", out)
            }
            Self::Begin { id } => {
                let begun = erasures::begin(on, id, &actor()).await;
                answer(begun, "it begins now", out)
            }
            Self::Retry { id: Some(id), .. } => {
                let retried = erasures::retry(on, id, &actor()).await;
                let yes = retried.as_ref().map_or_else(|_| String::new(), retried_text);
                answer(retried.map(drop), &yes, out)
            }
            Self::Retry { id: None, .. } => {
                let retried = erasures::retry_undecided(on, &actor()).await;
                let yes = match &retried {
                    Ok(UndecidedRetried { mluvii_resumed: true, work }) => {
                        format!("mluvii is called again; retried: {work}")
                    }
                    Ok(UndecidedRetried { work, .. }) => format!("retried: {work}"),
                    Err(_) => String::new(),
                };
                answer(retried.map(drop), &yes, out)
            }
            Self::Stop { id } => {
                let stopped = erasures::stop(on, id, &actor()).await;
                let yes = stopped.as_ref().map(stopped_text).unwrap_or_default();
                answer(stopped.map(drop), &yes, out)
            }
            Self::Cancel { id } => {
                let cancelled = erasures::cancel(on, id, &actor()).await;
                answer(cancelled, "cancelled", out)
            }
        }
    }
}

/// Approve an erasure that waits for it: it begins when its time has come
///
/// Without --version or --yes it is only shown, with the version by which you say what you have seen. Where something has joined it since
/// then, nothing is approved.
#[derive(clap::Args)]
pub(super) struct Approve {
    id: ErasureId,
    /// Approve what this version is of, as it was shown; nothing, if something else is demanded now
    #[arg(long, value_name = "HASH", conflicts_with = "yes")]
    version: Option<String>,
    /// Approve what is demanded now, which is shown
    #[arg(long)]
    yes: bool,
}

impl Approve {
    async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let Self { id, version, yes } = self;
        let seen = match version {
            Some(version) => version,
            None => {
                let erasure = erasures::show(on, id).await?;
                let waits = erasure.state == ErasureState::Requested;
                let seen = erasure.version();
                // The answer of what is done is the only JSON.
                if waits && !(yes && out.is_json()) {
                    show_one(on, erasure, out).await?;
                }
                if waits && !yes {
                    if !out.is_json() {
                        out.line("nothing is approved; to approve what is shown here, add:")?;
                        out.line(format_args!("  --version {seen}"))?;
                    }
                    return Ok(Exit::No);
                }
                seen
            }
        };
        let approved = erasures::approve(on, id, &seen, &actor()).await;
        answer(approved, "approved; it begins when its time has come", out)
    }
}

async fn show_one(on: &Operations, erasure: Erasure, out: &mut Out) -> Result<(), Failure> {
    let rechecks = recheck::of(on, &[&erasure]).await?.pop().unwrap_or_default();
    erasures::explain(on, vec![erasure]).await?.iter().try_for_each(|one| show(one, &rechecks, out))?;
    Ok(())
}

/// What becomes of an erasure that was stopped.
fn stopped_text(stopped: &Stopped) -> String {
    match stopped {
        Stopped::NotBegun => "cancelled: it had not begun".to_owned(),
        Stopped::AfterCalls(called) => {
            let targets = called.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            format!("stopped; calls under way end first, and then its receipt is written: {targets}")
        }
        Stopped::AtOnce | Stopped::Not => "stopped; its receipt is being written".to_owned(),
    }
}

/// What was retried, and what that asks of targets that must not be asked twice.
fn retried_text(retried: &Retried) -> String {
    if retried.asked_once_more.is_empty() {
        return "retried".to_owned();
    }
    let targets = retried.asked_once_more.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    format!("retried; asked to erase once more, although it must not be asked twice: {targets}")
}

fn states() -> impl clap::builder::TypedValueParser<Value = ErasureState> {
    let state = |name: String| ErasureState::ALL.into_iter().find(|state| state.as_str() == name);
    PossibleValuesParser::new(ErasureState::ALL.map(ErasureState::as_str))
        .try_map(move |name| state(name).ok_or("unknown"))
}

/// An erasure that has a receipt shows its verdict where the state would be, and one that needs a person or is held shows that, whatever
/// else still moves. Its targets, `show` shows. Once it is due, the days that are left stand where its time was: a line has no room for both.
fn row(explained: &Explained) -> [String; 4] {
    let erasure = &explained.erasure;
    let due = match explained.days_left.filter(|_| erasure.due <= Timestamp::now()) {
        Some(left @ 0..) => format!("{left} d left"),
        Some(left) => format!("{} d late", left.unsigned_abs()),
        None => out::date(erasure.due),
    };
    let needs_person = erasure.steps.iter().any(|step| matches!(step.state, StepState::Parked { .. }));
    let state = if needs_person { ErasureState::Parked } else { erasure.state };
    let state = if awaits_link(erasure) {
        // No longer than the other states, which a line has room for.
        "confirm"
    } else if erasure.held && !needs_person {
        "held"
    } else {
        state.as_str()
    };
    let state = erasure.verdict.map_or(state, Verdict::as_str);
    [erasure.id.to_string(), state.to_owned(), subject(&erasure.subject.key()), due]
}

fn show(explained: &Explained, rechecks: &Rechecks, out: &mut Out) -> std::io::Result<()> {
    #[derive(serde::Serialize)]
    struct Shown<'a> {
        #[serde(flatten)]
        explained: &'a Explained,
        #[serde(skip_serializing_if = "Rechecks::is_empty")]
        rechecks: &'a Rechecks,
    }

    if out.is_json() {
        return out.json(&Shown { explained, rechecks });
    }
    let erasure = &explained.erasure;
    out.line(format_args!("erasure   {}", erasure.id))?;
    out.line(format_args!("state     {}", erasure.state.as_str()))?;
    if !erasure.holds.is_empty() {
        let holds = erasure.holds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        out.line(format_args!("held      {}: {holds}", if erasure.held { "now, and so far by" } else { "before" }))?;
    }
    out.line(format_args!("verdict   {}", verdict(erasure)))?;
    out.line(format_args!("mluvii    {}", erasure.subject.installation()))?;
    out.line(format_args!("subject   {}", erasure.subject.key()))?;
    out.line(format_args!("rules     {}", erasure.rules.join(", ")))?;
    if !erasure.rejected.is_empty() {
        out.line(format_args!("rejected  {}", erasure.rejected.join(", ")))?;
    }
    out.line(format_args!("sessions  {}", sessions(erasure)))?;
    out.line(format_args!("created   {}", out::time(erasure.created)))?;
    out.line(format_args!("approved  {}", out::time_or_dash(erasure.approved)))?;
    if let Some(confirmation) = &erasure.confirmation {
        out.line(format_args!("confirmed {}", confirmed(erasure, confirmation)))?;
    }
    out.line(format_args!("due       {}", out::time(erasure.due)))?;
    out.line(format_args!("begun     {}", out::time_or_dash(erasure.begun)))?;
    out.line(format_args!("ended     {}", out::time_or_dash(erasure.ended)))?;
    if let (Some(last), Some(left)) = (explained.on_time_until, explained.days_left) {
        let days = days_left_words(left);
        if explained.late {
            out.marked(BAD, "✗", format_args!("late      its month was over on {last}, {days}"))?;
        } else {
            out.line(format_args!("on time   until {last}, {days}"))?;
        }
    }
    for delay in &explained.waits_for {
        out.line(format_args!("waits for {}", delay_words(delay)))?;
    }
    if let Some(to_approve) = &explained.to_approve {
        show_demands(to_approve, out)?;
    }
    let row = |step: &Step| {
        let counts = step.counts.iter().map(|(what, count)| format!("{what}: {count}")).collect::<Vec<_>>().join(", ");
        let attempts = step.attempts.to_string();
        let reason = step.reason.clone().unwrap_or_default();
        let erased = out::time_or_dash(step.erased_at);
        let verified = out::time_or_dash(step.verified_at);
        [step.target.to_string(), step_status(step), counts, erased, verified, attempts, reason]
    };
    out.line("")?;
    let header = ["TARGET", "OUTCOME", "COUNTS", "ERASED", "VERIFIED", "ATTEMPTS", "REASON"];
    out.table(header, erasure.steps.iter().map(row))?;
    rechecks::write(rechecks, out)
}

/// What each rule demands of it alone, and the version of all that.
fn show_demands(to_approve: &ToApprove, out: &mut Out) -> std::io::Result<()> {
    for demand in &to_approve.demands {
        let targets = demand.targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let kinds = demand.identifiers.iter().map(Kind::as_str).collect::<Vec<_>>().join(", ");
        let by = if kinds.is_empty() { String::new() } else { format!(", by its {kinds}") };
        out.line(format_args!("demanded  by {} at {targets}, from {}{by}", demand.rule, out::time(demand.due)))?;
    }
    out.line(format_args!("version   {}", to_approve.version))
}

/// Whether it waits for its link to be used.
pub(super) fn awaits_link(erasure: &Erasure) -> bool {
    let by_link = erasure.confirmation.as_ref().is_some_and(|confirmation| confirmation.by == Confirming::Email);
    erasure.state == ErasureState::Requested && by_link
}

/// How its confirmation stands, in words.
fn confirmed(erasure: &Erasure, confirmation: &Confirmation) -> String {
    if let Some(at) = confirmation.confirmed {
        return format!("{} (by the link in an e-mail)", out::time(at));
    }
    if confirmation.by == Confirming::NoAddress {
        return "by no link: its form names no single e-mail address, so a person approves it".to_owned();
    }
    if erasure.state != ErasureState::Requested {
        return "- (it did not need its link)".to_owned();
    }
    let Some(link) = &confirmation.link else { return "waits for a link, and a person can approve it".to_owned() };
    let why = link.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match link.state {
        LinkState::Waiting | LinkState::Sending => format!("waits for its link, whose mail is not sent yet{why}"),
        LinkState::Sent => format!(
            "waits for its link, mailed {}, valid until {}",
            out::time_or_dash(link.mailed),
            out::time_or_dash(link.expires)
        ),
        LinkState::Failed => format!("not by its link, whose mail is not taken{why}; a person can approve it"),
        LinkState::Used | LinkState::Over => {
            format!("waits for a link; none is on its way{why}; a person can approve it")
        }
    }
}

/// The receipt's verdict, once there is one.
fn verdict(erasure: &Erasure) -> String {
    erasure.verdict.map_or_else(|| "-".to_owned(), |verdict| verdict.as_str().to_owned())
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
    if found.came_since > 0 {
        parts.push(format!("{} came since it was planned", found.came_since));
    }
    if let Some(narrowed) = found.narrowed {
        parts.push(format!("narrowed: {}", narrowed.as_str()));
    }
    parts.join(", ")
}

/// A step's outcome, or what is under way.
fn step_status(step: &Step) -> String {
    if let Some(by) = step.report_by() {
        return format!("accepted, report by {}", out::time_or_dash(Some(by)));
    }
    match (step.stage(), step.outcome()) {
        (None, Some(outcome)) => outcome.as_str().to_owned(),
        (Some(stage), _) if stage.is_find() => "to find".to_owned(),
        (Some(stage), _) => format!("to {}", stage.as_str()),
        (None, None) => "waiting".to_owned(),
    }
}

/// Says whether an act was done. That it was not needed, came too late, or is somebody else's to order, is an answer and no error.
fn answer(result: Result<(), OperationError>, yes: &str, out: &mut Out) -> Result<Exit, Failure> {
    let why = match result {
        Ok(()) => None,
        Err(OperationError::NotFound(why) | OperationError::Conflict(why)) => Some(why),
        Err(OperationError::NotApproved(why)) => Some(why.to_string()),
        Err(error) => return Err(error.into()),
    };
    match &why {
        None if out.is_json() => out.json(&serde_json::json!({ "done": true }))?,
        Some(why) if out.is_json() => out.json(&serde_json::json!({ "done": false, "why": why }))?,
        None => out.line(yes)?,
        Some(why) => out.line(format_args!("not done: {why}"))?,
    }
    Ok(Exit::when(why.is_none()))
}
