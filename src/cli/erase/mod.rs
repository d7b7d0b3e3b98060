//! `quietus erase`: a person's request. It is written into the ledger; a running server carries it through.

mod preview;

use clap::ArgGroup;
use jiff::Timestamp;
use serde_json::json;

use super::exit::{Exit, Failure};
use super::identity::{self, Given};
use super::installation::Installation;
use super::out::{self, Out};
use crate::config::Keys;
use crate::erasure::{Capsule, ErasureId, NewErasure, Subject};
use crate::policy::person_subject;
use crate::span::Span;
use crate::subject::{GuestId, Identifier, Identifiers, Kind, SessionKey, SourceName, TargetName};

/// What stands in a receipt where a rule's name would.
const RULE: &str = "request";

/// Ask for an erasure: of a session, of a guest, or of a person
///
/// A value is written out, `-` (asked for without showing it, or one line of standard input), or `@FILE` (the file's first
/// line). Written out, other users of this machine can see it. Lines of standard input are read in the order: session,
/// guest, e-mail, phone, name, other.
#[derive(clap::Args)]
#[command(group(ArgGroup::new("subject").required(true).multiple(true)))]
pub(super) struct Erase {
    /// One session
    #[arg(long, group = "subject", value_name = "SOURCE/ID", conflicts_with_all = ["guest", "email", "phone", "name", "other"])]
    session: Option<String>,
    /// All sessions of a guest
    #[arg(long, group = "subject", value_name = "SOURCE/ID", conflicts_with_all = ["email", "phone", "name", "other"])]
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
    /// The places to erase from, such as `mluvii,crm` [default: all]
    #[arg(long, value_delimiter = ',', value_name = "TARGETS")]
    targets: Vec<String>,
    /// How long to wait before it begins, such as `2d`
    #[arg(long, value_name = "SPAN")]
    after: Option<Span>,
    /// Only say whom it would reach and what would go: asks the ledger and every target, changes nothing
    #[arg(long)]
    dry_run: bool,
}

impl Erase {
    pub(super) async fn run(self, installation: &Installation, out: &mut Out) -> Result<Exit, Failure> {
        let targets = self.targets(installation)?;
        let keys = installation.keys().await?;
        let (subject, identifiers) = self.whom(installation, &keys, out)?;
        if self.dry_run {
            return preview::run(installation, &keys, &subject, identifiers, &targets, out).await;
        }
        let now = Timestamp::now();
        let due = now.saturating_add(self.after.map(Span::get).unwrap_or_default()).unwrap_or(Timestamp::MAX);
        let capsule = (!identifiers.0.is_empty()).then(|| Capsule::seal(&identifiers, &keys.seal));
        let id = ErasureId::generate(now);
        let erasure = NewErasure { id, subject, rule: RULE.to_owned(), targets, due, capsule };
        // Another erasure of the same subject may stand for this one.
        let id = installation.ledger.request(erasure).await?;
        if out.is_json() {
            out.json(&json!({ "id": id, "due": due }))?;
        } else {
            out.line(format_args!("{id}: asked for, begins at {} or when its sessions have settled", out::time(due)))?;
            out.line(format_args!("to see how it goes: quietus erasures show {id}"))?;
        }
        Ok(Exit::Done)
    }

    /// The targets that are asked for, all of which must exist.
    fn targets(&self, installation: &Installation) -> Result<Vec<TargetName>, Failure> {
        let known = installation.config.targets();
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

    /// Whom it is about, and the identifiers that the request brings.
    fn whom(&self, installation: &Installation, keys: &Keys, out: &mut Out) -> Result<(Subject, Identifiers), Failure> {
        if let Some(session) = &self.session {
            let given = identity::read(session, "session, as SOURCE/ID")?;
            let key: SessionKey = given.value().expose().parse().map_err(|what: &str| Failure::Usage(what.into()))?;
            known_source(installation, &key.source)?;
            return Ok((Subject::Session(key), Identifiers::default()));
        }
        if let Some(guest) = &self.guest {
            let given = identity::read(guest, "guest, as SOURCE/ID")?;
            let wrong = || Failure::Usage("a guest is written as `source/id`".to_owned());
            let (source, id) = given.value().expose().split_once('/').ok_or_else(wrong)?;
            let source = SourceName(source.into());
            known_source(installation, &source)?;
            let guest = GuestId::named(id).ok_or_else(wrong)?;
            return Ok((Subject::Guest { source, guest }, Identifiers::default()));
        }
        let identifiers = self.identifiers(out)?;
        if installation.config.person.matches(&identifiers, &keys.index).is_empty() {
            out.note(
                "these identifiers recognize no session (see `person.match` in the configuration); only the targets that \
                 find the person themselves are asked",
            );
        }
        Ok((person_subject(&identifiers, &keys.index), identifiers))
    }

    fn identifiers(&self, out: &mut Out) -> Result<Identifiers, Failure> {
        let of = |kind: Kind, values: &[String]| values.iter().map(|v| (kind.clone(), v.clone())).collect::<Vec<_>>();
        let given = [of(Kind::Email, &self.email), of(Kind::Phone, &self.phone), of(Kind::Name, &self.name)];
        let mut identifiers = Identifiers::default();
        let mut seen_by_others = false;
        for (kind, argument) in given.iter().flatten().chain(&self.other) {
            let given = identity::read(argument, kind.as_str())?;
            seen_by_others |= matches!(given, Given::Literal(_));
            let identifier = Identifier::new(kind.clone(), given.value().expose());
            let nothing = || Failure::Usage(format!("nothing is left of the {kind} once it is in its normal form"));
            identifiers.0.insert(identifier.ok_or_else(nothing)?);
        }
        if seen_by_others {
            out.note("other users of this machine can see arguments; `-` asks for the value, `@FILE` reads it");
        }
        Ok(identifiers)
    }
}

fn known_source(installation: &Installation, source: &SourceName) -> Result<(), Failure> {
    if installation.config.sources.iter().any(|known| *known.name == *source.0) {
        return Ok(());
    }
    Err(Failure::Usage(format!("there is no source `{source}` in the configuration")))
}

fn kind_and_value(text: &str) -> Result<(Kind, String), String> {
    let (kind, value) = text.split_once('=').ok_or("write KIND=VALUE")?;
    Ok((kind.parse()?, value.to_owned()))
}
