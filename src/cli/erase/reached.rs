//! Which sessions a request reaches and what it does not reach, found by the code that the erasure itself uses. No
//! identifier is shown, only their kinds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::deployment::Deployment;
use super::super::exit::Failure;
use super::super::out::Out;
use super::Request;
use crate::app;
use crate::config::Keys;
use crate::erasure::{MluviiSearch, Subject};
use crate::keys::SecretRef;
use crate::mluvii::MluviiClient;
use crate::policy::Certainty;
use crate::subject::{Identifiers, Kind};
use crate::worker::{Found, OnUnread, Question, ResolveError, Resolver, ScopeResolution};

/// What a request reaches, and the reasons why that may not be all.
pub(super) struct Reached {
    pub(super) reach: ScopeResolution,
    /// What it will not reach, one sentence each.
    not: Vec<String>,
}

impl Reached {
    /// Asks the ledger, and mluvii where it is searched.
    pub(super) async fn find(deployment: &Deployment, keys: &Keys, request: &Request) -> Result<Self, Failure> {
        let config = &deployment.config;
        let read = |reference: &SecretRef| config.read_secret(reference);
        let name = request.asked.subject.installation();
        let settings = config.installation(name).expect("a request names an installation of the configuration");
        let mluvii = MluviiClient::new(settings, &read).map_err(|error| Failure::Config(error.into()))?;
        Self::by(deployment, keys, request, &Arc::new(mluvii)).await
    }

    /// The same with a client that is there.
    pub(super) async fn by(
        deployment: &Deployment,
        keys: &Keys,
        request: &Request,
        mluvii: &Arc<MluviiClient>,
    ) -> Result<Self, Failure> {
        let config = &deployment.config;
        let subject = &request.asked.subject;
        let departments = app::departments(config, subject.installation());
        let resolver = Resolver {
            ledger: &*deployment.ledger,
            mluvii,
            person: &config.person,
            fingerprinter: &config.fingerprinter(&keys.index, subject.installation()),
            departments: &departments,
        };
        let question = Question {
            subject,
            whom: request.asked.whom.clone(),
            selection: &request.selection,
            targets: &request.targets,
            on_unread: OnUnread::Count,
        };
        let reach = resolver.reach(question).await.map_err(|error| match error {
            ResolveError::Ledger(error) => Failure::from(error),
            other => Failure::Other(other.into()),
        })?;
        let not = not_reached(deployment, request, &reach);
        Ok(Self { reach, not })
    }

    pub(super) fn json(&self) -> Value {
        let session = |found: &Found| {
            json!({
                "session": found.key.to_string(), "certainty": found.certainty.as_str(), "goes": found.goes,
                "reason": found.reason,
            })
        };
        json!({
            "sessions": self.reach.sessions.values().map(session).collect::<Vec<_>>(),
            "identifiers": kinds(&self.reach.whom.identifiers),
            "guests": self.reach.whom.guests.len(),
            "findings": self.reach.findings,
            "not_reached": self.not,
        })
    }

    pub(super) fn write(&self, out: &mut Out) -> std::io::Result<()> {
        let row = |found: &Found| {
            let goes = if found.goes { "goes" } else { "stays" };
            [found.key.to_string(), goes.to_owned(), found.certainty.as_str().to_owned(), found.reason.clone()]
        };
        if self.reach.sessions.is_empty() {
            out.line("no session is found")?;
        } else {
            out.table(["SESSION", "", "MEANT", "WHY"], self.reach.sessions.values().map(row))?;
        }
        for sentence in &self.not {
            out.line(format_args!("not reached: {sentence}"))?;
        }
        out.line("")
    }
}

/// How many identifiers of each kind are known.
pub(super) fn kinds(identifiers: &Identifiers) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for identifier in &identifiers.0 {
        *kinds.entry(identifier.kind.to_string()).or_default() += 1;
    }
    kinds
}

/// What a request does not reach, as far as that can be known.
fn not_reached(deployment: &Deployment, request: &Request, reach: &ScopeResolution) -> Vec<String> {
    let mut not = Vec::new();
    let left = reach.sessions.values().filter(|found| found.certainty == Certainty::Possible && !found.goes);
    let left: Vec<_> = left.filter(|found| !request.selection.exclude.contains(&found.key)).collect();
    if !left.is_empty() {
        not.push(format!(
            "{} possible sessions stay, and the receipt will be incomplete by that; --include SESSION or --include-possible \
             takes them, --exclude SESSION says that they are somebody else's",
            left.len()
        ));
    }
    not.extend(kept(reach.findings.excluded));
    if reach.findings.unread > 0 {
        not.push(format!(
            "{} sessions that mluvii does not show, so that nobody knows whose they are, and the receipt will be incomplete \
             by that; --exclude SESSION says that one is somebody else's",
            reach.findings.unread
        ));
    }
    if let Some(missing) = incomplete_sets(deployment, request) {
        not.push(missing);
    }
    match reach.findings.search {
        MluviiSearch::Off => not.push(
            "sessions of which quietus never heard: mluvii itself is not searched (`mluvii.search`), and the receipt will \
             be incomplete by that"
                .into(),
        ),
        MluviiSearch::OffAccepted => not.push(
            "sessions of which quietus never heard: mluvii itself is not searched, which `person.accept_ledger_only` accepts"
                .into(),
        ),
        MluviiSearch::NotNeeded | MluviiSearch::Done => {}
    }
    for found in reach.sessions.values().filter(|found| found.goes && !found.read_before) {
        not.push(format!(
            "{}, unless mluvii knows it: quietus has never read it there, so the receipt cannot say that it is gone",
            found.key
        ));
    }
    let others = deployment.config.targets();
    let others: Vec<_> =
        others.iter().filter(|target| !request.targets.contains(target)).map(ToString::to_string).collect();
    if !others.is_empty() {
        not.push(format!("what is at {}: not asked for", others.join(", ")));
    }
    not
}

/// What excluding a certain session means: of a possible one, that it is somebody else's, and so not missing.
fn kept(certain: u32) -> Option<String> {
    (certain > 0).then(|| {
        format!(
            "{certain} sessions that are certainly meant are kept by --exclude, and the receipt will be incomplete by that"
        )
    })
}

/// Why no session can be certainly the person's: no set of `person.match` is complete in the request.
fn incomplete_sets(deployment: &Deployment, request: &Request) -> Option<String> {
    if !matches!(request.asked.subject, Subject::Person { .. }) {
        return None;
    }
    let given: BTreeSet<&Kind> = request.asked.fingerprints.iter().map(|one| &one.kind).collect();
    let sets = &deployment.config.person.r#match;
    if sets.iter().any(|set| set.iter().all(|kind| given.contains(kind))) {
        return None;
    }
    let set = |set: &BTreeSet<Kind>| set.iter().map(Kind::as_str).collect::<Vec<_>>().join(" and ");
    let sets = sets.iter().map(set).collect::<Vec<_>>().join(", or ");
    Some(format!(
        "any session for certain: with what is given, sessions are only possibly the person's; certain needs {sets}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certain_session_that_is_excluded_is_kept_and_said_to_make_the_receipt_incomplete() {
        assert_eq!(kept(0), None);
        insta::assert_snapshot!(kept(2).unwrap_or_default(), @"2 sessions that are certainly meant are kept by --exclude, and the receipt will be incomplete by that");
    }
}
