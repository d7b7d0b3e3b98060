//! Plan, then do.

use std::str::FromStr;

use serde_json::json;

use super::Which;
use super::list::{write, write_due};
use crate::cli::advice;
use crate::cli::context::actor;
use crate::cli::erase::reach::{kinds, sentence};
use crate::cli::erase::said;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, DOUBTFUL, Out};
use crate::cli::words::{counted, never_approved};
use crate::operations::Operations;
use crate::operations::erasures::{LookAgain, NotReached};
use crate::operations::requests::{self, Planned, Purge, Ran, Shown};
use crate::request::{Choice, Chosen, ChosenBecause};
use crate::subject::{SessionKey, TargetName, Title};
use crate::worker::Found;

/// Show what a request would have erased, and keep that as its plan
///
/// Only sessions that are certainly the person's go, unless you include others. What you decide about single sessions holds until you say
/// something else; --anew forgets it. Reasons: person-says, content, shared, namesake, needed.
///
/// Each target is asked what it finds, by a dry run, which changes nothing; one that cannot say it is named as that. What they find is no
/// part of the plan's hash. What will make the receipt incomplete is said before anything is erased, with what to do about it.
///
/// On a terminal, hints read from mluvii now tell whose each session is, such as `J… N…`; they are kept nowhere.
#[derive(clap::Args)]
pub(in crate::cli) struct PlanRequest {
    #[command(flatten)]
    which: Which,
    /// Take this session although it is only possibly meant, such as `acme/4711=person-says`; may be repeated
    #[arg(long, value_name = "SESSION=WHY", value_parser = choice)]
    include: Vec<Choice>,
    /// Leave this session, such as `acme/4711=shared`; may be repeated
    #[arg(long, value_name = "SESSION=WHY", value_parser = choice)]
    exclude: Vec<Choice>,
    /// Forget what was decided about single sessions before
    #[arg(long)]
    anew: bool,
    /// Write the hints also where no person reads the answer: into a file, a pipe, or JSON
    #[arg(long)]
    hints: bool,
}

fn choice(text: &str) -> Result<Choice, String> {
    let (session, because) = text.split_once('=').ok_or("write SESSION=WHY, such as acme/4711=shared")?;
    let session: SessionKey = session.parse().map_err(str::to_owned)?;
    Ok(Choice { session, because: ChosenBecause::from_str(because)? })
}

impl PlanRequest {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let decided = self.anew || !self.include.is_empty() || !self.exclude.is_empty();
        let chosen =
            decided.then_some(Chosen { include: self.include, exclude: self.exclude, anew: self.anew, seen: None });
        let with_hints = self.hints || out.is_terminal() && !out.is_json();
        let bar = said::progress();
        let tell = |target: &_| said::asking(&bar, target);
        let planned = requests::plan(on, &self.which.named(), chosen, with_hints, &actor(), &tell).await;
        // Before anything is shown: the line would stand beside it.
        bar.finish_and_clear();
        let planned = planned?;
        if out.is_json() {
            let mut shown = in_json(&planned);
            shown["recheck"] = json!(on.settings.recheck);
            shown["titles"] = titled(&planned, on).map(|(target, title)| (target.to_string(), json!(title))).collect();
            out.json(&shown)?;
        } else {
            in_text(&planned, on, out)?;
        }
        Ok(Exit::Done)
    }
}

fn chosen(all: &[Choice]) -> Vec<serde_json::Value> {
    all.iter().map(|one| json!({ "session": one.session.to_string(), "because": one.because })).collect()
}

fn in_json(planned: &Planned) -> serde_json::Value {
    let session = |found: &Found| {
        let record = planned.records.get(&found.key);
        let mut shown = json!({
            "session": found.key.to_string(), "certainty": found.certainty.as_str(), "goes": found.goes,
            "reason": found.reason, "started": record.and_then(|record| record.started),
            "channel": record.and_then(|record| record.channel.clone()), "guest": planned.guests.get(&found.key),
        });
        if let Some(hints) = planned.hints.get(&found.key) {
            shown["hints"] = json!(hints);
        }
        shown
    };
    json!({
        "request": planned.shown.request.number, "mluvii": planned.shown.request.mluvii, "plan": planned.plan.hash,
        "state": planned.shown.state, "due": planned.shown.due, "days_left": planned.shown.days_left,
        "extendable_until": planned.extendable_until, "purges": planned.purges, "look_again": planned.again,
        "sessions": planned.reach.found.sessions.values().map(session).collect::<Vec<_>>(),
        "include": chosen(&planned.shown.request.include), "exclude": chosen(&planned.shown.request.exclude),
        "guests": planned.reach.found.whom.guests.len(), "contacts": planned.reach.found.contacts,
        "identifiers": kinds(&planned.reach.found.whom.identifiers),
        "targets": said::json(&planned.targets), "holds": said::holds_json(&planned.holds),
        "unsettled_until": planned.reach.found.unsettled_until, "findings": planned.reach.found.findings,
        "not_reached": planned.reach.not_reached.iter().map(not_reached).collect::<Vec<_>>(),
        "foreseen": planned.shown.foreseen,
    })
}

fn in_text(planned: &Planned, on: &Operations, out: &mut Out) -> std::io::Result<()> {
    let row = |found: &Found| {
        let record = planned.records.get(&found.key);
        let date = record.and_then(|record| record.started.or(record.ended)).map_or_else(|| "-".to_owned(), out::date);
        let channel = record
            .and_then(|record| record.channel.as_ref())
            .map_or_else(|| "-".to_owned(), |channel| channel.0.to_string());
        let goes = if found.goes { "goes" } else { "stays" };
        let hints = planned.hints.get(&found.key).map(|hints| hints.join(" ")).unwrap_or_default();
        let why = if hints.is_empty() { found.reason.clone() } else { format!("{} ({hints})", found.reason) };
        let guest = planned.guests.get(&found.key).map_or_else(|| "-".to_owned(), ToString::to_string);
        [found.key.to_string(), date, channel, guest, format!("{goes}, {}", found.certainty.as_str()), why]
    };
    let found = &planned.reach.found.sessions;
    if found.is_empty() {
        out.line("no session is found")?;
    } else {
        out.table(["SESSION", "DATE", "CHANNEL", "GUEST", "", "WHY"], found.values().map(row))?;
    }
    said::write_whom(&planned.reach, out)?;
    said::write(&planned.targets, out)?;
    for (target, title) in titled(planned, on) {
        out.line(format_args!("{target} is called {} on papers", title.english()))?;
    }
    for purge in &planned.purges {
        out.line(of_purge(purge, planned))?;
    }
    for hold in &planned.holds {
        out.line(format_args!("held: {}", said::of_hold(hold)))?;
    }
    if let Some(until) = planned.reach.found.unsettled_until {
        let until = out::time(until);
        out.line(format_args!("it would wait for sessions that have not settled, until {until} at the latest"))?;
    }
    for not in &planned.reach.not_reached {
        out.line(format_args!("not reached: {}", not_reached(not)))?;
    }
    if let Some(foreseen) = &planned.shown.foreseen {
        advice::write_foreseen(foreseen, out)?;
    }
    write_due(&planned.shown, out)?;
    let (hash, number) = (&planned.plan.hash, &planned.shown.request.number);
    let count = planned.plan.sessions.len();
    let goes = if count == 0 { "no session goes".to_owned() } else { counted(count, "session goes", "sessions go") };
    out.line(format_args!("plan {hash} of request {}: {goes}", planned.shown.name()))?;
    if planned.shown.request.is_nothing(&planned.plan) {
        out.line(format_args!("where nothing is held: quietus requests close {number} --because nothing-held"))?;
        return out
            .line(format_args!("to tell the person: quietus letters nothing-held --request {number} --lang cs|en"));
    }
    if !on.settings.recheck.is_empty() {
        let after: Vec<_> = on.settings.recheck.iter().map(ToString::to_string).collect();
        write_again(planned, &after.join(" and "), out)?;
    }
    if on.settings.four_eyes && planned.plan.approved.is_none() {
        if let Some(why) = planned.shown.request.askers().iter().find_map(|one| never_approved(on, one)) {
            out.marked(DOUBTFUL, "?", why)?;
            return out
                .line(format_args!("the way out: quietus requests close {number} --because mistake, and enter it so"));
        }
        out.line(format_args!("somebody else approves it: quietus requests approve {number} --plan {hash}"))?;
    }
    out.line(format_args!("to have it done: quietus requests run {number} --plan {hash}"))
}

/// The targets that people call otherwise.
fn titled<'p>(planned: &'p Planned, on: &'p Operations) -> impl Iterator<Item = (&'p TargetName, &'p Title)> {
    let titles = &on.settings.titles;
    planned.targets.keys().filter_map(|name| Some((name, titles.of(name, &planned.shown.request.mluvii)?)))
}

/// Until when a vendor's own window lasts, and what can be done where that is too long.
fn of_purge(purge: &Purge, planned: &Planned) -> String {
    let Purge { target, until, too_late } = purge;
    let seen = format!("{target}: gone for good cannot be seen before about {until}");
    let Some(due) = planned.shown.due.filter(|_| *too_late) else { return seen };
    let more = planned.extendable_until.map_or_else(
        || "it cannot be extended any more".to_owned(),
        |last| format!("it can be extended until {last}, and not later"),
    );
    format!("{seen}, after the last day {due}; {more}")
}

/// Where it is looked again whether what was erased is there again, and where nobody can look.
fn write_again(planned: &Planned, after: &str, out: &mut Out) -> std::io::Result<()> {
    let all = planned.again.iter();
    let looked: Vec<_> = all.clone().filter(|(_, again)| **again == LookAgain::Yes).map(|(name, _)| &*name.0).collect();
    let at = if looked.is_empty() {
        "nowhere".to_owned()
    } else {
        format!("{after} after the receipt: {}", looked.join(", "))
    };
    out.line(format_args!("looked at again: {at}"))?;
    for (name, again) in all {
        let why = match again {
            LookAgain::Yes => continue,
            LookAgain::NothingGoes => "no session goes",
            LookAgain::Retained => "a law keeps what it holds, so that nothing is erased",
            LookAgain::ByPeople => "people erase there, and nobody else can look",
            LookAgain::CannotSay => "it cannot say whom its system holds",
            LookAgain::NotTold => "it is told nothing that the person is known by",
            LookAgain::NotKnown => "not known whether it can be, as it has not started",
        };
        out.line(format_args!("not looked at again: {name} ({why})"))?;
    }
    Ok(())
}

/// What is not reached, with what changes it here.
fn not_reached(not: &NotReached) -> String {
    match not {
        NotReached::PossibleSessions(count) => format!(
            "{count} possible sessions stay, and the receipt will be incomplete by that; --include SESSION=WHY takes one, \
             --exclude SESSION=WHY leaves one as somebody else's, or with =needed as theirs"
        ),
        not => sentence(not),
    }
}

/// Let what somebody else has planned go (`requests.four_eyes`)
///
/// Who has entered the request, or has made its plan or changed it, cannot approve it; `requests plan --anew` begins one anew.
#[derive(clap::Args)]
pub(in crate::cli) struct Approve {
    #[command(flatten)]
    which: Which,
    /// The plan, as `requests plan` and `requests show` name it
    #[arg(long, value_name = "HASH")]
    plan: String,
}

impl Approve {
    pub(super) async fn run(self, on: &Operations) -> Result<Shown, Failure> {
        Ok(requests::approve(on, &self.which.named(), &self.plan, &actor()).await?)
    }
}

/// Have done what was planned, and nothing else
///
/// Where something that was included has changed since, nothing is done: plan it anew. What has come since goes by a further plan of the
/// same request.
#[derive(clap::Args)]
pub(in crate::cli) struct Run {
    #[command(flatten)]
    which: Which,
    /// The plan, as `requests plan` and `requests show` name it
    #[arg(long, value_name = "HASH")]
    plan: String,
}

impl Run {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let Ran { shown, erasure, holds } = requests::run(on, &self.which.named(), &self.plan, &actor()).await?;
        if out.is_json() {
            let mut ran = serde_json::to_value(&shown).map_err(std::io::Error::from)?;
            ran["erasure"] = json!(erasure);
            ran["holds"] = said::holds_json(&holds);
            out.json(&ran)?;
            return Ok(Exit::Done);
        }
        write(&shown, out)?;
        for hold in &holds {
            out.line(format_args!("held: {}", said::of_hold(hold)))?;
        }
        out.line(format_args!("to see how it goes: quietus erasures show {erasure}"))?;
        Ok(Exit::Done)
    }
}
