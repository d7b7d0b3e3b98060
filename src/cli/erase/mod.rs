//! `quietus erase`: a person's request. It is written into the ledger; a running server carries it through.

mod preview;
pub(super) mod reach;
pub(super) mod said;

use std::collections::BTreeSet;

use clap::ArgGroup;
use quietus_plugin::Span;
use serde_json::json;

use super::context::actor;
use super::exit::{Exit, Failure};
use super::identity::{self, PersonArgs, SEEN_BY_OTHERS};
use super::out::{self, Out};
use super::words::never_approved;
use crate::erasure::{ErasureState, Selection};
use crate::operations::erasures::{self, About, Reach, Request, Requested};
use crate::operations::{OperationError, Operations};
use crate::subject::{GuestId, InstallationName, SessionKey};

/// Ask for an erasure: of a session, of a guest, or of a person
///
/// It says first which sessions it reaches, how surely each is meant, and what it will not reach. Only sessions that are
/// certainly meant go, unless you include others.
///
/// A value is written out, `-` (asked for without showing it, or one line of standard input), or `@FILE` (the file's first
/// line). Written out, other users of this machine can see it. Lines of standard input are read in the order: session,
/// guest, e-mail, phone, name, other.
#[derive(clap::Args)]
#[command(group(
    ArgGroup::new("subject")
        .required(true)
        .multiple(true)
        .args(["session", "guest", "email", "phone", "name", "other"])
))]
pub(super) struct Erase {
    /// One session, such as `acme/4711`: the name of the mluvii installation (or of a source of it), and mluvii's id
    #[arg(long, value_name = "INSTALLATION/ID", conflicts_with_all = ["guest", "email", "phone", "name", "other"])]
    session: Option<String>,
    /// All sessions of a guest
    #[arg(long, value_name = "INSTALLATION/ID", conflicts_with_all = ["email", "phone", "name", "other"])]
    guest: Option<String>,
    #[command(flatten)]
    person: PersonArgs,
    /// The mluvii installation in which the person is meant; needed where there are several
    #[arg(long, value_name = "NAME", conflicts_with_all = ["session", "guest"])]
    mluvii: Option<String>,
    /// Take this session although it is only possibly meant; may be repeated
    #[arg(long, value_name = "SESSION", conflicts_with = "session")]
    include: Vec<String>,
    /// Take all sessions that are only possibly meant
    #[arg(long, conflicts_with = "session")]
    include_possible: bool,
    /// Leave this session; may be repeated. One that is only possibly meant is then somebody else's; one that is certainly
    /// meant is kept, and the receipt is incomplete
    #[arg(long, value_name = "SESSION", conflicts_with = "session")]
    exclude: Vec<String>,
    /// The places to erase from, such as `mluvii,crm` [default: all]
    #[arg(long, value_delimiter = ',', value_name = "TARGETS")]
    targets: Vec<String>,
    /// How long to wait before it begins, such as `2d`
    #[arg(long, value_name = "SPAN")]
    after: Option<Span>,
    /// Only say which sessions it would reach and what would go: asks the ledger, mluvii and every target, changes nothing
    #[arg(long)]
    dry_run: bool,
}

impl Erase {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let values = self.person.read()?;
        let about = match (&self.session, &self.guest) {
            (Some(session), _) => {
                About::Session(session_key(identity::read(session, "session, as INSTALLATION/ID")?.expose())?)
            }
            (None, Some(guest)) => named_guest(identity::read(guest, "guest, as INSTALLATION/ID")?.expose())?,
            (None, None) => {
                let installation = self.mluvii.as_deref().map(|name| InstallationName(name.into()));
                About::Person { installation, identifiers: values.identifiers.clone() }
            }
        };
        let request = Request {
            about,
            targets: self.targets,
            selection: Selection {
                include_possible: self.include_possible,
                include: session_keys(&self.include)?,
                exclude: session_keys(&self.exclude)?,
                ..Selection::default()
            },
            after: self.after.map(|after| after.0).unwrap_or_default(),
        };
        if self.dry_run {
            let bar = said::progress();
            let preview = erasures::preview(on, request, &|target| said::asking(&bar, target), &actor()).await;
            // Before anything is shown: the line would stand beside it.
            bar.finish_and_clear();
            let preview = preview?;
            values.warn(SEEN_BY_OTHERS, out);
            return preview::show(&preview, out);
        }
        let requested = erasures::request(on, request, &actor()).await?;
        values.warn(SEEN_BY_OTHERS, out);
        let waits = requested.erasure.state == ErasureState::Requested;
        show(requested, out)?;
        if let Some(why) = never_approved(on, &actor()).filter(|_| waits) {
            out.note(why);
        }
        Ok(Exit::Done)
    }
}

pub(super) fn session_keys(texts: &[String]) -> Result<BTreeSet<SessionKey>, Failure> {
    texts.iter().map(|text| session_key(text)).collect()
}

pub(super) fn session_key(text: &str) -> Result<SessionKey, Failure> {
    text.parse().map_err(|wrong: &str| Failure::Usage(wrong.to_owned()))
}

pub(super) fn named_guest(text: &str) -> Result<About, Failure> {
    let wrong = || Failure::Usage("a guest is written as `installation/id`".to_owned());
    let (name, id) = text.split_once('/').ok_or_else(wrong)?;
    let guest = GuestId::named(id).ok_or_else(wrong)?;
    Ok(About::Guest { installation: InstallationName(name.into()), guest })
}

fn show(requested: Requested, out: &mut Out) -> Result<(), Failure> {
    let Requested { erasure, merged, reach } = requested;
    let reach = told(reach, out);
    let targets: Vec<_> = erasure.steps.iter().map(|step| step.target.to_string()).collect();
    if out.is_json() {
        out.json(&json!({
            "id": erasure.id, "due": erasure.due, "state": erasure.state, "merged": merged, "rules": erasure.rules,
            "targets": targets, "reach": reach.as_ref().map(reach::json),
        }))?;
        return Ok(());
    }
    if let Some(reach) = &reach {
        reach::write(reach, out)?;
    }
    let how = if merged { "joined to an erasure that was there" } else { "asked for" };
    let due = out::time(erasure.due);
    let begins = match erasure.state {
        ErasureState::Requested => format!(
            "waits for somebody else, by `quietus erasures approve {}`, and then begins at {due} or when its sessions have settled",
            erasure.id
        ),
        _ => format!("begins at {due} or when its sessions have settled"),
    };
    out.line(format_args!("{}: {how}, {begins}", erasure.id))?;
    out.line(format_args!("rules    {}", erasure.rules.join(", ")))?;
    out.line(format_args!("targets  {}", targets.join(", ")))?;
    out.line(format_args!("to see how it goes: quietus erasures show {}", erasure.id))?;
    Ok(())
}

/// What it reaches, or a note why that is not known.
fn told(reach: Result<Reach, OperationError>, out: &mut Out) -> Option<Reach> {
    match reach {
        Ok(reach) => Some(reach),
        Err(error) => {
            let why = anyhow::Error::from(Failure::from(error));
            out.note(format_args!("which sessions it reaches cannot be told now: {why:#}"));
            None
        }
    }
}
