//! `quietus receipts find`: a person asks what became of a request. The identifiers are compared as keyed fingerprints,
//! which erasures keep one by one (`erasing.keep_fingerprints`); the ledger holds no values.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::deployment::Deployment;
use super::super::exit::{Exit, Failure};
use super::super::identity::{self, Given};
use super::super::out::{self, Out};
use super::list;
use crate::erasure::{Erasure, ErasureId};
use crate::receipt::Receipt;
use crate::subject::{Fingerprinter, Identifier, InstallationName, Kind};

/// Find the receipts of a person's erasures by the person's identifiers
///
/// Values of one kind are alternatives; every kind that is given has to agree. A value is written out, `-` (asked for
/// without showing it, or one line of standard input), or `@FILE` (the file's first line). Written out, other users of this
/// machine can see it. Lines of standard input are read in the order: e-mail, phone, name, other.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("person").required(true).multiple(true)))]
pub(crate) struct Find {
    /// A person's e-mail address; may be repeated
    #[arg(long, group = "person", value_name = "ADDRESS")]
    email: Vec<String>,
    /// A person's phone number; may be repeated
    #[arg(long, group = "person", value_name = "NUMBER")]
    phone: Vec<String>,
    /// A person's name; may be repeated
    #[arg(long, group = "person", value_name = "NAME")]
    name: Vec<String>,
    /// A person's identifier of another kind, such as `customer=-`; may be repeated
    #[arg(long, group = "person", value_name = "KIND=VALUE", value_parser = kind_and_value)]
    other: Vec<(Kind, String)>,
    /// Only in this installation of mluvii [default: in all]
    #[arg(long, value_name = "INSTALLATION")]
    mluvii: Option<String>,
}

/// An erasure of the person, and its receipt if it has ended.
#[derive(Serialize)]
struct Found {
    erasure: Erasure,
    receipt: Option<Receipt>,
}

/// Identifiers by kind.
type Wanted = BTreeMap<Kind, Vec<Identifier>>;

impl Find {
    pub(super) async fn run(self, deployment: &Deployment, out: &mut Out) -> Result<Exit, Failure> {
        let names = self.installations(deployment)?;
        let keys = deployment.keys().await?;
        let wanted = self.identifiers(out)?;
        let mut found = Vec::new();
        for name in names {
            let fingerprinter = deployment.config.fingerprinter(&keys.index, &name);
            for erasure in with_all(deployment, &fingerprinter, &wanted).await? {
                let receipt = deployment.ledger.receipt_of(erasure.id).await?;
                found.push(Found { erasure, receipt });
            }
        }
        let exit = Exit::when(!found.is_empty());
        if out.is_json() {
            out.json(&found)?;
        } else if found.is_empty() {
            out.line("nothing was found")?;
        } else {
            out.table(["RECEIPT", "ENDED", "VERDICT", "SUBJECT", "ERASURE"], found.iter().map(row))?;
        }
        if !deployment.config.erasing.keep_fingerprints {
            out.note(
                "erasures that have ended cannot be found by person, because `erasing.keep_fingerprints` is off; only open \
                 ones are found",
            );
        }
        Ok(exit)
    }

    /// The installations in which it is looked.
    fn installations(&self, deployment: &Deployment) -> Result<Vec<InstallationName>, Failure> {
        match &self.mluvii {
            Some(name) => Ok(vec![deployment.named(name)?]),
            None => Ok(deployment.config.mluvii.iter().map(|mluvii| mluvii.name.clone()).collect()),
        }
    }

    fn identifiers(&self, out: &mut Out) -> Result<Wanted, Failure> {
        let of = |kind: Kind, values: &[String]| values.iter().map(|v| (kind.clone(), v.clone())).collect::<Vec<_>>();
        let given = [of(Kind::Email, &self.email), of(Kind::Phone, &self.phone), of(Kind::Name, &self.name)];
        let mut wanted = Wanted::new();
        let mut seen_by_others = false;
        for (kind, argument) in given.iter().flatten().chain(&self.other) {
            let given = identity::read(argument, kind.as_str())?;
            seen_by_others |= matches!(given, Given::Literal(_));
            let identifier = Identifier::new(kind.clone(), given.value().expose());
            let none = || Failure::Usage(format!("the {kind} is none that a person has"));
            wanted.entry(kind.clone()).or_default().push(identifier.ok_or_else(none)?);
        }
        if seen_by_others {
            out.note("other users of this machine can see arguments; `-` asks for the value, `@FILE` reads it");
        }
        Ok(wanted)
    }
}

/// The erasures of one installation that have an identifier of every kind that is wanted, the newest first.
async fn with_all(
    deployment: &Deployment,
    fingerprinter: &Fingerprinter,
    wanted: &Wanted,
) -> Result<Vec<Erasure>, Failure> {
    let mut agreeing: Option<Vec<Erasure>> = None;
    for (kind, identifiers) in wanted {
        let forms = identifiers.iter().flat_map(|identifier| fingerprinter.of(identifier));
        let fingerprints: Vec<_> = forms.map(|form| form.fingerprint).collect();
        if fingerprints.is_empty() {
            let what = format!("the {kind} has no form in which it could be compared; see `person.region` for phones");
            return Err(Failure::Usage(what));
        }
        let with = deployment.ledger.erasures_with(&fingerprints).await?;
        agreeing = Some(match agreeing {
            None => with,
            Some(before) => {
                let ids: Vec<ErasureId> = with.iter().map(|erasure| erasure.id).collect();
                before.into_iter().filter(|erasure| ids.contains(&erasure.id)).collect()
            }
        });
    }
    Ok(agreeing.unwrap_or_default())
}

/// An erasure that has not ended shows its state where the verdict would be.
fn row(found: &Found) -> [String; 5] {
    let id = found.erasure.id.to_string();
    match &found.receipt {
        Some(receipt) => {
            let said = &receipt.statement;
            let subject = list::subject(&said.subject);
            [said.sequence.to_string(), out::time(said.ended), said.verdict.to_string(), subject, id]
        }
        None => {
            let state = found.erasure.state.as_str().to_owned();
            let subject = list::subject(&found.erasure.subject.key());
            ["-".into(), "-".into(), state, subject, id]
        }
    }
}

fn kind_and_value(text: &str) -> Result<(Kind, String), String> {
    let (kind, value) = text.split_once('=').ok_or("write KIND=VALUE")?;
    Ok((kind.parse()?, value.to_owned()))
}
