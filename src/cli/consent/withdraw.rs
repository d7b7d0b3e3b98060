//! `quietus consent withdraw`.

use jiff::civil::Date;
use serde_json::json;

use super::WhoseArgs;
use super::show::by;
use crate::cli::context::actor;
use crate::cli::erase::session_keys;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::{self, DOUBTFUL, GOOD, Out};
use crate::cli::words::counted;
use crate::consent::CameBy;
use crate::operations::Operations;
use crate::operations::consent::{self, Asked, DemandShown, ForeseenWithdrawal, Left};

/// Write down that a person has withdrawn a consent, in a letter or a call
///
/// Guests and identifiers are `-` (asked for without showing it, or one line of standard input) or `@FILE` (the file's first line); none is
/// written out, as other users of this machine could see it.
///
/// Without `--confirm`, it shows of which sessions, and which erasures the rules would demand by it, and changes nothing. With the value
/// that is shown there, it does just that, or nothing where it would be something else by then. Only sessions that are certainly meant
/// are taken, unless you include others.
#[derive(clap::Args)]
pub(crate) struct Withdraw {
    #[command(flatten)]
    whose: WhoseArgs,
    /// Take this session although it is only possibly meant; may be repeated
    #[arg(long, value_name = "SESSION", conflicts_with = "session")]
    include: Vec<String>,
    /// Leave this session; may be repeated
    #[arg(long, value_name = "SESSION", conflicts_with = "session")]
    exclude: Vec<String>,
    /// How it reached you
    #[arg(long, value_enum)]
    came: CameByArg,
    /// The day on which the person said so, such as 2026-11-30 (UTC); what was given after it stands [default: now]
    #[arg(long, value_name = "DAY")]
    on: Option<Date>,
    /// Do what was shown under this value
    #[arg(long, value_name = "HASH")]
    confirm: Option<String>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum CameByArg {
    Letter,
    Phone,
    Email,
    InPerson,
}

impl Withdraw {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let came = match self.came {
            CameByArg::Letter => CameBy::Letter,
            CameByArg::Phone => CameBy::Phone,
            CameByArg::Email => CameBy::Email,
            CameByArg::InPerson => CameBy::InPerson,
        };
        let about = self.whose.read()?;
        let (include, exclude) = (session_keys(&self.include)?, session_keys(&self.exclude)?);
        let asked = Asked { about, include, exclude, came, on: self.on };
        let Some(hash) = self.confirm else {
            let foreseen = consent::foresee(on, &asked, &actor()).await?;
            if out.is_json() {
                out.json(&foreseen)?;
            } else {
                show(&foreseen, out)?;
            }
            return Ok(Exit::when(!foreseen.sessions.is_empty()));
        };
        let (done, erasures) = consent::withdraw(on, &asked, &hash, &actor()).await?;
        let (sessions, erasures) = (done.sessions.len(), erasures.len());
        if out.is_json() {
            out.json(&json!({ "sessions": sessions, "erasures": erasures }))?;
        } else {
            let at_settling = done.sessions.iter().filter(|one| !one.at_settling.is_empty()).count();
            let later = match at_settling {
                0 => String::new(),
                count => format!("; {} decided on when settled", counted(count, "session is", "sessions are")),
            };
            let of = counted(sessions, "session", "sessions");
            out.marked(
                GOOD,
                "✓",
                format_args!("the consents of {of} are withdrawn; erasures by it: {erasures}{later}"),
            )?;
        }
        Ok(Exit::Done)
    }
}

fn show(foreseen: &ForeseenWithdrawal, out: &mut Out) -> std::io::Result<()> {
    let ForeseenWithdrawal { hash, sessions, left } = foreseen;
    for one in sessions {
        out.line(format_args!("{}  {} ({})", one.session, one.meant, one.why))?;
        let version = one.consent.version.as_deref().unwrap_or("-");
        let since = out::time_or_dash(one.consent.since);
        let state = one.consent.state.as_str();
        out.line(format_args!("  consent  {state} since {since}, version {version}, by {}", by(&one.consent)))?;
        for demand in &one.demands {
            out.line(format_args!("  then     {}", said(demand)))?;
        }
        for demand in &one.at_settling {
            out.line(format_args!("  settled  {}", said(demand)))?;
        }
        if one.demands.is_empty() && one.at_settling.is_empty() {
            out.line("  then     no rule demands an erasure")?;
        }
        if one.unread {
            out.marked(DOUBTFUL, "  ?", "mluvii does not show this session: who it is about is not known")?;
        }
    }
    for one in left {
        let why = match one.why {
            Left::Possible => "only possibly meant; take it with --include",
            Left::Excluded => "you leave it",
            Left::NotGiven => "no consent is given in it that this would end",
        };
        out.line(format_args!("{}  stays as it is: {why}", one.session))?;
    }
    let possible = left.iter().filter(|one| one.why == Left::Possible).count();
    match sessions.len() {
        0 if possible > 0 => out.line(format_args!(
            "nothing would be withdrawn: {} only possibly this person's; take what is with --include SESSION",
            counted(possible, "session is", "sessions are")
        )),
        0 => out.line("there is no consent that this would end"),
        count => out.marked(
            DOUBTFUL,
            "!",
            format_args!("nothing has changed; to withdraw these {count}: the same command with --confirm {hash}"),
        ),
    }
}

fn said(demand: &DemandShown) -> String {
    let targets: Vec<_> = demand.targets.iter().map(ToString::to_string).collect();
    let approve = if demand.approve { ", once it is approved" } else { "" };
    let (rule, scope, due) = (&demand.rule, demand.scope, out::time(demand.due));
    format!("`{rule}` erases the {scope} from {} at {due}{approve}", targets.join(", "))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;
    use crate::request::Came;

    #[test]
    fn how_it_came_is_said_in_the_words_of_a_request() {
        for one in CameByArg::value_variants() {
            let word = one.to_possible_value().expect("it is typed").get_name().to_owned();
            assert!(word.parse::<Came>().is_ok(), "{word}");
        }
    }
}
