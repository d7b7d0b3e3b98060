//! Whom a request is about, read from the arguments.

use super::super::deployment::Deployment;
use super::super::exit::Failure;
use super::super::identity::{self, Given};
use super::super::out::Out;
use super::Erase;
use crate::config::Keys;
use crate::erasure::Subject;
use crate::subject::{Fingerprinted, Fingerprinter, GuestId, Identifier, Identifiers, InstallationName, Kind, Whom};

/// Whom a request is about. Holds personal data in memory.
pub(super) struct Asked {
    pub(super) subject: Subject,
    pub(super) whom: Whom,
    /// Of the identifiers.
    pub(super) fingerprints: Vec<Fingerprinted>,
}

impl Erase {
    pub(super) fn whom(&self, on: &Deployment, keys: &Keys, out: &mut Out) -> Result<Asked, Failure> {
        if let Some(session) = &self.session {
            let given = identity::read(session, "session, as INSTALLATION/ID")?;
            let subject = Subject::Session(on.session_key(given.value().expose())?);
            return Ok(Asked { subject, whom: Whom::default(), fingerprints: Vec::new() });
        }
        if let Some(guest) = &self.guest {
            let given = identity::read(guest, "guest, as INSTALLATION/ID")?;
            return self.guest(given.value().expose(), on, keys);
        }
        self.person(on, keys, out)
    }

    fn guest(&self, text: &str, on: &Deployment, keys: &Keys) -> Result<Asked, Failure> {
        let wrong = || Failure::Usage("a guest is written as `installation/id`".to_owned());
        let (name, id) = text.split_once('/').ok_or_else(wrong)?;
        let installation = on.named(name)?;
        let guest = GuestId::named(id).ok_or_else(wrong)?;
        let digest = on.config.fingerprinter(&keys.index, &installation).guest(&guest);
        let whom = Whom { guests: [guest].into(), ..Whom::default() };
        Ok(Asked { subject: Subject::Guest { installation, digest }, whom, fingerprints: Vec::new() })
    }

    fn person(&self, on: &Deployment, keys: &Keys, out: &mut Out) -> Result<Asked, Failure> {
        let installation = self.persons_installation(on)?;
        let fingerprinter = on.config.fingerprinter(&keys.index, &installation);
        let identifiers = self.identifiers(on, &fingerprinter, out)?;
        let fingerprints = fingerprinter.of_all(&identifiers);
        let subject = Subject::Person { installation, digest: fingerprinter.person(&fingerprints) };
        Ok(Asked { subject, whom: Whom { identifiers, ..Whom::default() }, fingerprints })
    }

    /// A person's erasure never leaves one company's installation.
    fn persons_installation(&self, on: &Deployment) -> Result<InstallationName, Failure> {
        match (&self.mluvii, on.config.mluvii.as_slice()) {
            (Some(name), _) => on.named(name),
            (None, [only]) => Ok(only.name.clone()),
            (None, _) => Err(Failure::Usage(format!(
                "there are several mluvii installations, and a person is erased in one of them: name it with --mluvii ({})",
                on.installations()
            ))),
        }
    }

    fn identifiers(
        &self,
        on: &Deployment,
        fingerprinter: &Fingerprinter,
        out: &mut Out,
    ) -> Result<Identifiers, Failure> {
        let of = |kind: Kind, values: &[String]| values.iter().map(|v| (kind.clone(), v.clone())).collect::<Vec<_>>();
        let given = [of(Kind::Email, &self.email), of(Kind::Phone, &self.phone), of(Kind::Name, &self.name)];
        let mut identifiers = Identifiers::default();
        let mut seen_by_others = false;
        for (kind, argument) in given.iter().flatten().chain(&self.other) {
            let given = identity::read(argument, kind.as_str())?;
            seen_by_others |= matches!(given, Given::Literal(_));
            let identifier = Identifier::new(kind.clone(), given.value().expose());
            let normal = identifier.filter(|identifier| !fingerprinter.of(identifier).is_empty());
            identifiers.0.insert(normal.ok_or_else(|| unusable(kind, on))?);
        }
        if seen_by_others {
            out.note("other users of this machine can see arguments; `-` asks for the value, `@FILE` reads it");
        }
        Ok(identifiers)
    }
}

/// Why nobody can be found by a value.
fn unusable(kind: &Kind, on: &Deployment) -> Failure {
    if *kind == Kind::Phone && on.config.person.region.is_none() {
        return Failure::Usage(
            "the phone has no country code that could be read, and the configuration does not say where it belongs: write \
             it as +420…, or set person.region, such as region = \"CZ\""
                .into(),
        );
    }
    Failure::Usage(format!("nobody can be found by the {kind}: nothing is left of it once it is in its normal form"))
}
