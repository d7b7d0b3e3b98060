//! What the host accepts of a plugin: its manifest, its secrets, its answers. What it would refuse is an error.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::protocol::{
    Answer, ErrorClass, FRAME_BYTES_MAX, Found, Outcome, PluginError, Reply, Request, Sensitive, Sweep, Swept,
};
use crate::redact::{redact, shown};
use crate::{ANY, Kind, Manifest, Operation, Wanted};

/// Counts in one answer.
const COUNTS_MAX: usize = 32;

/// The manifest's words stand in logs and pages, so they are short and plain.
pub(super) fn manifest(manifest: &Manifest, config: &Value) -> Result<(), PluginError> {
    let printable = |word: &str| (1..=64).contains(&word.len()) && word.chars().all(|c| c.is_ascii_graphic());
    if !printable(&manifest.name) || !printable(&manifest.version) {
        return refused("the plugin's name or version is not 1 to 64 printable characters without a space");
    }
    if !manifest.can(&Operation::Erase) {
        return refused("the plugin does not declare the operation `erase`");
    }
    returns(manifest, config)?;
    let kind = |kind: &str| kind == ANY || is_kind(kind);
    let Wanted { required, optional } = &manifest.identifiers;
    match required.iter().chain(optional).find(|word| !kind(word)) {
        Some(word) => refused(format!("identifier kind `{word}`: only a-z, 0-9 and `_` are allowed")),
        None if required.is_empty() && optional.is_empty() => refused("the plugin works with no identifiers at all"),
        None => Ok(()),
    }
}

fn is_kind(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn returns(manifest: &Manifest, config: &Value) -> Result<(), PluginError> {
    let kinds = manifest.returned(config);
    if manifest.can(&Operation::Find) == (manifest.returns.is_empty() && manifest.returns_from.is_empty()) {
        return refused("`find` and the kinds in `returns` or `returns_from` belong together");
    }
    match kinds.iter().find(|word| !is_kind(word) || Kind::from(*word).is_internal_id()) {
        Some(word) => refused(format!("`returns`: `{word}` is not a kind that a plugin may return")),
        None => Ok(()),
    }
}

pub(super) fn secrets(declared: &Wanted, given: &BTreeMap<String, Sensitive>) -> Result<(), PluginError> {
    if let Some(name) = declared.required.iter().find(|name| !given.contains_key(*name)) {
        return refused(format!("secrets: the plugin requires `{name}`"));
    }
    match given.keys().find(|name| !declared.names(name)) {
        Some(name) => refused(format!("secrets: the plugin does not know `{name}`")),
        None => Ok(()),
    }
}

fn refused(why: impl Into<String>) -> Result<(), PluginError> {
    Err(PluginError::needs_operator(why))
}

/// A reply, as the host reads what the plugin wrote.
pub(super) fn on_the_wire(reply: &Reply) -> Result<Reply, PluginError> {
    let json = serde_json::to_vec(reply).map_err(|_| broken("it is not JSON"))?;
    if json.len() > FRAME_BYTES_MAX {
        return Err(PluginError::new(ErrorClass::Protocol, "the answer is too large"));
    }
    serde_json::from_slice(&json).map_err(|_| broken("its shape"))
}

pub(super) fn answer(result: Value, request: &Request, secrets: &[Sensitive]) -> Result<Answer, PluginError> {
    let answer: Answer = serde_json::from_value(result).map_err(|_| broken("its shape"))?;
    // The names go into receipts; a value of a person's could hide in one that is not a plain word.
    let plain = |name: &String| {
        (1..=40).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'-' || b == b' ')
    };
    if answer.counts.len() > COUNTS_MAX || !answer.counts.keys().all(plain) {
        return Err(broken("what it counts is not named by plain words of a-z, `_`, `-` and spaces"));
    }
    if answer.counts.keys().any(|name| redact(name, values(Some(request), secrets)) != *name) {
        return Err(PluginError::new(ErrorClass::Protocol, "the plugin names a count by a value"));
    }
    if answer.outcome == Outcome::Retained && answer.reason.is_none() {
        return Err(broken("retained without a reason"));
    }
    if answer.outcome == Outcome::Accepted && (request.report.is_none() || answer.report_within_s.is_none()) {
        return Err(broken("accepted, but there is no address for reports, or no time in which one comes"));
    }
    let shown = |text: String| shown(&text, values(Some(request), secrets));
    let all = |texts: Vec<String>| texts.into_iter().map(shown).collect();
    Ok(Answer {
        reason: answer.reason.map(shown),
        looked_at: all(answer.looked_at),
        not_looked_at: all(answer.not_looked_at),
        keeps: answer.keeps.map(all),
        ..answer
    })
}

/// What was found, as the host takes it.
pub(super) fn found(result: Value, returned: &[String]) -> Result<Found, PluginError> {
    let found: Found = serde_json::from_value(result).map_err(|_| broken("its shape"))?;
    if found.identifiers.len() > Found::IDENTIFIERS_MAX {
        return Err(broken("more identifiers than allowed"));
    }
    for identifier in &found.identifiers {
        if !returned.iter().any(|kind| kind == identifier.kind.as_str()) {
            return Err(broken("an identifier of a kind that the manifest does not name in `returns`"));
        }
        if !(1..=Found::VALUE_BYTES_MAX).contains(&identifier.value.expose().len()) {
            return Err(broken("an identifier that is empty or too long"));
        }
    }
    Ok(found)
}

/// A page of whom the system holds, as the host takes it.
pub(super) fn swept(result: Value, wanted: &Sweep) -> Result<Swept, PluginError> {
    let page: Swept = serde_json::from_value(result).map_err(|_| broken("its shape"))?;
    page.fits(wanted).map_err(broken)?;
    Ok(page)
}

/// An error, as the host shows it.
pub(super) fn error(error: PluginError, request: Option<&Request>, secrets: &[Sensitive]) -> PluginError {
    PluginError { message: shown(&error.message, values(request, secrets)), ..error }
}

/// What must not be said.
pub(super) fn values<'v>(request: Option<&'v Request>, secrets: &'v [Sensitive]) -> impl Iterator<Item = &'v str> {
    request.into_iter().flat_map(Request::confidential).chain(secrets).map(Sensitive::expose)
}

fn broken(what: &str) -> PluginError {
    PluginError::new(ErrorClass::Protocol, format!("the plugin's answer is not one: {what}"))
}
