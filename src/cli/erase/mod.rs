//! `quietus erase`: a person's request. It is written into the ledger; a running server carries it through.

mod preview;
mod reached;
mod whom;

use clap::ArgGroup;
use jiff::Timestamp;
use serde_json::json;

use super::deployment::Deployment;
use super::exit::{Exit, Failure};
use super::out::{self, Out};
use crate::config::Keys;
use crate::erasure::{Capsule, Erasure, ErasureId, NewErasure, Selection};
use crate::span::Span;
use crate::subject::{Kind, TargetName};
use reached::Reached;
use whom::Asked;

/// What stands in a receipt where a rule's name would.
const RULE: &str = "request";

/// Ask for an erasure: of a session, of a guest, or of a person
///
/// It says first which sessions it reaches, how surely each is meant, and what it will not reach. Only sessions that are
/// certainly meant go, unless you include others.
///
/// A value is written out, `-` (asked for without showing it, or one line of standard input), or `@FILE` (the file's first
/// line). Written out, other users of this machine can see it. Lines of standard input are read in the order: session,
/// guest, e-mail, phone, name, other.
#[derive(clap::Args)]
#[command(group(ArgGroup::new("subject").required(true).multiple(true)))]
pub(super) struct Erase {
    /// One session, such as `acme/4711`: the name of the mluvii installation (or of a source of it), and mluvii's id
    #[arg(long, group = "subject", value_name = "INSTALLATION/ID", conflicts_with_all = ["guest", "email", "phone", "name", "other"])]
    session: Option<String>,
    /// All sessions of a guest
    #[arg(long, group = "subject", value_name = "INSTALLATION/ID", conflicts_with_all = ["email", "phone", "name", "other"])]
    guest: Option<String>,
    /// A person's e-mail address; may be repeated
    #[arg(long, group = "subject", value_name = "ADDRESS")]
    email: Vec<String>,
    /// A person's phone number; may be repeated
    #[arg(long, group = "subject", value_name = "NUMBER")]
    phone: Vec<String>,
    /// A person's name; may be repeated
    #[arg(long, group = "subject", value_name = "NAME")]
    name: Vec<String>,
    /// A person's identifier of another kind, such as `customer=-`; may be repeated
    #[arg(long, group = "subject", value_name = "KIND=VALUE", value_parser = kind_and_value)]
    other: Vec<(Kind, String)>,
    /// The mluvii installation in which the person is meant; needed where there are several
    #[arg(long, value_name = "NAME", conflicts_with_all = ["session", "guest"])]
    mluvii: Option<String>,
    /// Take this session although it is only possibly meant; may be repeated
    #[arg(long, value_name = "SESSION", conflicts_with = "session")]
    include: Vec<String>,
    /// Take all sessions that are only possibly meant
    #[arg(long, conflicts_with = "session")]
    include_possible: bool,
    /// Leave this session: one that is only possibly meant is somebody else's by that, one that is certainly meant is kept,
    /// and the receipt is incomplete; may be repeated
    #[arg(long, value_name = "SESSION", conflicts_with = "session")]
    exclude: Vec<String>,
    /// The places to erase from, such as `mluvii,crm` [default: all]
    #[arg(long, value_delimiter = ',', value_name = "TARGETS")]
    targets: Vec<String>,
    /// How long to wait before it begins, such as `2d`
    #[arg(long, value_name = "SPAN")]
    after: Option<Span>,
    /// Only say whom it would reach and what would go: asks the ledger, mluvii and every target, changes nothing
    #[arg(long)]
    dry_run: bool,
}

/// What is asked for, read and checked.
struct Request {
    asked: Asked,
    selection: Selection,
    targets: Vec<TargetName>,
}

impl Erase {
    pub(super) async fn run(self, deployment: &Deployment, out: &mut Out) -> Result<Exit, Failure> {
        let targets = self.targets(deployment)?;
        let keys = deployment.keys().await?;
        let asked = self.whom(deployment, &keys, out)?;
        let selection = self.selection(deployment, &asked)?;
        let request = Request { asked, selection, targets };
        if self.dry_run {
            return preview::run(deployment, &keys, request, out).await;
        }
        let now = Timestamp::now();
        let due = now.saturating_add(self.after.map(Span::get).unwrap_or_default()).unwrap_or(Timestamp::MAX);
        // A server resolves it anew when it begins; that this cannot be told now does not keep a request from being made.
        let reached = Reached::find(deployment, &keys, &request).await;
        let asked_for = ask(deployment, &keys, request, due).await?;
        match reached {
            Ok(reached) => tell(asked_for, Some(&reached), out)?,
            Err(failure) => {
                let why = anyhow::Error::from(failure);
                out.note(format_args!("which sessions it reaches cannot be told now: {why:#}"));
                tell(asked_for, None, out)?;
            }
        }
        Ok(Exit::Done)
    }

    /// The targets that are asked for, all of which must exist.
    fn targets(&self, deployment: &Deployment) -> Result<Vec<TargetName>, Failure> {
        let known = deployment.config.targets();
        if self.targets.is_empty() {
            return Ok(known);
        }
        let named = self.targets.iter().map(|name| {
            known.iter().find(|target| *target.0 == **name).cloned().ok_or_else(|| {
                let known = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                Failure::Usage(format!("there is no target `{name}`; there are: {known}"))
            })
        });
        named.collect()
    }

    /// What the arguments decide about single sessions.
    fn selection(&self, deployment: &Deployment, asked: &Asked) -> Result<Selection, Failure> {
        let within = asked.subject.installation();
        let read = |texts: &[String]| -> Result<_, Failure> {
            let mut keys = std::collections::BTreeSet::new();
            for text in texts {
                let key = deployment.session_key(text)?;
                if key.installation != *within {
                    return Err(Failure::Usage(format!("the session {key} is not of the installation `{within}`")));
                }
                keys.insert(key);
            }
            Ok(keys)
        };
        let (include, exclude) = (read(&self.include)?, read(&self.exclude)?);
        if let Some(both) = include.intersection(&exclude).next() {
            return Err(Failure::Usage(format!("the session {both} is to be included and excluded")));
        }
        Ok(Selection { include_possible: self.include_possible, include, exclude })
    }
}

/// What stands in the ledger for a request.
struct AskedFor {
    erasure: Erasure,
    /// Another erasure of the same subject stands for it.
    merged: bool,
}

/// Writes the request into the ledger, and reads what stands for it there.
async fn ask(deployment: &Deployment, keys: &Keys, request: Request, due: Timestamp) -> Result<AskedFor, Failure> {
    let Request { asked, selection, targets } = request;
    let Asked { subject, whom, fingerprints } = asked;
    let id = ErasureId::generate(Timestamp::now());
    let capsule = (!whom.is_empty()).then(|| Capsule::seal(&whom, &keys.seal));
    let rule = RULE.to_owned();
    // Somebody who asks by hand has looked at whom it reaches, so nobody else has to approve it.
    let approve = false;
    let origin = None;
    let erasure = NewErasure { id, subject, rule, targets, due, approve, origin, selection, capsule, fingerprints };
    let standing = deployment.ledger.request(erasure, &deployment.by).await?;
    let erasure = deployment.ledger.erasure(standing).await?;
    let gone = || Failure::Other(anyhow::anyhow!("the erasure {standing} is not in the ledger any more"));
    Ok(AskedFor { erasure: erasure.ok_or_else(gone)?, merged: standing != id })
}

fn tell(asked_for: AskedFor, reached: Option<&Reached>, out: &mut Out) -> Result<(), Failure> {
    let AskedFor { erasure, merged } = asked_for;
    let targets: Vec<_> = erasure.steps.iter().map(|step| step.target.to_string()).collect();
    if out.is_json() {
        out.json(&json!({
            "id": erasure.id, "due": erasure.due, "state": erasure.state, "merged": merged, "rules": erasure.rules,
            "targets": targets, "reach": reached.map(Reached::json),
        }))?;
        return Ok(());
    }
    if let Some(reached) = reached {
        reached.write(out)?;
    }
    let how = if merged { "joined to an erasure that was there" } else { "asked for" };
    let due = out::time(erasure.due);
    out.line(format_args!("{}: {how}, begins at {due} or when its sessions have settled", erasure.id))?;
    out.line(format_args!("rules    {}", erasure.rules.join(", ")))?;
    out.line(format_args!("targets  {}", targets.join(", ")))?;
    out.line(format_args!("to see how it goes: quietus erasures show {}", erasure.id))?;
    Ok(())
}

fn kind_and_value(text: &str) -> Result<(Kind, String), String> {
    let (kind, value) = text.split_once('=').ok_or("write KIND=VALUE")?;
    let kind: Kind = kind.parse()?;
    if kind.is_internal_id() {
        return Err(format!(
            "`{kind}` is an id that mluvii gives out; name a session with --session, a guest with --guest"
        ));
    }
    Ok((kind, value.to_owned()))
}
