//! `quietus quarantine`: verified deliveries that could not be read. An erasure duty could hide in each of them.

mod shape;

use serde_json::json;

use super::deployment::Deployment;
use super::exit::{Exit, Failure};
use super::out::{self, Out};
use crate::event::{Decoded, Sender, decode};
use crate::ledger::{QuarantineId, Quarantined, Recorded, Stored};
use crate::verify::Reopened;

#[derive(clap::Subcommand)]
pub(super) enum Quarantine {
    /// List what is in quarantine, oldest first
    List,
    /// Show the shape of a delivery, without its values
    Show {
        id: i64,
        /// Show the delivery itself, personal data included
        #[arg(long)]
        reveal: bool,
    },
    /// Read a delivery again, after an upgrade; once it can be read it counts as received
    Replay { id: i64 },
    /// Wipe a delivery that leads to nothing
    Drop { id: i64 },
}

impl Quarantine {
    pub(super) async fn run(self, deployment: &Deployment, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List => list(&deployment.ledger.quarantined().await?, out),
            Self::Show { id, reveal } => show(deployment, QuarantineId(id), reveal, out).await,
            Self::Replay { id } => replay(deployment, QuarantineId(id), out).await,
            Self::Drop { id } => {
                let dropped = deployment.ledger.quarantine_drop(QuarantineId(id), &deployment.by).await?;
                end(dropped, if dropped { "dropped" } else { "there is no such delivery" }, out)
            }
        }
    }
}

fn list(stored: &[Stored], out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(&stored)?;
    } else {
        let row = |s: &Stored| {
            let bytes = s.sealed_bytes.to_string();
            [s.id.0.to_string(), s.source.to_string(), out::time(s.received), bytes, s.reason.clone()]
        };
        out.table(["ID", "SOURCE", "RECEIVED", "BYTES", "REASON"], stored.iter().map(row))?;
    }
    Ok(Exit::Done)
}

async fn show(deployment: &Deployment, id: QuarantineId, reveal: bool, out: &mut Out) -> Result<Exit, Failure> {
    let Some(item) = deployment.ledger.quarantined_one(id).await? else { return none(out) };
    let keys = deployment.keys().await?;
    let reopened = Reopened::open(&item.sealed, &keys.seal)?;
    let body = reopened.verified().body();
    let content = if reveal { String::from_utf8_lossy(body).into_owned() } else { shape::of(body) };
    if out.is_json() {
        let member = if reveal { "body" } else { "shape" };
        out.json(&json!({ "id": id, "source": item.source, "reason": item.reason, member: content }))?;
    } else {
        out.line(format_args!("source    {}", item.source))?;
        out.line(format_args!("reason    {}", item.reason))?;
        out.line("")?;
        out.line(content)?;
    }
    Ok(Exit::Done)
}

async fn replay(deployment: &Deployment, id: QuarantineId, out: &mut Out) -> Result<Exit, Failure> {
    let Some(item) = deployment.ledger.quarantined_one(id).await? else { return none(out) };
    let Quarantined { source, sealed, .. } = item;
    let Some(settings) = deployment.config.sources.iter().find(|known| *known.name == *source.0) else {
        return end(false, &format!("there is no source `{source}` in the configuration any more; it stays"), out);
    };
    let keys = deployment.keys().await?;
    let reopened = Reopened::open(&sealed, &keys.seal)?;
    let Some(mluvii) = &settings.mluvii else {
        return end(false, &format!("the source `{source}` names no mluvii installation; it stays"), out);
    };
    let sender = Sender { source: &source, installation: mluvii, tenants: &settings.tenants };
    let what = match decode(&reopened.verified(), sender, &keys.index) {
        Decoded::Unreadable(reason) => return end(false, &format!("still unreadable, it stays: {reason}"), out),
        Decoded::ForeignTenant(_) => "it is of a tenant that the source does not list; dropped",
        Decoded::Ignored => "it leads to nothing; dropped",
        Decoded::Event(event) => match deployment.ledger.record(event.seal(&keys.seal)).await? {
            Recorded::New => "recorded, and taken out of quarantine",
            Recorded::Duplicate => "it was received before; dropped",
        },
    };
    // Recorded first: dying in between makes a duplicate, which changes nothing.
    deployment.ledger.quarantine_drop(id, &deployment.by).await?;
    end(true, what, out)
}

fn none(out: &mut Out) -> Result<Exit, Failure> {
    end(false, "there is no such delivery", out)
}

fn end(done: bool, what: &str, out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(&json!({ "done": done, "what": what }))?;
    } else {
        out.line(what)?;
    }
    Ok(Exit::when(done))
}
