//! `quietus holds`: what stays for now, whoever demands that it goes.

use clap::ArgGroup;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::{Timestamp, ToSpan as _, civil, tz::TimeZone};
use serde_json::{Value, json};

use super::context::actor;
use super::exit::{Exit, Failure};
use super::identity::{self, PersonArgs};
use super::out::{self, Out};
use super::words::subject;
use crate::erasure::Erasure;
use crate::hold::{CaseReference, HoldId, HoldOn, HoldReason};
use crate::ledger::{Hold, HoldsListed};
use crate::operations::holds::{self, Added, HoldAbout, HoldRequest, Shown};
use crate::operations::{OperationError, Operations};
use crate::subject::{GuestId, InstallationName, SessionKey};

#[derive(clap::Subcommand)]
pub(super) enum Holds {
    Add(Box<Add>),
    /// List the holds that are in force
    List {
        /// Those that have ended, too
        #[arg(long)]
        all: bool,
    },
    /// Show a hold, and the erasures that wait for it
    Show {
        id: HoldId,
    },
    /// End a hold: what waited for it goes on at once
    Lift {
        id: HoldId,
    },
}

/// Keep a session, a guest, a person, or what a rule demands from being erased
///
/// From then on no erasure begins that it may concern, and no target is asked to erase anything of one that has begun. An erasure waits as
/// a whole. What has been sent to a target ends, and its erasure is named; nothing is sent after it. A person's hold keeps whoever may be that person.
///
/// What tells who a guest or a person is, is asked for (`-`, or a line of standard input), or read from a file (`@FILE`), as others
/// can see arguments.
#[derive(clap::Args)]
#[command(group(
    ArgGroup::new("kept").required(true).multiple(true).args(["session", "guest", "rule", "email", "phone", "name", "other"])
))]
pub(super) struct Add {
    /// One session, such as `acme/4711`
    #[arg(long, value_name = "INSTALLATION/ID", conflicts_with_all = ["guest", "rule", "email", "phone", "name", "other"])]
    session: Option<SessionKey>,
    /// All sessions of a guest: `-` or `@FILE`, with `acme/ID`
    #[arg(long, value_name = "-|@FILE", conflicts_with_all = ["rule", "email", "phone", "name", "other"])]
    guest: Option<String>,
    /// Whatever a rule demands
    #[arg(long, value_name = "NAME", conflicts_with_all = ["email", "phone", "name", "other"])]
    rule: Option<String>,
    #[command(flatten)]
    person: PersonArgs,
    /// The mluvii installation in which it holds; needed where there are several
    #[arg(long, value_name = "NAME", conflicts_with_all = ["session", "guest"])]
    mluvii: Option<String>,
    /// Why; the word stands on receipts
    #[arg(long, value_parser = reasons())]
    reason: HoldReason,
    /// The number of the case, such as `21 C 123/2024`; it stands on receipts, and may name nobody
    #[arg(long, value_name = "NUMBER")]
    case: Option<CaseReference>,
    /// When it ends by itself: a day (its end, UTC), or a time such as `2027-01-31T00:00:00Z` [default: when it is lifted]
    #[arg(long, value_name = "DAY|TIME", value_parser = end)]
    until: Option<Timestamp>,
}

fn reasons() -> impl clap::builder::TypedValueParser<Value = HoldReason> {
    let reason = |name: String| HoldReason::ALL.into_iter().find(|reason| reason.as_str() == name);
    PossibleValuesParser::new(HoldReason::ALL.map(HoldReason::as_str))
        .try_map(move |name| reason(name).ok_or("unknown"))
}

/// The end of a day, or a time.
pub(super) fn end(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let day: civil::Date = text.parse().map_err(|_| "write a day, such as 2027-01-31, or a time".to_owned())?;
    let next = day.checked_add(1.day()).and_then(|next| next.to_zoned(TimeZone::UTC));
    next.map(|next| next.timestamp()).map_err(|_| "that is beyond the calendar".to_owned())
}

impl Add {
    async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let values = self.person.read()?;
        values.refuse_seen()?;
        let installation = self.mluvii.map(|name| InstallationName(name.into()));
        let about = match (self.session, self.guest, self.rule) {
            (Some(session), ..) => HoldAbout::Session(session),
            (None, Some(guest), _) => named_guest(&guest)?,
            (None, None, Some(rule)) => HoldAbout::Rule { installation, rule },
            (None, None, None) => HoldAbout::Person { installation, identifiers: values.identifiers },
        };
        let request = HoldRequest { about, reason: self.reason, case: self.case, until: self.until };
        let Added { hold, under_way } = holds::add(on, request, &actor()).await?;
        if out.is_json() {
            out.json(&json!({ "id": hold.id, "under_way": under_way }))?;
            return Ok(Exit::Done);
        }
        out.line(format_args!("{}: {} is kept ({})", hold.id, what(&hold.on), hold.reason.as_str()))?;
        for erasure in under_way {
            let told = "a target is being asked to erase, or has accepted to and not reported; what was sent already is not kept";
            out.line(format_args!("{erasure}: {told}"))?;
        }
        Ok(Exit::Done)
    }
}

fn named_guest(argument: &str) -> Result<HoldAbout, Failure> {
    identity::must_not_be_seen(argument)?;
    let text = identity::read(argument, "guest, as INSTALLATION/ID")?;
    let wrong = || Failure::Usage("a guest is written as `installation/id`".to_owned());
    let (name, id) = text.expose().split_once('/').ok_or_else(wrong)?;
    let guest = GuestId::named(id).ok_or_else(wrong)?;
    Ok(HoldAbout::Guest { installation: InstallationName(name.into()), guest })
}

impl Holds {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Add(add) => add.run(on, out).await,
            Self::List { all } => {
                let which = if all { HoldsListed::All } else { HoldsListed::InForce };
                list(&holds::list(on, which).await?, out)
            }
            Self::Show { id } => show(&holds::show(on, id).await?, out),
            Self::Lift { id } => {
                let done = match holds::lift(on, id, &actor()).await {
                    Ok(()) => true,
                    Err(OperationError::NotFound(_) | OperationError::Conflict(_)) => false,
                    Err(error) => return Err(error.into()),
                };
                if out.is_json() {
                    out.json(&json!({ "done": done }))?;
                } else if done {
                    out.line("lifted; what waited for it goes on, unless another hold keeps it")?;
                } else {
                    out.line("not lifted: it has ended, or there is none")?;
                }
                Ok(Exit::when(done))
            }
        }
    }
}

fn list(all: &[Hold], out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(&all.iter().map(as_json).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    let row = |hold: &Hold| {
        let case = hold.hold.case.as_ref().map(ToString::to_string).unwrap_or_default();
        [
            hold.hold.id.to_string(),
            what(&hold.hold.on),
            hold.hold.reason.as_str().to_owned(),
            case,
            state(hold, "no end"),
        ]
    };
    out.table(["ID", "KEEPS", "REASON", "CASE", "UNTIL"], all.iter().map(row))?;
    Ok(Exit::Done)
}

fn show(Shown { hold, waiting }: &Shown, out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        let mut shown = as_json(hold);
        shown["waiting"] = json!(waiting.iter().map(|erasure| erasure.id).collect::<Vec<_>>());
        out.json(&shown)?;
        return Ok(Exit::Done);
    }
    out.line(format_args!("hold      {}", hold.hold.id))?;
    out.line(format_args!("keeps     {}", what(&hold.hold.on)))?;
    out.line(format_args!("mluvii    {}", hold.hold.installation))?;
    out.line(format_args!("reason    {}", hold.hold.reason.as_str()))?;
    out.line(format_args!(
        "case      {}",
        hold.hold.case.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
    ))?;
    out.line(format_args!("added     {} by {}", out::time(hold.added), hold.by))?;
    out.line(format_args!("until     {}", state(hold, "it is lifted")))?;
    if let Some((at, by)) = &hold.lifted {
        out.line(format_args!("lifted    {} by {by}", out::time(*at)))?;
    }
    let row = |erasure: &Erasure| {
        [
            erasure.id.to_string(),
            erasure.state.as_str().to_owned(),
            subject(&erasure.subject.key()),
            out::date(erasure.due),
        ]
    };
    if waiting.is_empty() {
        out.line("\nnothing waits for it")?;
    } else {
        out.line("\nwaiting for it:")?;
        out.table(["ID", "STATE", "SUBJECT", "DUE"], waiting.iter().map(row))?;
    }
    Ok(Exit::Done)
}

/// What is kept, without a word of whom.
fn what(on: &HoldOn) -> String {
    match on {
        HoldOn::Session(session) => format!("session {session}"),
        HoldOn::Guest(digest) => format!("guest {}…", &hex::encode(digest.0)[..8]),
        HoldOn::Person(fingerprints) => {
            let mut kinds: Vec<_> = fingerprints.iter().map(|one| one.kind.as_str()).collect();
            kinds.dedup();
            format!("person by {}", kinds.join(", "))
        }
        HoldOn::Rule(rule) => format!("rule {rule}"),
    }
}

/// Until when, or that it has ended; one without an end is `endless`.
fn state(hold: &Hold, endless: &str) -> String {
    match (hold.ended(Timestamp::now()), hold.hold.until) {
        (Some(ended), _) => format!("ended {}", out::date(ended)),
        (None, Some(until)) => out::time(until),
        (None, None) => endless.to_owned(),
    }
}

fn as_json(hold: &Hold) -> Value {
    let mut shown = json!({
        "id": hold.hold.id, "mluvii": hold.hold.installation.0, "keeps": hold.hold.on.kind(), "reason": hold.hold.reason,
        "case": hold.hold.case, "until": hold.hold.until, "added": hold.added, "by": hold.by,
        "ended": hold.ended(Timestamp::now()), "lifted_by": hold.lifted.as_ref().map(|(_, by)| by),
    });
    match &hold.hold.on {
        HoldOn::Session(session) => shown["session"] = json!(session.0),
        HoldOn::Guest(digest) => shown["guest"] = json!(hex::encode(digest.0)),
        HoldOn::Person(fingerprints) => {
            shown["kinds"] =
                json!(fingerprints.iter().map(|one| one.kind.as_str()).collect::<std::collections::BTreeSet<_>>());
        }
        HoldOn::Rule(rule) => shown["rule"] = json!(rule),
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_with_its_last_moment_and_a_time_is_itself() {
        let read = |text: &str| end(text).map(|end| end.to_string());
        assert_eq!(read("2027-01-31").as_deref(), Ok("2027-02-01T00:00:00Z"));
        assert_eq!(read("2027-01-31T12:00:00Z").as_deref(), Ok("2027-01-31T12:00:00Z"));
        assert!(read("31. 1. 2027").is_err() && read("9999-12-31").is_err());
    }
}
