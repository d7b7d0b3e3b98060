//! Seeing requests, and finding a person's.

use serde_json::{Value, json};

use super::Which;
use super::person::PersonFile;
use crate::access::Companies;
use crate::attention::{days_left_words, delay_brief, delay_words};
use crate::cli::context::actor;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, BAD, DOUBTFUL, Out};
use crate::cli::words::counted;
use crate::cli::{advice, rechecks};
use crate::erasure::confirmation::{LinkState, ShownLink};
use crate::ledger::{RequestCursor, RequestFilter, RequestOrder};
use crate::operations::Operations;
use crate::operations::requests::{self, Shown, ShownReceipt};
use crate::request::{Came, Ended, PlannedSession, RequestState};
use crate::subject::InstallationName;

/// List requests, newest first or by their last day; without --state or --all, the open ones
#[derive(clap::Args)]
pub(in crate::cli) struct List {
    /// Only those in these states
    #[arg(long, value_delimiter = ',')]
    state: Vec<RequestState>,
    /// Also those that have ended
    #[arg(long, conflicts_with = "state")]
    all: bool,
    /// Only those of this source or mluvii installation
    #[arg(long, value_name = "NAME")]
    mluvii: Option<String>,
    /// `entered`, the newest first, or `due`: open ones, the first last day first [default: entered]
    #[arg(long, value_name = "ORDER")]
    order: Option<RequestOrder>,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Go on where a list ended: the cursor that it showed
    #[arg(long)]
    cursor: Option<RequestCursor>,
}

impl List {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let open = || RequestState::ALL.iter().copied().filter(|state| state.is_open()).collect();
        let states = if self.state.is_empty() && !self.all { open() } else { self.state };
        let order = self.order.or(self.cursor.map(RequestCursor::order)).unwrap_or(RequestOrder::Entered);
        let refused = |why: &str| Failure::Usage(why.to_owned());
        let cursor = order.begin(self.cursor).ok_or_else(|| refused("the cursor is of a list in another order"))?;
        if !order.has(&states) {
            return Err(refused("what has ended has no last day: list it in the order in which it was entered"));
        }
        let filter = RequestFilter {
            states,
            companies: Companies::named(self.mluvii.map(|name| InstallationName(name.into()))),
            target: None,
            due: None,
            cursor,
            limit: self.limit,
        };
        let page = requests::list(on, filter).await?;
        write_all(&page.items, out)?;
        out.next_page(page.next);
        Ok(Exit::Done)
    }
}

fn write_all(all: &[Shown], out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(&all.iter().map(listed).collect::<Vec<_>>());
    }
    out.table(["REQUEST", "STATE", "RECEIVED", "DUE", "LEFT", "WAITS FOR"], all.iter().map(row))
}

/// Without which sessions its plan reaches: `show` says that, as each look at them is in the audit.
fn listed(shown: &Shown) -> Value {
    let mut listed = json!(shown);
    if let Some(plan) = listed.get_mut("plan").and_then(Value::as_object_mut) {
        plan.remove("sessions");
    }
    listed
}

/// A link that is on its way, shortly.
fn click(link: &ShownLink) -> Option<String> {
    match link.state {
        LinkState::Waiting | LinkState::Sending => Some("its link is not mailed".to_owned()),
        LinkState::Sent => Some(format!("the click, until {}", link.expires.map_or_else(|| "-".to_owned(), out::date))),
        LinkState::Failed => Some("its mail is refused".to_owned()),
        LinkState::Used | LinkState::Over => None,
    }
}

/// The same in words, with what can be done.
fn by_link(link: &ShownLink) -> String {
    let why = link.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match link.state {
        LinkState::Waiting | LinkState::Sending => format!("its mail is not sent yet{why}"),
        LinkState::Sent => format!(
            "mailed {}, waits for the click until {}",
            out::time_or_dash(link.mailed),
            out::time_or_dash(link.expires)
        ),
        LinkState::Failed => format!("its mail is not taken{why}; verify it otherwise"),
        LinkState::Used | LinkState::Over => format!("none is on its way{why}; `--by-email` mails another one"),
    }
}

fn row(shown: &Shown) -> [String; 6] {
    let due = shown.due.map_or_else(|| "-".to_owned(), |due| due.to_string());
    let left = shown.days_left.map_or_else(|| "-".to_owned(), |left| format!("{left} d"));
    let received = shown.request.term.received.to_string();
    [shown.name(), shown.state.to_string(), received, due, left, waits_for(shown)]
}

/// What it waits for first, and how much more there is.
fn waits_for(shown: &Shown) -> String {
    if let Some(click) = shown.link.as_ref().and_then(click) {
        return click;
    }
    let Some((first, more)) = shown.waits_for.split_first() else { return String::new() };
    let more = if more.is_empty() { String::new() } else { format!(" (and {} more)", more.len()) };
    format!("{}{more}", delay_brief(first))
}

/// Show one request: where it stands, until when it has to be answered, and why then
#[derive(clap::Args)]
pub(in crate::cli) struct Show {
    #[command(flatten)]
    which: Which,
}

impl Show {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let shown = requests::show_with_plan(on, &self.which.named(), &actor()).await?;
        write(&shown, out)?;
        if let Some(plan) = shown.request.plan.as_ref().filter(|plan| !plan.sessions.is_empty() && !out.is_json()) {
            let row = |one: &PlannedSession| [one.session.to_string(), one.certainty.clone(), one.reason.clone()];
            out.table(["SESSION", "", "WHY"], plan.sessions.iter().map(row))?;
        }
        if !out.is_json() {
            if let Some(foreseen) = &shown.foreseen {
                advice::write_foreseen(foreseen, out)?;
            }
            for ShownReceipt { sequence, erasure, verdict, reasons, .. } in &shown.receipts {
                out.line(format_args!("receipt    {sequence} of {erasure}: {verdict}"))?;
                advice::write(reasons, out)?;
            }
            rechecks::write(&shown.rechecks, out)?;
        }
        Ok(Exit::Done)
    }
}

/// How it came, in words.
fn came(came: Came) -> String {
    match came {
        Came::InPerson => "in person".to_owned(),
        came => format!("by {came}"),
    }
}

/// Writes one as it is now.
pub(super) fn write(shown: &Shown, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(shown);
    }
    let request = &shown.request;
    out.line(format_args!("request {}: {}", shown.name(), shown.state))?;
    out.line(format_args!("came       {}, on {}", came(request.came), request.term.received))?;
    out.line(format_args!("entered    {} by {}", crate::cli::out::time(request.entered), request.entered_by))?;
    match &request.verified {
        Some(verified) => {
            let at = out::time(verified.at);
            let on = verified.on.map_or_else(String::new, |on| format!(" on {on}"));
            let what = if request.is_by_address_alone() { " (its address, and no more)" } else { "" };
            out.line(format_args!("verified   by {}{what}{on}, noted {at} by {}", verified.how, verified.by))?;
        }
        None => out.line("verified   not yet")?,
    }
    if let Some(link) = &shown.link {
        out.line(format_args!("link       {}", by_link(link)))?;
    }
    for pause in &request.term.pauses {
        let to = pause.to.map_or_else(|| "no answer yet".to_owned(), |to| format!("answered on {to}"));
        out.line(format_args!("asked      for more on {}, {to}", pause.from))?;
    }
    if let Some(extension) = &request.extension {
        let months = request.running_term().extended;
        out.line(format_args!("extended   by {months} months ({}), by {}", extension.because, extension.by))?;
    }
    if let Some(reopened) = &request.reopened {
        let at = crate::cli::out::time(reopened.at);
        out.marked(BAD, "✗", format_args!("reopened   {at}: something was there again after {}", reopened.erasure))?;
    }
    write_due(shown, out)?;
    for delay in &shown.waits_for {
        out.line(format_args!("waits for  {}", delay_words(delay)))?;
    }
    let kinds: Vec<_> = request.kinds.iter().map(ToString::to_string).collect();
    let targets: Vec<_> = request.targets.iter().map(ToString::to_string).collect();
    out.line(format_args!("known by   {}", kinds.join(", ")))?;
    out.line(format_args!("targets    {}", targets.join(", ")))?;
    if let Some(plan) = &request.plan {
        let approved = plan.approved.as_ref().map_or_else(String::new, |by| format!(", approved by {}", by.by));
        let makers: Vec<_> = request.makers.iter().map(ToString::to_string).collect();
        let (hash, count, makers) = (&plan.hash, plan.sessions.len(), makers.join(", "));
        let of = counted(count, "session", "sessions");
        out.line(format_args!("plan       {hash} of {of}, by {makers}{approved}"))?;
    }
    for (what, chosen) in [("include", &request.include), ("exclude", &request.exclude)] {
        if !chosen.is_empty() {
            let chosen: Vec<_> = chosen.iter().map(|one| format!("{}={}", one.session, one.because)).collect();
            out.line(format_args!("{what}    {}", chosen.join(", ")))?;
        }
    }
    for erasure in &request.erasures {
        out.line(format_args!("erasure    {erasure}"))?;
    }
    if request.more && request.end.is_none() {
        out.marked(
            DOUBTFUL,
            "!",
            "left       not all is known to be gone: plan and run it again, or close it as incomplete",
        )?;
    }
    if let Some(end) = &request.end {
        let because = match end.ended {
            Ended::Rejected(because) => format!(" ({because})"),
            Ended::Closed(because) => format!(" ({because})"),
            Ended::Done | Ended::Withdrawn => String::new(),
        };
        let by = end.by.as_ref().map_or_else(|| "with its receipt".to_owned(), |by| format!("by {by}"));
        out.line(format_args!("ended      {} {by}{because}", crate::cli::out::time(end.at)))?;
    }
    if let Some(last) = shown.refused_after {
        let had_to = "that it is refused had to be told until";
        let extension = if request.running_term().extended > 0 { ": an extension does not move that" } else { "" };
        out.marked(BAD, "✗", format_args!("late       {had_to} {last} (GDPR Art. 12(4)){extension}"))?;
    }
    Ok(())
}

pub(super) fn write_due(shown: &Shown, out: &mut Out) -> std::io::Result<()> {
    let Some(left) = shown.days_left else {
        return match shown.state.is_open() {
            true => out.line("due        the deadline does not run until there is an answer"),
            false => Ok(()),
        };
    };
    let due = shown.due.map(|due| due.to_string()).unwrap_or_default();
    match left {
        ..0 => out.marked(BAD, "✗", format_args!("due        {due}, {}", days_left_words(left))),
        0..=7 => out.marked(DOUBTFUL, "!", format_args!("due        {due}, {}", days_left_words(left))),
        _ => out.line(format_args!("due        {due}, {}", days_left_words(left))),
    }
}

/// Find the requests of a person by the person's identifiers
///
/// Values of one kind are alternatives; every kind that is given has to agree. Ended requests are found as long as their fingerprints are
/// kept (`retention.fingerprints`).
#[derive(clap::Args)]
pub(in crate::cli) struct Find {
    #[command(flatten)]
    person: PersonFile,
    /// Only in this installation of mluvii [default: in all]
    #[arg(long, value_name = "NAME")]
    mluvii: Option<String>,
}

impl Find {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let identifiers = self.person.read()?;
        let installation = self.mluvii.map(|name| InstallationName(name.into()));
        let found = requests::find(on, installation.as_ref(), &identifiers, &actor()).await?;
        if found.is_empty() && !out.is_json() {
            out.line("nothing was found")?;
        } else {
            write_all(&found, out)?;
        }
        if !on.settings.keep_fingerprints {
            out.note("requests that have ended cannot be found by person, because `erasing.keep_fingerprints` is off");
        }
        Ok(Exit::when(!found.is_empty()))
    }
}
