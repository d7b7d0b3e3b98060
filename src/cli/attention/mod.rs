//! `quietus attention`: what needs a person, and not wanting to be told of some of it.

mod words;

pub(super) use words::unknown_consents;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use jiff::Timestamp;
use quietus_plugin::Span;
use serde_json::json;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::{self, BAD, DOUBTFUL, Out};
use crate::attention::{Attention, Code, MuteEnd, Muted, Severity, sentence};
use crate::audit::Object;
use crate::operations::Operations;
use crate::operations::attention::{self, AttentionFilter};

#[derive(clap::Subcommand)]
pub(super) enum AttentionCommand {
    /// List what needs a person or is worth knowing, what is muted included
    List {
        /// Only what is at least so severe
        #[arg(long, value_parser = severities())]
        severity: Option<Severity>,
    },
    /// Acknowledge something: it is told again only when it changes
    Acknowledge(About),
    /// Mute something until a time, or for good where it is not urgent
    Mute {
        #[command(flatten)]
        about: About,
        /// For so long, such as `7d` [default: for good]
        #[arg(long = "for", value_name = "DURATION")]
        duration: Option<Span>,
    },
    /// Want to be told of something again
    Unmute(About),
}

/// What is acknowledged, muted or unmuted.
#[derive(clap::Args)]
pub(super) struct About {
    /// Its code, as `quietus attention list` shows it
    #[arg(value_parser = codes())]
    code: Code,
    /// Its object, such as `target:crm` [default: all of this code]
    object: Option<String>,
}

impl About {
    fn filter(self) -> AttentionFilter {
        let (code, object) = (Some(self.code), self.object.map(Object::written));
        AttentionFilter { code, object, ..AttentionFilter::default() }
    }
}

impl AttentionCommand {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List { severity } => {
                let filter = AttentionFilter { severity, ..AttentionFilter::default() };
                list(&attention::list(on, &filter).await?, out)
            }
            Self::Acknowledge(about) => mute(on, &about.filter(), MuteEnd::Changed, out).await,
            Self::Mute { about, duration } => {
                let until = duration.map(|duration| Timestamp::now().saturating_add(duration.0));
                let until = until.transpose().map_err(|_| Failure::Usage("--for is too long".to_owned()))?;
                mute(on, &about.filter(), until.map_or(MuteEnd::Never, MuteEnd::At), out).await
            }
            Self::Unmute(about) => {
                let ended = attention::unmute(on, &about.filter(), &actor()).await?;
                if out.is_json() {
                    out.json(&json!({ "unmuted": ended }))?;
                } else {
                    out.line(format_args!("unmuted: {ended}"))?;
                }
                Ok(Exit::Done)
            }
        }
    }
}

async fn mute(on: &Operations, filter: &AttentionFilter, end: MuteEnd, out: &mut Out) -> Result<Exit, Failure> {
    let muted = attention::mute(on, filter, end, &actor()).await?;
    if out.is_json() {
        out.json(&json!({ "muted": muted.len() }))?;
        return Ok(Exit::Done);
    }
    let end = match end {
        MuteEnd::Changed => "until it changes".to_owned(),
        MuteEnd::At(until) => format!("until {}", out::time(until)),
        MuteEnd::Never => "for good; `quietus attention unmute` ends it".to_owned(),
    };
    for found in muted {
        out.line(format_args!("muted {} {} {end}", found.code.as_str(), found.object))?;
    }
    Ok(Exit::Done)
}

fn list(all: &[Attention], out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(&all)?;
    } else if all.is_empty() {
        out.line("nothing needs a person")?;
    } else {
        for found in all {
            show(found, out)?;
        }
    }
    Ok(Exit::when(!all.iter().any(Attention::needs_a_person)))
}

/// Two lines: what it is called by other commands, and what it means.
fn show(found: &Attention, out: &mut Out) -> std::io::Result<()> {
    let style = if found.needs_a_person() { BAD } else { DOUBTFUL };
    let since = found.since.map_or_else(String::new, |since| format!(", since {}", out::time(since)));
    let muted = found.muted.as_ref().map_or_else(String::new, |muted| format!(", {}", muted_by(muted)));
    let heading = format!("{} {}{since}{muted}", found.code.as_str(), found.object);
    out.marked(style, &format!("{:<9}", found.severity.as_str()), heading)?;
    out.line(format_args!("          {}", sentence(found)))
}

fn muted_by(muted: &Muted) -> String {
    match (muted.acknowledged, muted.until) {
        (true, _) => format!("acknowledged by {}", muted.by),
        (false, Some(until)) => format!("muted by {} until {}", muted.by, out::time(until)),
        (false, None) => format!("muted by {}", muted.by),
    }
}

fn codes() -> impl clap::builder::TypedValueParser<Value = Code> {
    PossibleValuesParser::new(Code::ALL.map(Code::as_str)).try_map(|name| name.parse::<Code>())
}

fn severities() -> impl clap::builder::TypedValueParser<Value = Severity> {
    let severity = |name: &str| Severity::ALL.into_iter().find(|severity| severity.as_str() == name);
    PossibleValuesParser::new(Severity::ALL.map(Severity::as_str))
        .try_map(move |name| severity(&name).ok_or("there is no such severity"))
}
